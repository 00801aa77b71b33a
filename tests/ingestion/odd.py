"""Odd and honest: files that look strange and are what somebody has in the office. Each with words that must be read."""

from __future__ import annotations

import codecs
import io
import zipfile
from collections.abc import Iterator

import docx

from tests.hostile.pages import CATALOG, ONE, PAGE, SHOWS, pdf, stream
from tests.ingestion import papers

WORDS = "Thirty days"
GERMAN = "Dreißig Tage für Übergänge, schön gemäß Maß. " * 4
# From other people's packages, whose hashes stand in tests/ingestion/formats/manifest: the member, and words in it.
REAL = {
    "pikepdf": [
        "badlin1", "content-stream-errors", "form_210966", "form_dd0293", "formxobject", "fourpages", "jbig2global",
        "outlines", "sandwich", "pdfa/cmyk", "pdfa/fpdf2_cjk", "pdfa/fpdf2_latin_tr3", "pdfa/francais_ocr_sandwich",
        "pdfa/graph_ocred", "pdfa/link", "pdfa/multipage", "pdfa/overlay", "pdfa/tagged", "pdfa/toc",
        "pdfa/truetype_font_nomapping", "pdfx",
    ],
    "pypdf": [
        "AutoCad_Diagram", "FormTestFromOo", "SF424_page2", "Sample_Td-matrix", "attachment", "bytes",
        "commented-xmp", "encryption/r2-empty-password", "encryption/r3-empty-password",
        "encryption/r4-owner-password", "encryption/r5-empty-password", "encryption/r6-empty-password",
        "encryption/r6-owner-password", "form_acrobatReader", "indirect-rotation", "inkscape-abc", "issue-301",
        "issue-914-xmp-data", "labeled-edges-center-image", "libreoffice-form", "missing_info", "multilang",
        "outline-without-title", "outlines-with-invalid-destinations", "side-by-side-subfig", "superscript-pdftex",
        "two-different-pages",
    ],
}  # fmt: skip
FOLDERS = {"pikepdf": "tests/resources", "pypdf": "resources"}


def made() -> Iterator[tuple[str, bytes]]:
    """(name, content): each says "Thirty days", or the German of it."""
    yield from _texts()
    yield from _pages()
    yield from _words()
    yield from _webs()


def _texts() -> Iterator[tuple[str, bytes]]:
    for name in ("latin-1", "cp1252", "iso8859-15", "cp850", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"):
        yield f"{name}.txt", f"{WORDS}. {GERMAN}".encode(name)
    for name, text in {
        "cp1251": "Тридцать дней отпуска в году, и ни днём больше. ",
        "koi8-r": "Тридцать дней отпуска в году, и ни днём больше. ",
        "shift_jis": "休暇は年に三十日です。それ以上はありません。",
        "euc-kr": "휴가는 일 년에 삼십 일입니다. 그 이상은 없습니다. ",
        "gb18030": "每年有三十天的假期，不能再多了。",
        "cp1253": "Τριάντα ημέρες άδεια τον χρόνο και όχι περισσότερες. ",
    }.items():
        yield f"{name}.txt", f"{WORDS}. {text * 20}".encode(name)
    yield "right-to-left.txt", f"{WORDS}. שלושים ימים. ثلاثون يومًا. \u202bשלום\u202c".encode()
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea e\u0301"
    yield "emoji.md", f"# Leave \U0001f3d6\ufe0f\n\n{WORDS} {family}".encode()
    yield "mixed-lines.txt", f"{WORDS}\r\nand\rmore\nlines\x0b\x0c\u2028\u2029\x85end".encode()
    yield "one-line.txt", f"{WORDS} {'and so on ' * 40_000}".encode()
    yield "no-end.md", f"| a | b |\n| - | - |\n| {WORDS} | 2 |".encode()
    yield "nul-at-the-end.txt", f"{WORDS} of words\n".encode() * 400 + b"\x00"
    yield "escape-codes.txt", f"\x1b[1m{WORDS}\x1b[0m of a terminal\n".encode() * 50
    yield "two-marks.txt", codecs.BOM_UTF8 * 2 + f"{WORDS} of words".encode()
    yield "one-word.txt", WORDS.encode()


def _pages() -> Iterator[tuple[str, bytes]]:
    shows = SHOWS.replace(b"words", WORDS.encode())
    page = {**CATALOG, **ONE, 4: stream(shows)}
    for turn in (90, 180, 270, -90, 450):
        yield f"turned-{turn}.pdf", pdf({**page, 3: PAGE.replace("/Contents", f"/Rotate {turn} /Contents")})
    yield "no-size.pdf", pdf({**page, 3: PAGE.replace("/MediaBox [0 0 600 800] ", "")})
    yield "size-of-nothing.pdf", pdf({**page, 3: PAGE.replace("0 0 600 800", "0 0 0 0")})
    yield "size-upside-down.pdf", pdf({**page, 3: PAGE.replace("0 0 600 800", "600 800 0 0")})
    yield "units.pdf", pdf({**page, 3: PAGE.replace("/Contents", "/UserUnit 10 /Contents")})
    whole = pdf(page)
    yield "behind-a-letter.pdf", b"Content-Type: application/pdf\r\n\r\n" + whole
    yield "before-a-letter.pdf", whole + b"\r\n--boundary--\r\n" * 40
    yield "no-table.pdf", whole[: whole.rindex(b"xref\n0")] + whole[whole.rindex(b"trailer") :]
    yield "wrong-table.pdf", whole.replace(b"00000 n", b"00007 n").replace(b"startxref\n", b"startxref\n9")
    yield "windows-lines.pdf", whole.replace(b"\nendobj", b"\r\nendobj")
    yield (
        "saved-again.pdf",
        whole + b"3 0 obj\n" + PAGE.encode() + b"\nendobj\nxref\n0 0\ntrailer\n<< /Size 6 /Root 1 0 R >>\n%%EOF",
    )
    yield "empty-page.pdf", papers.drawn_pdf([[], [(72, 700, WORDS)], []])
    yield "many-pages.pdf", papers.drawn_pdf([[(72, 700, f"{WORDS}, page {n}")] for n in range(120)])


def _words() -> Iterator[tuple[str, bytes]]:
    yield "table.docx", papers.word([["name", "days"]] + [["Ada", WORDS]] * 300)
    yield "empty-styles.docx", papers.package(papers.paragraph(WORDS), styles="<w:styles/>")
    yield "broken-styles.docx", papers.package(papers.paragraph(WORDS), styles="<w:styles")
    yield "marked.docx", papers.package(papers.paragraph(WORDS), before="\ufeff")
    document = docx.Document()
    for level in range(1, 10):
        document.add_heading(f"{WORDS} {level}", level)
    out = io.BytesIO()
    document.save(out)
    yield "nine-headings.docx", out.getvalue()
    stored = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(papers.word(("Normal", WORDS)))) as packed, zipfile.ZipFile(stored, "w") as plain:
        for name in packed.namelist():
            plain.writestr(name.replace("/", "\\") if name.startswith("docProps") else name, packed.read(name))
    yield "not-packed.docx", stored.getvalue()


def _webs() -> Iterator[tuple[str, bytes]]:
    yield "no-head.html", f"<p>{WORDS}".encode()
    yield "nothing-closed.html", f"<html><body><div><table><tr><td>{WORDS}<td>b<tr><td>c".encode()
    yield "said-otherwise.html", f'<html><meta charset="utf-8"><p>{WORDS}, {GERMAN}'.encode("cp1252")
    yield (
        "old.html",
        f"<HTML><BODY BGCOLOR=WHITE><FONT SIZE=+2><CENTER>{WORDS}</CENTER></FONT><BR CLEAR=ALL></BODY>".encode(),
    )
    yield (
        "strict.xhtml",
        f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>{WORDS}</p></body></html>'.encode(),
    )
    yield "wide.html", f"<html><table>{f'<tr><td>{WORDS}<td>2' * 3_000}</table>".encode("utf-16")
