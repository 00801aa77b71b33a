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
from ingestion.formats import (
    ASCIIDOC,
    CALENDAR,
    CARDS,
    CODE,
    CSV,
    DOCX,
    EPUB,
    HTML,
    JSON,
    LATEX,
    MAIL,
    MAILBOX,
    MARKDOWN,
    PDF,
    PPTX,
    RST,
    RTF,
    SUBTITLES,
    TEXT,
    TSV,
    XLSX,
    XML,
    ZIP,
)
from ingestion.media_types import packages
from ingestion.media_types.refused import READABLE
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
        (zipped("word/other.xml", "mimetype"), "letter.docx", ZIP),
        (b"Received: by mx\nMessage-ID: <1@x>\nSubject: Hi\n\nwords", "hi.txt", MAIL),
        (b"From: Ada\nTo: Bob\nSubject: Memo\n\nwords", "memo.txt", TEXT),
        (b"From: Ada\nTo: Bob\nSubject: Memo\n\nwords", "memo.eml", MAIL),
        (b"From ada@x Fri May  3 10:00:00 2024\nSubject: Hi\n\nwords", "inbox", MAILBOX),
        (b"From here on: words\nand more", "essay", TEXT),
        (b"<!DOCTYPE html><p>x", "page.txt", HTML),
        (b"\xef\xbb\xbf  <!-- made by hand --> <HTML lang=de>", "", HTML),
        (b'<?xml version="1.0"?><!-- a --><!-- b -->\n<html xmlns="x">', "", HTML),
        ("<!doctype html><p>wide".encode("utf-16"), "", HTML),
        (b"<p>a part of a page</p>", "part.html", HTML),
        (b"# Leave\n", "leave.md", MARKDOWN),
        (b"# Leave\n", "leave.MARKDOWN", MARKDOWN),
        (b"# no heading, but a comment\n", "notes.txt", TEXT),
        (b"plain words", "picture.png", TEXT),
        (b"\x89PNG\r\n\x1a\n", "note.txt", "image/png"),
        (b"\xff\xd8\xff\xe0", "note.txt", "image/jpeg"),
        (b"GIF89a", "note.txt", "image/gif"),
        (b"II*\x00", "note.txt", "image/tiff"),
        (b"MM\x00*", "note.txt", "image/tiff"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "note.txt", "image/webp"),
        (b"BM" + bytes(12) + b"\x28\x00\x00\x00", "note.txt", "image/bmp"),
        (b"BMW sells cars.", "note.txt", TEXT),
        ("Gr\u00f6\u00dfe".encode("cp1252"), "", TEXT),
        ("\u043f\u0440\u0438\u0432\u0435\u0442".encode("cp1251"), "", TEXT),
        ("wide words".encode("utf-16"), "", TEXT),
        ("wide words without a mark".encode("utf-16-le"), "", TEXT),
        ("wide words without a mark".encode("utf-16-be"), "", TEXT),
        (b"12:00 started\x00\n12:01 said\x07\n" + b"12:02 nothing\n" * 20, "log", TEXT),
        (b"\x1b[31mred\x1b[0m and a page\x0cbreak", "", TEXT),
        (b"", "", TEXT),
        (b"{\\rtf1 words}", "letter.doc", RTF),
        (b" \n{\\rtx1\\bin4 \x00\x01\x02\x03}", "", RTF),
        (zipped("xl/workbook.xml"), "book.docx", XLSX),
        (zipped("ppt/presentation.xml"), "talk.xlsx", PPTX),
        (b"name,days\nAda,30\nBob,28\n", "leave.csv", CSV),
        (b"name\tdays\nAda\t30\n", "leave.csv", TSV),
        (b"sep=;\nname;days\nAda;30\n", "leave.csv", CSV),
        (b"id,name,days\n1,Ada,30\n2,Bob,28\n3,Eve,27\n4,Dan,26\n", "leave.txt", CSV),
        ("name;Größe\nAda;1,70\n".encode("utf-16"), "size.csv", CSV),
        (b"Dear all\n\nwe meet on Monday and not on Tuesday.\n\nBest wishes\nAda\n", "letter.csv", TEXT),
        (b"One, two, three.\nFour, five, and six.\nSeven.\nEight, nine.\nTen, eleven.\n", "", TEXT),
        (b'{"a": 1, "b": 2, "c": 3}\n' * 9, "lines", JSON),
        (b'[{"a": 1}]', "", JSON),
        (b"[1] Ada: The plan. Ulm 2024.\n[2] Bob: The other plan.", "references", TEXT),
        (b"[[Wiki]] page", "", TEXT),
        (b"{curly} words", "", TEXT),
        (b"<?xml version='1.0'?><r/>", "", XML),
        (b"<r>words</r>", "data.xml", XML),
        (b"no tag", "data.xml", TEXT),
        (b"BEGIN:VCALENDAR\r\n", "", CALENDAR),
        (b"begin:vcard\n", "", CARDS),
        (b"WEBVTT\n\n", "", SUBTITLES),
        (b"1\n00:00:01,000 --> 00:00:02,000\nHi", "", SUBTITLES),
        (b"% a comment\n\\documentclass{book}", "", LATEX),
        (b"Title\n=====\n", "read.rst", RST),
        (b"= Title\n", "read.adoc", ASCIIDOC),
        (b"#!/bin/sh\necho", "run", CODE),
        (b"def f(): pass", "f.py", CODE),
        (b"def f(): pass", "f.txt", TEXT),
        (zipped("META-INF/container.xml", "a.xhtml"), "book.zip", EPUB),
    ],
)
def test_the_content_decides_and_not_the_name(tmp_path: Path, content: bytes, name: str, expected: str) -> None:
    assert detected(tmp_path, content, name) == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bytes(range(256)) * 50, "kind of file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not known here"),
        (b"\x7fELF\x02\x01\x01" + bytes(60), "kind of file"),
        (zipped("xl/workbook.bin", "[Content_Types].xml"), "XLSB"),
        (zipped("visio/document.xml", "[Content_Types].xml"), "Office"),
        (zipped("META-INF/MANIFEST.MF", "a.class"), "program"),
        (zipped("Index/Document.iwa"), "Keynote"),
        (b"\x1f\x8b\x08\x00" + bytes(20), "ZIP"),
        (b"\x78\x9f\x3e\x22\x00\x01", "winmail"),
        (zipped("a.txt")[:-10], "damaged"),
        (b"PK\x03\x04 and nothing more", "damaged"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_can(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(Unsupported) as refused:
        detected(tmp_path, content, "report.docx")
    assert said in refused.value.message
    assert READABLE in refused.value.message


def test_an_archive_of_very_many_members_is_not_listed(tmp_path: Path) -> None:
    archive = bytearray(zipped("word/document.xml"))
    at = archive.rfind(b"PK\x05\x06") + 12
    archive[at : at + 4] = (packages.DIRECTORY_MOST + 1).to_bytes(4, "little")
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
    shown = media_types.clean_name("x" * 400 + ".pdf")
    assert (len(shown), shown[:187], shown[-4:]) == (media_types.NAME_MAX, "x" * 187, ".pdf")
    assert len(media_types.clean_name("x." + "y" * 400)) == media_types.NAME_MAX
    assert media_types.clean_name("x" * 200) == "x" * 200


def test_what_differs_beyond_what_is_shown_stays_two_names() -> None:
    names = [f"{'Minutes of the works council ' * 8}{day}.docx" for day in range(20)]
    assert len({media_types.clean_name(name) for name in names}) == 20
    deep = "/".join(["Correspondence with the insurance"] * 6)
    paths = [f"Project {n}/{deep}/notes.md" for n in range(20)]
    shown = {media_types.clean_path(path) for path in paths}
    assert len(shown) == 20
    assert all(one.endswith("/Correspondence with the insurance/notes.md") for one in shown)
    assert len({media_types.clean_path(f"Project {n}/{names[0]}") for n in range(20)}) == 20
    assert media_types.clean_path("a/../b/./c.txt") == "a/b/c.txt"


@given(st.text(max_size=600))
def test_any_path_can_be_shown_and_stays_what_it_is(path: str) -> None:
    shown = media_types.clean_path(path)
    assert 0 < len(shown) <= media_types.NAME_MAX
    assert all(part.strip(". ") for part in shown.split("/"))
    assert media_types.clean_path(shown) == shown


@given(st.text(max_size=300))
def test_any_name_can_be_shown_and_stored(name: str) -> None:
    shown = media_types.clean_name(name)
    assert 0 < len(shown) <= media_types.NAME_MAX
    assert not {"/", "\\"} & set(shown)
    assert all(unicodedata.category(sign)[0] != "C" for sign in shown)
    assert media_types.clean_name(shown) == shown
