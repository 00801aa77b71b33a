"""An answer with its sources, to be put into a letter: as plain text, or as Markdown. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.conversations import marking
from assistant.conversations.marking import Piece
from assistant.models import Support
from assistant.showing import places

Place = Callable[[Mapping[str, Any]], str]
DOUBT = marking.DOUBT


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


def plain(question: str, segments: Sequence[Any], cited: Sequence[Source], remarks: Sequence[str] = ()) -> str:
    """`remarks` are what else its reader is told of the answer, a paragraph each."""
    text = marking.signed(map(piece, segments))
    listed = "\n".join(f"[{one.marker}] {named(one)}" for one in cited)
    return "\n\n".join(part for part in (question.strip(), text, *remarks, listed) if part) + "\n"


def markdown(
    question: str,
    segments: Sequence[Any],
    cited: Sequence[Source],
    address: Callable[[Source], str],
    remarks: Sequence[str] = (),
) -> str:
    """As `plain`; `address` is where a source is opened."""
    asked = "\n".join(f"> {line}".rstrip() for line in question.strip().splitlines())
    text = marking.inert(marking.signed(map(piece, segments)))
    said = [f"*{one}*" for one in remarks]
    listed = "\n".join(f"{one.marker}. [{escaped(named(one))}]({address(one)})" for one in cited)
    return "\n\n".join(part for part in (asked, text, *said, listed) if part) + "\n"


def is_doubted(segment: Any) -> bool:
    return segment.is_supported is False


def piece(segment: Any) -> Piece:
    markers = tuple(int(one["marker"]) for one in segment.citations)
    text = str(segment.text)
    return Piece(_quoted(text) if segment.support == Support.EXTRACT else text, markers, is_doubted(segment))


def _quoted(text: str) -> str:
    """As a letter quotes, and Markdown: the document's own words are told from what was written by their lines' beginnings."""
    words = text.strip()
    before, _, after = text.partition(words)
    return before + "\n".join(f"> {line}".rstrip() for line in words.splitlines()) + after


def named(one: Source) -> str:
    return places.titled(one.name, one.place, one.label["name"] if one.label else "")


def escaped(text: str) -> str:
    """As the words of a link."""
    return re.sub(r"[\\\[\]<*]", r"\\\g<0>", " ".join(text.split()))
