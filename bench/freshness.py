"""What age and authority do to the order: `python -m bench.freshness`, with the default embedder, in memory, without a database.

The demo handbook holds the travel policies of 2024 and of 2025, cut as documents are. Questions that name no year are asked of
the whole handbook: whether the newer policy's best passage stands before the older one's with neither setting, with age (the
older one is as old as ten half-lives), and with the older one marked as superseded. And what age costs where it should have no
say: the handbook's questions, with ages drawn at random. Words count by BM25 without lengths, as a share of the most.
"""

from __future__ import annotations

import math
import os
import random
import tomllib
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import django
import numpy as np

ROUNDS = 5
HALF_LIFE = 100  # days
OLDER, NEWER = "company/travel-policy-2024", "company/travel-policy-2025"
UNDATED = (
    "What is the daily allowance for Germany in Band B?",
    "How much daily allowance does a head of department (Band C) get in the United States?",
    "What is the hotel cap per night in London?",
    "Within how many days must a claim be filed?",
    "What is the kilometre rate for a private car?",
    "When may I fly business class?",
    "Which class of train may I book?",
    "What is the highest taxi fare that is paid back?",
    "Who approves a trip abroad?",
    "How are meals deducted from the daily allowance?",
    "What is the hotel cap in Berlin?",
    "Do I need a receipt for small expenses?",
)


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")
    django.setup()
    from assistant.demo.material import QUESTIONS
    from ingestion.models import Authority
    from ingestion.search.reading import Passage

    def as_is(one: Passage) -> Passage:
        return one

    def aged(one: Passage) -> Passage:
        return replace(one, half_life_days=HALF_LIFE, dated=_ago(1_000 if one.document_name == OLDER else 0))

    def superseded(one: Passage) -> Passage:
        return replace(one, authority=Authority.SUPERSEDED) if one.document_name == OLDER else one

    ask = asker()
    for name, setting in (("neither", as_is), ("age", aged), ("superseded", superseded)):
        orders = [ask(question, setting) for question in UNDATED]
        before = sum(order.index(NEWER) < order.index(OLDER) for order in orders)
        print(f"{name}: the newer policy before the older one for {before} of {len(UNDATED)} questions")

    asked = tomllib.loads(QUESTIONS.read_text("utf-8"))["question"]
    held = set(ask(UNDATED[0], as_is))
    others = [(one["question"], str(one.get("document", "")).rpartition(".")[0]) for one in asked]
    others = [(question, document) for question, document in others if document in held]
    draw = random.Random(7)
    plain = [_reciprocal(ask(question, as_is), document) for question, document in others]
    found = []
    for _ in range(ROUNDS):
        days = {document: draw.randrange(10 * HALF_LIFE) for document in sorted(held)}

        def at_random(one: Passage, days: dict[str, int] = days) -> Passage:
            return replace(one, half_life_days=HALF_LIFE, dated=_ago(days[one.document_name]))

        found += [_reciprocal(ask(question, at_random), document) for question, document in others]
    print(
        f"the others, {len(others)}: MRR {np.mean(plain):.3f}; with ages at random, {ROUNDS} times {np.mean(found):.3f}"
    )
    return 0


def asker() -> Callable[..., list[str]]:
    """Asks the whole handbook: its documents, the best passage of each counting."""
    from inference import runners
    from ingestion.search import fusion, ranking, terms, weighing
    from ingestion.search.reading import Passage
    from tests.ingestion import handbook

    embedder, chunks = runners.embedder(), handbook.chunks("halden")
    vectors = np.array(embedder.embed([one.context for one in chunks], "passage"))
    counted = [Counter(terms.terms(one.context)) for one in chunks]
    often = Counter(term for counts in counted for term in counts)
    ids = [uuid.uuid5(uuid.NAMESPACE_URL, f"{one.document}/{at}") for at, one in enumerate(chunks)]

    def ask(question: str, setting: Callable[[Passage], Passage]) -> list[str]:
        near = vectors @ np.array(embedder.embed([question], "query")[0])
        rare = {term: math.log(1 + len(chunks) / (often[term] + 0.5)) for term in set(terms.terms(question))}
        order = []
        for at, one in enumerate(chunks):
            share = sum(weight * counted[at][term] / (counted[at][term] + 2) for term, weight in rare.items())
            told = fusion.parts(float(near[at]), share / (sum(rare.values()) or 1.0), embedder.spread, fusion.KNOWN)
            made = Passage(ids[at], ids[at], one.document, ids[at], ids[at], 0, one.text, (), {}, "", score=sum(told))
            order.append(ranking.Ranked(setting(made)))
        order.sort(key=lambda one: -one.passage.score)
        weighed = weighing.weighed(order, _ago(0))
        return list(dict.fromkeys(one.passage.document_name for one in weighed))

    return ask


def _ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def _reciprocal(order: Sequence[str], document: str) -> float:
    return 1 / (order.index(document) + 1)


if __name__ == "__main__":
    raise SystemExit(main())
