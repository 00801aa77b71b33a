"""Tokens of a tenant: set aside before a model is asked, corrected to what was used once it has answered.

A day is a day of UTC. What was reserved and never settled, because a worker died, counts as used until that day ends.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Coalesce

from governance import models, tenants
from governance.errors import QuotaSpent
from governance.scope import Scope
from governance.sentence import phrase, sentence

SPENT = phrase("Your organisation has used its %(limit)s tokens of today. Ask again tomorrow, or ask for more.")


def reserve(scope: Scope, interaction: uuid.UUID, tokens: int) -> None:
    """Set `tokens` aside for one interaction of a person. Again for the same one changes nothing.

    Raises QuotaSpent, whose wait is the rest of the day, where the tenant's `tokens_per_day` would be passed.
    """
    with scope.transaction():
        _queue_up(scope)
        if models.Reservation.objects.filter(interaction=interaction).exists():
            return
        limit = tenants.current(scope).tokens_per_day
        if limit is not None and taken_today() + tokens > limit:
            raise QuotaSpent(
                sentence(SPENT, limit=limit),
                wait_s=(_today() + timedelta(days=1) - datetime.now(UTC)).total_seconds(),
            )
        models.Reservation.objects.create(
            tenant_id=scope.tenant, person_id=scope.person, interaction=interaction, reserved=tokens
        )


def settle(scope: Scope, interaction: uuid.UUID, used: int) -> None:
    """Replace the reservation by what was used. The first to settle wins; without a reservation nothing happens."""
    with scope.transaction():
        models.Reservation.objects.filter(interaction=interaction, used=None).update(used=used)


def taken_today() -> int:
    """Used, or set aside, by the tenant since midnight UTC. Inside the scope's transaction."""
    rows = models.Reservation.objects.filter(created_at__gte=_today())
    taken: int = rows.aggregate(taken=Coalesce(Sum(Coalesce("used", "reserved")), 0))["taken"]
    return taken


def _queue_up(scope: Scope) -> None:
    """One at a time for each tenant, until the commit: two that count at once would both take the last tokens."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))", [str(scope.tenant)])


def _today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
