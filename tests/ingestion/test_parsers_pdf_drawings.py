"""Pages that draw: what cannot part the cells of a table is not looked at, and what stands among it is found."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from reportlab.pdfgen.canvas import Canvas

from ingestion.parsers.pages import rules
from ingestion.parsers.pages.pdf import Pdf
from ingestion.parsers.pages.sheet import Sheet

ROWS, COLUMNS = (700, 680, 660, 640), (72, 200, 320)


def page(*draws: Callable[[Canvas], Any]) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    for draw in draws:
        draw(canvas)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def shapes(canvas: Canvas) -> None:
    for at in range(1_000):
        canvas.rect(50 + at % 40 * 12, 50 + at // 40 * 12, 10, 10, stroke=0, fill=1)


def curve(canvas: Canvas) -> None:
    path = canvas.beginPath()
    path.moveTo(50, 400)
    for at in range(300):
        path.lineTo(50 + at % 90 * 5, 400 + at % 7 * 9)
    canvas.drawPath(path)


def scribble(canvas: Canvas) -> None:
    for at in range(6_000):
        canvas.line(50 + at % 100 * 5, 50 + at // 100 * 4, 54 + at % 100 * 5, 50 + at // 100 * 4)


def grid(canvas: Canvas) -> None:
    """All of it in one stroke, with a word in each cell."""
    path = canvas.beginPath()
    for y in ROWS:
        path.moveTo(COLUMNS[0], y)
        path.lineTo(COLUMNS[-1], y)
    for x in COLUMNS:
        path.moveTo(x, ROWS[0])
        path.lineTo(x, ROWS[-1])
    canvas.drawPath(path)
    for at, y in enumerate(ROWS[:-1]):
        for column, x in enumerate(COLUMNS[:-1]):
            canvas.drawString(x + 4, y - 14, f"{'ab'[column]}{at}")


def looked_at(content: bytes, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many points of what it draws are read."""
    read = pdfium.FPDFPath_GetPathSegment
    count = 0

    def counted(*given: Any) -> Any:
        nonlocal count
        count += 1
        return read(*given)

    with monkeypatch.context() as patched, pypdfium2.PdfDocument(content) as document:
        patched.setattr(pdfium, "FPDFPath_GetPathSegment", counted)
        rules.of(document[0], Sheet.of(document[0]))
    return count


def test_what_is_drawn_and_parts_nothing_is_hardly_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked_at(page(lambda canvas: canvas.drawString(72, 700, "Words alone.")), monkeypatch) == 0
    assert looked_at(page(shapes), monkeypatch) == 0
    assert 0 < looked_at(page(curve), monkeypatch) < 40
    assert looked_at(page(scribble), monkeypatch) < 3_500


def test_a_table_among_drawings_is_read_by_its_lines() -> None:
    for beside in (shapes, curve):
        text = "\n\n".join(one.text for one in Pdf().parse(io.BytesIO(page(beside, grid))).sections)
        assert "| a0 | b0 |\n| --- | --- |\n| a1 | b1 |\n| a2 | b2 |" in text, beside


def test_what_is_drawn_before_too_many_strokes_is_kept() -> None:
    text = "\n\n".join(one.text for one in Pdf().parse(io.BytesIO(page(grid, scribble))).sections)
    assert "| a1 | b1 |" in text
