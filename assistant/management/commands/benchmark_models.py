"""manage.py benchmark_models: models beside each other on one's own questions, and whether to host them oneself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from assistant.benchmark import candidates, costs, reports, results, trials
from assistant.benchmark.candidates import Candidate
from assistant.benchmark.costs import Terms
from assistant.benchmark.trials import Order
from assistant.evaluation import asking, pages, questions, searching, sets
from assistant.evaluation.questions import Question
from governance.errors import ChanceryError, InvalidInput
from governance.management import named
from governance.policy import residence
from governance.scope import Scope
from inference import runners, sizing
from inference.worker import engines, serving
from ingestion.models import Collection


class Command(BaseCommand):
    help = (
        "Ask the questions of a set of each model in turn, and tell quality, speed, memory, cost and what leaves the house"
        " (docs/benchmark.md). A trial that broke off goes on where it was; without models a kept one is shown again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("models", nargs="*", help="a catalogue's name, a GGUF file, or https://host/v1#model")
        parser.add_argument("--tenant", help="short name")
        parser.add_argument("--user", help="e-mail address of the person whose rights it is asked with")
        parser.add_argument("--set", type=Path, help="the question set; see docs/evaluation.md")
        parser.add_argument("--kept", help="in its place: the set that this collection keeps")
        parser.add_argument("--collection", action="append", default=[], help="a name; several times for several")
        parser.add_argument("--first", type=int, help="only so many questions of the set")
        parser.add_argument("--rounds", type=int, default=3, help="in which each model is asked its share (3)")
        parser.add_argument("--engine", default=settings.MODEL_ENGINE, help="what our own worker serves with")
        parser.add_argument("--key", action="append", default=[], metavar="HOST=VARIABLE", help="where a key is read")
        parser.add_argument("--run", type=Path, required=True, help="the file that keeps the trial")
        parser.add_argument("--report", type=Path, help="write a page to look at")
        parser.add_argument("--json", type=Path, help="write the same for a program")
        parser.add_argument("--asks-a-month", type=int, help="questions to reckon a month's cost for")
        parser.add_argument("--machine-a-month", type=float, help="what a machine like this one costs a month")
        parser.add_argument("--hours-a-month", type=float, default=176.0, help="in which people ask (176)")
        parser.add_argument(
            "--price",
            action="append",
            default=[],
            metavar="MODEL=READ,WRITTEN",
            help="of 1,000 tokens; of a model that is not asked, its cost alone is reckoned",
        )
        parser.add_argument("--currency", default="", help="that the costs are in")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            terms = _terms(options)
            for path in filter(None, (options["json"], options["report"])):
                pages.make_room(path)
            if options["models"]:
                self._try(options)
            told = results.of(trials.load(options["run"]), terms)
        except (ChanceryError, asking.NoAnswer) as fault:
            raise CommandError(getattr(fault, "message", str(fault))) from None
        self._tell(told)
        self._write([(options["json"], results.written(told)), (options["report"], reports.page(told))])

    def _write(self, wanted: Sequence[tuple[Path | None, str]]) -> None:
        """Each by itself: one that cannot be written does not take the other with it."""
        faults = []
        for path, text in wanted:
            if path is None:
                continue
            try:
                pages.write(path, text)
            except InvalidInput as fault:
                faults.append(fault.message)
            else:
                self.stdout.write(f"{path} is written.")
        if faults:
            raise CommandError(" ".join(faults))

    def _try(self, options: dict[str, Any]) -> None:
        if not options["tenant"] or not options["user"]:
            raise InvalidInput("Say whose questions they are: --tenant, --user.")
        if bool(options["set"]) == bool(options["kept"]):
            raise InvalidInput("Say which questions: --set FILE, or --kept COLLECTION.")
        if options["rounds"] < 1:
            raise InvalidInput("--rounds has to be 1 or more.")
        scope = named.acting(options["tenant"], options["user"])
        wanted = [options["kept"]] if options["kept"] else options["collection"]
        among = searching.collections(scope, wanted)
        asked = _questions(scope, options, among)[: options["first"]]
        models = candidates.read(options["models"], options["key"], settings.MODELS)
        made = _made(options, asked, among, models)
        keys, rounds = [row.pk for row in among], min(options["rounds"], len(asked))
        order = Order(scope, asked, keys, models, rounds, settings.MODELS, options["engine"])
        trials.run(order, options["run"], made, self.stdout.write)

    def _tell(self, told: dict[str, Any]) -> None:
        for one in told["models"]:
            self.stdout.write(f"\n{one['name']}: {one['questions']} questions")
            for figure in one["figures"]:
                interval = f"({figure['low']:.3f} to {figure['high']:.3f})"
                self.stdout.write(f"  {figure['title']:<42} {figure['value']:.3f} {interval} {figure['unit']}")
            for speed in one["speeds"]:
                self.stdout.write(f"  {speed['title']:<42} {speed['median']:.1f} {speed['unit']}")
            for key, value in one["memory"].items():
                self.stdout.write(f"  {reports.MEMORY_TITLES[key]:<42} {value / 2**20:.0f} MiB")
            cost = one["cost"]
            amount = "" if cost["amount"] is None else f"{cost['amount']:.2f} {told['terms']['currency']}, "
            self.stdout.write(f"  {'cost a month':<42} {amount}{cost['why']}")
            self.stdout.write(f"  {'leaves the house':<42} {one['leaves'] or 'nothing'}")


def _terms(options: dict[str, Any]) -> Terms:
    if not options["hours_a_month"] > 0:
        raise InvalidInput("--hours-a-month has to be above 0.")
    prices = dict(candidates.pair("--price", one) for one in options["price"])
    return Terms(
        options["asks_a_month"],
        options["machine_a_month"],
        options["hours_a_month"],
        options["currency"],
        {name: costs.price(told) for name, told in prices.items()},
    )


def _questions(scope: Scope, options: dict[str, Any], among: Sequence[Collection]) -> list[Question]:
    if options["set"]:
        return questions.load(options["set"])
    kept = sets.lines(scope, among[0].pk)
    if not kept:
        raise InvalidInput(f"{options['kept']} keeps no questions.")
    return sets.read(kept)


def _made(
    options: dict[str, Any], asked: Sequence[Question], among: Sequence[Collection], models: Sequence[Candidate]
) -> dict[str, Any]:
    """What a trial that goes on has to be made alike in."""
    on = sizing.machine()
    labels = [{"name": row.name, "classification": str(row.classification)} for row in among]
    return asking.made(among, is_answered=True) | {
        "set": options["set"].name if options["set"] else options["kept"],
        "digest": _digest(asked),
        "tenant": options["tenant"],
        "person": options["user"],
        "collections": labels,
        "kept_from": {one.name: _kept_from(one, labels) for one in models},
        "questions": len(asked),
        "rounds": options["rounds"],
        "embedder": runners.embedder().name,
        "models": [one.told() for one in models],
        "engine_features": engines.chosen(options["engine"]).features(),
        "worker": ", ".join(f"{name} {value}" for name, value in sorted(_worker().items())),
        "machine": {"cores": on.cores, "processor": on.processor, "instructions": sizing.instructions()},
    }


def _worker() -> dict[str, int]:
    """How our own is started."""
    usual = {name: int(getattr(serving.Order, name)) for name in ("threads", "slots", "window")}
    return usual | settings.MODEL_WORKER


def _kept_from(one: Candidate, labels: Sequence[dict[str, str]]) -> list[str]:
    """The collections whose passages the content policy would not show it."""
    if not one.url:
        return []
    with runners.instead(one.runner()):
        return [label["name"] for label in labels if not residence.may_go(label["classification"])]


def _digest(asked: Sequence[Question]) -> str:
    """The same in every process, as the order of a set is not."""
    told = [asdict(one) | {"documents": sorted(one.documents)} for one in asked]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
