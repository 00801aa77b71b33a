"""Limits as an admin sets them: of the organisation, its people, a group, a person, a key or a model."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction

from governance import access, models, tenants
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput, NotFound
from governance.quotas import bounds, subjects
from governance.quotas.models import ALERT_AT, Allowance, Measure, Per
from governance.scope import Scope
from governance.sentence import sentence

MODEL_LONGEST = 100
ALERTS_MOST = 5
PERCENT_MOST = 100
# In the words of whoever sets it: tokens, seconds, whole money. An answer is set aside two minutes of the model.
LEAST = {Measure.TOKENS: 1_000, Measure.SECONDS: 120, Measure.MONEY: 0}
MOST = {Measure.TOKENS: 10**12, Measure.SECONDS: 10**9, Measure.MONEY: 10**8}
UNIT = {Measure.TOKENS: 1, Measure.SECONDS: bounds.SECOND, Measure.MONEY: bounds.WHOLE}


@dataclass(frozen=True)
class Subject:
    """Whose limit: of one of these, or of the whole organisation; with `is_each`, of every person of it or of the group."""

    person: uuid.UUID | None = None
    group: uuid.UUID | None = None
    key: uuid.UUID | None = None
    model: str = ""
    is_each: bool = False

    def checked(self) -> Subject:
        """Raises InvalidInput."""
        if sum(map(bool, (self.person, self.group, self.key, self.model))) > 1:
            raise InvalidInput("A limit is of one person, group, key or model, or of the whole organisation.")
        if self.is_each and (self.person or self.key or self.model):
            raise InvalidInput("A limit for each person is of the organisation or of a group.")
        if len(self.model) > MODEL_LONGEST or "\x00" in self.model:
            raise InvalidInput(sentence("A model's name has at most %(most)s characters.", most=MODEL_LONGEST))
        return self

    @property
    def columns(self) -> dict[str, Any]:
        ids = {"person_id": self.person, "group_id": self.group, "key_id": self.key}
        return ids | {"model": self.model, "is_each": self.is_each}

    def told(self) -> dict[str, Any]:
        ids = {"person": self.person, "group": self.group, "key": self.key}
        return ids | {"model": self.model or None, "is_each": self.is_each}


@dataclass(frozen=True)
class Draft:
    """`limit` is in tokens, in seconds, or in the organisation's currency."""

    subject: Subject
    measure: Measure
    per: Per
    limit: Decimal
    alert_at: Sequence[int] = field(default=ALERT_AT)

    def most(self) -> int:
        """In the measure's own whole numbers. Raises InvalidInput."""
        if not self.limit.is_finite() or not LEAST[self.measure] <= self.limit <= MOST[self.measure]:
            least, most = LEAST[self.measure], MOST[self.measure]
            raise InvalidInput(sentence("Give a limit from %(least)s to %(most)s.", least=least, most=most))
        return int(self.limit * UNIT[self.measure])

    def alerts(self) -> list[int]:
        """Raises InvalidInput."""
        wanted = sorted(set(self.alert_at))
        if len(wanted) > ALERTS_MOST or not all(1 <= one <= PERCENT_MOST for one in wanted):
            raise InvalidInput("Give at most 5 percents from 1 to 100 to be told at.")
        return wanted


@dataclass(frozen=True)
class Limit:
    """A limit that is set, and how it stands. `who` is the name of whose it is, empty for the organisation.

    With `is_each` the use is that of whoever has come furthest, who is not named here.
    """

    id: uuid.UUID | None
    of: str
    who: str
    is_each: bool
    subject: str
    bound: bounds.Bound

    @property
    def used(self) -> int | str:
        return self.bound.shown(self.bound.used)

    @property
    def bar(self) -> int:
        return min(100, self.bound.percent_used)


def write(scope: Scope, draft: Draft) -> uuid.UUID | None:
    """Set the limit, or another amount for it; its id, where it has one. Holds from the next question on.

    Raises Forbidden, InvalidInput, NotFound.
    """
    access.require(scope, Action.TENANT_MANAGE)
    subject, most, alert_at = draft.subject.checked(), draft.most(), draft.alerts()
    if subject == Subject() and (draft.measure, draft.per) == (Measure.TOKENS, Per.DAY):
        _write_of_all(scope, most, alert_at)
        return None
    what = {"measure": draft.measure, "per": draft.per}
    with scope.transaction():
        if subject.key and not models.ApiKey.objects.filter(pk=subject.key).exists():
            raise NotFound("There is no such key.")
    try:
        with scope.transaction(), transaction.atomic():
            rows = Allowance.objects.select_for_update().filter(**subject.columns, **what)
            before = rows.first()
            row = before or Allowance(tenant_id=scope.tenant, **subject.columns, **what)
            was = bounds.plain(draft.measure, before.most) if before else None
            row.most, row.alert_at = most, alert_at
            row.save()
            facts = subject.told() | what | {"limit": bounds.plain(draft.measure, most), "before": was}
            events.record(scope, Event.QUOTA_CHANGED, resource=("quota", row.pk), facts=facts | {"alert_at": alert_at})
    except IntegrityError:
        raise NotFound("There is no such person, group or key.") from None
    return row.pk


def _write_of_all(scope: Scope, most: int, alert_at: Sequence[int]) -> None:
    """The organisation's tokens a day, which are among its settings: what those do not hold is refused, and not left out."""
    _named, least, highest = tenants.BOUNDS["tokens_per_day"]
    if most > highest:
        raise InvalidInput(sentence("Give a limit from %(least)s to %(most)s.", least=least, most=highest))
    if tuple(alert_at) != ALERT_AT:
        raise InvalidInput("Of the organisation's tokens a day you are told at 80 and 100 percent.")
    tenants.write(scope, {"tokens_per_day": most})


def take_away(scope: Scope, limit: uuid.UUID) -> None:
    """Raises Forbidden, NotFound."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.transaction():
        row = Allowance.objects.select_for_update().filter(pk=limit).first()
        if row is None:
            raise access.unseen(Action.TENANT_MANAGE, "quota", limit, "There is no such limit.")
        subject = Subject(row.person_id, row.group_id, row.key_id, row.model, row.is_each)
        facts = subject.told() | {"measure": row.measure, "per": row.per, "limit": None, "alert_at": []}
        facts |= {"before": bounds.plain(Measure(row.measure), row.most)}
        row.delete()
        events.record(scope, Event.QUOTA_CHANGED, resource=("quota", limit), facts=facts)


EVERY = f"""
SELECT l.id, l.kind, l.is_each, l.measure, l.per, l.most, l.alert_at, l.subject, l.who, w.since, u.used, u.held, l.currency
FROM (
    SELECT a.id, a.is_each, a.measure, a.per, a.most, a.alert_at, t.currency,{subjects.OF_A_LIMIT},
        coalesce(k.name, g.name, p.name, a.model) AS who
    FROM allowance a JOIN tenant t ON t.id = a.tenant_id
    LEFT JOIN api_key k ON k.tenant_id = a.tenant_id AND k.id = a.key_id
    LEFT JOIN "group" g ON g.tenant_id = a.tenant_id AND g.id = a.group_id
    LEFT JOIN person p ON p.tenant_id = a.tenant_id AND p.id = a.person_id
    WHERE a.tenant_id = %(tenant)s
    UNION ALL SELECT NULL, false, 'tokens', 'day', t.tokens_per_day, ARRAY{list(ALERT_AT)}, t.currency, 'tenant', '', ''
    FROM tenant t WHERE t.id = %(tenant)s AND t.tokens_per_day IS NOT NULL
) l
CROSS JOIN LATERAL (SELECT date_trunc(l.per, now() AT TIME ZONE 'UTC')::date AS since) w
CROSS JOIN LATERAL (
    SELECT coalesce(max(one.used), 0)::bigint AS used, coalesce(max(one.held), 0)::bigint AS held FROM (
        SELECT sum({subjects.measured("s")}) AS used, sum({subjects.measured("s", "held_")}) AS held
        FROM spent s WHERE s.tenant_id = %(tenant)s AND s.day >= w.since
          AND CASE WHEN l.is_each THEN s.kind = 'person' AND (l.kind = 'tenant' OR s.subject IN (
                  SELECT m.person_id::text FROM membership m WHERE m.tenant_id = %(tenant)s AND m.group_id::text = l.subject))
              ELSE s.kind = l.kind AND s.subject = l.subject END
        GROUP BY s.subject
    ) one
) u
ORDER BY array_position(ARRAY['tenant', 'group', 'person', 'key', 'model'], l.kind), l.is_each, lower(l.who), l.measure, l.per
"""


def listed(scope: Scope) -> list[Limit]:
    """All of them, with what is used of each in its window. Raises Forbidden."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.as_system().transaction(), connection.cursor() as cursor:
        cursor.execute(EVERY, {"tenant": scope.tenant})
        rows = cursor.fetchall()
    found = []
    for limit, of, is_each, measure, per, most, alert_at, subject, who, since, used, held, currency in rows:
        counted = "person" if is_each else of
        what = (Measure(measure), Per(per), most, tuple(alert_at), since, used, held, frozenset[int](), currency)
        found.append(Limit(limit, of, who, is_each, subject, bounds.Bound(limit, of, is_each, counted, subject, *what)))
    return found
