"""How much a text is like attempts to turn a model against its instructions: a score, learnt from examples.

It sees what `injection` has no expression for, and is wrong more often: record its score, and block only at
`BLOCKS_AT`. What it was taught, and its figures, are in docs/injection-model.md.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from governance.policy.detectors import ngrams
from governance.policy.detectors.base import Detector, Finding
from governance.policy.detectors.ngrams import Marks, Weights

BLOCKS_AT = 0.9  # at most 1 in 100 asks that are dense in the attacks' own words comes this far
NOTED_AT = 0.7  # worth a line on the ledger
LEAST = 0.1
SHORTEST = 24  # letters: a greeting, or a line of a table, is like nothing in particular
# An order may be one sentence of a page, and a long role to play is seen only as a whole: both are looked at.
SPANS = (400, 2_000)
_MODEL = Path(__file__).parent / "injection_model.json"


class InjectionScore(Detector):
    """No options. A text that is still being written is held back until it is whole."""

    name: ClassVar[str] = "injection_score"
    types: ClassVar[frozenset[str]] = frozenset({"injection"})

    def detect(self, text: str, options: Mapping[str, object]) -> list[Finding]:
        del options
        model, marks = _model(), Marks(text)
        found: list[Finding] = []
        if len(marks) < SHORTEST:
            return found
        for start, end in windows(len(marks)):
            score = model.score(marks.between(start, end))
            if score >= LEAST:
                first, last = int(marks.places[start]), int(marks.places[end - 1]) + 1
                found.append(
                    Finding("injection", first, last, round(score, 4), "reads like an attempt to steer a model")
                )
        return sorted(found, key=lambda finding: (finding.start, finding.end))

    def settled(self, text: str, options: Mapping[str, object]) -> int:
        del text, options
        return 0


def windows(length: int) -> Iterator[tuple[int, int]]:
    """Stretches that overlap by half, of each of the `SPANS` that the text fills, and the whole of a short one."""
    for span in SPANS:
        if length <= span:
            if length:
                yield 0, length
            return
        step = span // 2
        for start in range(0, length - step, step):
            yield start, min(start + span, length)


@functools.cache
def _model() -> Weights:
    return ngrams.load(_MODEL)
