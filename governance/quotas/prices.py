"""What a model costs, so that limits can be of money: for 1,000 tokens read and written, in the tenant's currency."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from governance import access, models, tenants
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput
from governance.quotas.models import Price
from governance.scope import Scope
from governance.sentence import sentence

MILLIONTHS = 1_000_000
MOST = Decimal(1_000)
LONGEST = 100
CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class Priced:
    """For 1,000 tokens, in whole units of the currency with up to six places."""

    read: Decimal
    written: Decimal

    def micros(self) -> tuple[int, int]:
        """Raises InvalidInput."""
        if not all(one.is_finite() and 0 <= one <= MOST for one in (self.read, self.written)):
            raise InvalidInput(sentence("A price for 1,000 tokens is from 0 to %(most)s.", most=int(MOST)))
        return int(self.read * MILLIONTHS), int(self.written * MILLIONTHS)


def listed(scope: Scope) -> dict[str, Priced]:
    """By model; those without a price cost nothing."""
    with scope.transaction():
        rows = Price.objects.order_by("model")
        return {row.model: Priced(_whole(row.read), _whole(row.written)) for row in rows}


def write(scope: Scope, currency: str, prices: Mapping[str, Priced]) -> None:
    """All of them anew, for what is asked from now on. Raises Forbidden, InvalidInput."""
    access.require(scope, Action.TENANT_MANAGE)
    replace(scope, currency, prices)


def replace(scope: Scope, currency: str, prices: Mapping[str, Priced]) -> None:
    """The same for whoever runs the installation: whether they may is decided by whoever calls. Raises InvalidInput."""
    currency = currency.strip().upper()
    if not CURRENCY.fullmatch(currency):
        raise InvalidInput("Name the currency by its three letters, such as EUR.")
    if not all(0 < len(model) <= LONGEST and "\x00" not in model for model in prices):
        raise InvalidInput(sentence("A model's name has 1 to %(most)s characters.", most=LONGEST))
    wanted = {model: one.micros() for model, one in prices.items()}
    with scope.transaction():
        before = {row.model: (row.read, row.written) for row in Price.objects.select_for_update()}
        was = models.Tenant.objects.get(pk=scope.tenant).currency
        if before == wanted and was == currency:
            return
        Price.objects.all().delete()
        Price.objects.bulk_create(
            Price(tenant_id=scope.tenant, model=model, read=read, written=written)
            for model, (read, written) in wanted.items()
        )
        if was != currency:
            tenants.write(scope, {"currency": currency})
        changed = sorted(model for model in before.keys() | wanted.keys() if before.get(model) != wanted.get(model))
        payload = {"before": _told(before), "after": _told(wanted)}
        facts = {"changed": changed, "currency": currency}
        events.record(scope, Event.QUOTA_PRICED, facts=facts, payload=payload)


def _whole(micros: int) -> Decimal:
    return Decimal(micros) / MILLIONTHS


def _told(prices: Mapping[str, tuple[int, int]]) -> dict[str, list[str]]:
    return {model: [str(_whole(read)), str(_whole(written))] for model, (read, written) in sorted(prices.items())}
