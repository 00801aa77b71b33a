"""What a PDF says beside its lines: the names of its fields, its bookmarks, and what it would do if it were let."""

from __future__ import annotations

import io

import pypdfium2
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from ingestion.parsers import flags
from ingestion.parsers.base import Parsed
from ingestion.parsers.pages.carried import XFA
from ingestion.parsers.pages.pdf import Pdf
from tests.ingestion import papers
from tests.ingestion.test_hostile_pages import FONT, PAGE, WORDS, pdf, raw, stream


def parsed(content: bytes) -> Parsed:
    return Pdf().parse(io.BytesIO(content))


def drawn(deed: object) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    deed(canvas)  # type: ignore[operator]
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def catalogue(entries: str, *more: bytes | str) -> bytes:
    first = [f"<</Type/Catalog/Pages 2 0 R{entries}>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>"]
    return raw(*first, PAGE.format(resources=FONT), stream(WORDS), *more)


def test_what_was_filled_into_a_form_stands_with_the_name_of_its_field() -> None:
    def form(canvas: Canvas) -> None:
        canvas.drawString(72, 720, "Travel request")
        canvas.acroForm.textfield(name="town", tooltip="Destination", value="Ghent", x=72, y=680, width=200)
        canvas.acroForm.textfield(name="purpose", value="", x=72, y=640, width=200)
        canvas.acroForm.checkbox(name="hotel", checked=True, x=72, y=600)
        canvas.acroForm.checkbox(name="train", checked=False, x=72, y=560)

    text = parsed(drawn(form)).sections[0].text
    assert "- Destination: Ghent" in text
    assert "- hotel: Yes" in text
    assert "purpose" not in text
    assert "train" not in text


def test_bookmarks_are_headings_where_letters_set_none_apart() -> None:
    def book(canvas: Canvas) -> None:
        for y, line in ((720, "1 Leave"), (700, "Thirty days a year."), (660, "2 Sickness"), (640, "Tell us by nine.")):
            canvas.drawString(72, y, line)
        for key, title in (("leave", "1 Leave"), ("sickness", "2  Sickness")):
            canvas.bookmarkPage(key)
            canvas.addOutlineEntry(title, key, 0)

    assert papers.told(parsed(drawn(book))) == [
        (("1 Leave",), "Thirty days a year."),
        (("2 Sickness",), "Tell us by nine."),
    ]


def test_larger_letters_are_believed_before_bookmarks() -> None:
    content = papers.pdf("# Leave", "Thirty days a year.")
    assert parsed(content).sections[0].heading_path == ("Leave",)


@pytest.mark.parametrize(
    ("content", "flag"),
    [
        (catalogue("/OpenAction<</S/JavaScript/JS(app.alert(1))>>"), flags.JAVASCRIPT),
        (catalogue("/Names<</JavaScript<</Names[(a) 5 0 R]>>>>", "<</S /JavaScript /JS 6 0 R>>"), flags.JAVASCRIPT),
        (catalogue("/OpenAction<</S /Launch/F(calc.exe)>>"), flags.LAUNCH_ACTION),
        (catalogue("", stream(b"MZ", "/Type /EmbeddedFile")), flags.EMBEDDED_FILES),
    ],
)
def test_what_acts_by_itself_is_named_and_the_words_are_read(content: bytes, flag: str) -> None:
    read = parsed(content)
    assert read.flags == (flag,)
    assert read.sections[0].text == "Trains are booked in second class."


def test_words_about_javascript_are_no_script() -> None:
    assert parsed(papers.drawn_pdf([[(72, 700, "/JS and /JavaScript and /Launch are names.")]])).flags == ()
    assert parsed(pdf()).flags == ()


def test_a_form_that_only_its_own_program_shows_is_named() -> None:
    read = parsed(catalogue("/AcroForm<</Fields[]/XFA 5 0 R>>", stream(b"<xdp/>")))
    assert read.warnings == (XFA,)


def test_a_pdf_that_forbids_to_print_but_opens_without_a_password_is_read() -> None:
    out = io.BytesIO()
    canvas = Canvas(out, encrypt=StandardEncryption("", ownerPassword="hush", canPrint=0, canCopy=0))
    canvas.drawString(72, 700, "Read me.")
    canvas.save()
    assert pypdfium2.PdfDocument(out.getvalue()) is not None
    assert parsed(out.getvalue()).sections[0].text == "Read me."
