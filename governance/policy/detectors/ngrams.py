"""What a text is like: hashed runs of letters and of words, weighed by numbers that were learnt elsewhere.

Linear in the length of the text and without any model file but numbers: `bench/injection` learns them,
`docs/injection-model.md` says from what, and how well they do.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BITS = 16  # 65,536 weights
LETTERS = (3, 4, 5)  # lengths of runs of letters
WORDS = 3  # runs of up to as many words

_WORD = re.compile(r"\w+|[^\w\s]")
_PRIME = np.uint64(0x100000001B3)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(64 - BITS)
Row = NDArray[np.int64]
Buckets = NDArray[np.uint16]


class Marks:
    """The marks of a text. Blanks count once, digits are alike, capitals are small. Places are those of `text`."""

    def __init__(self, text: str) -> None:
        small = text.lower()
        source = small if len(small) == len(text) else text  # a few capitals have two small letters
        codes = np.frombuffer(source.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32)
        codes = np.where((codes >= 48) & (codes <= 57), np.uint32(48), codes)
        is_blank = (codes == 32) | ((codes >= 9) & (codes <= 13)) | (codes == 0xA0) | (codes == 0x2028)
        codes = np.where(is_blank, np.uint32(32), codes)
        kept = np.ones(codes.size, dtype=bool)
        kept[1:] = ~(is_blank[1:] & is_blank[:-1])
        self.places: Row = np.flatnonzero(kept)
        self._letters = _letters(codes[kept])
        self._starts, self._words = _words(codes[kept])

    def __len__(self) -> int:
        return int(self.places.size)

    def between(self, start: int, end: int) -> Buckets:
        """The different marks of the letters `start` to `end`, counted as `places` is, as numbers of weights."""
        found = [
            runs[start : max(start, end - length + 1)] for length, runs in zip(LETTERS, self._letters, strict=True)
        ]
        first, last = np.searchsorted(self._starts, (start, end))
        found += [runs[first : max(first, last - length)] for length, runs in enumerate(self._words)]
        marks = np.sort(np.concatenate(found), kind="stable")  # of 16 bits: sorted by counting, which is quick
        return marks[np.concatenate(([True], marks[1:] != marks[:-1]))] if marks.size else marks


@dataclass(frozen=True)
class Weights:
    """`score` of marks is the chance, 0 to 1, that the text is of the kind that was learnt."""

    bias: float
    weights: NDArray[np.float32]

    def score(self, marks: Buckets) -> float:
        if marks.size == 0:
            return 0.0
        logit = self.bias + float(self.weights[marks].sum()) / float(np.sqrt(marks.size))
        return float(1.0 / (1.0 + np.exp(-np.clip(logit, -30.0, 30.0))))


def load(path: Path) -> Weights:
    """`{"bias": number, "step": number, "weights": [whole numbers]}`; a weight is its number times the step."""
    held = json.loads(path.read_text(encoding="ascii"))
    weights = np.array(held["weights"], dtype=np.float32) * np.float32(held["step"])
    if weights.size != 1 << BITS:
        raise ValueError(f"{path.name} holds {weights.size} weights, not {1 << BITS}")
    return Weights(float(held["bias"]), weights)


def _bucket(hashed: NDArray[np.uint64]) -> Buckets:
    with np.errstate(over="ignore"):
        return (((hashed ^ (hashed >> np.uint64(29))) * _MIX) >> _SHIFT).astype(np.uint16)


def _letters(codes: NDArray[np.uint32]) -> list[Buckets]:
    wide = codes.astype(np.uint64)
    runs = []
    for length in LETTERS:
        hashed = np.full(max(0, wide.size - length + 1), length, dtype=np.uint64)
        for offset in range(length):
            hashed = hashed * _PRIME + wide[offset : offset + hashed.size]
        runs.append(_bucket(hashed))
    return runs


def _words(codes: NDArray[np.uint32]) -> tuple[Row, list[Buckets]]:
    """Where each word begins, and the runs of one, two … words that begin there."""
    text = codes.tobytes().decode("utf-32-le", "surrogatepass")
    found = list(_WORD.finditer(text))
    starts = np.array([one.start() for one in found], dtype=np.int64)
    single = np.array([zlib.crc32(one.group().encode("utf-8", "replace")) for one in found], dtype=np.uint64)
    runs = []
    for length in range(1, WORDS + 1):
        hashed = np.full(max(0, single.size - length + 1), 1000 + length, dtype=np.uint64)
        for offset in range(length):
            hashed = hashed * _PRIME + single[offset : offset + hashed.size]
        runs.append(_bucket(hashed))
    return starts, runs
