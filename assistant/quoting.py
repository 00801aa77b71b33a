"""An answer with its sources, to be put into a letter: as plain text, or as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Place = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class Source:
    """`place` is in words: a page, or a heading. `segment` is the number of the first sentence that cites it."""

    marker: int
    name: str
    place: str
    chunk: str
    document: str
    segment: int


def sources(segments: Sequence[Any], place: Place) -> list[Source]:
    """Each passage that is cited, once, by its number. `segments` have `citations` as they are stored."""
    found = {
        int(one["marker"]): Source(
            int(one["marker"]),
            str(one["document_name"]),
            place(one.get("locator") or {}),
            str(one["chunk_id"]),
            str(one["document_id"]),
            int(segment.ordinal),
        )
        for segment in reversed(segments)  # the first one stays
        for one in segment.citations
    }
    return [found[marker] for marker in sorted(found)]


def plain(question: str, segments: Sequence[Any], cited: Sequence[Source]) -> str:
    text = "".join(_with_markers(segment) for segment in segments).strip()
    listed = "\n".join(f"[{one.marker}] {_named(one)}" for one in cited)
    return "\n\n".join(part for part in (question.strip(), text, listed) if part) + "\n"


def markdown(question: str, segments: Sequence[Any], cited: Sequence[Source], address: Callable[[Source], str]) -> str:
    """`address` is where a source is opened."""
    asked = "\n".join(f"> {line}".rstrip() for line in question.strip().splitlines())
    text = "".join(_with_markers(segment) for segment in segments).strip()
    listed = "\n".join(f"{one.marker}. [{_escaped(_named(one))}]({address(one)})" for one in cited)
    return "\n\n".join(part for part in (asked, text, listed) if part) + "\n"


def _with_markers(segment: Any) -> str:
    """The numbers stand where the sentence ends, before its white space."""
    text = str(segment.text)
    words = text.rstrip()
    markers = "".join(f" [{one['marker']}]" for one in segment.citations)
    return f"{words}{markers}{text[len(words) :]}"


def _named(one: Source) -> str:
    return f"{one.name}, {one.place}" if one.place else one.name


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
