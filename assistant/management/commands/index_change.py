"""manage.py index_change: builds a search index of another embedding model, switches to it and back, retires one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.errors import ChanceryError
from governance.management import named
from governance.scope import Scope
from ingestion import indexes
from ingestion.indexes import comparing
from ingestion.models import Index, IndexState


class Command(BaseCommand):
    help = "Change the embedding model of an organisation's search index, as one of its admins (docs/index-change.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("deed", choices=["list", "build", "compare", *indexes.CHANGES])
        parser.add_argument("embedder", nargs="?", default="", help="the name of the embedding model; not for list")
        parser.add_argument("--tenant", required=True, help="short name")
        parser.add_argument("--user", required=True, help="e-mail address of an admin, who is named on the record")
        parser.add_argument("--questions", type=Path, help="for compare: a file of questions, one a line")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._do(
                named.acting(options["tenant"], options["user"]),
                options["deed"],
                options["embedder"],
                options["questions"],
            )
        except ChanceryError as fault:
            raise CommandError(fault.message) from None

    def _do(self, scope: Scope, deed: str, name: str, questions: Path | None) -> None:
        if deed == "list":
            for row in indexes.listed(scope):
                self.stdout.write(_line(row))
            for choice in indexes.choices(scope):
                self.stdout.write(
                    f"{choice.name}  can be built  {choice.dimensions} dimensions  {choice.detail}".rstrip()
                )
        elif deed == "build":
            self.stdout.write(_line(indexes.build(scope, name)))
        elif deed == "compare":
            self._compare(scope, _found(scope, name), questions)
        else:
            self.stdout.write(_line(indexes.CHANGES[deed](scope, _found(scope, name).pk)))

    def _compare(self, scope: Scope, row: Index, questions: Path | None) -> None:
        lines = questions.read_text(encoding="utf-8").splitlines() if questions else []
        found = comparing.own(scope, row.pk, lines)
        for one in found.answered:
            cited = f"  cited {one.cited_now or '-'} -> {one.cited_then or '-'}" if one.has_cited else ""
            self.stdout.write(f"{one.overlap:.2f}  +{one.gained} -{one.lost}{cited}  {one.text}")
        self.stdout.write(
            f"{len(found.answered)} questions, overlap@{comparing.TOP} {found.overlap:.3f}, cited {found.moved}"
        )


def _found(scope: Scope, name: str) -> Index:
    rows = [row for row in indexes.listed(scope) if row.name == name and row.state != IndexState.RETIRED]
    if not rows:
        raise CommandError(f"There is no index of {name or 'no name'}.")
    return rows[0]


def _line(row: Index) -> str:
    far = f"  {row.done} of {row.total}" if row.state not in {IndexState.LIVE, IndexState.RETIRED} else ""
    return f"{row.name}  {row.state}{far}  {row.fault}".rstrip()
