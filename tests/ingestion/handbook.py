"""The demo handbook's Markdown as chunks, and a search by words over them: what attribution is tried on."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from assistant.demo.material import HANDBOOK
from ingestion.cutting import chunking
from ingestion.parsers.base import Locator, Parsed, Section
from ingestion.search import terms

_HEADING = re.compile(r"(#+) (.*)\n?")


@dataclass(frozen=True)
class Chunk:
    """`document` is "company/travel-policy-2025": the name without its ending, which sources do not share."""

    document: str
    ordinal: int
    text: str
    context: str
    above: str


def _count(texts: Sequence[str]) -> list[int]:
    return [2 + len(re.findall(r"\w{1,6}|[^\w\s]", text)) for text in texts]


def _parsed(source: str) -> Parsed:
    front = re.match(r"---\n(.*?)\n---\n", source, re.DOTALL)
    named = re.search(r"^title: (.*)$", front.group(1), re.MULTILINE) if front else None
    title = named.group(1) if named else ""
    path: tuple[str, ...] = ()
    sections = []
    for part in re.split(r"^(?=#+ )", source[front.end() if front else 0 :], flags=re.MULTILINE):
        heading = _HEADING.match(part)
        if heading and len(heading.group(1)) == 1:
            title = title or heading.group(2)
        elif heading:
            path = (*path[: len(heading.group(1)) - 2], heading.group(2))
        text = part[heading.end() :] if heading else part
        sections.append(Section(path, text.strip(), Locator()))
    return Parsed(title, tuple(sections))


@cache
def chunks(tenant: str) -> tuple[Chunk, ...]:
    found = []
    files = {*(HANDBOOK / tenant).rglob("*.md"), *(HANDBOOK / "source" / tenant).rglob("*.md")}
    for file in sorted(files):
        parsed = _parsed(file.read_text())
        for piece in chunking.chunk(parsed, _count):
            above = " ".join((parsed.title, *piece.heading_path))
            found.append(Chunk(f"{file.parent.name}/{file.stem}", piece.ordinal, piece.text, piece.context, above))
    return tuple(found)


@cache
def _counted(tenant: str) -> list[tuple[Chunk, Counter[str]]]:
    return [(chunk, Counter(terms.terms(chunk.context))) for chunk in chunks(tenant)]


def search(tenant: str, question: str, limit: int = 8) -> list[Chunk]:
    """The best by BM25 without length: enough to bring look-alikes together."""
    counted = _counted(tenant)
    often = Counter(term for _, counts in counted for term in counts)
    asked = set(terms.terms(question))

    def score(counts: Counter[str]) -> float:
        rare = {term: math.log(1 + len(counted) / (often[term] + 0.5)) for term in asked}
        return sum(rare[term] * counts[term] * 2.2 / (counts[term] + 1.2) for term in asked)

    ranked = sorted(counted, key=lambda one: -score(one[1]))
    return [chunk for chunk, _ in ranked[:limit]]
