"""Requests that nobody decided in time. From their moment on they can be decided no more: here that is written down."""

from __future__ import annotations

import uuid

from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from governance.audit import events
from governance.audit.vocabulary import Event
from governance.requests.models import AccessRequest, Status
from governance.roles import Level
from governance.scope import Scope

AT_ONCE = 200


def due() -> list[uuid.UUID]:
    """Tenants in which something has lapsed that is not written down yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.due_requests()")
        return [row[0] for row in cursor.fetchall()]


def settle(tenant: uuid.UUID) -> int:
    """How many lapsed."""
    scope = Scope.system(tenant)
    with scope.transaction():
        rows = AccessRequest.objects.select_for_update(skip_locked=True).filter(status=Status.OPEN)
        lapsed = list(rows.filter(lapses_at__lte=Now())[:AT_ONCE])
        for row in lapsed:
            end(scope, row)
    return len(lapsed)


def end(scope: Scope, row: AccessRequest) -> None:
    """In the caller's transaction, which holds the row."""
    row.status, row.decided_at = Status.LAPSED, timezone.now()
    row.save(update_fields=["status", "decided_at"])
    record(scope, Event.ACCESS_LAPSED, row)


def record(scope: Scope, event: Event, row: AccessRequest, **more: object) -> None:
    """What every event of a request says; `payload` among `more` is kept under the key of whoever asked."""
    payload = more.pop("payload", None)
    facts: dict[str, object] = {"request": row.pk, "person": row.person_id}
    facts |= {"level": Level(row.level).name.lower(), "days": row.days} | more
    events.record(
        scope,
        event,
        resource=("collection", row.resource_id),
        facts=facts,
        payload=payload if isinstance(payload, dict) else None,
        subject=row.person_id,
    )
