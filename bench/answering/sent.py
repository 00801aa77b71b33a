"""What of the passages is sent, and whether the facts stand in it: `python -m bench.answering.sent [--ways]`.

No model writes here. For every question with facts: the share of them that stands in what would be sent, and how many
tokens that is beside a naive template of five whole passages, both with the same fixed part. What is not sent cannot be
said, so this is the upper bound of the facts that a model can state. Tokens are the embedder's.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.answering.trimming import Row
    from bench.answering.found import Found

NAIVE = 5


@dataclass(frozen=True)
class Way:
    name: str
    texts: Callable[[Found], list[str]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ways", action="store_true", help="also ways that are not used, to choose by")
    parser.add_argument("--sample", action="store_true", help="only the sample that models are asked")
    parser.add_argument(
        "--other-half", action="store_true", help="only the half of the questions that nothing is fitted on"
    )
    options = parser.parse_args()
    from bench.answering import setup

    setup.django()
    from bench.answering import cases, found

    wanted = [case for case in cases.measured(cases.every()) if case.is_answerable]
    if options.sample:
        wanted = [case for case in cases.sampled(cases.measured(cases.every())) if case.is_answerable]
    if options.other_half:
        wanted = [case for case in wanted if not case.is_fitted_on]
    rows = found.of(wanted)
    for way in _ways(every=options.ways):
        _tell(way, rows)
    return 0


def _tell(way: Way, rows: Sequence[Found]) -> None:
    from assistant.evaluation import measures
    from inference import prompts, runners

    embedder = runners.embedder()
    fixed = embedder.count_tokens([prompts.wording(prompts.DEFAULT)])[0]
    naive = [fixed + sum(embedder.count_tokens([one.text for one in row.passages[:NAIVE]])) for row in rows]
    sent = [way.texts(row) for row in rows]
    tokens = [fixed + (sum(embedder.count_tokens(texts)) if texts else 0) for texts in sent]
    held = [[fact.is_in("\n".join(texts)) for fact in row.case.facts] for row, texts in zip(rows, sent, strict=True)]
    facts = measures.mean([sum(one) / len(one) for one in held])
    ratio = sum(tokens) / sum(naive)
    amount = sum(map(len, sent)) / len(sent)
    print(
        f"{way.name:<44} facts {facts}  tokens ÷ naive {ratio:.3f}  passages {amount:.2f}  tokens {sum(tokens) / len(tokens):.0f}"
    )


def _ways(*, every: bool) -> list[Way]:
    from django.conf import settings

    ways = [
        Way("five whole passages", lambda row: [one.text for one in row.passages[:NAIVE]]),
        Way("trimmed, as it is", functools.partial(_trimmed, room=settings.SENT_CHARACTERS, near=True)),
    ]
    if not every:
        return ways
    ways += [Way(f"first {n} whole", functools.partial(_first, amount=n)) for n in (1, 2, 3)]
    for room in (850, 950, 1050, 1150, 1300, 1500):
        ways.append(Way(f"trimmed to {room}", functools.partial(_trimmed, room=room, near=True)))
        ways.append(Way(f"trimmed to {room}, without vectors", functools.partial(_trimmed, room=room, near=False)))
    for name, values in (("NEARNESS", (0.0, 0.15, 0.6)), ("QUESTION", (0.0,)), ("MOST", (3, 4)), ("LEAST", (1,))):
        for value in values:
            ways.append(Way(f"{name} {value}", functools.partial(_set, name=name, value=value)))
    return ways


def _first(row: Found, *, amount: int) -> list[str]:
    return [one.text for one in row.passages[:amount]]


def _trimmed(row: Found, *, room: int, near: bool) -> list[str]:
    from assistant.answering import trimming

    return [one.text for one in trimming.trim(row.case.question, row.passages[:NAIVE], _near if near else None, room)]


def _set(row: Found, *, name: str, value: float) -> list[str]:
    from django.conf import settings

    from assistant.answering import trimming

    before = getattr(trimming, name)
    try:
        setattr(trimming, name, value)
        return _trimmed(row, room=settings.SENT_CHARACTERS, near=True)
    finally:
        setattr(trimming, name, before)


def _near(question: str, texts: Sequence[str]) -> Row:
    from bench import answers

    return answers.near(question, texts)


if __name__ == "__main__":
    sys.exit(main())
