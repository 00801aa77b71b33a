"""HTML: what a reader sees of the main content. No scripts, nothing hidden; no entity or address is followed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from lxml import etree
from lxml import html as lxml_html

from governance.sentence import phrase
from ingestion.parsers.base import Parsed, ParseFailed, Parser
from ingestion.parsers.outline import TITLE_MAX, Outline, empty, one_line, table
from ingestion.parsers.texts import main_content
from ingestion.parsers.texts.text import decode

_PROLOG = re.compile(r"\A\ufeff?\s*<\?xml[^>]*\?>")
_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_NOTHING = r"0(?:\.0+)?(?![.\d])"
_HIDDEN = re.compile(
    rf"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|(?:font-size|opacity)\s*:\s*{_NOTHING}", re.IGNORECASE
)
_NEVER_SEEN = frozenset(
    re.findall(
        r"\w+",
        "script style noscript template svg iframe object head title select button input textarea audio video nav",
    )
)
_AROUND = frozenset(("header", "footer", "aside"))  # of a page; inside an article they belong to its text
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "p div section article main blockquote dd dt dl figure figcaption address body header footer aside form fieldset "
        "legend details summary table caption thead tbody tfoot tr td th li ul ol hr center",
    )
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_LISTS = frozenset(("ul", "ol"))
_PARTS = frozenset(("section", "article", "div", "header"))
_BREAK = "\x1e"  # stands for <br>: a line break in the source is only a space
_SPAN_MOST = 100  # columns or rows of one cell
_CELLS_MOST = 50_000  # of a table: beyond, a cell counts once however many it spans
_INDENT_MOST = 8


class Html(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        outline = Outline(self.bounds.characters)
        root = _tree(text_of(stream.read()))
        main, around = main_content.main(_body(root))
        _Reading(outline, around).read(main)
        sections = outline.filled()
        return Parsed(one_line(root.findtext(".//title") or "")[:TITLE_MAX] or outline.first_heading, sections)


def text_of(raw: bytes) -> str:
    declared = _CHARSET.search(raw[:4096])
    return decode(raw, declared[1].decode("ascii", "ignore") if declared else "")


def body(text: str) -> Any | None:
    """Of a page that stands within another document, such as a mail or a book; None where it is empty."""
    try:
        return _body(_tree(text))
    except ParseFailed as fault:
        if fault.code != "empty":
            raise
        return None


def walk(outline: Outline, root: Any) -> None:
    """All of it that a reader sees: within another document nothing of a site stands around the text."""
    _Reading(outline).read(root)


def read(outline: Outline, text: str) -> None:
    root = body(text)
    if root is not None:
        walk(outline, root)


def _body(root: Any) -> Any:
    found = root.find(".//body")
    return root if found is None else found


def _tree(text: str) -> Any:
    # Without huge_tree a page loses its text if a line is very long, and what stands deeper than 255 elements.
    parser = lxml_html.HTMLParser(no_network=True, huge_tree=True, encoding="utf-8")
    text = _PROLOG.sub("", text, count=1)
    try:
        root = lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:
        raise empty() from None
    except etree.XMLSyntaxError as fault:
        if fault.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from fault
        raise empty() from fault
    if any("depth" in entry.message.lower() for entry in parser.error_log):
        raise ParseFailed(
            "too_large", "The page is nested too deeply to be read.", phrase("Save its text as plain text.")
        )
    return root


class _Reading:
    """Walks in the order of the page: inline text gathers, a block ends it. Not recursive, for pages nest deeply."""

    def __init__(self, outline: Outline, around: frozenset[Any] | None = None) -> None:
        """What is `around` the text is passed over, and what says that it is; None where nothing stands around it."""
        self._outline = outline
        self._around = around
        self._inline: list[str] = []

    def read(self, root: Any) -> None:
        walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
        for event, element in walk:
            if event == "start":
                if self._takes_whole(element, root):
                    walk.skip_subtree()
                else:
                    self._inline.append(_spaced(element.text))
                continue
            if element.tag in _BLOCKS:
                self._flush()
            if element is not root:
                self._inline.append(_spaced(element.tail))
        self._flush()

    def _takes_whole(self, element: Any, root: Any) -> bool:
        """Whether nothing below it is walked: it is left out, or has been taken as one block."""
        tag = element.tag
        if element is not root and (not _is_seen(element) or self._is_passed_over(element, root)):
            return True
        if tag == "br":
            self._inline.append(_BREAK)
        if tag in _BLOCKS or tag in _HEADINGS or tag == "pre":
            self._flush()
        if tag in _HEADINGS:
            anchor = _anchor(element) if self._around is not None else ""
            self._outline.heading(int(tag[1]), _words(element), anchor=anchor)
            return True
        block = _block(element)
        if block is not None:
            self._outline.block(block)
        return block is not None

    def _is_passed_over(self, element: Any, root: Any) -> bool:
        return self._around is not None and (element in self._around or _is_around(element, root))

    def _flush(self) -> None:
        lines = (" ".join(line.split()) for line in "".join(self._inline).split(_BREAK))
        self._outline.block("\n".join(filter(None, lines)))
        self._inline = []


def _is_seen(element: Any) -> bool:
    if element.tag in _NEVER_SEEN or element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return False
    return not _HIDDEN.search(element.get("style") or "")


def _anchor(heading: Any) -> str:
    """The id by which a link opens it: its own, that of something in it, or of the part of the page that it begins."""
    inside = next(
        (one for one in heading.iter() if isinstance(one.tag, str) and (one.get("id") or one.get("name"))), None
    )
    if inside is not None:
        return str(inside.get("id") or inside.get("name"))
    above = heading.getparent()
    is_first = above is not None and above.tag in _PARTS and next(above.iterchildren("*"), None) is heading
    return str(above.get("id") or "") if is_first else ""


def _is_around(element: Any, root: Any) -> bool:
    """Whether it belongs to the page and not to its text. A header with the page's one title is part of the text."""
    if element.tag not in _AROUND:
        return False
    inside = root.tag in {"main", "article"} or any(True for _ in element.iterancestors("main", "article"))
    return not inside and not (element.tag == "header" and element.find(".//h1") is not None)


def _block(element: Any) -> str | None:
    """A list, a table or set text as one block; None for anything else, and for those that only lay out a page."""
    if element.tag == "pre":
        return "".join(element.itertext())
    if element.tag not in _LISTS and element.tag != "table":
        return None
    if any(True for _ in element.iterdescendants("table", *_HEADINGS)):
        return None
    if element.tag in _LISTS:
        return "\n".join(_items(element, 0))
    return "\n".join([*map(_words, element.iterchildren("caption")), table(_rows(element))])


def _words(element: Any, *, without_lists: bool = False) -> str:
    """Its visible text on one line."""
    if not len(element):  # as most cells of a table are, of which a page may have a million
        return " ".join((element.text or "").split())
    parts: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, each in walk:
        if event == "start":
            if each is not element and (not _is_seen(each) or (without_lists and each.tag in _LISTS)):
                walk.skip_subtree()
            else:
                parts.append(each.text or "")
        elif each is not element:
            parts.append(each.tail or "")
        if each.tag in _BLOCKS or each.tag == "br":
            parts.append(" ")
    return " ".join("".join(parts).split())


def _items(element: Any, depth: int) -> Iterator[str]:
    """One line an item; a list inside an item is indented below it."""
    first = element.get("start") or "1"
    number = int(first) if first.isdecimal() and len(first) < 6 else 1
    for item in element:
        if not isinstance(item.tag, str) or not _is_seen(item):
            continue
        is_flat = depth >= _INDENT_MOST
        mark = f"{number}." if element.tag == "ol" else "-"
        words = _words(item, without_lists=not is_flat)
        if words:
            yield f"{'  ' * depth}{mark} {words}"
        number += 1
        for nested in () if is_flat else _nested(item):
            yield from _items(nested, depth + 1)


def _nested(item: Any) -> list[Any]:
    """The visible lists of an item, not those inside of them. Sloppy pages put a list straight into a list."""
    if item.tag in _LISTS or not len(item):
        return [item] if item.tag in _LISTS else []
    found = []
    walk = etree.iterwalk(item, events=("start",))
    for _, each in walk:
        if each is not item and (not _is_seen(each) or each.tag in _LISTS):
            walk.skip_subtree()
            found += [each] if each.tag in _LISTS and _is_seen(each) else []
    return found


def _rows(element: Any) -> list[list[str]]:
    """A cell over several columns is followed by empty ones; one over several rows is repeated in each."""
    rows: list[list[str]] = []
    below: dict[int, tuple[int, str]] = {}
    made = 0
    for row in element.iter("tr"):
        if not _is_seen(row) or not _is_seen(row.getparent()):
            continue
        cells: list[str] = []
        for cell in (each for each in row.iterchildren("td", "th") if _is_seen(each)):
            _from_above(cells, below)
            words = _words(cell)
            wide, tall = (_span(cell, "colspan"), _span(cell, "rowspan")) if made < _CELLS_MOST else (1, 1)
            made += wide * tall
            for column in range(wide):
                if tall > 1:
                    below[len(cells)] = (tall - 1, "" if column else words)
                cells.append("" if column else words)
        _from_above(cells, below)
        rows.append(cells)
    return rows


def _from_above(cells: list[str], below: dict[int, tuple[int, str]]) -> None:
    while len(cells) in below:
        left, words = below.pop(len(cells))
        if left > 1:
            below[len(cells)] = (left - 1, words)
        cells.append(words)


def _span(cell: Any, name: str) -> int:
    said = (cell.get(name) or "1").strip()
    return max(1, min(int(said), _SPAN_MOST)) if said.isdecimal() and len(said) < 6 else 1


def _spaced(text: str | None) -> str:
    return (text or "").replace(_BREAK, " ")
