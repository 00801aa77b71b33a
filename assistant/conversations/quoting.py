"""An answer with its sources, to be put into a letter: as plain text, or as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.showing import places

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
    label: Mapping[str, Any] | None = None  # what its document carried then: rank and name


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
            one.get("label"),
        )
        for segment in reversed(segments)  # the first one stays
        for one in segment.citations
    }
    return [found[marker] for marker in sorted(found)]


def plain(question: str, segments: Sequence[Any], cited: Sequence[Source]) -> str:
    text = "".join(with_markers(segment) for segment in segments).strip()
    listed = "\n".join(f"[{one.marker}] {named(one)}" for one in cited)
    return "\n\n".join(part for part in (question.strip(), text, listed) if part) + "\n"


def markdown(question: str, segments: Sequence[Any], cited: Sequence[Source], address: Callable[[Source], str]) -> str:
    """`address` is where a source is opened."""
    asked = "\n".join(f"> {line}".rstrip() for line in question.strip().splitlines())
    text = "".join(with_markers(segment) for segment in segments).strip()
    listed = "\n".join(f"{one.marker}. [{escaped(named(one))}]({address(one)})" for one in cited)
    return "\n\n".join(part for part in (asked, text, listed) if part) + "\n"


def with_markers(segment: Any) -> str:
    """The numbers stand where the sentence ends, before its white space."""
    text = str(segment.text)
    words = text.rstrip()
    markers = "".join(f" [{one['marker']}]" for one in segment.citations)
    return f"{words}{markers}{text[len(words) :]}"


def named(one: Source) -> str:
    return places.titled(one.name, one.place, one.label["name"] if one.label else "")


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
