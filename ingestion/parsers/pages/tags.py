"""What a tagged PDF says of its own headings: its structure tree, as far as a page's marked content refers to it."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from ingestion.parsers.pages.lines import Tag

ELEMENTS_MOST = 20_000  # of a page: a tree that is larger, or turns in a circle, is read no further
TEXT: Tag = (0, 0)
_HEADING = re.compile(r"H([1-6])?\Z|(Title)\Z")


def of(page: pypdfium2.PdfPage) -> dict[int, Tag]:
    """By the number of each marked content of the page. Empty where the page is not tagged."""
    tree = pdfium.FPDF_StructTree_GetForPage(page.raw)
    if not tree:
        return {}
    try:
        return dict(_contents(tree))
    finally:
        pdfium.FPDF_StructTree_Close(tree)


def of_letter(text: Any, at: int, known: Mapping[int, Tag]) -> Tag | None:
    """None where the page does not say of this letter what it is part of."""
    if not known:
        return None
    there = pdfium.FPDFText_GetTextObject(text, at)
    return known.get(pdfium.FPDFPageObj_GetMarkedContentID(there)) if there else None


def _contents(tree: Any) -> Iterator[tuple[int, Tag]]:
    roots = (
        pdfium.FPDF_StructTree_GetChildAtIndex(tree, at)
        for at in range(_few(pdfium.FPDF_StructTree_CountChildren(tree)))
    )
    waiting = [(one, TEXT) for one in roots if one]
    seen = 0
    while waiting and seen < ELEMENTS_MOST:
        element, tag = waiting.pop()
        seen += 1
        if tag == TEXT and (level := _level(element)):
            tag = (level, seen)
        for at in range(_few(pdfium.FPDF_StructElement_GetMarkedContentIdCount(element))):
            yield pdfium.FPDF_StructElement_GetMarkedContentIdAtIndex(element, at), tag
        for at in range(_few(pdfium.FPDF_StructElement_CountChildren(element))):
            child = pdfium.FPDF_StructElement_GetChildAtIndex(element, at)
            if child:
                waiting.append((child, tag))


def _few(count: int) -> int:
    """-1 stands for none."""
    return min(max(count, 0), ELEMENTS_MOST)


def _level(element: Any) -> int:
    """By its standard type: what a document calls by names of its own is looked up in the document's role map."""
    held = ctypes.create_string_buffer(64)
    length = pdfium.FPDF_StructElement_GetType(element, held, len(held))
    if not 2 < length <= len(held):
        return 0
    found = _HEADING.match(held.raw[: length - 2].decode("utf-16-le", "ignore"))
    return int(found[1] or 1) if found else 0
