"""manage.py verify_index: counts what deletions should have taken along, in every tenant or in one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance import tenants
from governance.management import named
from governance.scope import Scope
from ingestion.documents import purging


class Command(BaseCommand):
    help = "Count what is left of what was deleted, store by store. Ends with 1 where anything is (docs/documents.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="", help="short name; without it every tenant is looked at")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = [named.tenant(options["tenant"]).id] if options["tenant"] else tenants.every()
        left = 0
        for tenant in chosen:
            scope = Scope.system(tenant)
            found = purging.verify_index(scope)
            counts = "  ".join(f"{name} {amount}" for name, amount in asdict(found).items())
            self.stdout.write(f"{tenants.current(scope).slug}  {counts}")
            left += found.total
        if left:
            raise CommandError(
                f"{left} things are left of what was deleted. The purge, which runs every minute, goes on."
            )
