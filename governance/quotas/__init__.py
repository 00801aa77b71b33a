"""How much of the models may be used: set aside before one is asked, corrected to what was used once it has ended.

Limits are of the tenant, a group, a person, a key or a model, in tokens, seconds of the model or money, a day or a month of UTC
(docs/quotas.md). One that would be passed refuses, and then nothing is set aside anywhere. What is set aside counts as used
until it is settled: by whoever took it, once, or by the sweep after them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Coalesce

from governance.errors import QuotaSpent
from governance.models import Reservation
from governance.quotas import alerts, bounds, counting
from governance.quotas.bounds import Bound
from governance.quotas.counting import Use
from governance.quotas.models import Allowance, Measure, Per, Spent
from governance.scope import Scope

USUAL = "usual"  # what the installation's own chat model is called among models: others have names of their own
CLAIM_S = 120  # of the model, that one answer is set aside, and then has at the most


def reserve(
    scope: Scope,
    interaction: uuid.UUID,
    written: int,
    read: int = 0,
    *,
    seconds: float = 0,
    model: str = USUAL,
    is_asked: bool = True,
) -> bool:
    """Set so much aside for one interaction of a person; again for the same one, so much instead, until it is settled.

    `is_asked` says that the model is asked next, so that what is set aside counts if nobody comes back. Gives back whether
    seconds are counted off: then no more of them than were set aside may be used. Raises QuotaSpent where a limit that holds
    for them would be passed, and QuotaHeld where it is only what others have set aside.
    """
    use = Use(read, written, round(seconds * bounds.SECOND))
    is_outermost = not connection.in_atomic_block
    try:
        with scope.transaction():
            holding = bounds.holding(counting.reserve(scope, interaction, use, model, is_asked=is_asked))
            _require_room(scope, interaction, holding)
    except QuotaSpent as refusal:
        if is_outermost:
            alerts.refused(scope, refusal)
        raise
    return any(one.measure is Measure.SECONDS for one in holding)


def settle(scope: Scope, interaction: uuid.UUID, written: int, read: int = 0, *, seconds: float = 0) -> None:
    """Replace the reservation by what was used. The first to settle wins; without a reservation nothing happens."""
    use = Use(read, written, round(seconds * bounds.SECOND))
    with scope.transaction():
        alerts.tell(scope, counting.settle(scope, interaction, use))


def close(scope: Scope, interaction: uuid.UUID) -> None:
    """The interaction has ended, and nobody knows what it used: what was set aside for it counts where a model was asked."""
    with scope.transaction():
        alerts.tell(scope, counting.settle(scope, interaction, None))


def left(scope: Scope, model: str = "") -> list[Bound]:
    """The limits that hold for whoever asks, with what is left of each; those of `model` too."""
    with scope.transaction():
        return bounds.holding(counting.look(scope, model))


def allowance(key: uuid.UUID) -> int | None:
    """Tokens a day that a key may take; None where it has no limit of its own. Inside the scope's transaction."""
    rows = Allowance.objects.filter(key=key, measure=Measure.TOKENS, per=Per.DAY)
    return rows.values_list("most", flat=True).first()


def hand_on(scope: Scope, key: uuid.UUID, follower: uuid.UUID) -> None:
    """Every limit of a key holds for the one that follows it, and what was used with it this month counts there, too: a key
    that is replaced opens nothing anew. Inside the scope's transaction.
    """
    rows = Allowance.objects.filter(key=key)
    Allowance.objects.bulk_create(
        Allowance(
            tenant_id=scope.tenant,
            key_id=follower,
            measure=one.measure,
            per=one.per,
            most=one.most,
            alert_at=one.alert_at,
        )
        for one in rows
    )
    used = Spent.objects.filter(kind="key", subject=str(key), day__gte=datetime.now(UTC).date().replace(day=1))
    Spent.objects.bulk_create(
        Spent(
            tenant_id=scope.tenant,
            kind="key",
            subject=str(follower),
            day=one.day,
            tokens=one.tokens,
            ms=one.ms,
            nanos=one.nanos,
        )
        for one in used
    )


def taken_today() -> int:
    """Tokens that the tenant has used, or set aside, since midnight UTC. Inside the scope's transaction."""
    rows = Spent.objects.filter(kind="tenant", day=datetime.now(UTC).date())
    taken: int = rows.aggregate(taken=Coalesce(Sum("tokens") + Sum("held_tokens"), 0))["taken"]
    return taken


def due(amount: int = 100) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(tenant, interaction) of what was set aside by a process that is no longer there to settle it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, interaction FROM chancery.due_reservations(%s)", [amount])
        return [(tenant, interaction) for tenant, interaction in cursor.fetchall()]


def sweep() -> int:
    """Settle what nobody settles; how many that were."""
    found = due()
    for tenant, interaction in found:
        alerts.left_behind(Scope.system(tenant), interaction)
    return len(found)


def _require_room(scope: Scope, interaction: uuid.UUID, holding: Iterable[Bound]) -> None:
    """Raises for the first limit that is passed, which undoes what was counted."""
    passed = next((one for one in holding if one.is_passed), None)
    if passed is None:
        return
    row = Reservation.objects.get(interaction=interaction)
    asked = {Measure.TOKENS: row.reserved, Measure.SECONDS: row.reserved_ms, Measure.MONEY: row.reserved_nanos}
    raise passed.refusal(asked[passed.measure])
