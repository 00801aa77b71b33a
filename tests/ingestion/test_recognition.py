"""Text recognition: which pages it reads, where on them the text stands, how sure it is, and that nothing is read twice."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest import mock

import pytest
from PIL import Image

from ingestion import catalog, media_types, search
from ingestion.models import Document, Recognised, Status
from ingestion.parsers.base import Box, Parsed, ParseFailed
from ingestion.parsers.limited import sandbox
from ingestion.parsers.pages import pictures
from ingestion.parsers.pages.pdf import Pdf
from ingestion.parsers.pages.picture import Picture
from ingestion.parsers.pages.recognised import Page, Run, lines
from ingestion.pipeline import recognition
from tests.cast import House
from tests.ingestion import bells, ingests, papers, scans

HOTELS = [(72.0, 700.0, "Hotels are paid up to 140 euros a night."), (72.0, 680.0, "Breakfast is paid with it.")]
TRAINS = [(72.0, 700.0, "Trains are booked in second class, whatever the distance of the journey may be in the end.")]


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Travel").pk


def run(text: str, left: float, foot: float, *, size: float = 10.0, confidence: float = 0.9) -> Run:
    return Run(text, confidence, left, left + len(text) * size / 2, foot, size, Box(0.1, 0.1, 0.2, 0.2))


def told(*runs: Run) -> list[list[str]]:
    return [[cell.text for cell in line.cells] for line in lines({1: Page(runs)})[1]]


def kept(house: House, row: Document) -> list[int]:
    with house.system.transaction():
        return list(
            Recognised.objects.filter(version=bells.latest(row)).order_by("number").values_list("number", flat=True)
        )


def test_a_scanned_page_among_others_is_found_with_its_place_and_its_confidence(
    house: House, collection: uuid.UUID
) -> None:
    row = bells.ingested(house, collection, scans.scanned_pdf([TRAINS, scans.picture(HOTELS)]), "rules.pdf")
    version = ingests.version(house, row)
    assert version.status == Status.READY
    assert ingests.stages(version) == [
        *ingests.CAME,
        "parse",
        "recognise",
        "chunk",
        "policy",
        "embed",
        "index",
        "ready",
    ]
    (note,) = [mark["note"] for mark in version.timeline if mark["stage"] == "chunk"]
    assert note.startswith("1 of 2 pages were read by text recognition, with a confidence of: 2 (0.9")
    found = search.document_text(house.ada, row.pk)
    (hotels,) = [one for one in found if "140 euros a night" in one.text]
    assert any((box[4] if len(box) > 4 else hotels.locator["page"]) == 2 for box in hotels.locator["boxes"])
    assert kept(house, row) == []


@pytest.mark.parametrize("turned", [90, 180])
def test_a_page_that_was_scanned_askew_or_on_its_head_is_read_and_marked_where_it_is_seen(
    turned: int, tmp_path: Path
) -> None:
    path = tmp_path / "scan.png"
    path.write_bytes(scans.packed(scans.picture(HOTELS, turned=turned)))
    parsed = _recognised(path)
    text = " ".join(section.text for section in parsed.sections)
    assert text.index("Hotels are paid up to 140 euros") < text.index("Breakfast is paid")
    spot = next(spot for section in parsed.sections for spot in section.spots)
    seen = {90: (0.16, 0.5), 180: (0.5, 0.84)}[turned]  # where the middle of the first line has gone
    assert spot.box is not None
    assert spot.box.left < seen[0] < spot.box.right or turned == 180
    assert spot.box.top < seen[1] + 0.15
    assert parsed.sections[0].locator.confidence is not None
    assert parsed.sections[0].locator.confidence > 0.9


def _recognised(path: Path) -> Parsed:
    media_type = media_types.detect(path, path.name)
    parsed = sandbox.run(path, media_type)
    known: dict[int, Page] = {}
    recognition._recognise(path, media_type, parsed.unread, known.__setitem__)
    return sandbox.run(path, media_type, recognised=known)


def test_a_killed_ingest_goes_on_with_the_next_page(house: House, collection: uuid.UUID) -> None:
    pages = [scans.picture(HOTELS, side=900)] * 3
    row = bells.upload(house, collection, scans.scanned_pdf(pages), "rules.pdf")
    asked: list[Sequence[int]] = []

    def pretend(path: Path, media_type: str, numbers: Sequence[int], keep: Callable[[int, Page], None]) -> None:
        asked.append(list(numbers))
        for number in numbers:
            keep(number, Page((run(f"The rate of page {number} is 100 euros.", 72, 700),)))
            if number == 2 and len(asked) == 1:
                raise ingests.KilledError

    with mock.patch.object(recognition, "_recognise", pretend):
        with pytest.raises(ingests.KilledError):
            bells.ingest(house, row)
        assert kept(house, row) == [1, 2]
        ingests.lapse(house, row)
        bells.ingest(house, row)
    version = ingests.version(house, row)
    assert version.status == Status.READY
    assert asked == [[1, 2, 3], [3]]
    assert "2 of 3 pages had been read before" in [mark["note"] for mark in version.timeline]
    assert "page 1" in search.document_text(house.ada, row.pk)[0].text
    assert kept(house, row) == []


def test_a_page_that_recognition_cannot_read_is_named_and_costs_no_other(house: House, collection: uuid.UUID) -> None:
    def stumble(path: Path, media_type: str, numbers: Sequence[int], keep: Callable[[int, Page], None]) -> None:
        for number in numbers:
            if number == 2:
                raise ParseFailed("timeout", "Reading the document took too long.", "Split it.")
            keep(number, Page((run("Taxis at night are paid.", 72, 700, confidence=0.6),)))

    pages = scans.scanned_pdf([scans.picture(HOTELS, side=900)] * 3)
    with mock.patch.object(recognition, "_recognise", stumble):
        row = bells.ingested(house, collection, pages, "rules.pdf")
    version = ingests.version(house, row)
    assert version.status == Status.READY
    (note,) = [mark["note"] for mark in version.timeline if mark["stage"] == "chunk"]
    assert "2 of 3 pages were read by text recognition, with a confidence of: 1 (0.60), 3 (0.60)." in note
    assert "not sure of these pages, compare them with the original: 1, 3." in note
    assert "could not read these pages: 2." in note


def test_where_no_page_can_be_read_the_document_fails_by_name(house: House, collection: uuid.UUID) -> None:
    away = ParseFailed("crashed", "The document could not be read: no parser started.", "Try again in a minute.")
    with mock.patch.object(recognition, "_recognise", side_effect=away):
        row = bells.ingested(house, collection, scans.scanned_pdf([scans.picture(HOTELS, side=900)] * 5), "rules.pdf")
    assert (ingests.version(house, row).status, ingests.version(house, row).error_code) == (Status.FAILED, "crashed")


def test_pages_of_text_are_not_recognised_and_blank_ones_neither() -> None:
    parsed = Pdf().parse(io.BytesIO(papers.drawn_pdf([TRAINS, []])))
    assert parsed.unread == ()


def test_a_stamp_on_the_picture_of_a_page_does_not_hide_that_it_is_one() -> None:
    out = io.BytesIO(scans.scanned_pdf([scans.picture(HOTELS, side=900)]))
    import pypdfium2
    import pypdfium2.raw as pdfium

    document = pypdfium2.PdfDocument(out)
    page = document[0]
    stamp = pdfium.FPDFPageObj_NewTextObj(document.raw, b"Helvetica", 9.0)
    pdfium.FPDFText_SetText(stamp, (pdfium.FPDF_WCHAR * 9)(*map(ord, "ACME-007"), 0))
    pdfium.FPDFPage_InsertObject(page.raw, stamp)
    page.gen_content()
    stamped = io.BytesIO()
    document.save(stamped)
    parsed = Pdf().parse(io.BytesIO(stamped.getvalue()))
    assert parsed.sections[0].text == "ACME-007"
    assert parsed.unread == (1,)


def test_two_columns_are_read_one_after_the_other_and_a_heading_over_both_first() -> None:
    left = [run(f"the left column tells of leave, line {n}", 50, 700 - 14 * n) for n in range(5)]
    right = [run(f"the right one tells of sickness, line {n}", 300, 693 - 14 * n) for n in range(5)]
    heading = run("Rules for every one of us who works in this house", 60, 750, size=18)
    said = told(*right, heading, *left)
    assert said[0] == ["Rules for every one of us who works in this house"]
    assert [cells[0][4:8] for cells in said[1:]] == ["left"] * 5 + ["righ"] * 5


def test_short_cells_beside_each_other_are_a_row_and_no_columns() -> None:
    rows = [("Plan", "Notice"), ("Gold", "60 days"), ("Silver", "30 days"), ("Platinum", "90 days")]
    runs = [run(text, x, 700 - 14 * n) for n, row in enumerate(rows) for x, text in zip((50, 300), row, strict=True)]
    assert told(*runs) == [list(row) for row in rows]


def test_letters_of_about_the_same_height_are_of_the_same_size() -> None:
    runs = [run("a line of the text itself", 50, 700 - 14 * n, size=10 + n % 3) for n in range(6)]
    made = lines({1: Page((*runs, run("Heading", 50, 760, size=20)))})[1]
    assert {line.size for line in made if line.text != "Heading"} == {11.0}
    assert made[0].size == 20


def test_every_page_of_a_tiff_is_a_page(tmp_path: Path) -> None:
    first, second = scans.picture(HOTELS, side=400), scans.picture(TRAINS, side=400)
    path = tmp_path / "two.tif"
    path.write_bytes(scans.packed(first, "TIFF", save_all=True, append_images=[second]))
    assert media_types.detect(path, "two.tif") == "image/tiff"
    parsed = Picture().parse(path.open("rb"))
    assert (parsed.pages, parsed.unread) == (2, (1, 2))


def test_a_photograph_is_turned_as_its_camera_says() -> None:
    turned = Image.new("RGB", (40, 20), "white")
    exif = Image.Exif()
    exif[0x0112] = 6
    content = scans.packed(turned, "JPEG", exif=exif)
    assert pictures.opened(content, 1).page(1, 100).size == (20, 40)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_a_picture_of_any_depth_is_read_in_colours_on_white(mode: str) -> None:
    kind = "TIFF" if mode in {"CMYK", "I;16", "F"} else "PNG"
    page = pictures.opened(scans.packed(Image.new(mode, (30, 20)), kind), 1).page(1, 100)
    assert (page.mode, page.size) == ("RGB", (30, 20))
