"""A limit as it holds for somebody now: how much of it is left, when it opens again, and what they are told."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from governance.errors import QuotaHeld, QuotaSpent
from governance.quotas.models import Measure, Per
from governance.sentence import phrase, sentence

SECOND, WHOLE = 1_000, 1_000_000_000  # a second in milliseconds, one of the currency in billionths
_HUNDREDTH = Decimal("0.01")
LOW = 20  # percent: from there on it is said beside the question what is left
SOON_S = 10.0  # until somebody else's answer may have ended

WHOSE = {
    "tenant": phrase("your organisation"),
    "group": phrase("your group"),
    "person": phrase("your own use"),
    "key": phrase("this key"),
    "model": phrase("this model"),
}
SPENT = {
    (Measure.TOKENS, Per.DAY): phrase(
        "The limit of %(limit)s tokens a day for %(whose)s is used up; %(left)s are left. Ask again tomorrow, or ask for more."
    ),
    (Measure.TOKENS, Per.MONTH): phrase(
        "The limit of %(limit)s tokens a month for %(whose)s is used up; %(left)s are left. Ask again next month, or ask for"
        " more."
    ),
    (Measure.SECONDS, Per.DAY): phrase(
        "The limit of %(limit)s seconds of the model a day for %(whose)s is used up; %(left)s are left. Ask again tomorrow, or"
        " ask for more."
    ),
    (Measure.SECONDS, Per.MONTH): phrase(
        "The limit of %(limit)s seconds of the model a month for %(whose)s is used up; %(left)s are left. Ask again next month,"
        " or ask for more."
    ),
    (Measure.MONEY, Per.DAY): phrase(
        "The budget of %(limit)s a day for %(whose)s is used up; %(left)s are left. Ask again tomorrow, or ask for more."
    ),
    (Measure.MONEY, Per.MONTH): phrase(
        "The budget of %(limit)s a month for %(whose)s is used up; %(left)s are left. Ask again next month, or ask for more."
    ),
}
HELD = {
    Measure.TOKENS: phrase(
        "What is left of %(limit)s tokens for %(whose)s is set aside for answers under way. Ask again in a moment."
    ),
    Measure.SECONDS: phrase(
        "What is left of %(limit)s seconds of the model for %(whose)s is set aside for answers under way. Ask again in a moment."
    ),
    Measure.MONEY: phrase(
        "What is left of the budget of %(limit)s for %(whose)s is set aside for answers under way. Ask again in a moment."
    ),
}
SAYINGS = (*SPENT.values(), *HELD.values())


@dataclass(frozen=True)
class Bound:
    """`of` is whose limit it is, `kind` and `subject` whose use it counts: with `is_each`, one person's of the tenant or group.

    `most`, `used` and `held` are in the measure's whole numbers, `held` being what is set aside; `told` are percents at which
    the admins were told in this window, which begins at `since`.
    """

    id: uuid.UUID | None
    of: str
    is_each: bool
    kind: str
    subject: str
    measure: Measure
    per: Per
    most: int
    alert_at: tuple[int, ...]
    since: date
    used: int
    held: int
    told: frozenset[int]
    currency: str

    @property
    def left(self) -> int:
        return max(0, self.most - self.used - self.held)

    @property
    def is_passed(self) -> bool:
        return self.used + self.held > self.most

    @property
    def percent_used(self) -> int:
        """Of what was really used, in whole percents, 100 only once it is all of it."""
        return min(999, self.used * 100 // self.most) if self.most else 100

    @property
    def percent_left(self) -> int:
        return self.left * 100 // self.most if self.most else 0

    @property
    def is_low(self) -> bool:
        return self.percent_left < LOW

    @property
    def opens_at(self) -> datetime:
        """When it begins anew."""
        begins = datetime.combine(self.since, datetime.min.time(), UTC)
        return begins + timedelta(days=1) if self.per is Per.DAY else (begins + timedelta(days=31)).replace(day=1)

    @property
    def wait_s(self) -> float:
        return max(1.0, (self.opens_at - datetime.now(UTC)).total_seconds())

    @property
    def window_s(self) -> int:
        begins = datetime.combine(self.since, datetime.min.time(), UTC)
        return int((self.opens_at - begins).total_seconds())

    @property
    def whole(self) -> int | str:
        return self.shown(self.most)

    @property
    def rest(self) -> int | str:
        return self.shown(self.left)

    @property
    def whose(self) -> str:
        """In a word to whoever it holds for."""
        return WHOSE["person" if self.is_each else self.of]

    def shown(self, amount: int) -> int | str:
        """An amount of its measure, as people write it; of what is begun the whole, of what is left no more than there is."""
        return amount_of(self.measure, amount, self.currency)

    def as_json(self) -> dict[str, object]:
        """Tokens, seconds or money as numbers, and when it opens again."""
        return {
            "of": self.of,
            "is_each": self.is_each,
            "measure": str(self.measure),
            "per": str(self.per),
            "currency": self.currency if self.measure is Measure.MONEY else None,
            "limit": plain(self.measure, self.most),
            "used": plain(self.measure, self.used),
            "set_aside": plain(self.measure, self.held),
            "left": plain(self.measure, self.left),
            "resets_at": self.opens_at.isoformat(),
        }

    def refusal(self, asked: int) -> QuotaSpent:
        """Of somebody who asked for `asked` more, which is counted in here already."""
        before = Bound(**(self.__dict__ | {"held": self.held - asked}))
        told = before.as_json() | {"asked": plain(self.measure, asked)}
        whose, limit = self.whose, self.whole
        if self.used + asked <= self.most:
            text = sentence(HELD[self.measure], limit=limit, whose=whose)
            return QuotaHeld(text, wait_s=SOON_S, quota=told, headers=before.headers(SOON_S), bound=before)
        text = sentence(SPENT[self.measure, self.per], limit=limit, whose=whose, left=before.shown(before.left))
        return QuotaSpent(text, wait_s=self.wait_s, quota=told, headers=before.headers(self.wait_s), bound=before)

    def headers(self, wait_s: float) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers-07 has them: in whole tokens or seconds, or in hundredths of the currency."""
        unit = {Measure.TOKENS: 1, Measure.SECONDS: SECOND, Measure.MONEY: WHOLE // 100}[self.measure]
        return {
            "RateLimit-Limit": str(self.most // unit),
            "RateLimit-Remaining": str(self.left // unit),
            "RateLimit-Reset": str(int(wait_s)),
            "RateLimit-Policy": f'{self.most // unit};w={self.window_s};comment="{self.measure}"',
        }


def holding(bounds: Iterable[Bound]) -> list[Bound]:
    """Those that hold of those that may. Of limits for one person their own goes before a group's, a group's before everybody's,
    and of several groups' the widest holds: who is to have more is given more.
    """
    rank = {"person": 2, "group": 1, "tenant": 0}
    chosen: dict[tuple[Measure, Per], Bound] = {}
    others: list[Bound] = []
    for one in bounds:
        if not one.is_each and one.of != "person":
            others.append(one)
            continue
        key = (one.measure, one.per)
        best = chosen.get(key)
        if best is None or (rank[one.of], one.most) > (rank[best.of], best.most):
            chosen[key] = one
    order = list(WHOSE)
    return sorted([*others, *chosen.values()], key=lambda one: (order.index(one.of), one.is_each, one.measure, one.per))


def amount_of(measure: Measure, amount: int, currency: str) -> int | str:
    if measure is Measure.MONEY:
        return f"{(Decimal(amount) / WHOLE).quantize(_HUNDREDTH, ROUND_DOWN):,} {currency}"
    return amount // SECOND if measure is Measure.SECONDS else amount


def plain(measure: Measure, amount: int) -> int | float:
    if measure is Measure.MONEY:
        return round(amount / WHOLE, 6)
    return round(amount / SECOND, 3) if measure is Measure.SECONDS else amount
