"""PPTX: slide after slide in the order they are shown, each with its title, its boxes as they are read, and its notes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Cm

from ingestion import formats
from ingestion.cutting import chunking
from ingestion.parsers.base import Bounds, Parsed, ParseFailed
from ingestion.parsers.limited import sandbox
from ingestion.parsers.office.pptx import Pptx
from tests.ingestion import papers
from tests.ingestion.workbooks import KIND, zipped

A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def parsed(content: bytes) -> Parsed:
    return Pptx().parse(io.BytesIO(content))


def saved(deck: Any) -> bytes:
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def titled(deck: Any, title: str, *lines: str) -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = title
    slide.placeholders[1].text = "\n".join(lines)
    return slide


def box(slide: Any, text: str, left: float, top: float, width: float = 5, height: float = 2) -> None:
    slide.shapes.add_textbox(Cm(left), Cm(top), Cm(width), Cm(height)).text_frame.text = text


def deck_of(slides: Sequence[str], before: str = "") -> bytes:
    """From the XML of what stands in each slide's tree of shapes."""
    listed = "".join(f'<p:sldId id="{at}" r:id="s{at}"/>' for at in range(len(slides)))
    targets = "".join(
        f'<Relationship Id="s{at}" Type="{KIND}/slide" Target="slides/slide{at}.xml"/>' for at in range(len(slides))
    )
    return zipped(
        {
            "ppt/presentation.xml": f"<p:presentation {P} {R}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>",
            "ppt/_rels/presentation.xml.rels": f"<Relationships>{targets}</Relationships>",
            **{
                f"ppt/slides/slide{at}.xml": f"{before}<p:sld {P} {A} {R}><p:cSld><p:spTree>{tree}</p:spTree></p:cSld></p:sld>"
                for at, tree in enumerate(slides)
            },
        }
    )


def shape(text: str) -> str:
    return f"<p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"


def test_slides_stand_in_their_order_with_titles_lists_and_notes() -> None:
    deck = pptx.Presentation()
    titled(deck, "Travel", "trains", "hotels").notes_slide.notes_text_frame.text = "Mention the new rates."
    titled(deck, "Leave", "Thirty days.")
    order = deck.slides._sldIdLst
    order.insert(0, order[1])  # the second slide is shown first
    read = parsed(saved(deck))
    assert papers.told(read) == [
        (("Leave",), "Thirty days."),
        (("Travel",), "- trains\n- hotels\n\nNotes:\n\nMention the new rates."),
    ]
    assert [one.locator.slide for one in read.sections] == [1, 2]
    assert (read.title, read.pages) == ("Leave", 2)


def test_a_passage_stands_on_one_slide_however_short() -> None:
    deck = pptx.Presentation()
    for at in range(3):
        titled(deck, f"Part {at}", f"Words of part {at}.")
    pieces = chunking.chunk(parsed(saved(deck)), lambda texts: [len(text.split()) + 2 for text in texts])
    assert [(piece.locator.slide, piece.text) for piece in pieces] == [
        (1, "Words of part 0."),
        (2, "Words of part 1."),
        (3, "Words of part 2."),
    ]


def test_boxes_are_read_from_top_to_bottom_and_left_to_right() -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    for text, left, top in (("foot", 1, 15), ("right", 13, 6), ("left", 1, 6.2), ("top", 1, 1)):
        box(slide, text, left, top)
    assert parsed(saved(deck)).sections[0].text == "top\n\nleft\n\nright\n\nfoot"


def test_shapes_in_groups_stand_where_the_group_puts_them() -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    group = slide.shapes.add_group_shape()
    for text, left in (("second", 10), ("first", 2)):
        group.shapes.add_textbox(Cm(left), Cm(8), Cm(4), Cm(2)).text_frame.text = text
    box(slide, "above", 1, 1)
    assert parsed(saved(deck)).sections[0].text == "above\n\nfirst\n\nsecond"


def test_tables_keep_merged_cells_and_charts_become_tables() -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Rates"
    table = slide.shapes.add_table(3, 2, Cm(1), Cm(4), Cm(10), Cm(3)).table
    for row, cells in enumerate([("City", "Rate"), ("Kassel", "120"), ("", "90")]):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    series = CategoryChartData()  # type: ignore[no-untyped-call]
    series.categories = ["North", "South"]
    series.add_series("Visitors", (12, 14.5))  # type: ignore[no-untyped-call]
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Cm(1), Cm(10), Cm(10), Cm(6), series)
    assert parsed(saved(deck)).sections[0].text == (
        "| City | Rate |\n| --- | --- |\n| Kassel | 120 |\n| Kassel | 90 |\n\n"
        "|  | Visitors |\n| --- | --- |\n| North | 12 |\n| South | 14.5 |"
    )


def test_hidden_slides_are_named_and_numbered_as_the_others() -> None:
    deck = pptx.Presentation()
    titled(deck, "Seen", "a")
    titled(deck, "Backup", "b")._element.set("show", "0")
    read = parsed(saved(deck))
    assert [one.locator.slide for one in read.sections] == [1, 2]
    assert read.warnings == ("Hidden slides are read as the others: 2.",)


def test_a_slide_without_a_title_does_not_stand_under_the_one_before() -> None:
    title = (
        '<p:sp><p:nvSpPr><p:cNvPr id="1" name="t"/><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr>'
        "<p:txBody><a:p><a:r><a:t>Alone</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    read = parsed(deck_of([title, shape("words")]))
    assert [(one.heading_path, one.text, one.locator.slide) for one in read.sections] == [
        ((), "Alone", 1),
        ((), "words", 2),
    ]


def test_a_damaged_slide_is_left_out_and_the_others_read() -> None:
    content = io.BytesIO(deck_of([shape("one"), shape("two")]))
    out = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"<p:sld" if name.endswith("slide0.xml") else old.read(name))
    assert [(one.text, one.locator.slide) for one in parsed(out.getvalue()).sections] == [("two", 2)]


LAUGHS = "".join(f'<!ENTITY a{at} "&a{at - 1};&a{at - 1};">' for at in range(1, 40))


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (deck_of([]), {"empty"}),
        (deck_of([""]), {"empty"}),
        (b"PK\x03\x04 nothing", {"broken"}),
        (zipped({"ppt/presentation.xml": "<p:presentation"}), {"broken"}),
        (zipped({"ppt/slides/slide1.xml": "<a/>"}), {"broken"}),
        (deck_of(["<p:grpSp>" * 200 + shape("deep") + "</p:grpSp>" * 200]), {"empty"}),
        (deck_of(["<p:grpSp>" * 5_000]), {"too_large"}),
        (deck_of([shape("&a39;")], f'<!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}]>'), {"empty", "too_large"}),
        (
            deck_of([shape('x"') + "<p:sp x='&a39;'/>"], f'<!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}]>'),
            {"empty", "too_large"},
        ),
        (deck_of([shape("&a;")], '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'), {"empty"}),
    ],
)
def test_hostile_decks_end_in_a_named_state(tmp_path: Path, content: bytes, codes: set[str]) -> None:
    path = tmp_path / "deck"
    path.write_bytes(content)
    with pytest.raises(ParseFailed) as fault:
        sandbox.run(path, formats.PPTX)
    assert fault.value.code in codes


def test_a_slide_of_very_many_shapes_and_a_bomb_are_bounded() -> None:
    many = deck_of([shape("word") * 6_000])
    assert len(parsed(many).sections[0].text.split()) == 5_000
    with pytest.raises(ParseFailed) as fault:
        Pptx(Bounds(unpacked=1_000_000)).parse(io.BytesIO(deck_of([shape("a" * 3_000_000)])))
    assert fault.value.code == "too_large"
