"""What runs through a document: heads and feet that its pages repeat, and their numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ingestion.parsers.pages.lines import Line

EDGE = 2  # lines at the head and at the foot of a page that may run through the document
_PAGE_NUMBER = re.compile(r"\A\W*(?:page|seite|p\.|s\.)?\s*(\d{1,5})(?:\s*(?:of|von|/)\s*\d{1,5})?\W*\Z", re.IGNORECASE)

_Shape = tuple[str, float]


def without_running(pages: Sequence[list[Line]]) -> list[list[Line]]:
    """Without the heads and feet that most pages repeat, their numbers aside; the first page keeps what they say. What stands
    in other letters is something else: a title, of which the heads of later pages remind.
    """
    seen: Counter[_Shape] = Counter()
    for page in pages:
        seen.update({_shape(line) for line in _edges(page)})
    running = {shape for shape, count in seen.items() if count > 1 and count * 2 > len(pages)}
    kept, said = [], set[_Shape]()
    for number, page in enumerate(pages, 1):
        edges = _edges(page)
        again = {
            id(line)
            for line in edges
            if (len(page) > 2 * EDGE and _is_page_number(line, number)) or _shape(line) in running & said
        }
        said |= {_shape(line) for line in edges}
        edge = {id(line) for line in edges if _shape(line) in running}
        held = (line for line in page if id(line) not in again)
        kept.append([replace(line, is_running=True) if id(line) in edge else line for line in held])
    return kept


def _is_page_number(line: Line, page: int) -> bool:
    return any(int(said) == page for said in _PAGE_NUMBER.findall(line.text))


def _edges(page: list[Line]) -> list[Line]:
    """By their place, for pages write their foot first as often as last. A page of one or two lines has no edge."""
    if len(page) <= EDGE:
        return []
    by_foot = sorted(page, key=lambda line: line.foot)
    return by_foot[:EDGE] + by_foot[EDGE:][-EDGE:]


def _shape(line: Line) -> _Shape:
    return re.sub(r"\d+", "#", line.text), line.size
