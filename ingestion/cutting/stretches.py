"""Stretches of a document that may share a piece: what stands under one heading, and tiny neighbours together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ingestion.parsers.base import Box, Locator, Parsed, Section, Spot

_TOKEN_MAX = 10  # characters: a longer text than that times a limit is over the limit, and need not be counted

Count = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True)
class _Part:
    """A section whose text stands at `start` of the stretch's text."""

    start: int
    section: Section

    def spots(self, start: int, end: int) -> tuple[Spot, ...]:
        """Those that overlap `text[start:end]` of the stretch. They stand in order, and a long file has one a line."""
        spots = self.section.spots
        first = bisect_right(spots, start - self.start, key=lambda spot: spot.end)
        return spots[first : bisect_left(spots, end - self.start, lo=first, key=lambda spot: spot.start)]


@dataclass(frozen=True)
class Stretch:
    heading_path: tuple[str, ...]
    text: str
    parts: tuple[_Part, ...]

    def locate(self, start: int, end: int) -> Locator:
        """Where `text[start:end]` stands: in the section it starts in; without an end if it runs on into another."""
        at = max(bisect_right(self.parts, start, key=lambda part: part.start) - 1, 0)
        part = self.parts[at]
        base = (part.section.locator.start or 0) - part.start
        runs_on = at + 1 < len(self.parts) and end > self.parts[at + 1].start
        first = max(start, part.start) + base
        lines = [spot.line for spot in part.spots(start, end) if spot.line is not None]
        return replace(
            part.section.locator,
            start=first,
            end=None if runs_on else end + base,
            lines=(min(lines), max(lines)) if lines else part.section.locator.lines,
            boxes=tuple(self._boxes(at, start, end)),
        )

    def _boxes(self, at: int, start: int, end: int) -> Iterator[Box]:
        """Those of `text[start:end]`, which begins in part `at`; what runs on to another page says to which."""
        page = self.parts[at].section.locator.page
        for part in self.parts[at:]:
            if part.start >= end:
                return
            here = part.section.locator.page
            for spot in part.spots(start, end):
                if spot.box is not None:
                    yield spot.box if here == page else replace(spot.box, page=here)


def stretches(parsed: Parsed, count_tokens: Count, *, tiny: int, most: int) -> list[Stretch]:
    """Sections of one heading path joined, whatever page they stand on; then tiny siblings joined under their parent's
    path, each with its heading above it, up to `most` tokens. A heading with nothing under it becomes text.

    Slides and tables of sheets are never joined: who opens slide 4 must find there what was quoted.
    """
    by_path = groupby(_told(parsed.sections), key=lambda section: (section.heading_path, *_leaf(section)))
    joined = [_joined(path, group) for (path, *_), group in by_path]
    return _siblings(joined, count_tokens, tiny, most)


def _told(sections: Sequence[Section]) -> list[Section]:
    told: list[Section] = []
    for at, section in enumerate(sections):
        path = section.heading_path
        following = sections[at + 1].heading_path if at + 1 < len(sections) else ()
        if section.text.strip():
            told.append(section)
        elif path and following[: len(path)] != path:
            told.append(replace(section, text=path[-1]))
    return told


def _leaf(section: Section) -> tuple[int | None, str | None, str | None]:
    return section.locator.slide, section.locator.sheet, section.locator.columns


def _seam(before: Section, after: Section) -> str:
    """A table that a page break cuts is one table."""
    is_cut = before.locator.page != after.locator.page
    is_table = is_cut and _ends_in_row(before.text) and after.text.lstrip().startswith("|")
    return ("" if before.text.endswith("\n") else "\n") if is_table else "\n\n"


def _ends_in_row(text: str) -> bool:
    return text.rstrip().rpartition("\n")[2].lstrip().startswith("|")


def _joined(path: tuple[str, ...], group: Iterable[Section]) -> Stretch:
    written, parts, at = list[str](), list[_Part](), 0
    for section in group:
        seam = _seam(parts[-1].section, section) if parts else ""
        parts.append(_Part(at + len(seam), section))
        written += [seam, section.text]
        at += len(seam) + len(section.text)
    return Stretch(path, "".join(written), tuple(parts))


def _siblings(joined: Sequence[Stretch], count_tokens: Count, tiny: int, most: int) -> list[Stretch]:
    result: list[Stretch] = []
    group: list[Stretch] = []
    tokens = 0
    for stretch, count in zip(joined, _counts(joined, count_tokens, tiny, most), strict=True):
        if group and (tokens + count > most or not _are_siblings(group[-1], stretch)):
            result.append(_merged(group))
            group, tokens = [], 0
        group.append(stretch)
        tokens += count
    return [*result, *([_merged(group)] if group else [])]


def _are_siblings(one: Stretch, other: Stretch) -> bool:
    slides_and_sheets = {_leaf(each.parts[0].section)[:2] for each in (one, other)}
    return slides_and_sheets == {(None, None)} and one.heading_path[:-1] == other.heading_path[:-1]


def _counts(joined: Sequence[Stretch], count_tokens: Count, tiny: int, most: int) -> list[int]:
    """The tokens of each with its heading; more than `most` for whatever is not tiny, so that it is joined to nothing."""
    short = [at for at, stretch in enumerate(joined) if stretch.heading_path and len(stretch.text) <= tiny * _TOKEN_MAX]
    counted = count_tokens([_headed(joined[at]) for at in short]) if short else []
    counts = [most + 1] * len(joined)
    for at, count in zip(short, counted, strict=True):
        counts[at] = count if count <= tiny else most + 1
    return counts


def _headed(stretch: Stretch) -> str:
    heading = stretch.heading_path[-1]
    return stretch.text if stretch.text.strip() == heading else f"{heading}\n\n{stretch.text}"


def _merged(group: Sequence[Stretch]) -> Stretch:
    if len(group) == 1:
        return group[0]
    text, parts = "", list[_Part]()
    for stretch in group:
        written = _headed(stretch)
        start = len(text) + len(written) - len(stretch.text)
        parts.extend(_Part(start + part.start, part.section) for part in stretch.parts)
        text += f"{written.rstrip()}\n\n"
    return Stretch(group[0].heading_path[:-1], text, tuple(parts))
