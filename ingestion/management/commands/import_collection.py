"""manage.py import_collection: what export_collection wrote, into a new collection of somebody here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.errors import ChanceryError
from governance.management import named
from ingestion.leaving import arrival


class Command(BaseCommand):
    help = "Read an exported collection in. Every file is checked first; documents are read anew, and nobody's rights come along."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="short name")
        parser.add_argument("--user", required=True, help="e-mail address of who will manage it")
        parser.add_argument("--name", default="", help="another name for the collection")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            scope = named.acting(options["tenant"], options["user"])
            with options["file"].open("rb") as file:
                arrived = arrival.take(scope, file, options["name"])
        except (ChanceryError, OSError) as fault:
            raise CommandError(str(getattr(fault, "message", fault))) from None
        for name, why in arrived.refused:
            self.stderr.write(f"{name}: {why}")
        self.stdout.write(f"{arrived.collection}: {arrived.taken} documents")
