"""Erasing a person: asked for, approved by somebody else, done, and certified.

Their key is destroyed, and with it every payload on the record that speaks of them and the salts of its commitments; their
rows and streams are removed by the stores that are registered; their account keeps an id and loses its name. The record's
leaves stay as they were, so that it verifies as before. A legal hold wins, and says so.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance import access, models
from governance.actions import Action
from governance.audit import events
from governance.audit.lifecycle import erasing, holds, reasons
from governance.audit.lifecycle.models import ErasureStatus as Status
from governance.audit.vocabulary import Event
from governance.errors import ChanceryError, Conflict, Forbidden, NotFound
from governance.roles import Role
from governance.scope import Scope
from governance.sentence import phrase

log = logging.getLogger(__name__)

OPEN = (Status.REQUESTED, Status.APPROVED)
NOTE_LONGEST = 500
_GONE = phrase("There is no such request, or it has been decided.")


def request(scope: Scope, note: str = "") -> models.Erasure:
    """For oneself. Raises Forbidden, and Conflict where one is open already."""
    access.require(scope, Action.OWN_DATA)
    return _request(scope, scope.person, note.replace("\x00", "").strip()[:NOTE_LONGEST])


def request_for(scope: Scope, person: uuid.UUID, reason: str) -> models.Erasure:
    """For somebody who asked elsewhere, or who has left. Raises Forbidden, NotFound, InvalidInput, Conflict."""
    access.require(scope, Action.ERASURE_DECIDE)
    return _request(scope, person, reasons.checked(reason))


def withdraw(scope: Scope) -> None:
    """One's own, while nobody has decided. Raises NotFound."""
    access.require(scope, Action.OWN_DATA)
    with scope.transaction():
        row = models.Erasure.objects.select_for_update().filter(person=scope.person, status=Status.REQUESTED).first()
        if row is None:
            raise NotFound(_GONE)
        row.status = Status.WITHDRAWN
        row.save(update_fields=["status"])
        _record(scope, Event.ERASURE_WITHDRAWN, row)


def refuse(scope: Scope, erasure: uuid.UUID, reason: str) -> None:
    """The reason is told to the person. Raises Forbidden, NotFound, InvalidInput."""
    access.require(scope, Action.ERASURE_DECIDE)
    said = reasons.checked(reason)
    with scope.transaction():
        row = _waiting(erasure)
        row.status, row.answer = Status.REFUSED, said
        row.decided_by, row.decided_at = scope.actor, timezone.now()
        row.save(update_fields=["status", "answer", "decided_by", "decided_at"])
        _record(scope, Event.ERASURE_REFUSED, row, {"reason": said})


def approve(scope: Scope, erasure: uuid.UUID) -> models.Erasure:
    """Somebody else than who asked, and than whom it is about, says yes; then it is done, at once, or
    goes on by itself where a part is away.

    Raises Forbidden, NotFound, and Conflict where a hold stands against it or nobody would be left to run the tenant.
    """
    access.require(scope, Action.ERASURE_DECIDE)
    person = _to_decide(scope, erasure)
    holds.require_none_on(scope, person)
    with scope.transaction():
        holds.lock(scope)
        row = _waiting(erasure)
        _require_another_admin(row.person_id)
        row.status, row.decided_by, row.decided_at = Status.APPROVED, scope.actor, timezone.now()
        row.save(update_fields=["status", "decided_by", "decided_at"])
        _record(scope, Event.ERASURE_APPROVED, row)
    try:
        erasing.run(scope.tenant, erasure)
    except ChanceryError as fault:
        log.warning("erasure %s goes on later: %s", erasure, fault.message)
    return decidable(scope, erasure)


def decidable(scope: Scope, erasure: uuid.UUID) -> models.Erasure:
    """Anybody's, for who decides. Raises Forbidden and NotFound."""
    access.require(scope, Action.ERASURE_DECIDE)
    with scope.transaction():
        found = models.Erasure.objects.select_related("person").filter(pk=erasure).first()
    if found is None:
        raise access.unseen(Action.ERASURE_DECIDE, "erasure", erasure, "There is no such request.")
    return found


def certified(scope: Scope, erasure: uuid.UUID) -> models.Erasure:
    """One that was done. Raises Forbidden, NotFound, and Conflict where it was not."""
    found = decidable(scope, erasure)
    if found.status != Status.ERASED:
        raise Conflict("There is a certificate once it is done.")
    return found


def against(scope: Scope, row: models.Erasure) -> list[models.Hold]:
    """The holds that stand against it; why they were placed is for officers. Raises Forbidden."""
    access.require(scope, Action.ERASURE_DECIDE)
    with scope.as_system().transaction():
        found = holds.on(row.person_id)
    if not access.decide(scope, Action.HOLD).allowed:
        for hold in found:
            hold.reason = ""
    return found


def listed(scope: Scope) -> list[models.Erasure]:
    """Those that wait first, then the newest. Raises Forbidden."""
    access.require(scope, Action.ERASURE_DECIDE)
    with scope.transaction():
        found = models.Erasure.objects.select_related("person").order_by("-created_at")[:500]
        return sorted(found, key=lambda row: row.status not in OPEN)


def own(scope: Scope) -> models.Erasure | None:
    """The caller's last request. Raises Forbidden."""
    access.require(scope, Action.OWN_DATA)
    with scope.transaction():
        return models.Erasure.objects.filter(person=scope.person).order_by("-created_at").first()


def sweep(tenants: Iterable[uuid.UUID]) -> int:
    """Go on with what was approved and not done: a process died, or a hold came in between. Returns how many were done."""
    done = 0
    for tenant in tenants:
        with Scope.system(tenant).transaction():
            waiting = list(models.Erasure.objects.filter(status=Status.APPROVED).values_list("pk", flat=True))
        for erasure in waiting:
            try:
                done += erasing.run(tenant, erasure)
            except ChanceryError as fault:  # of one, which is tried again; the others do not wait for it
                log.warning("erasure %s goes on later: %s", erasure, fault.message)
    return done


def _request(scope: Scope, person: uuid.UUID, note: str) -> models.Erasure:
    try:
        with scope.transaction(), transaction.atomic():
            if not models.Person.objects.filter(pk=person, erased_at=None).exists():
                raise access.unseen(Action.ERASURE_DECIDE, "person", person, "There is no such person.")
            row = models.Erasure.objects.create(
                tenant_id=scope.tenant, person_id=person, note=note, requested_by=scope.actor
            )
            _record(scope, Event.ERASURE_REQUESTED, row, {"note": note} if note else None)
    except IntegrityError:
        raise Conflict("A request to erase this person is open already.") from None
    return row


def _to_decide(scope: Scope, erasure: uuid.UUID) -> uuid.UUID:
    with scope.transaction():
        row = _waiting(erasure)
    if scope.actor in {row.person_id, row.requested_by}:
        raise Forbidden("Somebody else decides: not the person themselves, nor whoever asked for it.")
    person: uuid.UUID = row.person_id
    return person


def _waiting(erasure: uuid.UUID) -> models.Erasure:
    found = models.Erasure.objects.select_for_update().filter(pk=erasure, status=Status.REQUESTED).first()
    if found is None:
        raise access.unseen(Action.ERASURE_DECIDE, "erasure", erasure, _GONE)
    return found


def _require_another_admin(person: uuid.UUID) -> None:
    admins = models.RoleAssignment.objects.filter(
        role=str(Role.TENANT_ADMIN), person__is_active=True, ends_at__isnull=True
    )
    if not admins.exclude(person=person).exists():
        raise Conflict("This is the last admin. Make somebody else an admin first.")


def _record(scope: Scope, event: Event, row: models.Erasure, payload: dict[str, str] | None = None) -> None:
    """The words go under the key of the person they are about, and with it."""
    resource = ("person", row.person_id)
    events.record(scope, event, resource=resource, facts={"erasure": row.pk}, payload=payload, subject=row.person_id)
