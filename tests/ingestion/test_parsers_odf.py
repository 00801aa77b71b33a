"""OpenDocument is read as it is shown: structure in text, numbers in sheets, slides in their order."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from governance.errors import Unsupported
from ingestion import formats, media_types
from ingestion.parsers import flags
from ingestion.parsers.base import Parsed, ParseFailed, Parser
from ingestion.parsers.limited import sandbox
from ingestion.parsers.opendocument.odp import Odp
from ingestion.parsers.opendocument.ods import Ods
from ingestion.parsers.opendocument.odt import Odt
from tests.ingestion import papers
from tests.ingestion.workbooks import zipped

ALL = "urn:oasis:names:tc:opendocument:xmlns:"
NAMES = " ".join(
    f'xmlns:{short}="{ALL}{name}:1.0"'
    for short, name in (
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("style", "style"),
        ("svg", "svg-compatible"),
        ("presentation", "presentation"),
    )
)
KIND = "application/vnd.oasis.opendocument."


def document(kind: str, body: str, styles: str = "", before: str = "", **parts: str) -> bytes:
    inside = {"text": "text", "spreadsheet": "spreadsheet", "presentation": "presentation"}[kind]
    content = (
        f"{before}<office:document-content {NAMES} xmlns:xlink='http://www.w3.org/1999/xlink'>"
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{inside}>{body}</office:{inside}></office:body></office:document-content>"
    )
    return zipped({"mimetype": KIND + kind, "content.xml": content, **parts})


def read(parser: type[Parser], content: bytes) -> Parsed:
    return parser().parse(io.BytesIO(content))


def text(body: str, styles: str = "") -> Parsed:
    return read(Odt, document("text", body, styles))


def sheet(rows: str, styles: str = "") -> Parsed:
    return read(Ods, document("spreadsheet", f'<table:table table:name="Budget">{rows}</table:table>', styles))


def cell(words: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{words}</text:p></table:table-cell>"


def test_headings_lists_tables_and_notes_stand_in_their_order() -> None:
    styles = '<text:list-style style:name="L2"><text:list-level-style-number text:level="1"/></text:list-style>'
    body = (
        '<text:p text:style-name="Title">Handbook</text:p><text:h text:outline-level="1">Travel</text:h>'
        "<text:p>Two<text:s text:c='2'/>blanks<text:note><text:note-body><text:p>A note.</text:p></text:note-body></text:note>"
        "<office:annotation><text:p>a comment</text:p></office:annotation> kept.</text:p>"
        "<text:list><text:list-item><text:p>trains</text:p><text:list><text:list-item><text:p>night trains</text:p>"
        "</text:list-item></text:list></text:list-item></text:list>"
        '<text:list text:style-name="L2"><text:list-item><text:p>ask</text:p></text:list-item></text:list>'
        '<text:h text:outline-level="2">Rates</text:h><table:table><table:table-header-rows><table:table-row>'
        f"{cell('City')}{cell('Rate', 'table:number-columns-spanned=' + chr(34) + '2' + chr(34))}<table:covered-table-cell/>"
        "</table:table-row></table:table-header-rows><table:table-row>"
        f"{cell('Kassel', 'table:number-rows-spanned=' + chr(34) + '2' + chr(34))}{cell('120')}{cell('90')}</table:table-row>"
        f"<table:table-row><table:covered-table-cell/>{cell('70')}{cell('60')}</table:table-row></table:table>"
    )
    parsed = text(body, styles)
    assert parsed.title == "Handbook"
    assert papers.told(parsed) == [
        (("Travel",), "Two  blanks kept.\n\nA note.\n\n- trains\n  - night trains\n\n1. ask"),
        (
            ("Travel", "Rates"),
            "| City | Rate |  |\n| --- | --- | --- |\n| Kassel | 120 | 90 |\n| Kassel | 70 | 60 |",
        ),
    ]


def test_headers_and_footers_stand_once_at_the_end_under_no_heading() -> None:
    page = "<style:master-page><style:header><text:p>Acme Ltd</text:p></style:header>"
    page += "<style:footer><text:p>7</text:p></style:footer></style:master-page>"
    styles = f"<office:document-styles {NAMES}><office:master-styles>{page * 2}</office:master-styles></office:document-styles>"
    body = '<text:h text:outline-level="1">Travel</text:h><text:p>By train.</text:p>'
    content = document("text", body, **{"styles.xml": styles})
    assert papers.told(read(Odt, content)) == [(("Travel",), "By train."), ((), "Acme Ltd")]


def test_boxes_are_read_and_deletions_indexes_and_their_like_are_not() -> None:
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes>"
        "<text:table-of-content><text:index-body><text:p>Travel 1</text:p></text:index-body></text:table-of-content>"
        "<text:section><text:p>Before<draw:frame><draw:text-box><text:p>Mind the step.</text:p></draw:text-box></draw:frame>"
        "</text:p></text:section>"
    )
    assert papers.told(text(body)) == [((), "Before\n\nMind the step.")]


def test_a_sheet_shows_what_it_shows_and_rows_know_their_numbers() -> None:
    rows = (
        "<table:table-row table:number-rows-repeated='3'><table:table-cell table:number-columns-repeated='1024'/>"
        "</table:table-row>"
        f"<table:table-row><table:table-cell/>{cell('Day')}{cell('Share')}</table:table-row>"
        "<table:table-row><table:table-cell/>"
        + cell("04.03.25", 'office:value-type="date" office:date-value="2025-03-04"')
        + cell("12,5 %", 'office:value-type="percentage" office:value="0.125"')
        + "</table:table-row><table:table-row table:number-rows-repeated='1048570'><table:table-cell/></table:table-row>"
    )
    (section,) = sheet(rows).sections
    assert section.text == "| Day | Share |\n| --- | --- |\n| 04.03.25 | 12,5 % |"
    assert (section.locator.sheet, section.locator.columns) == ("Budget", "B:C")
    assert [spot.line for spot in section.spots] == [4, 5]


def test_what_repeats_is_repeated_within_bounds(tmp_path: Path) -> None:
    few = sheet(
        f"<table:table-row>{cell('x', 'table:number-columns-repeated=' + chr(34) + '3' + chr(34))}</table:table-row>"
    )
    assert few.sections[0].text == "x | x | x"
    bomb = '<table:table-row table:number-rows-repeated="1048576">' + cell("x", 'table:number-columns-repeated="16384"')
    path = tmp_path / "bomb"
    path.write_bytes(document("spreadsheet", f'<table:table table:name="B">{bomb}</table:table-row></table:table>'))
    assert 0 < sum(len(one.text) for one in sandbox.run(path, formats.ODS).sections) < 10_000_000


def test_hidden_sheets_and_slides_are_named() -> None:
    hidden = '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>'
    body = f'<table:table table:name="Secret" table:style-name="h"><table:table-row>{cell("x")}</table:table-row></table:table>'
    assert read(Ods, document("spreadsheet", body, hidden)).warnings == (
        "Hidden sheets are read as the others: Secret.",
    )
    unseen = (
        '<style:style style:name="h"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
    )
    page = '<draw:page draw:style-name="h"><draw:frame><draw:text-box><text:p>x</text:p></draw:text-box></draw:frame></draw:page>'
    assert read(Odp, document("presentation", page, unseen)).warnings == ("Hidden slides are read as the others: 1.",)


def frame(words: str, x: str, y: str, attributes: str = "") -> str:
    place = f'svg:x="{x}" svg:y="{y}" svg:width="4cm" svg:height="2cm"'
    return f"<draw:frame {place} {attributes}><draw:text-box><text:p>{words}</text:p></draw:text-box></draw:frame>"


def test_slides_have_titles_boxes_in_order_and_notes() -> None:
    title = frame("Rates", "1cm", "1cm", 'presentation:class="title"')
    notes = frame("Speak slowly.", "0cm", "0cm", 'presentation:class="notes"')
    body = (
        f"<draw:page>{frame('right', '12cm', '5cm')}{frame('left', '1cm', '5.1cm')}{title}"
        f"<presentation:notes>{notes}</presentation:notes></draw:page>"
        f"<draw:page><draw:g>{frame('grouped', '1cm', '1cm')}</draw:g></draw:page>"
    )
    parsed = read(Odp, document("presentation", body))
    assert [(one.locator.slide, one.heading_path, one.text) for one in parsed.sections] == [
        (1, ("Rates",), "left\n\nright\n\nNotes:\n\nSpeak slowly."),
        (2, (), "grouped"),
    ]
    assert (parsed.title, parsed.pages) == ("Rates", 2)


def test_macros_embedded_files_and_outside_pictures_are_flagged() -> None:
    picture = '<text:p>x<draw:frame><draw:image xlink:href="http://tracker.example/a.png"/></draw:frame></text:p>'
    content = document("text", picture, **{"Basic/Standard/Module1.xml": "<a/>", "Object 1": "x"})
    assert read(Odt, content).flags == (flags.MACROS, flags.EMBEDDED_FILES, flags.EXTERNAL_LINKS)
    assert text("<text:p>plain</text:p>").flags == ()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("text", formats.ODT),
        ("text-template", formats.ODT),
        ("spreadsheet", formats.ODS),
        ("presentation-template", formats.ODP),
    ],
)
def test_it_is_known_by_what_it_says_it_is(tmp_path: Path, kind: str, expected: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(zipped({"mimetype": KIND + kind, "content.xml": "<a/>"}))
    assert media_types.detect(path, "letter.docx") == expected
    path.write_bytes(zipped({"mimetype": KIND + "graphics", "content.xml": "<a/>"}))
    with pytest.raises(Unsupported, match="save it as PDF"):
        media_types.detect(path, "drawing.odg")


LAUGHS = "".join(f'<!ENTITY a{at} "&a{at - 1};&a{at - 1};">' for at in range(1, 40))
LOCKED = '<manifest><file-entry><encryption-data checksum="x"/></file-entry></manifest>'
DEEP = "<text:list><text:list-item>"


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (document("text", ""), {"empty"}),
        (b"PK\x03\x04 nothing", {"broken"}),
        (zipped({"mimetype": KIND + "text"}), {"broken"}),
        (zipped({"content.xml": "<office"}), {"broken"}),
        (zipped({"content.xml": "<a/>", "META-INF/manifest.xml": LOCKED}), {"encrypted"}),
        (
            document("text", "<text:p>&a39;</text:p>", before=f'<!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}]>'),
            {"empty", "too_large"},
        ),
        (
            document("text", "<text:p>&a;</text:p>", before='<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'),
            {"empty"},
        ),
        (document("text", "<text:section>" * 200 + "</text:section>" * 200), {"too_large"}),
        (document("text", DEEP * 5_000), {"too_large", "broken"}),
        (document("text", "<text:p>" + "x" * 25_000_000 + "</text:p>"), {"too_large"}),
    ],
)
def test_hostile_documents_end_in_a_named_state(tmp_path: Path, content: bytes, codes: set[str]) -> None:
    path = tmp_path / "document"
    path.write_bytes(content)
    with pytest.raises(ParseFailed) as fault:
        sandbox.run(path, formats.ODT)
    assert fault.value.code in codes


def test_boxes_shapes_and_charts_of_a_sheet_are_read_wherever_they_hang() -> None:
    def held(words: str) -> str:
        return f"<draw:frame><draw:text-box><text:p>{words}</text:p></draw:text-box></draw:frame>"

    chart = "<draw:frame><draw:object xlink:href='./Object 1' xmlns:xlink='http://www.w3.org/1999/xlink'/></draw:frame>"
    drawn = f"<office:document-content {NAMES} xmlns:chart='{ALL}chart:1.0'><office:body><office:chart><chart:chart>"
    drawn += "<chart:title><text:p>Staff by year</text:p></chart:title></chart:chart></office:chart></office:body>"
    drawn += "</office:document-content>"
    shape = "<draw:custom-shape><text:p>Closed.</text:p></draw:custom-shape>"
    rows = f"<table:shapes>{held('On the sheet.')}</table:shapes><table:table-row>{cell('2026', '')}"
    rows += f"<table:table-cell>{held('In a cell.')}{shape}{chart}</table:table-cell></table:table-row>"
    book = document(
        "spreadsheet",
        f'<table:table table:name="Budget">{rows}</table:table><table:table table:name="Next"/>',
        **{"Object 1/content.xml": drawn},
    )
    said = [one.text for one in read(Ods, book).sections]
    assert "2026" in said[0]
    assert "\n\n".join(said).endswith("On the sheet.\n\nIn a cell.\n\nClosed.\n\nStaff by year")
