"""Legal holds: what a compliance officer has said must be kept. While one stands, nothing of it goes.

A hold selects events of the record, as a search does. Retention lets go of none of them, and nobody who has one of them is
erased. Placed and lifted by officers alone, for a reason, on the record.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Unpack

from django.db import connection
from django.utils import timezone

from governance import access, models
from governance.actions import Action
from governance.audit import events, selection
from governance.audit.lifecycle import reasons
from governance.audit.lifecycle.models import ErasureStatus
from governance.audit.selection import Filters
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput
from governance.scope import Scope
from governance.sentence import phrase, sentence

KEYS = {"about", "person", "interaction", "interactions", "resource", "mentions", "action", "actions", "since", "until"}
BLOCKED = phrase(
    "A legal hold stands against it since %(day)s. What it holds is kept until a compliance officer lifts it."
)


def place(scope: Scope, reason: str, **filters: Unpack[Filters]) -> uuid.UUID:
    """Hold what the filters select: a person (`about`), an interaction, or a search of the record.

    Raises Forbidden; InvalidInput for a filter that a hold cannot have, or none, or a reason that says too little; Conflict
    where the person is being erased.
    """
    access.require(scope, Action.HOLD)
    said, wanted = reasons.checked(reason), selection.chosen(filters)
    if not wanted or set(wanted) - KEYS:
        raise InvalidInput("A hold is on a person, an interaction, or events by time, kind and collection. Choose one.")
    with scope.transaction():
        lock(scope)
        if _is_being_erased(wanted):
            raise Conflict("The erasure of this person is under way already.")
        hold = models.Hold.objects.create(tenant_id=scope.tenant, wanted=wanted, reason=said, placed_by=scope.person)
        events.record(
            scope, Event.HOLD_PLACED, resource=("hold", hold.pk), facts={"wanted": wanted}, payload={"reason": said}
        )
    return hold.pk


def lift(scope: Scope, hold: uuid.UUID, reason: str) -> None:
    """What it held may go from now on. Raises Forbidden, NotFound, and InvalidInput where the reason says too little."""
    access.require(scope, Action.HOLD)
    said = reasons.checked(reason)
    with scope.transaction():
        lock(scope)
        row = models.Hold.objects.select_for_update().filter(pk=hold, lifted_at=None).first()
        if row is None:
            raise access.unseen(Action.HOLD, "hold", hold, "There is no such hold, or it has been lifted.")
        row.lifted_at, row.lifted_by = timezone.now(), scope.actor
        row.save(update_fields=["lifted_at", "lifted_by"])
        events.record(
            scope, Event.HOLD_LIFTED, resource=("hold", hold), facts={"wanted": row.wanted}, payload={"reason": said}
        )


def listed(scope: Scope) -> list[models.Hold]:
    """Those that stand, the newest first, then those that were lifted. Raises Forbidden."""
    access.require(scope, Action.HOLD)
    with scope.transaction():
        return sorted(models.Hold.objects.order_by("-created_at")[:500], key=lambda row: row.lifted_at is not None)


def standing() -> list[Mapping[str, Any]]:
    """What is held now, as a run of retention tells it. Inside the tenant's system transaction."""
    return list(models.Hold.objects.filter(lifted_at=None).order_by("created_at").values_list("wanted", flat=True))


def on(person: uuid.UUID) -> list[models.Hold]:
    """Those that stand against erasing the person. Inside the tenant's system transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit.holds_on(%s)", [person])
        found = [row[0] for row in cursor.fetchall()]
    return list(models.Hold.objects.filter(pk__in=found).order_by("created_at"))


def require_none_on(scope: Scope, person: uuid.UUID) -> None:
    """Raises Conflict, which says since when; the reason is for officers. In a transaction of its own."""
    with scope.as_system().transaction():
        held = on(person)
    if held:
        raise Conflict(sentence(BLOCKED, day=held[0].created_at.date().isoformat()))


def lock(scope: Scope) -> None:
    """Until the commit: a hold is placed before something goes, or after, and never in between."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 4))", [str(scope.tenant)])


def _is_being_erased(wanted: Mapping[str, Any]) -> bool:
    person = wanted.get("about") or wanted.get("person")
    approved = models.Erasure.objects.filter(status=ErasureStatus.APPROVED)
    return bool(person) and approved.filter(person=person).exists()
