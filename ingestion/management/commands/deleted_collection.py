"""manage.py deleted_collection: lists, restores and erases collections that were deleted, and writes their certificates."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance import access
from governance.actions import Action
from governance.errors import ChanceryError
from governance.management import named
from governance.scope import Scope
from ingestion.leaving import certificates, deleted, erasing


class Command(BaseCommand):
    help = "Restore a deleted collection, or erase it for good with a certificate (docs/documents.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("deed", choices=["list", "restore", "erase", "certificate"])
        parser.add_argument("collection", nargs="?", default="", help="its id, or its name while it can be restored")
        parser.add_argument("--tenant", required=True, help="short name")
        parser.add_argument("--user", required=True, help="e-mail address of who ran it, who is named on the record")
        parser.add_argument("--out", type=Path, help="a file for the certificate, which must not be there yet")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            scope = named.acting(options["tenant"], options["user"])
            self._do(scope, options["deed"], options["collection"], options["out"])
        except (ChanceryError, OSError) as fault:
            raise CommandError(str(getattr(fault, "message", fault))) from None

    def _do(self, scope: Scope, deed: str, wanted: str, out: Path | None) -> None:
        if deed == "list":
            for one in deleted.found(scope):
                held = "" if one.documents is None else f"{one.documents} documents  "
                self.stdout.write(f"{one.row.pk}  until {one.until:%Y-%m-%d}  {held}{one.row.name}")
        elif deed == "restore":
            self.stdout.write(f"{deleted.restore(scope, _binned(scope, wanted)).name} is back.")
        elif deed == "erase":
            access.require(scope, Action.RETENTION_SEE)  # or its certificate could not be handed over
            collection, turn = _binned(scope, wanted), None
            deleted.purge(scope, collection)
            while turn is None or not turn.is_over:
                turn = erasing.turn(scope.as_system(), collection)
                if not turn.documents and not turn.is_over:
                    raise CommandError("A file of it cannot be removed now. It goes on by itself.")
            self._certificate(scope, collection, out)
        else:
            self._certificate(scope, _id(wanted), out)

    def _certificate(self, scope: Scope, collection: uuid.UUID, out: Path | None) -> None:
        """Printed, or written to a file."""
        text = json.dumps(certificates.told(certificates.get(scope, collection)), indent=1, ensure_ascii=False)
        if out is None:
            self.stdout.write(text)
            return
        with out.open("x", encoding="utf-8") as file:
            file.write(text + "\n")
        self.stdout.write(f"{out}: {out.stat().st_size} bytes")


def _binned(scope: Scope, wanted: str) -> uuid.UUID:
    for one in deleted.found(scope):
        if wanted in {one.row.name, str(one.row.pk)}:
            return one.row.pk
    raise CommandError(f"There is no deleted collection {wanted or 'without a name'} that this person ran.")


def _id(wanted: str) -> uuid.UUID:
    try:
        return uuid.UUID(wanted)
    except ValueError:
        raise CommandError("Give the id that the collection had.") from None
