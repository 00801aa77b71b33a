"""Files as they should be, damaged: cut at each tenth, bits turned, one taken for another, two in one."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage

import openpyxl  # type: ignore[import-untyped]
import pptx
from PIL import Image

from tests.hostile.archives import INSIDES
from tests.hostile.case import Case
from tests.hostile.markup import ROOTS
from tests.hostile.pages import CATALOG, ONE, SHOWS, pdf, stream
from tests.ingestion import papers

TENTHS = range(1, 10)
TURNED = 12  # of each sample, in the bench; a test takes some of them


def samples() -> dict[str, bytes]:
    """By ending: one that is read, or would be if the format were."""
    return {
        ".pdf": papers.pdf("# A title", "Thirty days of words.", [["a", "b"], ["1", "2"]]),
        ".small.pdf": pdf({**CATALOG, **ONE, 4: stream(SHOWS)}),
        ".docx": papers.word(("Heading 1", "A title"), ("Normal", "Thirty days."), [["a", "b"], ["1", "2"]]),
        ".xlsx": _workbook(),
        ".pptx": _slides(),
        ".odt": _zipped(".odt"),
        ".ods": _zipped(".ods"),
        ".epub": _book(),
        ".html": b"<!doctype html><html><head><title>T</title></head><body><h1>A</h1><p>Thirty days.</p></body></html>"
        * 9,
        ".md": b"# A title\n\nThirty days.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n" * 9,
        ".txt": b"Thirty days of words.\n" * 40,
        ".csv": b"name,days\nAda,30\nBob,28\n" * 30,
        ".json": b'{"days": [1, 2, {"three": null}], "text": "Thirty days"}' * 1,
        ".xml": b'<?xml version="1.0"?><r><a b="c">Thirty days</a><!-- c --><d/></r>',
        ".rtf": b"{\\rtf1\\ansi {\\b Thirty} days.\\par}",
        ".eml": _mail(),
        ".mbox": b"From a@b Thu Jan  1 00:00:00 2026\n" + _mail(),
        ".py": b"def days() -> int:\n    return 30\n" * 20,
        ".zip": _archive(),
        ".png": _picture("PNG"),
        ".jpg": _picture("JPEG"),
        ".tif": _picture("TIFF"),
        ".webp": _picture("WEBP"),
        ".doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 16,
    }


def cases() -> Iterator[Case]:
    there = samples()
    for ending, content in there.items():
        for tenth in TENTHS:
            yield Case("cut off", f"{tenth}{ending}", content[: len(content) * tenth // 10] or b"\x00")
        for number in range(TURNED):
            yield Case("bits turned", f"{number}{ending}", turned(content, f"{ending} {number}"))
    yield from _taken_for_another(there)
    yield from _two_in_one(there)
    yield from _next_to_nothing()


def turned(content: bytes, seed: str) -> bytes:
    """Some bits at random, fewer with each file of a sample."""
    chance, out = random.Random(seed), bytearray(content)
    for _ in range(max(1, len(out) // chance.choice([50, 300, 2_000]))):
        at = chance.randrange(len(out))
        out[at] ^= 1 << chance.randrange(8)
    return bytes(out)


def _taken_for_another(there: dict[str, bytes]) -> Iterator[Case]:
    endings = list(there)
    for place, (ending, content) in enumerate(there.items()):
        yield Case("wrong name", f"{ending.strip('.')}{endings[(place + 5) % len(endings)]}", content)
    noise = random.Random(7).randbytes(20_000)
    for magic in (
        b"%PDF-1.7\n",
        b"PK\x03\x04",
        b"{\\rtf1",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"<html>",
        b"From: a@b\n",
        b"\xd0\xcf\x11\xe0",
    ):
        yield Case("only its magic", f"{magic[:5].hex()}", magic + noise)
    yield Case("program", "elf", b"\x7fELF\x02\x01\x01" + noise)
    yield Case("program", "exe.docx", b"MZ\x90\x00" + noise)
    yield Case("program", "script.txt", b"#!/bin/sh\nrm -rf /\n")


TWO_IN_ONE = (
    (".small.pdf", ".zip"), (".html", ".small.pdf"), (".png", ".zip"), (".jpg", ".small.pdf"), (".zip", ".small.pdf"),
    (".docx", ".xlsx"), (".small.pdf", ".html"), (".txt", ".docx"), (".eml", ".zip"), (".md", ".html"),
)  # fmt: skip


def _two_in_one(there: dict[str, bytes]) -> Iterator[Case]:
    for first, second in TWO_IN_ONE:
        yield Case("two in one", f"{first.strip('.')}{second}", there[first] + there[second])


def _next_to_nothing() -> Iterator[Case]:
    for number, content in enumerate(
        (b"\x00", b"\n", b" ", b"%", b"P", b"PK", b"{", b"<", b"\xff", b"\xef\xbb\xbf", b"%PDF-", b"%PDF-1.4")
    ):
        yield Case("next to nothing", f"{number}", content)


def _saved(document: object) -> bytes:
    out = io.BytesIO()
    document.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in (["name", "days"], ["Ada", 30], ["Bob", "=1+1"]):
        book.active.append(row)
    return _saved(book)


def _slides() -> bytes:
    slides = pptx.Presentation()
    slide = slides.slides.add_slide(slides.slide_layouts[1])
    slide.shapes.title.text = "Thirty days"
    return _saved(slides)


def _zipped(ending: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in INSIDES[ending][:-1]:
            archive.writestr(name.decode(), content)
        archive.writestr(INSIDES[ending][-1][0].decode(), ROOTS[ending].format("Thirty days"))
    return out.getvalue()


def _book() -> bytes:
    out = io.BytesIO(_zipped(".epub"))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("one.xhtml", "<html><body><p>Thirty days</p></body></html>")
    return out.getvalue()


def _archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("note.txt", "Thirty days.")
        archive.writestr("folder/page.html", "<html><p>Thirty days.")
    return out.getvalue()


def _mail() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.com", "b@example.com", "Days"
    mail.set_content("Thirty days.")
    mail.add_alternative("<p>Thirty days.</p>", subtype="html")
    mail.add_attachment(b"Thirty days.", maintype="text", subtype="plain", filename="note.txt")
    return mail.as_bytes()


def _picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, kind)
    return out.getvalue()
