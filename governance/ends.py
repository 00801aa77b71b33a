"""Access that has come to its end. It counts no more from its moment on, whoever runs: here its end is written down."""

from __future__ import annotations

import uuid

from django.db import connection
from django.db.models.functions import Now

from governance import models, support
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.grants import Held
from governance.scope import Scope

AT_ONCE = 200


def due() -> list[uuid.UUID]:
    """Tenants in which something has ended that is not written down yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.due_ends()")
        return [row[0] for row in cursor.fetchall()]


def settle(tenant: uuid.UUID) -> int:
    """Take away what has ended, and record it; how many. Whatever was prolonged meanwhile stays."""
    scope = Scope.system(tenant)
    with scope.transaction():
        return _grants(scope) + _roles(scope) + _custom_roles(scope) + _support(scope)


def _grants(scope: Scope) -> int:
    rows = models.Grant.objects.select_for_update(skip_locked=True).filter(ends_at__lte=Now())
    ended = list(rows[:AT_ONCE])
    for row in ended:
        facts = {"person": row.person_id, "group": row.group_id, **Held.of(row).told()}
        events.record(scope, Event.GRANT_ENDED, resource=("collection", row.resource_id), facts=facts)
        row.delete()
    return len(ended)


def _roles(scope: Scope) -> int:
    ended = list(models.RoleAssignment.objects.select_for_update(skip_locked=True).filter(ends_at__lte=Now())[:AT_ONCE])
    for row in ended:
        facts = {"role": row.role, "until": row.ends_at.isoformat() if row.ends_at else None}
        events.record(scope, Event.ROLE_ENDED, resource=("person", row.person_id), facts=facts, subject=row.person_id)
        row.delete()
    return len(ended)


def _custom_roles(scope: Scope) -> int:
    rows = models.CustomRoleAssignment.objects.select_for_update(skip_locked=True).filter(ends_at__lte=Now())
    ended = list(rows[:AT_ONCE])
    for row in ended:
        facts = {"role": row.role_id, "group": row.group_id, "until": row.ends_at.isoformat() if row.ends_at else None}
        held_by = row.person_id or row.group_id
        assert held_by is not None  # noqa: S101  the database sees to it
        holder = ("person" if row.person_id else "group", held_by)
        events.record(scope, Event.ROLE_ENDED, resource=holder, facts=facts)
        row.delete()
    return len(ended)


def _support(scope: Scope) -> int:
    rows = models.SupportAccess.objects.select_for_update(skip_locked=True).filter(closed_at=None, ends_at__lte=Now())
    ended = list(rows[:AT_ONCE])
    for row in ended:
        support.settle(scope, row)
    return len(ended)
