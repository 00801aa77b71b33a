"""Graphs of large collections (docs/retrieval.md), made by the owner's role while all is up. It alone may make them."""

from __future__ import annotations

import psycopg

from assistant.configuration.graphs import wanted_from
from assistant.local import environment, stack
from assistant.local.stack import Stack

EVERY_S = 3600.0
# There are some, or vectors enough for some: a row takes more than 100 bytes.
DUE = """
SELECT EXISTS (SELECT FROM pg_class c WHERE (c.relkind = 'i' AND starts_with(c.relname, 'graph_'))
    OR (c.relkind = 'r' AND c.relispartition AND starts_with(c.relname, 'embedding_')
        AND %(least)s > 0 AND pg_relation_size(c.oid) >= %(least)s * 100))
"""


def keep(local: Stack) -> None:
    """The command, where there may be something for it to do. What it says stands in its log."""
    owner = environment.of_migrations(local.secrets, local.postgres)
    if owner is not None and is_due(owner["DATABASE_URL"], wanted_from()):
        stack.command(local, ["vector_graphs"], local.home / "log" / "vector_graphs.log", owner)


def is_due(address: str, least: int) -> bool:
    """A database that does not answer is looked at the next time."""
    try:
        with psycopg.connect(address, connect_timeout=5) as connection:
            row = connection.execute(DUE, {"least": least}).fetchone()
    except psycopg.Error:
        return False
    return bool(row and row[0])
