"""A file is what it holds, whatever it is called; and it is shown under a name that cannot mislead."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import Unsupported
from ingestion import media_types
from ingestion.media_types import DOCX, HTML, MARKDOWN, PDF, TEXT
from tests.ingestion import papers


def detected(path: Path, content: bytes, name: str = "file") -> str:
    path = path / "upload"
    path.write_bytes(content)
    return media_types.detect(path, name)


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), "x")  # always of 1980: the same bytes in every process
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "letter.txt", PDF),
        (b"\xef\xbb\xbf\n%PDF-1.4", "", PDF),
        (b"X-Gateway: 7\r\n%PDF-1.4\n1 0 obj <<>> endobj", "scan", PDF),
        (b"A file that begins with %PDF-1.7 is a PDF.", "about.txt", TEXT),
        (papers.package(papers.paragraph("x")), "letter.pdf", DOCX),
        (b"<!DOCTYPE html><p>x", "page.txt", HTML),
        (b"\xef\xbb\xbf  <!-- made by hand --> <HTML lang=de>", "", HTML),
        (b'<?xml version="1.0"?><!-- a --><!-- b -->\n<html xmlns="x">', "", HTML),
        ("<!doctype html><p>wide".encode("utf-16"), "", HTML),
        (b"<p>a part of a page</p>", "part.html", HTML),
        (b"# Leave\n", "leave.md", MARKDOWN),
        (b"# Leave\n", "leave.MARKDOWN", MARKDOWN),
        (b"# no heading, but a comment\n", "notes.txt", TEXT),
        (b"plain words", "picture.png", TEXT),
        ("Gr\u00f6\u00dfe".encode("cp1252"), "", TEXT),
        ("\u043f\u0440\u0438\u0432\u0435\u0442".encode("cp1251"), "", TEXT),
        ("wide words".encode("utf-16"), "", TEXT),
        ("wide words without a mark".encode("utf-16-le"), "", TEXT),
        ("wide words without a mark".encode("utf-16-be"), "", TEXT),
        (b"12:00 started\x00\n12:01 said\x07\n" + b"12:02 nothing\n" * 20, "log", TEXT),
        (b"\x1b[31mred\x1b[0m and a page\x0cbreak", "", TEXT),
        (b"", "", TEXT),
    ],
)
def test_the_content_decides_and_not_the_name(tmp_path: Path, content: bytes, name: str, expected: str) -> None:
    assert detected(tmp_path, content, name) == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bytes(range(256)) * 50, "kind of file"),
        (b"\x89PNG\r\n\x1a\n", "Pictures"),
        (b"\xff\xd8\xff\xe0", "Pictures"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "password"),
        (b"{\\rtf1 words}", "RTF"),
        (b"\x7fELF\x02\x01\x01" + bytes(60), "kind of file"),
        (zipped("xl/workbook.xml"), "spreadsheets"),
        (zipped("word/other.xml", "mimetype"), "Archives"),
        (zipped("a.txt")[:-10], "damaged"),
        (b"PK\x03\x04 and nothing more", "damaged"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_can(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(Unsupported) as refused:
        detected(tmp_path, content, "report.docx")
    assert said in refused.value.message
    assert "PDF, DOCX, HTML, Markdown and plain text" in refused.value.message


def test_an_archive_of_very_many_members_is_not_listed(tmp_path: Path) -> None:
    archive = bytearray(zipped("word/document.xml"))
    at = archive.rfind(b"PK\x05\x06") + 12
    archive[at : at + 4] = (media_types.DIRECTORY_MOST + 1).to_bytes(4, "little")
    with pytest.raises(Unsupported, match="damaged"):
        detected(tmp_path, bytes(archive))


def test_many_comments_before_a_page_do_not_take_for_ever(tmp_path: Path) -> None:
    assert detected(tmp_path, b"<!-- -->" * 8_000 + b"no page") == TEXT


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\Gehalt 2025.docx", "Gehalt 2025.docx"),
        ("a\x00b\r\nc\x1b.txt", "ab c.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("Gro\u0308\u00dfe.md", "Gr\u00f6\u00dfe.md"),
        ("  spaced \t out .txt ", "spaced out .txt"),
        (".hidden", ".hidden"),
        ("", "document"),
        ("..", "document"),
        ("folder/", "document"),
        ("\u202e\x07", "document"),
        ("\ud800.txt", ".txt"),
    ],
)
def test_a_name_is_cleaned_of_what_misleads(given_name: str, shown: str) -> None:
    assert media_types.clean_name(given_name) == shown


def test_a_long_name_keeps_its_ending() -> None:
    assert media_types.clean_name("x" * 400 + ".pdf") == "x" * 196 + ".pdf"
    assert len(media_types.clean_name("x." + "y" * 400)) == media_types.NAME_MAX


@given(st.text(max_size=300))
def test_any_name_can_be_shown_and_stored(name: str) -> None:
    shown = media_types.clean_name(name)
    assert 0 < len(shown) <= media_types.NAME_MAX
    assert not {"/", "\\"} & set(shown)
    assert all(unicodedata.category(sign)[0] != "C" for sign in shown)
    assert media_types.clean_name(shown) == shown
