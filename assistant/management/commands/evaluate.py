"""manage.py evaluate: a question set asked of collections, its figures printed, kept, compared and drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assistant.evaluation import asking, figures, pages, questions, reports, rows, searching
from assistant.evaluation.questions import Question
from assistant.evaluation.rows import Run
from governance.errors import ChanceryError, InvalidInput
from governance.management import named
from inference import runners
from ingestion.models import Collection


class Command(BaseCommand):
    help = (
        "Ask the questions of a set (JSON lines; see docs/evaluation.md) as a person, and print how well their documents"
        " were found and, with --answers, how well they were answered. A run that broke off goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("set", type=Path, nargs="?", help="the question set; without it a kept run is only shown")
        parser.add_argument("--tenant", help="short name")
        parser.add_argument("--user", help="e-mail address of the person whose rights it is asked with")
        parser.add_argument("--collection", action="append", default=[], help="a name; several times for several")
        parser.add_argument("--answers", action="store_true", help="have the model answer too: some seconds a question")
        parser.add_argument("--first", type=int, help="only so many questions of the set")
        parser.add_argument("--run", type=Path, required=True, help="the file that keeps the run")
        parser.add_argument("--against", type=Path, help="a kept run to compare with")
        parser.add_argument("--report", type=Path, help="write a page to look at")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._evaluate(options)
        except (ChanceryError, asking.NoAnswer) as fault:
            raise CommandError(getattr(fault, "message", str(fault))) from None

    def _evaluate(self, options: dict[str, Any]) -> None:
        if options["report"]:
            pages.make_room(options["report"])
        against = rows.load(options["against"]) if options["against"] else None
        if options["set"]:
            self._ask(options)
        run = rows.load(options["run"])
        self._tell(run, against)
        if options["report"]:
            pages.write(options["report"], reports.page(run, against))
            self.stdout.write(f"\nThe page is {options['report']}.")

    def _ask(self, options: dict[str, Any]) -> None:
        if not options["tenant"] or not options["user"]:
            raise InvalidInput("Say whose questions they are: --tenant, --user.")
        scope = named.acting(options["tenant"], options["user"])
        asked = questions.load(options["set"])[: options["first"]]
        among = searching.collections(scope, options["collection"])
        done = rows.start(options["run"], _made(options, asked, among))
        for number, question in enumerate(asked, 1):
            if question.id in done:
                continue
            came = asking.row(scope, question, [row.pk for row in among], is_answered=options["answers"])
            rows.keep(options["run"], came)
            self.stdout.write(f"\r{number} of {len(asked)}", ending="")
            self.stdout.flush()
        self.stdout.write("")

    def _tell(self, run: Run, against: Run | None) -> None:
        for name, part in [("all", list(run.rows)), *rows.parts(run.rows)]:
            self.stdout.write(f"\n{name}: {len(part)} questions")
            for one in figures.of(part):
                self.stdout.write(f"  {one.title:<42} {one.mean} {one.unit} n {one.mean.number}")
        if against is not None:
            self.stdout.write("\nagainst the other run, by question")
            for change in figures.changes(against.rows, run.rows):
                self.stdout.write(
                    f"  {change.title:<42} {change.before.value:.3f} → {change.after.value:.3f},"
                    f" gain {change.gain}, {change.verdict}"
                )


def _made(options: dict[str, Any], asked: Sequence[Question], among: Sequence[Collection]) -> dict[str, Any]:
    """What a run that goes on has to be made alike in; what a comparison needs to be the same is left to whoever compares."""
    state = runners.chat().probe() if options["answers"] else None
    return asking.made(among, is_answered=options["answers"]) | {
        "set": options["set"].name,
        "digest": hashlib.sha256(options["set"].read_bytes()).hexdigest(),
        "tenant": options["tenant"],
        "person": options["user"],
        "collections": sorted(row.name for row in among),
        "answers": options["answers"],
        "embedder": runners.embedder().name,
        "model": state.model if state else "",
        "model_sha256": state.sha256 if state else "",
        "questions": len(asked),
    }
