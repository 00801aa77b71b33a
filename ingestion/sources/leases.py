"""Who is at work on a source: one worker at a time. See governance.leases for the idea."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from governance import leases
from governance.scope import Scope
from ingestion.models import Source

RUNG_AGAIN_AFTER = timedelta(seconds=20)
# Once its collection is deleted whoever is at it stops, and goes on where it is brought back.
_THERE = Q(collection__deleted_at=None)
# One that was put off has an end and no token, and may be taken: it was rung for.
SOURCES = leases.Lease(Source, timedelta(seconds=30), free=(Q(lease=None) | leases.RUN_OUT) & _THERE, mine=_THERE)
Claim = leases.Claim[Source]


def claim(tenant: uuid.UUID, source: uuid.UUID) -> Claim | None:
    """None where somebody else has it, and where it is gone."""
    return SOURCES.take(tenant, source)


def due(amount: int) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(tenant, source) of what is to be looked at now, at most `amount` less those that somebody is at."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, id FROM chancery.due_sources(%s)", [amount])
        return [(tenant, source) for tenant, source in cursor.fetchall()]


def put_off(tenant: uuid.UUID, source: uuid.UUID) -> None:
    """Not due again for a while: it was rung for, and has its place among those that are at work."""
    with Scope.system(tenant).transaction():
        free = Q(lease_until=None) | leases.RUN_OUT
        Source.objects.filter(free, pk=source).update(lease=None, lease_until=Now() + RUNG_AGAIN_AFTER)
