"""manage.py vector_graphs: makes graphs of large collections' vectors, and drops those that are no longer wanted.

As the owner's role: DATABASE_URL is the owner's, and CHANCERY_MIGRATING says so.
"""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from governance.management import named
from ingestion import stores
from ingestion.stores import graph_keeping
from ingestion.stores.pgvector import PgVector


class Command(BaseCommand):
    help = "Make graphs of large collections' vectors, and drop what is not wanted (docs/retrieval.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="", help="short name; without it every tenant is looked at")
        parser.add_argument("--every", type=int, default=0, metavar="SECONDS", help="again and again, with this pause")

    def handle(self, *args: Any, **options: Any) -> None:
        store = stores.store()
        if not isinstance(store, PgVector):
            raise CommandError("VECTOR_STORE is not Postgres: it looks after its own indexes.")
        if not graph_keeping.may():
            raise CommandError(
                "Graphs are made as the owner's role: set DATABASE_URL to its address and CHANCERY_MIGRATING to 1."
            )
        while True:
            try:
                self._keep(store, options["tenant"])
            except DatabaseError as fault:
                if not options["every"]:
                    raise CommandError(f"Not made: {fault}. Run it again: what was broken off goes first.") from fault
                self.stderr.write(f"not made: {fault}")
            if not options["every"]:
                return
            connection.close()
            time.sleep(options["every"])

    def _keep(self, store: PgVector, slug: str) -> None:
        tenant = named.tenant(slug).id if slug else None
        kept = graph_keeping.keep(store.graphs_from, store.graph_mb, self.stdout.write, tenant)
        if not kept.is_alone:
            self.stdout.write("Another run is at it.")
            return
        self.stdout.write(f"built {len(kept.built)}, dropped {len(kept.dropped)}")
