"""EPUB: the chapters of a book in the order of its spine, under the titles that its own table of contents gives them."""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO
from urllib.parse import unquote

from governance.sentence import phrase
from ingestion.parsers.base import Parsed, ParseFailed, Parser
from ingestion.parsers.outline import TITLE_MAX, Outline, one_line
from ingestion.parsers.package import Package, broken
from ingestion.parsers.texts import html

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_PAGES = frozenset(("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"))
_CHAPTERS_MOST = 10_000
# Of fonts alone: every reader undoes them, and what is read here are words.
_FONTS = re.compile(r"http://(?:www\.idpf\.org/2008/embedding|ns\.adobe\.com/pdf/enc#RC)")


class Epub(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        package = Package(io.BytesIO(stream.read()), self.bounds.unpacked)
        _require_open(package)
        book = _Book(package)
        outline = Outline(self.bounds.characters)
        chapters = book.chapters()
        for at, name in enumerate(chapters, 1):
            self.on_page(at, len(chapters))
            _chapter(outline, book, name)
        sections = outline.filled()
        return Parsed((book.title or outline.first_heading)[:TITLE_MAX], sections)


def _chapter(outline: Outline, book: _Book, name: str) -> None:
    page = book.page(name)
    if page is None:
        return
    title = book.titles.get(name, "")
    if title and not any(True for _ in page.iter("h1", "h2", "h3")):
        outline.heading(1, title)
    html.walk(outline, page)


def _require_open(package: Package) -> None:
    """Raises ParseFailed where its pages are encrypted, as shops do that lend books."""
    root = package.part(_ENCRYPTION)
    for one in root.iter("{*}EncryptedData") if root is not None else ():
        method = one.find("{*}EncryptionMethod")
        if method is None or not _FONTS.match(method.get("Algorithm", "")):
            raise ParseFailed(
                "encrypted",
                "The book is locked by a copy protection.",
                phrase("Ask its publisher for a copy without protection and upload that."),
            )


class _Book:
    def __init__(self, package: Package) -> None:
        self._package = package
        container = package.part(_CONTAINER)
        found = container.find(".//{*}rootfile") if container is not None else None
        name = found.get("full-path", "") if found is not None else _first(package, ".opf")
        root = package.xml(name)
        if root is None:
            raise broken()
        self._folder = posixpath.dirname(name)
        self._root = root
        self._items = {one.get("id", ""): one for one in root.iterfind(".//{*}manifest/{*}item")}
        self.title = one_line(root.findtext(".//{http://purl.org/dc/elements/1.1/}title") or "")
        self.titles = dict(self._titles())

    def chapters(self) -> list[str]:
        """Names of the pages in reading order; all of them, by their names, where the book gives none."""
        order = [one.get("idref", "") for one in self._root.iterfind(".//{*}spine/{*}itemref")]
        named = [self._place(self._items[one].get("href", "")) for one in order if one in self._items]
        pages = [self._place(one.get("href", "")) for one in self._items.values() if one.get("media-type") in _PAGES]
        return list(dict.fromkeys(named or pages))[:_CHAPTERS_MOST]

    def page(self, name: str) -> Any | None:
        raw = self._package.whole(name)
        return html.body(html.text_of(raw)) if raw else None

    def _place(self, href: str, folder: str | None = None) -> str:
        where = self._folder if folder is None else folder
        return posixpath.normpath(posixpath.join(where, unquote(href.partition("#")[0])))

    def _titles(self) -> Iterator[tuple[str, str]]:
        """By page, from the table of contents: that of EPUB 3 is a page with links, that of EPUB 2 a tree of its own."""
        nav = next((one for one in self._items.values() if "nav" in one.get("properties", "").split()), None)
        ncx = next((one for one in self._items.values() if one.get("media-type") == "application/x-dtbncx+xml"), None)
        told: Mapping[str, str] = {}
        if nav is not None:
            told = self._links(self._place(nav.get("href", "")))
        if not told and ncx is not None:
            told = self._points(self._place(ncx.get("href", "")))
        yield from told.items()

    def _links(self, name: str) -> dict[str, str]:
        root = self._package.part(name)
        found = root.iterfind(".//{*}nav//{*}a[@href]") if root is not None else ()
        return _first_ones(
            (self._place(one.get("href"), posixpath.dirname(name)), "".join(one.itertext())) for one in found
        )

    def _points(self, name: str) -> dict[str, str]:
        root = self._package.part(name)
        found = root.iterfind(".//{*}navPoint") if root is not None else ()
        pairs = ((one.find("{*}content"), one.findtext("{*}navLabel/{*}text") or "") for one in found)
        folder = posixpath.dirname(name)
        return _first_ones(
            (self._place(where.get("src", ""), folder), said) for where, said in pairs if where is not None
        )


def _first_ones(pairs: Iterator[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, said in pairs:
        found.setdefault(name, one_line(said))
    return found


def _first(package: Package, ending: str) -> str:
    found = next((name for name in sorted(package.names) if name.endswith(ending)), None)
    if found is None:
        raise broken()
    return found
