"""manage.py create_operator: who may look after the installation, at /operators/."""

from __future__ import annotations

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance import operators
from governance.errors import ChanceryError


class Command(BaseCommand):
    help = "Create an operator; the password is asked for. Operators see tenants and processes, never content."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        password = getpass.getpass("Password of the operator (12 characters or more): ")
        if getpass.getpass("Once more: ") != password:
            raise CommandError("The two passwords differ.")
        try:
            operators.create(options["email"], options["name"], password)
        except ChanceryError as fault:
            raise CommandError(fault.message) from None
        self.stdout.write(f"{options['email']}: created; signs in at /operators/")
