"""What a passage counts for beside what it says: what its document is worth to those who run its collection, and its age.

Either moves it by a bounded share of the best score, so that it decides among passages of nearly equal score alone; whatever the
scale, that of a reranking server too. Age only takes: the newest loses nothing, so that who runs a collection cannot lift it
above those of others by letting it age. Nothing is left out here, and nothing that may not be read is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ingestion.models import Authority
from ingestion.search.ranking import Ranked
from ingestion.search.reading import Passage

# Shares of the best score. That of authority is the larger one: what a person has said counts for more than a date.
AUTHORITY = 0.08  # what the rule itself gains, and what is superseded loses
AGE = 0.05  # the most that a text loses by its age
_GAINS = {Authority.AUTHORITATIVE: AUTHORITY, Authority.SUPERSEDED: -AUTHORITY}
_DAY_S = 86_400


def weighed(order: Sequence[Ranked], now: datetime) -> list[Ranked]:
    """In the order that both make of it, ties as they were; the very same where neither has a say."""
    if not any(_counts(one.passage) for one in order):
        return list(order)
    best = abs(order[0].passage.score)
    made = [_moved(one, best, now) for one in order]
    return sorted(made, key=lambda one: -one.passage.score)


def told(order: Sequence[Ranked]) -> dict[str, Any]:
    """For the receipt: by which shares, and how fast the collections of what was found age. Empty where neither has a say."""
    passages = [one.passage for one in order]
    ages = {str(one.collection_id): one.half_life_days for one in passages if one.half_life_days}
    found: dict[str, Any] = {"age": AGE, "half_life_days": ages} if ages else {}
    return found | ({"authority": AUTHORITY} if any(one.authority in _GAINS for one in passages) else {})


def mark(one: Passage) -> str:
    """By what it is weighed, in one word; empty where by nothing."""
    return f"{one.authority}/{one.half_life_days}" if _counts(one) else ""


def _counts(one: Passage) -> bool:
    return one.authority in _GAINS or one.half_life_days > 0


def _moved(one: Ranked, best: float, now: datetime) -> Ranked:
    passage, parts = one.passage, dict[str, float]()
    if gain := _GAINS.get(Authority(passage.authority)):
        parts["authority"] = round(gain * best, 4)
    if passage.half_life_days and passage.dated is not None:
        days = max((now - passage.dated).total_seconds() / _DAY_S, 0.0)
        parts["age"] = -round(AGE * best * (1 - 0.5 ** (days / passage.half_life_days)), 4)
    score = round(passage.score + sum(parts.values()), 4)
    return replace(one, passage=replace(passage, score=score, parts={**passage.parts, **parts}))
