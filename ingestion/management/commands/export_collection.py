"""manage.py export_collection: a collection as a ZIP, for whoever runs the installation."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.errors import ChanceryError
from governance.management import named
from governance.scope import Scope
from ingestion import catalog
from ingestion.leaving import export


class Command(BaseCommand):
    help = "Write a collection into a ZIP: originals, text, and what is known of each document. It stands on the tenant's record."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="short name")
        parser.add_argument("--collection", required=True, help="its name or its id")
        parser.add_argument("--out", required=True, type=Path, help="the file, which must not be there yet")

    def handle(self, *args: Any, **options: Any) -> None:
        scope, out = Scope.system(named.tenant(options["tenant"]).id), options["out"]
        try:
            with out.open("xb") as file:
                try:
                    for piece in export.start(scope, _collection(scope, options["collection"])).pieces:
                        file.write(piece)
                except BaseException:
                    out.unlink()
                    raise
        except (ChanceryError, OSError) as fault:
            raise CommandError(str(getattr(fault, "message", fault))) from None
        self.stdout.write(f"{out}: {out.stat().st_size} bytes")


def _collection(scope: Scope, wanted: str) -> uuid.UUID:
    for row in catalog.listed(scope):
        if wanted in {row.name, str(row.pk)}:
            return row.pk
    raise CommandError(f"There is no collection {wanted}.")
