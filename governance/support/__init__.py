"""What a tenant opens to an operator for a support case: for hours, as far as an admin says, and to look only.

An operator asks, or an admin offers. While it is open the operator comes in as an actor of its own kind, never as a person:
`access.compile_rule` lets it look as far as its level goes, and Postgres shows it no row but through doors that ask what is
open (migration 0047). Every look is on the tenant's record before it is answered: governance.support.looks.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from governance import access, operators
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput, NotFound
from governance.models import Operator, Tenant
from governance.roles import SupportLevel
from governance.scope import Scope
from governance.sentence import phrase, sentence
from governance.support.models import How, SupportAccess, SupportReach

KIND = "support_access"
HOURS, HOURS_MAX = 4, 72
ASKED_MAX = 5  # requests of one operator that wait in one tenant
SHOWN = 200
_GONE = phrase("There is no such support access.")


@dataclass(frozen=True)
class Draft:
    """What is asked for, or offered. `collections` are named by an admin alone."""

    ticket: str
    reason: str
    level: SupportLevel = SupportLevel.SETTINGS
    hours: int = HOURS
    collections: frozenset[uuid.UUID] = frozenset()

    def checked(self) -> Draft:
        """Raises InvalidInput."""
        ticket, reason = self.ticket.strip(), self.reason.strip()
        if not 1 <= len(ticket) <= 80:
            raise InvalidInput("Say which case it is for, in 80 characters at most: the ticket's number, say.")
        if not 3 <= len(reason) <= 500:
            raise InvalidInput("Say what it is for, in 500 characters at most.")
        if not 1 <= self.hours <= HOURS_MAX:
            raise InvalidInput(sentence("It is open for 1 to %(most)s hours.", most=HOURS_MAX))
        return replace(self, ticket=ticket, reason=reason)


@dataclass(frozen=True)
class Row:
    """One request or opening, as an admin sees it. `operator` is None where any operator may."""

    access: SupportAccess
    operator: Operator | None
    collections: frozenset[uuid.UUID]

    @property
    def level(self) -> SupportLevel:
        return SupportLevel(self.access.level)


def ask(operator: Operator, tenant: uuid.UUID, draft: Draft, request_id: str = "") -> uuid.UUID:
    """An operator's request, which opens nothing. Raises InvalidInput, NotFound, and Conflict where too many wait."""
    draft, scope = draft.checked(), operators.scope_in(operator, tenant, request_id)
    with scope.transaction():
        if not Tenant.objects.filter(pk=tenant).exists():
            raise NotFound("There is no such tenant.")
        waiting = SupportAccess.objects.filter(opened_at=None, closed_at=None, operator=operator.pk)
        if waiting.count() >= ASKED_MAX:
            raise Conflict("So many requests of yours wait there already. Withdraw one first.")
        row = _made(scope, operator.pk, draft)
        row.save(force_insert=True)
        payload = _words(row) | {"operator": operator.email}
        facts = {"level": draft.level.name.lower(), "hours": draft.hours}
        events.record(scope, Event.SUPPORT_ASKED, resource=(KIND, row.pk), facts=facts, payload=payload)
    return row.pk


def give_back(operator: Operator, tenant: uuid.UUID, opening: uuid.UUID, request_id: str = "") -> None:
    """The operator needs it no more, or withdraws what they asked for. Raises NotFound, and for what is another's too."""
    scope = operators.scope_in(operator, tenant, request_id)
    with scope.transaction():
        row = SupportAccess.objects.select_for_update().filter(pk=opening, operator=operator.pk, closed_at=None).first()
        if row is None:
            raise NotFound(_GONE)
        _close(scope, row, How.GIVEN_BACK, operator.pk)


def offer(scope: Scope, email: str, draft: Draft) -> uuid.UUID:
    """Open it without having been asked: to the operator with that address, or to any where there is none.

    Raises InvalidInput, NotFound, Forbidden.
    """
    access.require(scope, Action.TENANT_MANAGE)
    draft = draft.checked()
    operator = _named(email) if email.strip() else None
    with scope.transaction():
        row = _made(scope, operator.pk if operator else None, draft)
        _open(scope, row, draft, operator, was_asked=False)
    return row.pk


def open_to(
    scope: Scope, opening: uuid.UUID, level: SupportLevel, hours: int, collections: Iterable[uuid.UUID]
) -> None:
    """Grant a request, as far as the admin says. Raises NotFound, InvalidInput, Forbidden, and Conflict once it is decided."""
    with scope.transaction():
        row = _found(scope, opening)
        if not row.is_asked:
            raise Conflict("That request has been decided already.")
        draft = Draft(row.ticket, row.reason, level, hours, frozenset(collections)).checked()
        _open(scope, row, draft, Operator.objects.filter(pk__in=[row.operator]).first(), was_asked=True)


def refuse(scope: Scope, opening: uuid.UUID) -> None:
    """Raises NotFound, Forbidden, Conflict."""
    with scope.transaction():
        row = _found(scope, opening)
        if not row.is_asked:
            raise Conflict("That request has been decided already.")
        _close(scope, row, How.REFUSED, scope.actor)


def end(scope: Scope, opening: uuid.UUID) -> None:
    """At once, by any admin: the next request of the support person finds nothing. Raises NotFound, Forbidden."""
    with scope.transaction():
        row = _found(scope, opening)
        if row.closed_at is None:
            _close(scope, row, How.ENDED, scope.actor)


def settle(scope: Scope, row: SupportAccess) -> None:
    """Its time was over, whoever ran: here its end is written down."""
    _close(scope, row, How.OVER, None)


def listed(scope: Scope) -> list[Row]:
    """Requests and openings, the newest first. Raises Forbidden."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.transaction():
        found = list(SupportAccess.objects.prefetch_related("reach").order_by("-created_at")[:SHOWN])
        return _told(found)


def get(scope: Scope, opening: uuid.UUID) -> Row:
    """Raises NotFound, Forbidden."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.transaction():
        found = list(SupportAccess.objects.prefetch_related("reach").filter(pk=opening))
        if not found:
            raise access.unseen(Action.TENANT_MANAGE, KIND, opening, _GONE)
        return _told(found)[0]


def _told(found: list[SupportAccess]) -> list[Row]:
    known = Operator.objects.in_bulk({row.operator for row in found if row.operator})
    return [
        Row(
            row,
            known.get(row.operator) if row.operator else None,
            frozenset(one.resource_id for one in row.reach.all()),
        )
        for row in found
    ]


def standing(scope: Scope) -> tuple[int, list[SupportAccess]]:
    """How many requests wait, and what is open now: what every page of an admin says at its top."""
    with scope.transaction():
        live = list(SupportAccess.objects.filter(closed_at=None).order_by("ends_at")[:SHOWN])
    return sum(row.is_asked for row in live), [row for row in live if row.is_open]


def _made(scope: Scope, operator: uuid.UUID | None, draft: Draft) -> SupportAccess:
    return SupportAccess(
        tenant_id=scope.tenant,
        operator=operator,
        ticket=draft.ticket,
        reason=draft.reason,
        level=draft.level,
        hours=draft.hours,
    )


def _named(email: str) -> Operator:
    found = Operator.objects.filter(email=email.strip().lower(), is_active=True).first()
    if found is None:
        raise InvalidInput("There is no operator with that e-mail address. Leave it empty for any of them.")
    return found


def _found(scope: Scope, opening: uuid.UUID) -> SupportAccess:
    access.require(scope, Action.TENANT_MANAGE)
    row = SupportAccess.objects.select_for_update().filter(pk=opening).first()
    if row is None:
        raise access.unseen(Action.TENANT_MANAGE, KIND, opening, _GONE)
    return row


def _open(scope: Scope, row: SupportAccess, draft: Draft, operator: Operator | None, *, was_asked: bool) -> None:
    named = draft.collections if draft.level >= SupportLevel.DOCUMENTS else frozenset()
    if draft.level >= SupportLevel.DOCUMENTS and not named:
        raise InvalidInput("Name the collections that it is about.")
    if access.visible(scope, Action.COLLECTION_MANAGE, named) != named:
        raise NotFound("There is no such collection.")
    row.level, row.hours, row.opened_by, row.opened_at = draft.level, draft.hours, scope.actor, timezone.now()
    row.ends_at = row.opened_at + timedelta(hours=draft.hours)
    row.save()
    SupportReach.objects.bulk_create(
        SupportReach(tenant_id=scope.tenant, access=row, resource_id=one) for one in sorted(named)
    )
    facts = {
        "operator": row.operator,
        "level": draft.level.name.lower(),
        "collections": named,
        "until": row.ends_at.isoformat(),
        "was_asked": was_asked,
    }
    payload = _words(row) | {"operator": operator.email if operator else None}
    events.record(scope, Event.SUPPORT_OPENED, resource=(KIND, row.pk), facts=facts, payload=payload)


def _close(scope: Scope, row: SupportAccess, how: How, by: uuid.UUID | None) -> None:
    was_open = row.opened_at is not None
    row.closed_at, row.closed_by, row.closed_how = timezone.now(), by, how
    row.save(update_fields=["closed_at", "closed_by", "closed_how"])
    event = Event.SUPPORT_REFUSED if how is How.REFUSED else Event.SUPPORT_ENDED
    facts: dict[str, Any] = {"operator": row.operator}
    if event is Event.SUPPORT_ENDED:
        facts |= {"how": how, "was_open": was_open}
    events.record(scope, event, resource=(KIND, row.pk), facts=facts, payload=_words(row))


def _words(row: SupportAccess) -> dict[str, Any]:
    return {"ticket": row.ticket, "reason": row.reason}
