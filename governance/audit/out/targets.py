"""Where a tenant's record is sent to: set up by its admins, with the numbers that say how far each has got.

What leaves is what the record keeps in clear. An admin runs the house without reading in it, so that the words themselves go
to a target only where a compliance officer has said so, for a reason; another address takes that back.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from governance import access, locker, models, naming
from governance.actions import Action
from governance.audit import events, keyring, reading
from governance.audit.out import cursors, lines
from governance.audit.out.sinks.base import Sink
from governance.audit.out.sinks.syslog import PORTS, Syslog
from governance.audit.out.sinks.webhook import Webhook
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput
from governance.fetching import Guard, Unreachable
from governance.scope import Scope
from governance.sentence import sentence

KINDS = ("webhook", "syslog")
ADDRESS_MAX = 500
SECRET = "webhook"  # noqa: S105  what is locked, not a secret
MOST = 20
REMEDY = "If it is your own, the operator of this installation has to list it in CHANCERY_FORWARD_INTERNAL_HOSTS."
KIND = "forward_target"
# What a target may be told of alone: an event, or all of a kind.
WATCHED = frozenset(Event) | {f"{one.partition('.')[0]}.*" for one in Event}


@dataclass(frozen=True)
class Draft:
    """What an admin writes."""

    name: str
    kind: str
    address: str
    format: str
    is_enabled: bool = True
    only: Sequence[str] = ()  # see lines.is_wanted


@dataclass(frozen=True)
class State:
    """A target and how far it has got. `behind` counts sealed events that have not arrived, `waits_since` is of the first."""

    row: models.ForwardTarget
    next_index: int
    behind: int
    heads_behind: int
    waits_since: datetime | None
    sent: int
    sent_at: datetime | None
    failures: int
    failing_since: datetime | None
    last_error: str
    next_try_at: datetime | None


def listed(scope: Scope) -> list[State]:
    """For admins and officers. Raises Forbidden."""
    _require_seeing(scope)
    with scope.transaction():
        return [_state(row) for row in models.ForwardTarget.objects.order_by("name")]


def get(scope: Scope, target: uuid.UUID) -> State:
    """Raises Forbidden, and NotFound for one of another tenant."""
    _require_seeing(scope)
    with scope.transaction():
        return _state(_found(target))


def create(scope: Scope, draft: Draft, *, from_now: bool = False) -> tuple[uuid.UUID, str]:
    """(id, the secret that signs what is sent: shown this once; empty where nothing is signed).

    It begins with the first event of the record, or with what is recorded from now on. Raises Forbidden, InvalidInput, Conflict.
    """
    access.require(scope, Action.TENANT_MANAGE)
    row = models.ForwardTarget(tenant_id=scope.tenant, pk=uuid.uuid4())
    _write(row, draft)
    secret = _new_secret(row)
    try:
        with scope.transaction(), transaction.atomic():
            if models.ForwardTarget.objects.count() >= MOST:
                raise Conflict(sentence("An organisation has at most %(most)s targets.", most=MOST))
            row.save(force_insert=True)
            size, heads, _ = _ends(0)
            start = (size, heads + 1) if from_now else (0, 1)
            cursors.ensure(scope.tenant, row.pk, *start)
            _record(scope, row, {"what": "created", "from_index": start[0], "secret": bool(secret)})
    except IntegrityError:
        raise Conflict("There is a target of that name already.") from None
    return row.pk, secret


def change(scope: Scope, target: uuid.UUID, draft: Draft) -> None:
    """Its kind stays. Another address takes back that words go there. Raises Forbidden, NotFound, InvalidInput, Conflict."""
    access.require(scope, Action.TENANT_MANAGE)
    try:
        with scope.transaction(), transaction.atomic():
            row = _found(target, lock=True)
            before = row.address
            if draft.kind != row.kind:
                raise InvalidInput("A target's kind stays what it is. Make another one.")
            _write(row, draft)
            row.carries_words = row.carries_words and row.address == before
            row.save()
            _due_now(target)
            _record(scope, row, {"what": "changed", "secret": False})
    except IntegrityError:
        raise Conflict("There is a target of that name already.") from None


def renew_secret(scope: Scope, target: uuid.UUID) -> str:
    """The new one, shown this once; the old one signs nothing from now on. Raises Forbidden, NotFound, InvalidInput."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.transaction():
        row = _found(target, lock=True)
        secret = _new_secret(row)
        if not secret:
            raise InvalidInput("Only a webhook is signed with a secret.")
        row.save(update_fields=["secret"])
        _record(scope, row, {"what": "changed", "secret": True})
    return secret


def delete(scope: Scope, target: uuid.UUID) -> None:
    access.require(scope, Action.TENANT_MANAGE)
    with scope.transaction():
        row = _found(target, lock=True)
        payload = {"name": row.name, "address": row.address}
        row.delete()
        models.ForwardCursor.objects.filter(target=target).delete()
        events.record(scope, Event.FORWARD_DELETED, resource=(KIND, target), payload=payload)
    keyring.ring().destroy(scope.tenant, target)


def retry(scope: Scope, target: uuid.UUID) -> None:
    """At once, without waiting for the next try. Raises Forbidden, NotFound."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.transaction():
        _found(target)
        _due_now(target)
        events.record(scope, Event.FORWARD_RETRIED, resource=(KIND, target))


def carry_words(scope: Scope, target: uuid.UUID, *, carries: bool, reason: str) -> None:
    """Whether payloads go there in clear, by an officer's word. Raises Forbidden, NotFound, InvalidInput."""
    access.require(scope, Action.RECORD_OPEN)
    said = reading.checked_reason(reason)
    with scope.transaction():
        row = _found(target, lock=True)
        row.carries_words = carries
        row.save(update_fields=["carries_words"])
        facts, payload = {"words": carries}, {"reason": said}
        events.record(scope, Event.FORWARD_WORDS, resource=(KIND, target), facts=facts, payload=payload)


def sink(row: models.ForwardTarget) -> Sink:
    """Raises keyring.KeyGone where its secret cannot be read."""
    if row.kind == "webhook":
        secret = locker.unlock(row.tenant_id, row.pk, SECRET, bytes(row.secret))
        return Webhook(row.address, secret, guard())
    return Syslog(row.address, guard())


def guard() -> Guard:
    """What a tenant's admin may have this server speak to."""
    return Guard(settings.FORWARD_INTERNAL_HOSTS, REMEDY, settings.FORWARD_CA_FILE)


def _require_seeing(scope: Scope) -> None:
    if not access.decide(scope, Action.RECORD_READ).allowed:
        access.require(scope, Action.TENANT_MANAGE)


def _found(target: uuid.UUID, *, lock: bool = False) -> models.ForwardTarget:
    rows = models.ForwardTarget.objects.filter(pk=target)
    found = (rows.select_for_update() if lock else rows).first()
    if found is None:
        raise access.unseen(Action.TENANT_MANAGE, KIND, target, "There is no such target.")
    return found


def _write(row: models.ForwardTarget, draft: Draft) -> None:
    if draft.kind not in KINDS or draft.format not in lines.FORMATS:
        raise InvalidInput("A target is a webhook or syslog, and gets jsonl or ocsf.")
    row.name, row.kind, row.format = naming.checked(draft.name)[:80], draft.kind, draft.format
    row.address, row.is_enabled = _checked(draft.kind, draft.address.strip()), draft.is_enabled
    row.only = _only(draft.only)


def _only(wanted: Sequence[str]) -> list[str]:
    """Raises InvalidInput."""
    for one in wanted:
        if one not in WATCHED:
            raise InvalidInput(sentence("There is no event “%(name)s”.", name=one[:60]), param="only")
    return sorted(set(wanted))


def _checked(kind: str, address: str) -> str:
    """Raises InvalidInput. That it may be asked is looked at anew each time that it is."""
    if not 0 < len(address) <= ADDRESS_MAX or not address.isascii() or not address.isprintable() or " " in address:
        raise InvalidInput(sentence("An address has 1 to %(most)s characters, without spaces.", most=ADDRESS_MAX))
    if kind == "webhook":
        try:
            guard().check(address)
        except Unreachable as fault:
            raise InvalidInput(sentence("The address cannot be used. %(why)s", why=fault.args[0])) from None
        return address
    _check_syslog(address)
    return address


def _check_syslog(address: str) -> None:
    try:
        parts = urlsplit(address)
        is_plain = bool(parts.hostname) and not (parts.path or parts.query or parts.username or parts.password)
        is_known = is_plain and parts.scheme in PORTS and parts.port != 0
    except ValueError:
        is_known = False
    if not is_known:
        raise InvalidInput("A syslog address reads tls://host:port, or tcp://host:port inside your own network.")
    if parts.scheme == "tcp" and not guard().lists(parts.netloc):
        raise InvalidInput(sentence("In clear it may only go to a host that is listed. %(why)s", why=REMEDY))


def _new_secret(row: models.ForwardTarget) -> str:
    if row.kind != "webhook":
        return ""
    secret = secrets.token_urlsafe(32)
    row.secret = locker.lock(row.tenant_id, row.pk, SECRET, secret)
    return secret


def _due_now(target: uuid.UUID) -> None:
    models.ForwardCursor.objects.filter(target=target).update(next_try_at=timezone.now())


def _record(scope: Scope, row: models.ForwardTarget, facts: dict[str, object]) -> None:
    facts |= {"kind": row.kind, "format": row.format, "enabled": row.is_enabled, "words": row.carries_words}
    facts |= {"only": row.only} if row.only else {}
    payload = {"name": row.name, "address": row.address}
    events.record(scope, Event.FORWARD_CHANGED, resource=(KIND, row.pk), facts=facts, payload=payload)


def _ends(index: int) -> tuple[int, int, datetime | None]:
    """(sealed events, the last head's number, when the event of that index was recorded)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT events, heads, since FROM audit.behind(%s)", [index])
        found = cursor.fetchone()
    return (found[0], found[1], found[2]) if found else (0, 0, None)


def _state(row: models.ForwardTarget) -> State:
    place = models.ForwardCursor.objects.filter(target=row.pk).first() or models.ForwardCursor()
    size, heads, since = _ends(place.next_index)
    return State(
        row=row,
        next_index=place.next_index,
        behind=max(0, size - place.next_index),
        heads_behind=max(0, heads + 1 - place.next_head),
        waits_since=since,
        sent=place.sent,
        sent_at=place.sent_at,
        failures=place.failures,
        failing_since=place.failing_since,
        last_error=place.last_error,
        next_try_at=place.next_try_at,
    )
