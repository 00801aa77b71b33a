"""What a month of questions costs. Prices and counts are the organisation's own: nothing here knows any."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assistant.evaluation.rows import Row
from governance.errors import InvalidInput


@dataclass(frozen=True)
class Terms:
    """`asks` and `machine` (its cost) are a month's, `hours` those of a month in which people ask; `prices` are of 1,000
    tokens read and of 1,000 written, by a model's name.
    """

    asks: int | None = None
    machine: float | None = None
    hours: float = 176.0
    currency: str = ""
    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def price(self, name: str) -> tuple[float, float] | None:
        """Of a candidate by its name in the report, or by that of its model alone."""
        return self.prices.get(name) or self.prices.get(name.partition(" at ")[0])


@dataclass(frozen=True)
class Cost:
    """`amount` is None where something to reckon it from was not told; `why` says what it is made of, or what is missing."""

    amount: float | None
    why: str


def price(told: str) -> tuple[float, float]:
    """Raises InvalidInput."""
    try:
        read, written = map(float, told.split(","))
    except ValueError:
        raise InvalidInput(f"{told} is no price: it wants two numbers, of 1,000 tokens read and written.") from None
    if not (0 <= read < math.inf and 0 <= written < math.inf):
        raise InvalidInput(f"{told} is no price: neither may be below 0.")
    return read, written


def by_machine(rows: Sequence[Row], terms: Terms) -> Cost:
    """Machines enough to answer one after the other what is asked, in the hours in which it is asked."""
    times = [row.answered.whole_ms / 1000 for row in rows if row.answered]
    if not times or terms.asks is None:
        return Cost(None, "say --asks-a-month")
    busy = terms.asks * (sum(times) / len(times)) / 3600
    machines = max(1, math.ceil(busy / terms.hours))
    why = f"{busy:,.1f} hours of answering in {terms.hours:,.0f}: {machines} machine{'s' * (machines > 1)}"
    if terms.machine is None:
        return Cost(None, f"{why}; say --machine-a-month")
    return Cost(machines * terms.machine, why)


def by_token(rows: Sequence[Row], of: tuple[float, float] | None, terms: Terms) -> Cost:
    """Every question counts, also one that was refused before a model was asked, which takes no tokens."""
    read, written = tokens(rows)
    why = f"{read:,.0f} tokens read and {written:,.0f} written a question"
    missing = [said for said, is_there in (("--price", of), ("--asks-a-month", terms.asks)) if is_there is None]
    if of is None or terms.asks is None:
        return Cost(None, f"{why}; say {' and '.join(missing)}")
    return Cost(terms.asks * (read * of[0] + written * of[1]) / 1000, why)


def tokens(rows: Sequence[Row]) -> tuple[float, float]:
    """Read and written, of a mean question."""
    asked = [row.answered for row in rows if row.answered]
    number = max(1, len(asked))
    return sum(one.prompt_tokens for one in asked) / number, sum(one.tokens for one in asked) / number
