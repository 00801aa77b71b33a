"""The operator's side while something is open: who they are there, what they may see, and what they saw, on the record."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from governance import access, models
from governance.actions import Action
from governance.audit import envelope, events, keyring
from governance.audit.vocabulary import Event
from governance.errors import NotFound
from governance.roles import SupportLevel
from governance.scope import ActorKind, Scope, Support
from governance.sentence import phrase
from governance.support import KIND

SHOWN = 200
GONE = phrase("There is nothing here that you may see.")


@dataclass(frozen=True)
class Opened:
    """What is open to an operator now, and as whom they look."""

    scope: Scope
    operator: models.Operator
    tenant: str
    ticket: str
    ends_at: datetime
    is_named: bool  # to this operator, and not to any

    @property
    def support(self) -> Support:
        if self.scope.support is None:
            raise LookupError("an opening without its reach")
        return self.scope.support

    @property
    def level(self) -> SupportLevel:
        return self.support.level


@dataclass(frozen=True)
class Mine:
    """A request or an opening, as its operator sees it."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    tenant: str
    ticket: str
    level: int
    hours: int
    created_at: datetime
    opened_at: datetime | None
    ends_at: datetime | None
    closed_at: datetime | None
    closed_how: str
    is_named: bool

    @property
    def state(self) -> str:
        row = models.SupportAccess(
            opened_at=self.opened_at, ends_at=self.ends_at, closed_at=self.closed_at, closed_how=self.closed_how
        )
        return row.state


@dataclass(frozen=True)
class Settings:
    """How a tenant is set up. `policy` is the number of the version that is published."""

    name: str
    slug: str
    domain: str
    created_at: datetime
    answers_running_max: int
    answers_waiting_max: int
    answers_per_person_max: int
    documents_max: int
    tokens_per_day: int | None
    allows_model_only: bool
    demands_witness: bool
    demands_forwarding: bool
    second_factor_for: str
    allows_personal_keys: bool
    key_days_max: int
    bin_days: int
    policy: int | None


@dataclass(frozen=True)
class Look:
    """`operator` and `ticket` are empty where the words are gone."""

    at: datetime
    actor: uuid.UUID | None
    what: str
    facts: Mapping[str, Any]
    operator: str
    ticket: str


def opened(operator: models.Operator, opening: uuid.UUID, request_id: str = "") -> Opened:
    """Asked anew at every request. What is another's, over, ended or never was is one answer: NotFound."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.resolve_support(%s, %s)", [opening, operator.pk])
        row = cursor.fetchone()
    if row is None:
        raise NotFound(GONE)
    tenant, name, ticket, level, ends_at, is_named, collections = row
    support = Support(opening, SupportLevel(level), frozenset(collections))
    scope = Scope(tenant, ActorKind.SUPPORT, operator.pk, support=support, request_id=request_id)
    return Opened(scope.through("operators"), operator, name, ticket, ends_at, is_named)


def mine(operator: models.Operator, tenant: uuid.UUID | None = None) -> list[Mine]:
    """What this operator asked for and what was opened to them, or to any, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.support_of(%s, %s)", [operator.pk, tenant])
        rows = cursor.fetchall()
    return [Mine(*row) for row in rows]


def settings(opened: Opened) -> Settings:
    """Raises NotFound once it is over. On the record before it is shown."""
    access.require(opened.scope, Action.SUPPORT_SETTINGS)
    with opened.scope.transaction(), connection.cursor() as cursor:
        note(opened, "settings")
        cursor.execute("SELECT * FROM chancery.support_settings()")
        row = cursor.fetchone()
    if row is None:
        raise NotFound(GONE)
    return Settings(*row)


def note(opened: Opened, what: str, **facts: Any) -> None:
    """One look, on the tenant's record, in the transaction that reads what is shown. `of` is whose it is."""
    payload = {"operator": opened.operator.email, "ticket": opened.ticket}
    told = {"what": what, "level": opened.level.name.lower()} | {name: one for name, one in facts.items() if one}
    require_open(opened)
    events.record(
        opened.scope, Event.SUPPORT_LOOKED, resource=(KIND, opened.support.access), facts=told, payload=payload
    )


def turned_away(opened: Opened, decision: access.Decision) -> None:
    """On the tenant's record, while it is open: that somebody reached further than it goes. After what was refused."""
    with opened.scope.transaction():
        if _is_open():
            resource = (decision.kind, decision.resource) if decision.resource else None
            facts = {"action": decision.action, "reason": decision.reason}
            events.record(opened.scope, Event.ACCESS_DENIED, resource=resource, facts=facts)


def require_open(opened: Opened) -> None:
    """In the transaction of whoever reads: what was ended a moment ago is not there any more."""
    with opened.scope.transaction():
        if not _is_open():
            raise NotFound(GONE)


def _is_open() -> bool:
    """To whoever the transaction is of."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM chancery.support_open()")
        return cursor.fetchone() is not None


def made(scope: Scope, opening: uuid.UUID) -> list[Look]:
    """What was looked at while it was open, the newest first, for those who opened it. Raises Forbidden."""
    access.require(scope, Action.TENANT_MANAGE)
    return _read(scope, "SELECT * FROM audit.support_looks(%s, %s)", [opening, SHOWN])


def at_mine(scope: Scope) -> list[Look]:
    """What of the caller's own support looked at: documents that they uploaded. Raises Forbidden."""
    access.require(scope, Action.OWN_DATA)
    return _read(scope, "SELECT * FROM audit.support_looked_at_mine(%s)", [SHOWN])


def _read(scope: Scope, query: str, values: list[Any]) -> list[Look]:
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute(query, values)
        return [_look(scope, event, json.loads(bytes(leaf)), sealed) for event, _at, leaf, sealed in cursor.fetchall()]


def _look(scope: Scope, event: uuid.UUID, leaf: Mapping[str, Any], sealed: bytes | None) -> Look:
    actor, facts = leaf["actor"].get("id"), leaf["facts"]
    words: Mapping[str, Any] = {}
    if sealed is not None:
        try:
            words = envelope.unseal(scope.tenant, uuid.UUID(leaf["payload"]["subject"]), event, bytes(sealed))
        except keyring.KeyGone:
            words = {}
    return Look(
        datetime.fromisoformat(leaf["at"]),
        uuid.UUID(actor) if actor else None,
        str(facts.get("what", "")),
        facts,
        str(words.get("operator", "")),
        str(words.get("ticket", "")),
    )
