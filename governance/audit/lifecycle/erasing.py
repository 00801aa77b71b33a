"""What an approved erasure does. Each step may be done twice: whoever dies in between is followed by somebody who goes on.

The order is chosen so that a fault leaves more erased than said, never less: the person is switched off, the key is
destroyed, and only then do the rows, the event and the certificate commit together.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import rfc8785
from django.utils import timezone

from governance import models, people, tenants
from governance.audit import events, keyring, rows
from governance.audit.lifecycle import holds, stores
from governance.audit.lifecycle.models import ErasureStatus as Status
from governance.audit.tree import heads
from governance.audit.vocabulary import Event
from governance.errors import Conflict
from governance.scope import Scope
from governance.sentence import phrase

log = logging.getLogger(__name__)

VERSION = 1
COUNTED_MOST = 1_000_000
# What a certificate says of what stays; each is said in the reader's language where it is shown.
STAYS = (
    phrase(
        "The events of the record: times, kinds, numbers and pseudonymous ids. Their words cannot be read any more."
    ),
    phrase("Documents they uploaded: those are the organisation's, and name them by their pseudonymous id alone."),
    phrase("What others wrote about them: it stands under the keys of those others, or of the organisation."),
    phrase(
        "Backups made before: the words of the record in them cannot be read; rows in clear go with the backups' own end."
    ),
    phrase("What was taken away before: exports, bundles, mails and copies outside of this installation."),
)


def run(tenant: uuid.UUID, erasure: uuid.UUID) -> bool:
    """Do what was approved. False where there is nothing to do, or a hold stands against it, which is then waited for."""
    scope = Scope.system(tenant)
    with scope.transaction():
        row = models.Erasure.objects.filter(pk=erasure, status=Status.APPROVED).first()
        if row is None or holds.on(row.person_id):
            return False
    with scope.transaction():
        people.switch_off(scope, row.person_id)
    with scope.transaction():
        holds.lock(scope)
        row = models.Erasure.objects.select_for_update().get(pk=erasure)
        if row.status != Status.APPROVED or holds.on(row.person_id):
            return False
        _erase(scope, row)
    return True


def again(tenant: uuid.UUID, person: uuid.UUID) -> bool:
    """After an older database was restored: what was erased is removed once more. False where it is not there."""
    scope = Scope.system(tenant)
    with scope.transaction():
        if not models.Person.objects.filter(pk=person, erased_at=None).exists():
            return False
    try:
        with scope.transaction():
            people.switch_off(scope, person)
    except Conflict:
        log.warning("tenant %s has no admin left: the one in the backup was erased", tenant)
    with scope.transaction():
        holds.lock(scope)
        open_ones = models.Erasure.objects.filter(person=person, status__in=[Status.REQUESTED, Status.APPROVED])
        row = open_ones.select_for_update().first() or models.Erasure(tenant_id=tenant, person_id=person)
        _erase(scope, row, is_replayed=True)
    return True


def _erase(scope: Scope, row: models.Erasure, *, is_replayed: bool = False) -> None:
    person: uuid.UUID = row.person_id
    keyring.ring().destroy(scope.tenant, person)
    destroyed_at = keyring.ring().destroyed(scope.tenant)[person]
    removed = {name: dict(erase(scope, person)) for name, erase in stores.registered().items()}
    row.status, row.erased_at = Status.ERASED, timezone.now()
    row.note = row.answer = ""
    row.certificate = _certificate(scope, row, removed, destroyed_at)
    facts = {"erasure": row.pk, "certificate": digest(row.certificate), "replayed": is_replayed}
    row.event = events.record(scope, Event.PERSON_ERASED, resource=("person", person), facts=facts)
    row.save()


def digest(certificate: Mapping[str, Any]) -> str:
    """SHA-256 in hex of the certificate's canonical JSON (RFC 8785), as the event on the record has it."""
    return hashlib.sha256(rfc8785.dumps(dict(certificate))).hexdigest()


def _certificate(
    scope: Scope, row: models.Erasure, removed: Mapping[str, Mapping[str, int]], destroyed_at: datetime
) -> dict[str, Any]:
    tenant = tenants.current(scope)
    return {
        "version": VERSION,
        "id": str(row.pk),
        "tenant": {"id": str(tenant.pk), "name": tenant.name},
        "person": str(row.person_id),
        "requested_at": row.created_at.isoformat() if row.created_at else None,
        "requested_by": _id(row.requested_by),
        "approved_at": row.decided_at.isoformat() if row.decided_at else None,
        "approved_by": _id(row.decided_by),
        "erased_at": row.erased_at.isoformat() if row.erased_at else None,
        "key_destroyed_at": destroyed_at.isoformat(),
        "record": {"events": sum(rows.tally({"about": str(row.person_id)}, COUNTED_MOST).values())} | head(),
        "stores": [
            {"store": name, "removed": what, "amount": amount}
            for name, whats in removed.items()
            for what, amount in whats.items()
        ],
        "stays": list(STAYS),
    }


def head() -> dict[str, Any]:
    """The last signed head before what a certificate speaks of, whose events are under it and stay so."""
    found = heads.newest()
    if not found:
        return {}
    head = found[0]
    return {"size": head.size, "root": base64.b64encode(head.root).decode(), "signed_at": head.at.isoformat()}


def _id(one: uuid.UUID | None) -> str | None:
    return str(one) if one else None
