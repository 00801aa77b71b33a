"""Books: their chapters in reading order under their titles, and none of a book that is locked."""

from __future__ import annotations

import io
import zipfile

import pytest

from ingestion.parsers.base import Parsed, ParseFailed
from ingestion.parsers.texts.epub import Epub
from tests.ingestion import papers

CONTAINER = "<container xmlns='urn:x'><rootfiles><rootfile full-path='OEBPS/book.opf'/></rootfiles></container>"
OPF = """<?xml version='1.0'?><package xmlns='http://www.idpf.org/2007/opf'><metadata xmlns:dc='http://purl.org/dc/elements/1.1/'>
<dc:title>The Plan</dc:title></metadata><manifest>
<item id='b' href='text/b%20two.xhtml' media-type='application/xhtml+xml'/>
<item id='a' href='text/a.xhtml' media-type='application/xhtml+xml'/>
<item id='n' href='nav.xhtml' media-type='application/xhtml+xml' properties='nav'/>
<item id='x' href='toc.ncx' media-type='application/x-dtbncx+xml'/></manifest>
<spine toc='x'><itemref idref='a'/><itemref idref='b'/><itemref idref='gone'/></spine></package>"""
NAV = """<html xmlns='http://www.w3.org/1999/xhtml' xmlns:epub='http://www.idpf.org/2007/ops'><body><nav epub:type='toc'><ol>
<li><a href='text/a.xhtml#top'>First <i>part</i></a></li><li><a href='text/b%20two.xhtml'>Second</a></li></ol>
</nav></body></html>"""
NCX = """<ncx xmlns='http://www.daisy.org/z3986/2005/ncx/'><navMap><navPoint><navLabel><text>Part one</text></navLabel>
<content src='text/a.xhtml'/></navPoint></navMap></ncx>"""
A = "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>no</title></head><body><p>Thirty days.</p></body></html>"
B = "<html xmlns='http://www.w3.org/1999/xhtml'><body><h1>Rest</h1><aside><p>Five.</p></aside></body></html>"


def book(**other: str) -> bytes:
    parts = {"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": OPF, "OEBPS/nav.xhtml": NAV, "OEBPS/toc.ncx": NCX}
    parts |= {"OEBPS/text/a.xhtml": A, "OEBPS/text/b two.xhtml": B}
    parts |= {name.replace("__", "/"): content for name, content in other.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def read(content: bytes) -> Parsed:
    return Epub().parse(io.BytesIO(content))


def test_chapters_come_in_reading_order_under_their_titles() -> None:
    parsed = read(book())
    assert parsed.title == "The Plan"
    assert papers.told(parsed) == [(("First part",), "Thirty days."), (("Rest",), "Five.")]


def test_an_older_book_gives_its_titles_in_a_tree_of_its_own() -> None:
    parsed = read(book(**{"OEBPS/nav.xhtml": "<html/>"}))
    assert papers.told(parsed)[0] == (("Part one",), "Thirty days.")


def test_a_book_without_an_order_is_read_by_its_pages() -> None:
    parsed = read(book(**{"OEBPS/book.opf": OPF.replace("itemref", "none")}))
    assert [text for _, text in papers.told(parsed)][:2] == ["Five.", "Thirty days."]


@pytest.mark.parametrize(
    ("algorithm", "is_read"),
    [("http://www.idpf.org/2008/embedding", True), ("http://www.w3.org/2001/04/xmlenc#aes128-cbc", False)],
)
def test_a_book_that_is_locked_is_named_and_one_with_hidden_fonts_is_read(algorithm: str, is_read: bool) -> None:
    locked = f"<e xmlns:c='c'><c:EncryptedData><c:EncryptionMethod Algorithm='{algorithm}'/></c:EncryptedData></e>"
    content = book(**{"META-INF/encryption.xml": locked})
    if is_read:
        assert read(content).sections
        return
    with pytest.raises(ParseFailed) as failed:
        read(content)
    assert failed.value.code == "encrypted"


@pytest.mark.parametrize(
    "content", [b"", book(**{"OEBPS/book.opf": "<"}), book(**{"META-INF/container.xml": "<c/>"})[:-9]]
)
def test_a_damaged_book_is_named(content: bytes) -> None:
    with pytest.raises(ParseFailed) as failed:
        read(content)
    assert failed.value.code == "broken"


def test_a_book_that_does_not_say_where_it_begins_is_found() -> None:
    assert read(book(**{"META-INF/container.xml": "<c/>"})).title == "The Plan"
