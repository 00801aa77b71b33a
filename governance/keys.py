"""API keys: shown once, kept as a hash, narrowed by scopes, never doing more than their person may."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from governance import access, models, people
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Forbidden, InvalidInput, NotFound
from governance.roles import KEY_SCOPES
from governance.scope import Scope

PREFIX = "chy_"
LONGEST_DAYS = 366


def scopes_from(text: str) -> frozenset[str]:
    """From "read,ask" or "read ask"; "*" or "all" are all there are. Raises InvalidInput naming those there are."""
    wanted = set(text.replace(",", " ").split())
    if wanted & {"*", "all"}:
        return frozenset(KEY_SCOPES)
    unknown = wanted - set(KEY_SCOPES)
    if unknown or not wanted:
        raise InvalidInput(
            f"Scopes are any of {', '.join(KEY_SCOPES)}, or all; not {', '.join(sorted(unknown)) or 'none'}."
        )
    return frozenset(wanted)


def issue(scope: Scope, person: uuid.UUID, name: str, scopes: Iterable[str], days: int) -> str:
    """The key itself, which is not kept. Raises Forbidden, NotFound or InvalidInput."""
    if not scope.is_system and (scope.actor != person or scope.key_scopes is not None):
        # Whoever has made a key can act as its person: not even an admin becomes somebody else, nor a key a wider one.
        raise Forbidden("You make keys for yourself, signed in at the portal and not through another key.")
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput(f"A key lives 1 to {LONGEST_DAYS} days.")
    key = PREFIX + secrets.token_urlsafe(32)
    wanted = sorted(scopes_from(" ".join(scopes)))
    with scope.transaction():
        if not models.Person.objects.filter(pk=person, is_active=True).exists():
            raise NotFound("There is no such person, or they have been switched off.")
        row = models.ApiKey.objects.create(
            tenant_id=scope.tenant,
            person_id=person,
            name=name,
            hash=_hash(key),
            prefix=key[:10],
            scopes=wanted,
            expires_at=timezone.now() + timedelta(days=days),
        )
        facts = {"person": person, "scopes": wanted, "days": days}
        events.record(scope, Event.KEY_ISSUED, resource=("key", row.pk), facts=facts)
    return key


def resolve(key: str, request_id: str = "") -> Scope | None:
    """The scope of whoever holds `key`; None where it is unknown, expired or revoked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, id, person_id, scopes FROM chancery.resolve_key(%s)", [_hash(key)])
        row = cursor.fetchone()
    if row is None:
        return None
    _, key_id, person, scopes = row
    scope = people.scope_of(person, request_id)
    return replace(scope, key=key_id, key_scopes=frozenset(scopes)) if scope else None


def revoke(scope: Scope, key: uuid.UUID) -> None:
    """One's own, or an admin any. Raises NotFound, and Forbidden where one key would end another."""
    if scope.key not in {None, key}:
        access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        if not models.ApiKey.objects.filter(pk=key, revoked_at=None).update(revoked_at=timezone.now()):
            raise NotFound("There is no such key.")
        events.record(scope, Event.KEY_REVOKED, resource=("key", key))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def narrow(scope: Scope, key: uuid.UUID) -> Scope:
    """`scope` as the key's holder has it now. Raises NotFound where the key has been revoked or has expired."""
    with scope.transaction():
        row = models.ApiKey.objects.filter(pk=key, revoked_at=None, expires_at__gt=timezone.now()).first()
    if row is None:
        raise NotFound("The key that asked has been revoked, or has expired.")
    return replace(scope, key=key, key_scopes=frozenset(row.scopes))
