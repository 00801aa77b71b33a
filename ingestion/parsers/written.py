"""Text with the places it stands at, put together without losing them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingestion.parsers.base import Spot


@dataclass(frozen=True)
class Written:
    """`spots` count characters of `text`, and stand in its order."""

    text: str
    spots: tuple[Spot, ...] = ()


def moved(spots: Iterable[Spot], by: int, most: int) -> Iterator[Spot]:
    """The spots `by` characters further on, cut to a text of `most` characters."""
    for spot in spots:
        start, end = max(spot.start + by, 0), min(spot.end + by, most)
        if start < end:
            yield Spot(start, end, spot.line, spot.box)


def joined(parts: Iterable[Written], seam: str) -> Written:
    texts, spots, at = list[str](), list[Spot](), 0
    for part in parts:
        at += len(seam) if texts else 0
        spots.extend(moved(part.spots, at, at + len(part.text)))
        texts.append(part.text)
        at += len(part.text)
    return Written(seam.join(texts), tuple(spots))
