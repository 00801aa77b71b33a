"""A text in pieces that a model can read at once."""

from __future__ import annotations


def cut(text: str, longest: int) -> list[tuple[int, int]]:
    """(start, end) of pieces of at most `longest` characters, cut at blanks where there are any; none is empty."""
    spans, start = [], 0
    while start < len(text):
        end = (
            len(text)
            if len(text) - start <= longest
            else text.rfind(" ", start, start + longest) + 1 or start + longest
        )
        end = end if end > start else start + longest
        if text[start:end].strip():
            spans.append((start, end))
        start = end
    return spans
