"""manage.py issue_key: prints a new API key, which is not shown again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance import keys
from governance.errors import ChanceryError
from governance.management import named
from governance.roles import KEY_SCOPES
from governance.scope import Scope


class Command(BaseCommand):
    help = "Issue an API key to a person. It does what the person may do, narrowed to the scopes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="short name")
        parser.add_argument("--user", required=True, help="e-mail address")
        parser.add_argument("--scopes", nargs="+", default=["all"], help=f"any of {', '.join(KEY_SCOPES)}, or all")
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--name", default="command line")

    def handle(self, *args: Any, **options: Any) -> None:
        person = named.person(options["tenant"], options["user"])
        try:
            key = keys.issue(
                Scope.system(person.tenant_id), person.pk, options["name"], options["scopes"], options["days"]
            )
        except ChanceryError as fault:
            raise CommandError(fault.message) from None
        self.stdout.write(key)
