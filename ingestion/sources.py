"""Stretches of a document that may share a piece: what stands under one heading, and tiny neighbours together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ingestion.parsers.base import Locator, Parsed, Section

_TOKEN_MAX = 10  # characters: a longer text than that times a limit is over the limit, and need not be counted

Count = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True)
class _Part:
    """A section whose text stands at `start` of the source's text."""

    start: int
    section: Section


@dataclass(frozen=True)
class Source:
    heading_path: tuple[str, ...]
    text: str
    parts: tuple[_Part, ...]

    def locate(self, start: int, end: int) -> Locator:
        """Where `text[start:end]` stands: in the section it starts in; without an end if it runs on into another."""
        at = max((n for n, part in enumerate(self.parts) if part.start <= start), default=0)
        part = self.parts[at]
        base = (part.section.locator.start or 0) - part.start
        runs_on = at + 1 < len(self.parts) and end > self.parts[at + 1].start
        first = max(start, part.start) + base
        return replace(part.section.locator, start=first, end=None if runs_on else end + base)


def sources(parsed: Parsed, count_tokens: Count, *, tiny: int, most: int) -> list[Source]:
    """Sections of one heading path joined, whatever page they stand on; then tiny siblings joined under their parent's
    path, each with its heading above it, up to `most` tokens. A heading with nothing under it becomes text.
    """
    by_path = groupby(_told(parsed.sections), key=lambda section: section.heading_path)
    joined = [_joined(path, group) for path, group in by_path]
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


def _seam(before: str, after: str) -> str:
    """A table that a page break cuts is one table."""
    is_table = before.rstrip().rpartition("\n")[2].lstrip().startswith("|") and after.lstrip().startswith("|")
    return ("" if before.endswith("\n") else "\n") if is_table else "\n\n"


def _joined(path: tuple[str, ...], group: Iterable[Section]) -> Source:
    written, parts, at, before = list[str](), list[_Part](), 0, ""
    for section in group:
        seam = _seam(before, section.text) if parts else ""
        parts.append(_Part(at + len(seam), section))
        written += [seam, section.text]
        at += len(seam) + len(section.text)
        before = section.text
    return Source(path, "".join(written), tuple(parts))


def _siblings(joined: Sequence[Source], count_tokens: Count, tiny: int, most: int) -> list[Source]:
    result: list[Source] = []
    group: list[Source] = []
    tokens = 0
    for source, count in zip(joined, _counts(joined, count_tokens, tiny, most), strict=True):
        if group and (tokens + count > most or group[-1].heading_path[:-1] != source.heading_path[:-1]):
            result.append(_merged(group))
            group, tokens = [], 0
        group.append(source)
        tokens += count
    return [*result, *([_merged(group)] if group else [])]


def _counts(joined: Sequence[Source], count_tokens: Count, tiny: int, most: int) -> list[int]:
    """The tokens of each with its heading; more than `most` for whatever is not tiny, so that it is joined to nothing."""
    short = [at for at, source in enumerate(joined) if source.heading_path and len(source.text) <= tiny * _TOKEN_MAX]
    counted = count_tokens([_headed(joined[at]) for at in short]) if short else []
    counts = [most + 1] * len(joined)
    for at, count in zip(short, counted, strict=True):
        counts[at] = count if count <= tiny else most + 1
    return counts


def _headed(source: Source) -> str:
    heading = source.heading_path[-1]
    return source.text if source.text.strip() == heading else f"{heading}\n\n{source.text}"


def _merged(group: Sequence[Source]) -> Source:
    if len(group) == 1:
        return group[0]
    text, parts = "", list[_Part]()
    for source in group:
        written = _headed(source)
        start = len(text) + len(written) - len(source.text)
        parts.extend(_Part(start + part.start, part.section) for part in source.parts)
        text += f"{written.rstrip()}\n\n"
    return Source(group[0].heading_path[:-1], text, tuple(parts))
