"""Sessions that began at a provider, and their end at its word (OpenID Connect Back-Channel Logout 1.0).

A session is known here by the hash that stands on the record, which opens nothing, and at the provider by its `sid`.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError
from django.utils import timezone

from governance import models
from governance.accounts import sessions
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.identity.refusals import Reason, Refused
from governance.scope import Scope


@dataclass(frozen=True)
class Logout:
    """What a checked logout token says: a session at the provider, or all of a subject's; empty is not said."""

    subject: str
    sid: str
    jti: str
    expires_at: datetime


def remember(scope: Scope, provider: uuid.UUID, subject: str, sid: str) -> None:
    """Inside the transaction in which it begins, or goes on after another sign-in; `scope` is the person's in that session.

    Rows of ended ones go.
    """
    with scope.transaction():
        rows = models.ProviderSession.objects.filter(person=scope.person)
        ended = sessions.gone(rows.values_list("mark", flat=True))
        rows.filter(mark__in=ended | {scope.session}).delete()
        models.ProviderSession.objects.create(
            tenant_id=scope.tenant,
            provider_id=provider,
            person_id=scope.person,
            subject=subject,
            sid=sid,
            mark=scope.session,
        )


def end(scope: Scope, provider: uuid.UUID, logout: Logout) -> int:
    """How many ended: they are gone with their next request. Raises Refused for a token that was used before.

    None is no fault: the session had ended here already. `scope` is the tenant's background work.
    """
    with scope.transaction():
        try:
            _spend(scope, provider, logout)
        except IntegrityError:
            raise Refused(Reason.SPENT) from None
        found = models.ProviderSession.objects.filter(provider=provider)
        found = found.filter(subject=logout.subject) if logout.subject else found
        found = found.filter(sid=logout.sid) if logout.sid else found
        people: dict[uuid.UUID, list[str]] = {}
        for person, mark in found.values_list("person", "mark"):
            people.setdefault(person, []).append(mark)
        found.delete()
        by = "session" if logout.sid else "subject"
        for person, marks in people.items():
            _close(scope, provider, person, marks, by)
        if not people:
            _record(scope, provider, None, 0, by)
        return sum(len(marks) for marks in people.values())


def _spend(scope: Scope, provider: uuid.UUID, logout: Logout) -> None:
    models.SpentLogout.objects.filter(provider=provider, expires_at__lt=timezone.now()).delete()
    models.SpentLogout.objects.create(
        tenant_id=scope.tenant,
        provider_id=provider,
        hash=hashlib.sha256(logout.jti.encode()).hexdigest(),
        expires_at=logout.expires_at,
    )


def _close(scope: Scope, provider: uuid.UUID, person: uuid.UUID, marks: list[str], by: str) -> None:
    _record(scope, provider, person, sessions.drop(marks), by)


def _record(scope: Scope, provider: uuid.UUID, person: uuid.UUID | None, ended: int, by: str) -> None:
    facts = {"provider": provider, "sessions": ended, "by": by}
    resource = ("person", person) if person else ("identity_provider", provider)
    events.record(scope, Event.PROVIDER_SIGNED_OUT, resource=resource, facts=facts)
