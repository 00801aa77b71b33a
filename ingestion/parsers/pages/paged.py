"""Documents whose pages may be pictures: their lines, read or recognised, become sections; what is sure of it is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from governance.sentence import phrase, sentence
from ingestion.parsers.base import BOUNDS, Bounds, Locator, Parsed, ParseFailed, Parser, unheard
from ingestion.parsers.outline import TITLE_MAX, Outline, few
from ingestion.parsers.pages import layout, recognised, running
from ingestion.parsers.pages.lines import Line
from ingestion.parsers.pages.recognised import SURE, Page

_RECOGNISED = phrase("%(read)s of %(total)s pages were read by text recognition, with a confidence of: %(some)s.")
_UNSURE = phrase("Text recognition is not sure of these pages, compare them with the original: %(some)s.")
_NOT_RECOGNISED = phrase("Text recognition could not read these pages: %(some)s.")
_NOTHING_FOUND = phrase("Text recognition found nothing on these pages: %(some)s.")
SAYINGS = (_RECOGNISED, _UNSURE, _NOT_RECOGNISED, _NOTHING_FOUND)


@dataclass(frozen=True)
class Beside:
    """What a document says beside its lines: bookmarks as (level, title), filled fields as (name, value) by page."""

    title: str = ""
    bookmarks: Sequence[tuple[int, str]] = ()
    fields: Mapping[int, Sequence[tuple[str, str]]] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    dated: datetime | None = None


class Paged(Parser):
    """`recognised` is what text recognition has read, by page. Pages that it has not, and that hold no text of their
    own, are told as `unread`.
    """

    def __init__(self, bounds: Bounds = BOUNDS, on_page: Callable[[int, int], None] = unheard) -> None:
        super().__init__(bounds, on_page)
        self.recognised: Mapping[int, Page] = {}

    def told(self, pages: Sequence[list[Line]], unread: Sequence[int], beside: Beside | None = None) -> Parsed:
        """Raises ParseFailed where there is nothing on any page and nothing more to try."""
        pages, beside = list(pages), beside or Beside()
        size = layout.body(pages).size if any(pages) else None
        for number, lines in recognised.lines(self.recognised, size).items():
            pages[number - 1] = lines
        pages = running.without_running(pages)
        body = layout.headed(layout.body(pages), pages, beside.bookmarks)
        outline = Outline(self.bounds.characters)
        for number, lines in enumerate(pages, 1):
            known = self.recognised.get(number)
            outline.place(Locator(page=number, confidence=known.confidence if known else None))
            layout.write(outline, lines, body)
            outline.block("\n".join(f"- {name}: {value}" for name, value in beside.fields.get(number, ())))
        sections = outline.sections()
        if not sections and not unread:
            raise _empty()
        title = beside.title or (layout.largest(pages[0], body)[:TITLE_MAX] if pages else "")
        warnings = (*beside.warnings, *self._warnings(len(pages)))
        return Parsed(title, sections, len(pages), warnings, beside.flags, unread=tuple(unread), dated=beside.dated)

    def _warnings(self, total: int) -> list[str]:
        pages = self.recognised
        read = {number: page.confidence for number, page in pages.items() if page.confidence is not None}
        sure = [f"{number} ({confidence:.2f})" for number, confidence in read.items()]
        unsure = [number for number, confidence in read.items() if confidence < SURE]
        failed = [number for number, page in pages.items() if page.is_failed]
        bare = [number for number, page in pages.items() if not page.is_failed and page.confidence is None]
        said: list[str] = [sentence(_RECOGNISED, read=len(read), total=total, some=few(sure))] if read else []
        for phrased, some in ((_UNSURE, unsure), (_NOT_RECOGNISED, failed), (_NOTHING_FOUND, bare)):
            said += [sentence(phrased, some=few(some))] if some else []
        return said


def _empty() -> ParseFailed:
    return ParseFailed(
        "empty",
        "There is no text on any page, and text recognition found none either.",
        phrase("Check that it is the file you meant to upload, and that what was scanned can be read."),
    )
