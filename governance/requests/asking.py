"""Asking for access: for how long, how far and why. One's own requests, and what became of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance import access, pages
from governance.actions import Action
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Forbidden, InvalidInput
from governance.models import Grant
from governance.pages import Page, Part
from governance.requests import lapsing, offers
from governance.requests.lapsing import record
from governance.requests.models import AccessRequest, Offer, Status
from governance.roles import Level
from governance.scope import ActorKind, Scope
from governance.sentence import phrase, sentence

KIND = "access_request"
REASON_MOST, OPEN_MOST = 1000, 20
GONE = phrase("There is no such request.")
CLOSED = phrase("It was decided already, or has lapsed.")
_ASKED = phrase("You have asked for it already, and it waits to be decided.")


@dataclass(frozen=True)
class Wish:
    level: Level
    days: int
    reason: str


def ask(scope: Scope, offer: uuid.UUID, wish: Wish) -> AccessRequest:
    """Raises Forbidden, NotFound, InvalidInput, and Conflict for what one may already, or has asked for."""
    access.require(scope, Action.ACCESS_ASK)
    if scope.kind is not ActorKind.PERSON:
        raise Forbidden("People ask for access. A service account is given it by whoever manages the collection.")
    try:
        with scope.transaction(), transaction.atomic():
            found = offers.shown(scope).filter(pk=offer).first()
            if found is None:
                raise access.unseen(Action.ACCESS_ASK, "access_offer", offer, offers.GONE)
            reason = _checked(found, wish)
            _require_new(scope, found, wish.level)
            row = AccessRequest(
                tenant_id=scope.tenant,
                resource_id=found.resource_id,
                person_id=scope.person,
                title=found.title,
                level=wish.level,
                days=wish.days,
                reason=reason,
                lapses_at=timezone.now() + timedelta(days=found.lapse_days),
            )
            row.save(force_insert=True)
            record(scope, Event.ACCESS_ASKED, row, payload={"reason": reason})
    except IntegrityError:
        raise Conflict(_ASKED) from None
    return row


def withdraw(scope: Scope, request: uuid.UUID) -> None:
    """One's own, while it waits. Raises NotFound, Conflict."""
    access.require(scope, Action.ACCESS_ASK)
    with scope.transaction():
        row = AccessRequest.objects.select_for_update().filter(pk=request, person=scope.actor).first()
        if row is None:
            raise access.unseen(Action.ACCESS_ASK, KIND, request, GONE)
        if not row.is_open:
            raise Conflict(CLOSED)
        row.status, row.decided_at = Status.WITHDRAWN, timezone.now()
        row.save(update_fields=["status", "decided_at"])
        record(scope, Event.ACCESS_WITHDRAWN, row)


def mine(scope: Scope, number: int = 1) -> Page[AccessRequest]:
    """The newest first. Raises Forbidden."""
    access.require(scope, Action.ACCESS_ASK)
    with scope.transaction():
        rows = AccessRequest.objects.filter(person=scope.actor)
        return pages.cut(rows.order_by("-created_at", "pk"), number, 20)


def onward(scope: Scope, cursor: str, most: int) -> tuple[Part[AccessRequest], int]:
    """As `mine`, from where the cursor ended; and how many there are in all. Raises Forbidden, InvalidInput."""
    access.require(scope, Action.ACCESS_ASK)
    with scope.transaction():
        rows = AccessRequest.objects.filter(person=scope.actor)
        return pages.onward(rows, ("-created_at", "pk"), cursor, most), rows.count()


def _checked(offer: Offer, wish: Wish) -> str:
    """The reason. What is beyond the offer is refused with what it allows."""
    reason = wish.reason.replace("\x00", "").strip()
    if not reason or len(reason) > REASON_MOST:
        raise InvalidInput(sentence("Say why, in 1 to %(most)s characters.", most=REASON_MOST), param="reason")
    if wish.level > offer.level_most:
        raise InvalidInput("That much may not be asked for here.", param="level")
    if not 1 <= wish.days <= offer.days_most:
        said = sentence("It may be asked for 1 to %(most)s days.", most=offer.days_most)
        raise InvalidInput(said, param="days")
    return reason


def _require_new(scope: Scope, offer: Offer, level: Level) -> None:
    """What ends may be asked for anew. Raises Conflict."""
    rule = access.Rule(level=level, person=scope.actor, groups=scope.groups)
    held = rule.weigh(Grant.objects.filter(resource=offer.resource_id))
    if held.allowed and any(one.ends_at is None for one in held.by):
        raise Conflict("You may do this already.")
    waiting = 0
    for row in AccessRequest.objects.select_for_update().filter(person=scope.actor, status=Status.OPEN):
        if not row.is_open:
            lapsing.end(scope, row)
        elif row.resource_id == offer.resource_id:
            raise Conflict(_ASKED)
        else:
            waiting += 1
    if waiting >= OPEN_MOST:
        raise Conflict(sentence("You wait for %(most)s decisions already. Withdraw one first.", most=OPEN_MOST))
