"""API keys: shown once, kept as a hash, narrowed by scopes, never doing more than their person may."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from governance import access, models, pages, people
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Forbidden, InvalidInput, NotFound
from governance.pages import Order, Page
from governance.roles import KEY_SCOPES
from governance.scope import Scope
from governance.sentence import sentence

PREFIX = "chy_"
LONGEST_DAYS = 366
NAME_MAX = 200
NOTED_EVERY = timedelta(minutes=1)
COLUMNS = {"name": "name", "person": "person__name", "expires": "expires_at", "used": "last_used_at"}


def scopes_from(text: str) -> frozenset[str]:
    """From "read,ask" or "read ask"; "*" or "all" are all there are. Raises InvalidInput naming those there are."""
    wanted = set(text.replace(",", " ").split())
    if wanted & {"*", "all"}:
        return frozenset(KEY_SCOPES)
    unknown = wanted - set(KEY_SCOPES)
    if unknown or not wanted:
        raise InvalidInput(
            sentence(
                "Scopes are any of %(known)s, or all; not %(unknown)s.",
                known=", ".join(KEY_SCOPES),
                unknown=", ".join(sorted(unknown)) or "none",
            )
        )
    return frozenset(wanted)


def issue(scope: Scope, person: uuid.UUID, name: str, scopes: Iterable[str], days: int) -> str:
    """The key itself, which is not kept. Raises Forbidden, NotFound or InvalidInput."""
    if not scope.is_system and (scope.actor != person or scope.key_scopes is not None):
        # Whoever has made a key can act as its person: not even an admin becomes somebody else, nor a key a wider one.
        raise Forbidden("You make keys for yourself, signed in at the portal and not through another key.")
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput(sentence("A key lives 1 to %(most)s days.", most=LONGEST_DAYS))
    name = " ".join(name.split())
    if not name or len(name) > NAME_MAX:
        raise InvalidInput(
            sentence("Give the key a name of 1 to %(most)s characters, such as what will use it.", most=NAME_MAX)
        )
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
    if scope is None:
        return None
    _note_use(scope, key_id)
    return replace(scope, key=key_id, key_scopes=frozenset(scopes))


def _note_use(scope: Scope, key: uuid.UUID) -> None:
    """So that people see which keys are idle. Not at every request: a busy key would be one row that all wait for."""
    now = timezone.now()
    with scope.transaction():
        noted = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)
        models.ApiKey.objects.filter(noted, pk=key).update(last_used_at=now)


def revoke(scope: Scope, key: uuid.UUID) -> None:
    """One's own, or an admin any. Raises NotFound, and Forbidden where one key would end another."""
    if scope.key not in {None, key}:
        access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        row = _theirs(scope).select_for_update().filter(pk=key, revoked_at=None).first()
        if row is None:
            raise access.unseen(Action.PEOPLE_MANAGE, "key", key, "There is no such key.")
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        events.record(scope, Event.KEY_REVOKED, resource=("key", key), facts={"person": row.person_id})


def mine(scope: Scope) -> list[models.ApiKey]:
    """One's own that still open anything, newest first."""
    with scope.transaction():
        return list(_live().filter(person=scope.person).order_by("-created_at"))


def of(scope: Scope, person: uuid.UUID) -> list[models.ApiKey]:
    """One person's, for an admin. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        return list(_live().filter(person=person).order_by("-created_at"))


def found(scope: Scope, words: str, order: Order, number: int = 1) -> Page[models.ApiKey]:
    """A page of everybody's keys that still open anything, with their people. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    rows = _live().select_related("person")
    if words:
        rows = rows.filter(
            Q(name__icontains=words) | Q(person__name__icontains=words) | Q(person__email__icontains=words)
        )
    with scope.transaction():
        return pages.cut(pages.ordered(rows, order, COLUMNS), number)


def _live() -> QuerySet[models.ApiKey]:
    return models.ApiKey.objects.filter(revoked_at=None, expires_at__gt=timezone.now())


def _theirs(scope: Scope) -> QuerySet[models.ApiKey]:
    """Whose keys this scope may end: its own, and an admin's everybody's. A key that ends itself needs no right."""
    rows = models.ApiKey.objects.all()
    if access.decide(scope, Action.PEOPLE_MANAGE).allowed:
        return rows
    return rows.filter(person=scope.actor)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def renewed(scope: Scope) -> Scope:
    """The same caller with the rights they have now. Raises NotFound where the person or the key is no longer there."""
    now = people.scope_in(scope.tenant, scope.person, scope.request_id)
    return narrow(now, scope.key) if scope.key else now


def narrow(scope: Scope, key: uuid.UUID) -> Scope:
    """`scope` as the key's holder has it now. Raises NotFound where the key has been revoked or has expired."""
    with scope.transaction():
        row = models.ApiKey.objects.filter(pk=key, revoked_at=None, expires_at__gt=timezone.now()).first()
    if row is None:
        raise NotFound("The key that asked has been revoked, or has expired.")
    return replace(scope, key=key, key_scopes=frozenset(row.scopes))
