"""DOCX is read to its corners: insertions, controls, notes and boxes hold text as good as any other."""

from __future__ import annotations

import io
import zipfile

import pytest

from ingestion.parsers.base import Bounds, Parsed, ParseFailed
from ingestion.parsers.docx import Docx
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
    assert texts(body, footnotes=notes) == "Thirty days.\n\nExcept in Kassel.\n\nNext."


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
