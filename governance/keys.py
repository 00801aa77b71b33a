"""API keys: shown once, kept as a hash, narrowed by scopes, never doing more than their person may."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from governance import access, models, pages, people, secret, tenants
from governance.accounts import sessions
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Forbidden, InvalidInput, NotFound
from governance.pages import Order, Page
from governance.roles import KEY_SCOPES
from governance.scope import Scope
from governance.sentence import sentence
from governance.service_accounts import networks

PREFIX = "chy_"
EXCHANGED = "chx_"  # what a service account was given for its key, to act for somebody
TOLD_AGAIN_S = 60  # a key that is tried from a wrong place, or too fast, is on the record once in so long
NAME_MAX = 200
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


@dataclass(frozen=True)
class Presented:
    """Who holds a key, and how many requests a minute it takes: None where nobody said."""

    scope: Scope
    per_minute: int | None


def issue(scope: Scope, person: uuid.UUID, name: str, scopes: Iterable[str], days: int) -> str:
    """A person's key itself, which is not kept. Raises Forbidden, NotFound or InvalidInput."""
    if not scope.is_system and (scope.actor != person or scope.key_scopes is not None):
        # Whoever has made a key can act as its person: not even an admin becomes somebody else, nor a key a wider one.
        raise Forbidden("You make keys for yourself, signed in at the portal and not through another key.")
    wanted = sorted(scopes_from(" ".join(scopes)))
    with scope.transaction():
        tenant = tenants.current(scope)
        if not tenant.allows_personal_keys:
            raise Forbidden("Your organisation allows no personal keys. Ask an admin for a service account.")
        if not models.Person.objects.filter(pk=person, is_active=True, is_service=False).exists():
            raise NotFound("There is no such person, or they have been switched off.")
        key, row = made(tenant, person, name, wanted, days)
        row.save(force_insert=True)
        facts = {"person": person, "scopes": wanted, "days": days}
        events.record(scope, Event.KEY_ISSUED, resource=("key", row.pk), facts=facts)
    return key


def made(
    tenant: models.Tenant, person: uuid.UUID, name: str, scopes: list[str], days: int
) -> tuple[str, models.ApiKey]:
    """A new key and its row, which is not saved. Raises InvalidInput."""
    if not 1 <= days <= tenant.key_days_max:
        raise InvalidInput(sentence("A key lives 1 to %(most)s days.", most=tenant.key_days_max))
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > NAME_MAX:
        raise InvalidInput(
            sentence("Give the key a name of 1 to %(most)s characters, such as what will use it.", most=NAME_MAX)
        )
    key = secret.made(PREFIX)
    row = models.ApiKey(
        tenant_id=tenant.pk,
        person_id=person,
        name=name,
        hash=secret.hashed(key),
        prefix=secret.shown(key),
        scopes=scopes,
        expires_at=timezone.now() + timedelta(days=days),
    )
    return key, row


def resolve(key: str, request_id: str = "", address: str = "") -> Scope | None:
    """The scope of whoever holds `key`, and calls from `address`; None where it is unknown, has ended, or may not be used
    from there. Whoever serves requests asks `presented` instead, and keeps the pace that it names.
    """
    found = presented(key, request_id, address)
    return found.scope if found else None


def presented(key: str, request_id: str = "", address: str = "") -> Presented | None:
    """The same with what else is to be kept. An empty address is in no network."""
    return _presented(key, request_id, address, is_used=True)


def holder(key: str) -> Scope | None:
    """Whose key it is, wherever it comes from: for what is only said of them."""
    found = _presented(key, "", "", is_used=False)
    return found.scope if found else None


def _presented(key: str, request_id: str, address: str, *, is_used: bool) -> Presented | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, person_id, allowed, per_minute FROM chancery.resolve_key(%s)", [secret.hashed(key)])
        row = cursor.fetchone()
    if row is None:
        return None
    key_id, person, allowed, per_minute = row
    try:
        found = people.scope_by_key(person, request_id, key_id)
    except NotFound:  # revoked a moment ago
        return None
    if found is None:
        return None
    scope, idles = found
    if not is_used:
        return Presented(scope, per_minute)
    if allowed and not networks.hold(allowed, address):
        note_refusal(scope, "address", address)
        return None
    if idles:
        _note_use(scope, key_id, address)
    return Presented(scope, per_minute)


def note_refusal(scope: Scope, reason: str, address: str = "") -> None:
    """That a key was good and was not let in, once a minute: whoever tries again and again writes no record full."""
    if cache.add(f"key-refused:{scope.key}:{reason}", 1, TOLD_AGAIN_S):
        payload = {"address": address} if address else None
        facts = {"reason": reason}
        events.record(
            scope, Event.KEY_REFUSED, resource=("key", scope.key or scope.tenant), facts=facts, payload=payload
        )


def _note_use(scope: Scope, key: uuid.UUID, address: str) -> None:
    """So that people see which keys are idle. Not at every request: a busy key would be one row that all wait for."""
    one = networks.read(address)
    used = {"last_used_at": timezone.now(), "last_used_from": str(one) if one else None}
    with scope.transaction():
        models.ApiKey.objects.filter(pk=key).update(**used)


def revoke(scope: Scope, key: uuid.UUID) -> None:
    """One's own, an admin any, and an owner those of their service accounts. What was exchanged for it ends with it.

    Raises NotFound, and Forbidden where one key would end another.
    """
    if scope.key not in {None, key}:
        access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        row = _theirs(scope).select_for_update(of=("self",)).filter(pk=key, revoked_at=None).first()
        if row is None:
            raise access.unseen(Action.PEOPLE_MANAGE, "key", key, "There is no such key.")
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        events.record(scope, Event.KEY_REVOKED, resource=("key", key), facts={"person": row.person_id})


def mine(scope: Scope) -> list[models.ApiKey]:
    """One's own that still open anything, newest first."""
    with scope.transaction():
        return list(live().filter(person=scope.person).order_by("-created_at"))


def of(scope: Scope, person: uuid.UUID) -> list[models.ApiKey]:
    """One person's, for an admin. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        return list(live().filter(person=person).order_by("-created_at"))


def found(scope: Scope, words: str, order: Order, number: int = 1) -> Page[models.ApiKey]:
    """A page of everybody's keys that still open anything, with their people. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    rows = live().select_related("person")
    if words:
        rows = rows.filter(
            Q(name__icontains=words) | Q(person__name__icontains=words) | Q(person__email__icontains=words)
        )
    with scope.transaction():
        return pages.cut(pages.ordered(rows, order, COLUMNS), number)


def listed(scope: Scope) -> list[models.ApiKey]:
    """Everybody's that still open anything, by name: to choose one from. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        return list(live().select_related("person").order_by("name", "created_at"))


def live() -> QuerySet[models.ApiKey]:
    """Keys that still open anything, without what was exchanged, which is nobody's to keep."""
    return models.ApiKey.objects.filter(revoked_at=None, expires_at__gt=timezone.now(), parent=None)


def _theirs(scope: Scope) -> QuerySet[models.ApiKey]:
    """Whose keys this scope may end: its own, and an admin's everybody's. A key that ends itself needs no right."""
    rows = models.ApiKey.objects.all()
    if access.decide(scope, Action.PEOPLE_MANAGE).allowed:
        return rows
    return rows.filter(Q(person=scope.actor) | Q(person__service_accounts__owner=scope.actor), parent=None)


def renewed(scope: Scope) -> Scope:
    """The same caller with the rights they have now. Raises NotFound where person, key or session is no longer there."""
    if not sessions.is_open(scope):
        raise NotFound("The session that asked has ended.")
    return people.scope_in(scope.tenant, scope.person, scope.request_id, scope.key)
