"""DOCX is read to its corners: insertions, controls, notes and boxes hold text as good as any other."""

from __future__ import annotations

import io
import zipfile

import pytest

from ingestion.parsers import flags
from ingestion.parsers.base import Bounds, Parsed, ParseFailed
from ingestion.parsers.office.docx import Docx
from tests.ingestion import papers
from tests.ingestion.papers import W, paragraph


def parsed(content: bytes) -> Parsed:
    return Docx().parse(io.BytesIO(content))


def texts(body: str, **parts: str) -> str:
    return "\n\n".join(section.text for section in parsed(papers.package(body, **parts)).sections)


def failed(content: bytes, bounds: Bounds = Bounds()) -> ParseFailed:  # noqa: B008  it is frozen
    with pytest.raises(ParseFailed) as fault:
        Docx(bounds).parse(io.BytesIO(content))
    return fault.value


def test_headings_lists_and_tables_stand_in_their_order() -> None:
    read = parsed(
        papers.word(
            ("Title", "Handbook"),
            ("Heading 1", "Travel"),
            ("List Bullet", "trains"),
            ("List Bullet", "hotels"),
            ("Normal", "And then:"),
            ("List Number", "ask"),
            ("List Number", "book"),
            ("Heading 2", "Rates"),
            (("City", "Rate"), ("Kassel", "120 | net")),
            ("Heading 1", "Leave"),
            ("Normal", "Thirty days."),
        )
    )
    assert read.title == "Handbook"
    assert papers.told(read) == [
        (("Travel",), "- trains\n- hotels\n\nAnd then:\n\n1. ask\n2. book"),
        (("Travel", "Rates"), "| City | Rate |\n| --- | --- |\n| Kassel | 120 \\| net |"),
        (("Leave",), "Thirty days."),
    ]


def test_a_heading_is_one_by_its_base_style_or_its_outline_level() -> None:
    styles = (
        f'<w:styles {W}><w:style w:styleId="h"><w:name w:val="heading 2"/></w:style>'
        '<w:style w:styleId="own"><w:name w:val="Kapitel"/><w:basedOn w:val="h"/></w:style></w:styles>'
    )
    body = (
        paragraph("By style", '<w:pStyle w:val="own"/>')
        + paragraph("a")
        + paragraph("By level", '<w:outlineLvl w:val="0"/>')
    )
    read = parsed(papers.package(body + paragraph("b"), styles=styles))
    assert papers.told(read) == [(("By style",), "a"), (("By level",), "b")]


@pytest.mark.parametrize(
    "wrapped",
    [
        "<w:ins w:id='1'><w:r><w:t>sixty</w:t></w:r></w:ins>",
        "<w:hyperlink><w:r><w:t>sixty</w:t></w:r></w:hyperlink>",
        "<w:sdt><w:sdtContent><w:r><w:t>sixty</w:t></w:r></w:sdtContent></w:sdt>",
        "<w:smartTag><w:r><w:t>six</w:t></w:r><w:r><w:t>ty</w:t></w:r></w:smartTag>",
        "<w:fldSimple w:instr='DATE'><w:r><w:t>sixty</w:t></w:r></w:fldSimple>",
        "<w:r><w:t>sixty</w:t><w:instrText>PAGE</w:instrText></w:r>",
    ],
)
def test_text_inside_of_controls_links_and_insertions_is_read(wrapped: str) -> None:
    body = f"<w:p><w:r><w:t xml:space='preserve'>Notice is </w:t></w:r>{wrapped}<w:r><w:t> days.</w:t></w:r></w:p>"
    assert texts(body) == "Notice is sixty days."


def test_deleted_and_hidden_text_is_not_read() -> None:
    body = (
        "<w:p><w:r><w:t>kept</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>"
        "<w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t> seen</w:t></w:r></w:p>"
    )
    assert texts(body) == "kept seen"


def test_a_block_in_a_content_control_is_read() -> None:
    assert texts(f"<w:sdt><w:sdtContent>{paragraph('inside')}</w:sdtContent></w:sdt>") == "inside"


def test_a_note_follows_the_paragraph_that_refers_to_it() -> None:
    notes = (
        f"<w:footnotes {W}><w:footnote w:type='separator' w:id='0'>{paragraph('---')}</w:footnote>"
        f"<w:footnote w:id='2'>{paragraph('Except in Kassel.')}</w:footnote></w:footnotes>"
    )
    body = "<w:p><w:r><w:t>Thirty days.</w:t><w:footnoteReference w:id='2'/></w:r></w:p>" + paragraph("Next.")
    assert texts(body, footnotes=notes) == "Thirty days.\nExcept in Kassel.\n\nNext."


def test_a_note_of_a_list_stands_under_its_item_and_the_list_goes_on() -> None:
    notes = f"<w:endnotes {W}><w:endnote w:id='2'>{paragraph('Except in Kassel.')}</w:endnote></w:endnotes>"
    numbered = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    noted = (
        f"<w:p><w:pPr>{numbered}</w:pPr><w:r><w:t>Thirty days.</w:t><w:endnoteReference w:id='2'/></w:r></w:p>"
        + paragraph("Two forms.", numbered)
    )
    assert texts(noted, endnotes=notes) == "- Thirty days.\nExcept in Kassel.\n- Two forms."


def test_a_text_box_is_read_once_though_it_is_stored_twice() -> None:
    box = f"<w:txbxContent>{paragraph('Mind the step.')}</w:txbxContent>"
    mc = "xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'"
    body = (
        f"<w:p><w:r><w:t>Before.</w:t></w:r><w:r><mc:AlternateContent {mc}><mc:Choice>{box}</mc:Choice>"
        f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    assert texts(body) == "Before.\n\nMind the step."


def test_merged_cells_keep_every_figure_in_its_column() -> None:
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"

    rows = [
        cell("Plan") + cell("Days", '<w:gridSpan w:val="2"/>'),
        cell("Gold", '<w:vMerge w:val="restart"/>') + cell("60") + cell("61"),
        cell("", "<w:vMerge/>") + cell("70") + cell("71"),
    ]
    body = "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"
    assert texts(body) == "| Plan | Days |  |\n| --- | --- | --- |\n| Gold | 60 | 61 |\n| Gold | 70 | 71 |"


def test_a_frame_of_one_cell_is_no_table() -> None:
    assert texts(f"<w:tbl><w:tr><w:tc>{paragraph('a')}{paragraph('b')}</w:tc></w:tr></w:tbl>") == "a\n\nb"


def test_a_document_with_a_broken_part_beside_it_is_read() -> None:
    assert texts(paragraph("a"), styles="<w:styles", numbering="no xml") == "a"


def test_a_bomb_is_too_large_whatever_size_it_claims() -> None:
    bomb = papers.package(paragraph("a" * 3_000_000))
    assert failed(bomb, Bounds(unpacked=1_000_000)).code == "too_large"
    lie = bytearray(bomb)
    at = lie.find(b"PK\x01\x02", lie.find(b"PK\x01\x02") + 1) + 24  # the unpacked size of the second member
    lie[at : at + 4] = (10).to_bytes(4, "little")
    assert failed(bytes(lie)).code == "broken"


def test_the_size_of_the_pictures_does_not_count() -> None:
    out = io.BytesIO(papers.package(paragraph("a")))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/image1.bmp", bytes(2_000_000))
    assert Docx(Bounds(unpacked=1_000_000)).parse(io.BytesIO(out.getvalue())).sections[0].text == "a"


def test_entities_are_neither_expanded_nor_fetched() -> None:
    laughs = "".join(f'<!ENTITY a{at} "&a{at - 1};&a{at - 1};">' for at in range(1, 40))
    bomb = papers.package("<w:p><w:r><w:t>&a39;</w:t></w:r></w:p>", f'<!DOCTYPE x [<!ENTITY a0 "ha">{laughs}]>')
    assert failed(bomb).code in {"too_large", "empty", "broken"}
    fetch = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    body = "<w:p><w:r><w:t>before &a;</w:t></w:r></w:p>"
    assert parsed(papers.package(body, fetch)).sections[0].text == "before "


@pytest.mark.parametrize("tags", ["<w:tbl><w:tr><w:tc>", "<w:p><w:ins>", "<w:sdt><w:sdtContent>"])
@pytest.mark.parametrize("depth", [200, 5_000])
def test_endless_nesting_ends_in_a_named_fault(tags: str, depth: int) -> None:
    opened = tags.replace("><", "> <").split()
    closed = "".join(f"</{tag[1:]}" for tag in reversed(opened))
    assert failed(papers.package(tags * depth + paragraph("x") + closed * depth)).code in {"too_large", "empty"}


def test_no_zip_is_a_broken_document() -> None:
    assert failed(b"PK\x03\x04 nothing").code == "broken"


def related(body: str, *parts: tuple[str, str, str]) -> Parsed:
    """With parts beside it: the kind of each, its name below word/, and its XML."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    listed = "".join(
        f'<Relationship Id="r{at}" Type="{kind}{one}" Target="{name}"/>' for at, (one, name, _) in enumerate(parts)
    )
    out = io.BytesIO(papers.package(body))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("word/_rels/document.xml.rels", f"<Relationships>{listed}</Relationships>")
        for _, name, xml in parts:
            archive.writestr(f"word/{name}", xml)
    return parsed(out.getvalue())


def test_headers_and_footers_stand_once_at_the_end_under_no_heading() -> None:
    header = f"<w:hdr {W}>{paragraph('Acme Ltd')}{paragraph('Confidential')}</w:hdr>"
    pages = f"<w:ftr {W}>{paragraph('7')}</w:ftr>"
    body = paragraph("Travel", '<w:outlineLvl w:val="0"/>') + paragraph("By train.")
    read = related(
        body, ("header", "header1.xml", header), ("header", "header2.xml", header), ("footer", "f.xml", pages)
    )
    assert papers.told(read) == [(("Travel",), "By train."), ((), "Acme Ltd Confidential")]


def test_a_table_of_contents_is_not_read_twice() -> None:
    contents = (
        '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
        f"<w:sdtContent>{paragraph('Travel 1')}</w:sdtContent></w:sdt>"
    )
    styles = f'<w:styles {W}><w:style w:styleId="t"><w:name w:val="toc 1"/></w:style></w:styles>'
    body = contents + paragraph("Leave 2", '<w:pStyle w:val="t"/>') + paragraph("Text.")
    assert texts(body, styles=styles) == "Text."


def test_comments_and_tracked_changes_are_told() -> None:
    comments = f"<w:comments {W}><w:comment/><w:comment/></w:comments>"
    body = "<w:p><w:ins><w:r><w:t>new</w:t></w:r></w:ins></w:p>"
    assert parsed(papers.package(body, comments=comments)).warnings == (
        "2 comments in it are not read.",
        "Changes are tracked in it: what was inserted is read, what was deleted is not.",
    )
    assert parsed(papers.package(paragraph("a"))).warnings == ()


def test_a_note_in_a_table_is_read_and_so_are_formulas() -> None:
    notes = f"<w:footnotes {W}><w:footnote w:id='2'>{paragraph('Except in Kassel.')}</w:footnote></w:footnotes>"
    note = '<w:footnoteReference w:id="2"/>'
    cells = "".join(f"<w:tc><w:p><w:r><w:t>Thirty days</w:t>{one}</w:r></w:p></w:tc>" for one in (note, ""))
    math = "xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math'"
    formula = f"<w:p><m:oMath {math}><m:r><m:t>E=mc²</m:t></m:r></m:oMath></w:p>"
    body = f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>{formula}"
    assert texts(body, footnotes=notes) == "| Thirty days | Thirty days |\n| --- | --- |\n\nExcept in Kassel.\n\nE=mc²"


def test_a_chart_in_the_text_is_read_as_a_table() -> None:
    c = "xmlns:c='http://schemas.openxmlformats.org/drawingml/2006/chart'"
    r = "xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'"
    points = "<c:{0}><c:numRef><c:numCache><c:pt idx='0'><c:v>{1}</c:v></c:pt></c:numCache></c:numRef></c:{0}>"
    series = f"<c:ser><c:tx><c:v>Visitors</c:v></c:tx>{points.format('cat', 2024)}{points.format('val', 12)}</c:ser>"
    chart = f"<c:chartSpace {c}><c:chart><c:plotArea><c:barChart>{series}</c:barChart></c:plotArea></c:chart></c:chartSpace>"
    body = f"<w:p><w:r><w:t>See:</w:t><w:drawing><c:chart {c} {r} r:id='r0'/></w:drawing></w:r></w:p>"
    read = related(body, ("chart", "charts/chart1.xml", chart))
    assert read.sections[0].text == "See:\n\n|  | Visitors |\n| --- | --- |\n| 2024 | 12 |"


@pytest.mark.parametrize(
    ("kind", "target", "is_told"),
    [
        ("attachedTemplate", "http://evil.example/t.dotm", True),
        ("image", "\\\\\\\\server\\\\share\\\\logo.png", True),
        ("oleObject", "file://server/share/book.xlsx", True),
        ("attachedTemplate", "file:///C:\\\\Templates\\\\letter.dotx", False),
        ("hyperlink", "https://chancery.example/", False),
    ],
)
def test_what_a_document_loads_from_elsewhere_is_flagged(kind: str, target: str, is_told: bool) -> None:
    listed = f'<Relationship Id="r" Type="http://x/relationships/{kind}" Target="{target}" TargetMode="External"/>'
    out = io.BytesIO(papers.package(paragraph("a")))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("word/_rels/document.xml.rels", f"<Relationships>{listed}</Relationships>")
    assert parsed(out.getvalue()).flags == ((flags.EXTERNAL_LINKS,) if is_told else ())


def test_macros_and_embedded_files_are_flagged() -> None:
    out = io.BytesIO(papers.package(paragraph("a")))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("word/vbaProject.bin", b"x")
        archive.writestr("word/embeddings/oleObject1.bin", b"x")
        archive.writestr("word/embeddings/chart.xlsx", b"x")  # what a chart is made from
    assert parsed(out.getvalue()).flags == (flags.MACROS, flags.EMBEDDED_FILES)
