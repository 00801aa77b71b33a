"""`make run` and `make demo`."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from assistant.local.up import up


class Command(BaseCommand):
    help = "Starts everything on this machine: Postgres, Valkey, the model worker, the workers and the web."
    requires_system_checks = ()  # secrets and addresses come into being only while it runs

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--then", default="", help="run this command when all is up, stop, and return its exit code"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(up(then=options["then"]))
