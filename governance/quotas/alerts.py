"""Who runs a tenant is told as a limit comes near: once for each part of it in a window, on the record, and from there on."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from governance import access
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import QuotaHeld, QuotaSpent
from governance.models import Reservation
from governance.quotas import bounds, counting, subjects
from governance.quotas.bounds import Bound
from governance.quotas.models import Measure, Per, QuotaAlert
from governance.scope import Scope

ALL = 100
SHOWN = 50


def tell(scope: Scope, found: Iterable[Bound]) -> None:
    """Of each that has come to a part of it at which they want to know. In the transaction that counted it."""
    for one in bounds.holding(found):
        for percent in one.alert_at:
            if percent not in one.told and one.used * ALL >= percent * one.most:
                _tell(scope, one, percent)


def refused(scope: Scope, refusal: QuotaSpent) -> None:
    """It is used up, too, where what is left is less than anybody asks for. After whatever was refused has been rolled back."""
    one = refusal.bound
    if not isinstance(one, Bound) or isinstance(refusal, QuotaHeld) or ALL not in one.alert_at or ALL in one.told:
        return
    with scope.transaction():
        _tell(scope, one, ALL)


def left_behind(scope: Scope, interaction: uuid.UUID) -> None:
    """Settle what its process did not come back to. Whoever was faster has settled it."""
    with scope.transaction():
        open_ones = Reservation.objects.select_for_update().filter(interaction=interaction, used=None)
        row = open_ones.first()
        if row is None:
            return
        tell(scope, counting.settle(scope, interaction, None))
        facts = {"person": row.person_id, "reserved": row.reserved, "counted": row.reserved if row.is_asked else 0}
        payload = {"owner": row.owner} if row.owner else None
        events.record(scope, Event.QUOTA_RELEASED, interaction=interaction, facts=facts, payload=payload)


@dataclass(frozen=True)
class Alert:
    """`kind` and `who` name whose use it was: a person's too where the limit is one for each of them."""

    kind: str
    who: str
    measure: Measure
    per: Per
    percent: int
    whole: int | str
    created_at: datetime


_NAME, _NAMES = subjects.named("q")
THIS_MONTH = f"""
SELECT q.kind, {_NAME}, q.measure, q.per, q.percent, q.most, t.currency, q.created_at
FROM quota_alert q JOIN tenant t ON t.id = q.tenant_id{_NAMES}
WHERE q.tenant_id = %s AND q.since >= date_trunc('month', now() AT TIME ZONE 'UTC')::date
ORDER BY q.created_at DESC LIMIT %s
"""


def listed(scope: Scope) -> list[Alert]:
    """Those of this month, the newest first. Raises Forbidden."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.as_system().transaction(), connection.cursor() as cursor:
        cursor.execute(THIS_MONTH, [scope.tenant, SHOWN])
        rows = cursor.fetchall()
    return [
        Alert(kind, who, Measure(measure), Per(per), percent, bounds.amount_of(Measure(measure), most, currency), at)
        for kind, who, measure, per, percent, most, currency, at in rows
    ]


def _tell(scope: Scope, one: Bound, percent: int) -> None:
    whose = {"kind": one.kind, "subject": one.subject, "is_each": one.is_each, "measure": one.measure, "per": one.per}
    made = QuotaAlert(tenant_id=scope.tenant, since=one.since, percent=percent, most=one.most, **whose)
    QuotaAlert.objects.bulk_create([made], ignore_conflicts=True)
    if not QuotaAlert.objects.filter(pk=made.pk).exists():  # somebody else told it a moment ago
        return
    told = one.as_json()
    facts = {name: told[name] for name in ("of", "is_each", "measure", "per", "currency", "limit", "used")}
    facts |= {"subject": one.subject or None, "percent": percent, "since": one.since.isoformat()}
    events.record(scope, Event.QUOTA_REACHED, facts=facts)
