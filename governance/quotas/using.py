"""Who and what uses most this month, for whoever sets the limits."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from governance import access
from governance.actions import Action
from governance.quotas import bounds, subjects
from governance.scope import Scope

MOST = 10
KINDS = ("person", "group", "key", "model")

# Of a group what its people used as its members, of a key what was asked with it and this month with those it follows.
_NAME, _NAMES = subjects.named("s")
THIS_MONTH = f"""
SELECT kind, subject, who, tokens, ms, nanos FROM (
    SELECT s.kind, s.subject, {_NAME} AS who, sum(s.tokens) AS tokens, sum(s.ms) AS ms,
        sum(s.nanos) AS nanos, row_number() OVER (PARTITION BY s.kind ORDER BY sum(s.tokens) DESC, s.subject) AS place
    FROM spent s{_NAMES}
    WHERE s.tenant_id = %(tenant)s AND s.day >= date_trunc('month', now() AT TIME ZONE 'UTC')::date
    GROUP BY s.kind, s.subject, p.name, g.name, k.name
) one WHERE place <= %(most)s AND tokens > 0 ORDER BY kind, place
"""


@dataclass(frozen=True)
class Taken:
    """`percent` is the part of all that the organisation used, in tokens."""

    subject: str
    who: str
    tokens: int
    seconds: int
    money: Decimal
    percent: int


@dataclass(frozen=True)
class Using:
    """This month's, by kind: those that used most first."""

    whole: Taken
    by: dict[str, list[Taken]]

    @property
    def lists(self) -> list[tuple[str, list[Taken]]]:
        return [(kind, self.by[kind]) for kind in KINDS if self.by[kind]]


def most(scope: Scope) -> Using:
    """Raises Forbidden."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.as_system().transaction(), connection.cursor() as cursor:
        cursor.execute(THIS_MONTH, {"tenant": scope.tenant, "most": MOST})
        rows = cursor.fetchall()
    every = next((int(tokens) for kind, _, _, tokens, _, _ in rows if kind == "tenant"), 0)
    found: dict[str, list[Taken]] = {kind: [] for kind in (*KINDS, "tenant")}
    for kind, subject, who, tokens, ms, nanos in rows:
        part = int(tokens) * 100 // every if every else 0
        one = Taken(subject, who, int(tokens), int(ms) // bounds.SECOND, Decimal(nanos) / bounds.WHOLE, part)
        found[kind].append(one)
    whole = next(iter(found.pop("tenant")), Taken("", "", 0, 0, Decimal(0), 0))
    return Using(whole, found)
