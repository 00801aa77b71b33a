"""The line in which documents wait to be read: who is next, and how many stand before one.

Tenants take turns by what their documents weigh (deficit round robin over their sizes, in the door chancery.take_version),
so that one tenant's thousand files do not hold up another's one. Within a tenant what people bring goes before what machines
bring, and whoever brings something into a collection takes turns with the others; what came first goes first.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from governance.scope import Scope
from ingestion.line import pauses
from ingestion.line.leases import VERSIONS, Claim
from ingestion.models import Document, Status

# As the door chooses, if nothing more comes: a round of every lane's first, then of every lane's second.
_AHEAD = """
WITH waiting AS (
    SELECT v.id, v.is_bulk, v.created_at,
           row_number() OVER (PARTITION BY v.lane, v.is_bulk ORDER BY v.created_at, v.id) AS nth,
           (SELECT max(t.taken_at) FROM version t WHERE t.tenant_id = v.tenant_id AND t.lane = v.lane) AS last_taken
    FROM version v JOIN collection c ON c.tenant_id = v.tenant_id AND c.id = v.collection_id
    WHERE v.tenant_id = %(tenant)s AND v.status = 'queued' AND c.paused_at IS NULL AND c.deleted_at IS NULL
), numbered AS (
    SELECT id, row_number() OVER (ORDER BY is_bulk, nth, last_taken NULLS FIRST, created_at, id) - 1 AS ahead FROM waiting
)
SELECT ahead FROM numbered WHERE id = %(version)s
"""


@dataclass(frozen=True)
class Place:
    """`ahead` is how many of the tenant's documents are read before; None where it waits for its collection's pause to end."""

    ahead: int | None
    is_paused: bool


def take(among: Sequence[uuid.UUID] | None = None) -> Claim | None:
    """The version that is next, claimed; None where none can be taken. `among` are the tenants to choose from."""
    token = uuid.uuid4()
    chosen = None if among is None else list(among)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tenant_id, id FROM chancery.take_version(%s, make_interval(secs => %s), %s, %s::uuid[])",
            [token, VERSIONS.lasts.total_seconds(), settings.INGEST_PER_TENANT, chosen],
        )
        row = cursor.fetchone()
    return None if row is None else Claim(Scope.system(row[0]), row[1], token, VERSIONS)


def is_waiting() -> bool:
    """Whether there is something to take, in any tenant."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT chancery.versions_wait()")
        return bool(cursor.fetchone()[0])


def place(scope: Scope, row: Document) -> Place | None:
    """Of a document that this scope has read; None of one that does not wait. Others' documents are only counted."""
    if row.latest is None or row.latest.status != Status.QUEUED:
        return None
    if pauses.hold(row):
        return Place(None, is_paused=True)
    with scope.as_system().transaction(), connection.cursor() as cursor:
        cursor.execute(_AHEAD, {"tenant": scope.tenant, "version": row.latest.pk})
        found = cursor.fetchone()
    return None if found is None else Place(int(found[0]), is_paused=False)
