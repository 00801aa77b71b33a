"""DrawingML: paragraphs, lists and tables as slides, sheets and text documents hold them in their drawings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ingestion.parsers.office.ooxml import A, is_on, number

_BULLETS = frozenset(A + tag for tag in ("buChar", "buAutoNum", "buBlip"))
_UNSAID = frozenset(("slidenum", "datetime"))
_LEVELS_MOST = 8
_CELLS_MOST = 50_000


def lines(body: Any, *, is_list: bool = False) -> list[str]:
    """Paragraphs of a text body, each on a line; `is_list` where its layout makes items of them unless they say no."""
    told: list[str] = []
    counts: defaultdict[int, int] = defaultdict(int)
    paragraphs = [(one, said(one)) for one in body.iterchildren("{*}p")]
    is_list = is_list and sum(bool(text) for _, text in paragraphs) > 1
    for paragraph, text in paragraphs:
        if not text:
            continue
        properties = paragraph.find("{*}pPr")
        level = number(properties.get("lvl") if properties is not None else "", 0, _LEVELS_MOST)
        mark = _mark(properties, level, counts, is_list=is_list)
        told.append(f"{'  ' * level}{mark} {' '.join(text.split())}" if mark else text)
    return told


def block(body: Any, *, is_list: bool = False) -> str:
    """The lines as one block: items under each other, paragraphs with an empty line between them."""
    parts: list[str] = []
    was_item = False
    for line in lines(body, is_list=is_list):
        is_item = line.lstrip().partition(" ")[0].rstrip(".").isdecimal() or line.lstrip().startswith("- ")
        parts.append(("\n" if is_item and was_item else "\n\n") * bool(parts) + line)
        was_item = is_item
    return "".join(parts)


def said(paragraph: Any) -> str:
    parts: list[str] = []
    for run in paragraph.iter("{*}t", "{*}br", "{*}tab"):
        if run.tag.endswith("}br"):
            parts.append("\n")
        elif run.tag.endswith("}t") and not _is_unsaid(run.getparent()):
            parts.append(run.text or "")
    return "".join(parts).strip()


def _is_unsaid(run: Any) -> bool:
    return run is not None and run.tag.endswith("}fld") and run.get("type", "").startswith(tuple(_UNSAID))


def _mark(properties: Any | None, level: int, counts: defaultdict[int, int], *, is_list: bool) -> str:
    for deeper in [each for each in counts if each > level]:
        del counts[deeper]
    own = {child.tag: child for child in properties} if properties is not None else {}
    if A + "buAutoNum" in own:
        counts[level] += 1
        start = number(own[A + "buAutoNum"].get("startAt"), 1, 10_000)
        return f"{start + counts[level] - 1}."
    if A + "buNone" in own or not (is_list or _BULLETS & own.keys()):
        return ""
    return "-"


def rows(table: Any) -> Iterator[list[str]]:
    """Of a table. A cell over several columns is followed by empty ones, one over several rows is repeated in each."""
    below: dict[int, str] = {}
    left = _CELLS_MOST
    for row in table.iterchildren("{*}tr"):
        cells: list[str] = []
        for cell in row.iterchildren("{*}tc"):
            left -= 1
            at = len(cells)
            body = cell.find("{*}txBody")
            words = " ".join(filter(None, map(str.strip, lines(body)))) if body is not None else ""
            if is_on(cell.get("vMerge")):
                words = below.get(at, "")
            elif is_on(cell.get("hMerge")):
                words = ""
            below[at] = words
            cells.append(words)
        yield cells
        if left < 0:
            return
