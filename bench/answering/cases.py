"""The development set for answers: the questions of seven FAQs in three languages, and those of the demo's handbook.

An answerable one has facts that its answer must hold (`bench.faqs.facts`, and what the handbook's questions say).
Unanswerable are another FAQ's questions, German and French ones that are asked of the handbook, and the handbook's own
look-alikes and restricted questions. Needs Django, since the handbook's are the demo's.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.demo import material as demo
from assistant.evaluation.questions import Fact
from bench.faqs import facts, material, packages, sets
from bench.faqs.material import Faq

HERE = Path(__file__).resolve().parent
FAQS_TENANT = "faqs"
HELDOUT = "heldout"
HANDBOOKS = {
    "handbook": demo.QUESTIONS,
    "paraphrased": HERE / "paraphrased.toml",
    HELDOUT: HERE / "heldout.toml",
}
FAQS = ("python", "git", "r", "debian", "perl", "debian-de", "debian-fr")  # those whose facts were read by eye
APART = ("django", "ffmpeg")  # FAQs
UNSEEN = (HELDOUT, *APART)  # nothing is fitted on these, nor chosen by them
ELSEWHERE_MOST = 40  # of a FAQ's questions that are asked of the handbook
SAMPLE = (60, 40)  # answerable, unanswerable
SEED = 20261


@dataclass(frozen=True)
class Case:
    """`collection` is empty where all is asked that the asker may read."""

    id: str
    set: str
    language: str
    kind: str
    question: str
    is_answerable: bool
    tenant: str
    asker: str
    collection: str = ""
    facts: tuple[Fact, ...] = ()
    documents: frozenset[str] = frozenset()

    @property
    def is_fitted_on(self) -> bool:
        """By halves, the same everywhere."""
        return self.set not in UNSEEN and hashlib.sha256(self.id.encode()).digest()[0] % 2 == 0


def every() -> list[Case]:
    """What can be fetched of it, in a fixed order."""
    found = [case for name, path in HANDBOOKS.items() for case in _handbook(name, path)]
    for faq in (one for one in material.FAQS if one.name in (*FAQS, *APART)):
        try:
            found += _faq(faq)
        except packages.NotThere as fault:
            print(f"{faq.name}: left out, {fault}")
    return found


def measured(cases: Sequence[Case]) -> list[Case]:
    """Those that an answer is measured by: with facts, or unanswerable."""
    return [case for case in cases if case.set not in APART and (case.facts or not case.is_answerable)]


def mixed(cases: Sequence[Case]) -> list[Case]:
    """All of them, in an order by a fixed seed in which any beginning is a random sample."""
    return random.Random(SEED).sample(list(cases), len(cases))


def sampled(cases: Sequence[Case]) -> list[Case]:
    """SAMPLE of them, each set with its share, by a fixed seed; in an order in which any beginning is such a sample too."""
    answerable = _drawn([case for case in cases if case.is_answerable], SAMPLE[0])
    others = _drawn([case for case in cases if not case.is_answerable], SAMPLE[1])
    drawn = [*answerable, *others]
    random.Random(SEED).shuffle(drawn)
    return drawn


def _drawn(cases: Sequence[Case], most: int) -> list[Case]:
    """Largest remainders, so that the shares add up."""
    by_set = defaultdict[tuple[str, str], list[Case]](list)
    for case in cases:
        by_set[case.set, case.kind].append(case)
    shares = {key: most * len(rows) / len(cases) for key, rows in by_set.items()}
    counts = {key: int(share) for key, share in shares.items()}
    for key in sorted(shares, key=lambda one: (counts[one] - shares[one], one))[: most - sum(counts.values())]:
        counts[key] += 1
    return [case for key, rows in sorted(by_set.items()) for case in random.Random(SEED).sample(rows, counts[key])]


def _handbook(name: str, path: Path) -> list[Case]:
    return [
        Case(
            id=f"{name}/{one.id}",
            set=name,
            language="de" if one.kind == "german" or _is_german(one.question) else "en",
            kind=one.kind,
            question=one.question,
            is_answerable=not one.refused,
            tenant=one.tenant,
            asker=one.asker,
            facts=() if one.refused else tuple(Fact(pattern=f"(?i){fact}") for fact in one.facts),
            documents=frozenset() if one.refused else frozenset(Path(key).name for key in (one.document, *one.also)),
        )
        for one in demo.questions(path)
    ]


def _is_german(question: str) -> bool:
    words = question.lower().split()
    return any(word in words for word in ("der", "die", "das", "ist", "wie", "wer", "wir", "ich", "bei"))


def _faq(faq: Faq) -> list[Case]:
    entries = faq.entries()
    said = facts.kept(entries)
    asker = f"ada@{FAQS_TENANT}.example"
    answerable = [
        Case(
            id=entry.id,
            set=faq.name,
            language=faq.language,
            kind="faq",
            question=entry.question,
            is_answerable=True,
            tenant=FAQS_TENANT,
            asker=asker,
            collection=faq.name,
            facts=(Fact(said[entry.id]),) if entry.id in said else (),
            documents=frozenset((sets.named(entry),)),
        )
        for entry in entries
    ]
    strangers = [
        Case(
            f"{faq.name}-not-{e.id}",
            faq.name,
            faq.language,
            "another subject",
            e.question,
            False,
            FAQS_TENANT,
            asker,
            faq.name,
        )
        for e in sets.strangers(faq)
    ]
    return answerable + strangers + _elsewhere(faq)


def _elsewhere(faq: Faq) -> list[Case]:
    """The FAQs that no other one is a stranger to are asked of the handbook."""
    if faq.name in sets.STRANGERS:
        return []
    chosen = random.Random(SEED).sample(faq.entries(), ELSEWHERE_MOST)
    return [
        Case(
            f"halden-not-{e.id}",
            faq.name,
            faq.language,
            "asked of the handbook",
            e.question,
            False,
            "halden",
            "ada@halden.example",
        )
        for e in chosen
    ]
