"""What a text is about, by its distance to examples: an embedder turns both into vectors, and the nearest example counts.

The ground knows no embedder. Whoever does registers one at start, by `register`; until then a rule about topics cannot be
checked, and counts as one whose detector failed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from governance.errors import InvalidInput
from governance.policy.detectors import stretches
from governance.policy.detectors.base import Detector, Finding, words
from governance.sentence import sentence

MOST_EXAMPLES = 50
LONGEST_EXAMPLE = 500  # characters
STRETCH = 800  # characters of a text that are compared at once: about what a small embedder reads
MOST_STRETCHES = 200
Vectors = NDArray[np.float32]
Embedder = Callable[[Sequence[str]], NDArray[Any]]
_registered: dict[str, Embedder] = {}


def register(embed: Embedder) -> None:
    """`embed` turns texts into vectors of length 1, one a row, in their order."""
    _registered["embed"] = embed
    _of_examples.cache_clear()


class Topic(Detector):
    """Options: `examples`, sentences about the topic in any wording; `name`, what the topic is called (default "topic").

    The score is the cosine of the nearest example, so a rule's threshold says how near is near: with the embedder that is
    installed, 0.5 is a good first try. A text that is still being written is held back until it is whole.
    """

    name: ClassVar[str] = "topic"
    options: ClassVar[frozenset[str]] = frozenset({"examples", "name"})

    def detect(self, text: str, options: Mapping[str, object]) -> list[Finding]:
        spans = _stretches(text)
        if not spans:
            return []
        near = _of_examples(tuple(words(options, "examples")))
        said = _embedded([text[start:end] for start, end in spans])
        best = np.clip((said @ near.T).max(axis=1), 0.0, 1.0).round(4)
        kind = str(options.get("name", "topic"))
        return [
            Finding(kind, start, end, float(score), "near to an example of this topic")
            for (start, end), score in zip(spans, best, strict=True)
            if score > 0
        ]

    def check(self, options: Mapping[str, object]) -> None:
        super().check(options)
        examples = words(options, "examples")
        if not 1 <= len(examples) <= MOST_EXAMPLES or any(not one.strip() for one in examples):
            raise InvalidInput(
                sentence("Give 1 to %(most)s examples of the topic, none of them empty.", most=MOST_EXAMPLES)
            )
        if any(len(one) > LONGEST_EXAMPLE for one in examples):
            raise InvalidInput(sentence("An example has at most %(most)s characters.", most=LONGEST_EXAMPLE))
        kind = options.get("name", "topic")
        if not isinstance(kind, str) or not kind.isidentifier():
            raise InvalidInput("Option 'name' must be a name of letters, digits and underscores.")

    def settled(self, text: str, options: Mapping[str, object]) -> int:
        del text, options
        return 0


def _stretches(text: str) -> list[tuple[int, int]]:
    """A text longer than all of them together is compared in as many, spread over it."""
    spans = stretches.cut(text, STRETCH)
    return spans[:: -(-len(spans) // MOST_STRETCHES) or 1]


def _embedded(texts: Sequence[str]) -> Vectors:
    if "embed" not in _registered:
        raise LookupError("no embedder is registered")
    return np.asarray(_registered["embed"](texts), dtype=np.float32)


@functools.lru_cache(maxsize=64)
def _of_examples(examples: tuple[str, ...]) -> Vectors:
    return _embedded(examples)
