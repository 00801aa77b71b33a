"""HTML: what a reader sees, in its order, and nothing that only a machine sees."""

from __future__ import annotations

import io

import pytest

from ingestion.parsers.base import Locator, Parsed, ParseFailed
from ingestion.parsers.texts.html import Html
from tests.ingestion import papers


def parsed(content: str | bytes) -> Parsed:
    return Html().parse(io.BytesIO(content if isinstance(content, bytes) else content.encode()))


def text(content: str | bytes) -> str:
    return "\n\n".join(section.text for section in parsed(content).sections)


def test_headings_make_sections_and_the_title_is_the_pages_own() -> None:
    read = parsed(
        "<title>Hand\nbook</title><h1>Leave</h1><p>Thirty <b>days</b>.</p><h2>Rest</h2><p>Five.<h1>Sick</h1>Call."
    )
    assert read.title == "Hand book"
    assert papers.told(read) == [(("Leave",), "Thirty days."), (("Leave", "Rest"), "Five."), (("Sick",), "Call.")]


@pytest.mark.parametrize(
    "unseen",
    [
        "<script>secret()</script>",
        "<style>p{}</style>",
        "<template>secret</template>",
        "<p hidden>secret</p>",
        "<p style='DISPLAY : none'>secret</p>",
        "<span style='font-size:0px'>secret</span>",
        "<span style='opacity: 0.0'>secret</span>",
        "<i aria-hidden='true'>secret</i>",
        "<div style='visibility:hidden'><p>secret</p></div>",
        "<!-- secret -->",
        "<?secret?>",
        "<nav>secret</nav>",
        "<select><option>secret</select>",
    ],
)
def test_what_no_reader_sees_is_not_read_and_what_follows_it_is(unseen: str) -> None:
    for page in (f"<p>before</p>{unseen}after", f"<ul><li>before {unseen}after</ul>", f"<h1>before {unseen}after</h1>"):
        said = str(papers.told(parsed(page)))
        assert "secret" not in said
        assert "before" in said
        assert "after" in said


@pytest.mark.parametrize("style", ["font-size: 0.9em", "opacity: 0.5", "opacity:0.05", "display: block"])
def test_small_and_pale_text_is_seen(style: str) -> None:
    assert text(f"<p style='{style}'>seen</p>") == "seen"


def test_the_main_content_is_read_without_what_stands_around_it() -> None:
    article = (
        "<article><header><h1>Leave</h1>by Ada</header><p>Thirty days.</p><aside>Note: not in May.</aside></article>"
    )
    page = f"<body><header>Logo</header><aside>Advert</aside>{article}<footer>Imprint</footer>"
    assert papers.told(parsed(page)) == [(("Leave",), "by Ada\n\nThirty days.\n\nNote: not in May.")]


def test_a_header_with_the_pages_heading_belongs_to_its_text() -> None:
    assert papers.told(parsed("<header><nav>Menu</nav><h1>Leave</h1></header><p>Thirty.")) == [(("Leave",), "Thirty.")]


def test_a_page_inside_of_a_form_is_read() -> None:
    assert text("<form><div><p>words</p><input value=x><button>Send</button></div></form>") == "words"


def test_a_break_ends_a_line_and_a_line_of_the_source_does_not() -> None:
    assert text("<p>one\ntwo<br>three <span>four\n</span> five") == "one two\nthree four five"


def test_lists_are_lines_with_their_marks() -> None:
    page = "<ul><li>a <b>b</b><ul><li>in<li>ner</ul>c<li><p>d</p><p>e</p></ul><ol start=3><li>f<li>g</ol>"
    assert text(page) == "- a b c\n  - in\n  - ner\n- d e\n\n3. f\n4. g"


def test_spanning_cells_keep_every_figure_in_its_column() -> None:
    page = (
        "<table><caption>Days</caption><thead><tr><th>Plan<th colspan=2>Notice<tbody>"
        "<tr><td rowspan=2>Gold<td>60<td>6|1<tr><td>70<td>71<tr hidden><td>no</table>"
    )
    assert text(page) == ("Days\n| Plan | Notice |  |\n| --- | --- | --- |\n| Gold | 60 | 6\\|1 |\n| Gold | 70 | 71 |")


def test_a_table_that_only_lays_out_the_page_is_no_table() -> None:
    assert papers.told(parsed("<table><tr><td><h2>Left</h2>one<td><table><tr><td>a<td>b</table></table>")) == [
        (("Left",), "one\n\n| a | b |\n| --- | --- |")
    ]


def test_set_text_keeps_its_lines() -> None:
    assert text("<pre>a  b\n  c</pre>") == "a  b\n  c"


@pytest.mark.parametrize(
    "page",
    [
        "<p>Gr\u00f6\u00dfe".encode("utf-8"),
        "<p>Gr\u00f6\u00dfe".encode("utf-16"),
        "<meta charset=iso-8859-1><p>Gr\u00f6\u00dfe".encode("latin-1"),
        '<?xml version="1.0" encoding="cp1252"?><html><p>Gr\u00f6\u00dfe'.encode("cp1252"),
        b"<meta charset=utf-8><p>Gr&ouml;&#223;e",
        b"<meta charset=zip><p>Gr\xf6\xdfe",
        b"<p>Gr\xf6&shy;\xdfe",
    ],
)
def test_the_encoding_is_the_one_that_the_page_is_in(page: bytes) -> None:
    assert text(page) == "Gr\u00f6\u00dfe"


def test_deep_nesting_is_read_and_endless_nesting_is_named() -> None:
    assert text("<div>" * 1_000 + "deep" + "</div>" * 1_000 + "after") == "deep\n\nafter"
    with pytest.raises(ParseFailed) as failed:
        parsed("<div>" * 100_000 + "deep")
    assert failed.value.code == "too_large"


def test_lists_nested_beyond_reason_keep_their_words() -> None:
    assert "bottom" in text("<ul><li>x" * 60 + "<ul><li>bottom")


def test_a_very_long_line_is_read_whole() -> None:
    assert len(text("<p>" + "word " * 3_000_000)) == 14_999_999


def test_a_cell_that_claims_to_span_everything_ends_in_bounds() -> None:
    page = "<table>" + "<tr><td colspan=99999 rowspan=99999>x" * 2_000 + "</table>"
    assert 2_000 <= text(page).count("x") < 2_000_000


def test_entities_of_a_document_type_are_not_expanded() -> None:
    laughs = "".join(f"<!ENTITY a{at} '&a{at - 1};&a{at - 1};'>" for at in range(1, 40))
    assert len(text(f"<!DOCTYPE html [<!ENTITY a0 'ha'>{laughs}]><p>&a39;</p>")) < 5_000


def test_a_heading_says_by_which_id_a_link_opens_it() -> None:
    page = (
        "<h1 id='leave'>Leave</h1><p>Thirty days.</p><h2>Rest</h2><p>It lapses.</p>"
        "<section id='sick'><h2>Sickness</h2><p>Call us.</p></section><h2><a name='trips'></a>Trips</h2><p>By train.</p>"
    )
    sections = Html().parse(io.BytesIO(f"<html><body>{page}</body></html>".encode())).sections
    assert [one.locator.anchor for one in sections] == ["leave", "leave", "sick", "trips"]
    assert Locator.from_json(sections[2].locator.to_json()).anchor == "sick"
