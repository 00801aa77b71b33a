"""Data and marked text: JSON, XML, source code, reStructuredText, AsciiDoc, LaTeX, subtitles, calendars and cards."""

from __future__ import annotations

import io
import json

import pytest

from ingestion.cutting import chunking
from ingestion.parsers.base import Parsed, ParseFailed, Parser
from ingestion.parsers.texts.cards import Cards
from ingestion.parsers.texts.code import Code
from ingestion.parsers.texts.json import Json
from ingestion.parsers.texts.markdown import Markdown
from ingestion.parsers.texts.markup import AsciiDoc, Latex, RestructuredText
from ingestion.parsers.texts.subtitles import Subtitles
from ingestion.parsers.texts.text import Text
from ingestion.parsers.texts.xml import Xml
from tests.ingestion import papers


def read(parser: type[Parser], content: str | bytes) -> Parsed:
    return parser().parse(io.BytesIO(content if isinstance(content, bytes) else content.encode()))


def told(parser: type[Parser], content: str | bytes) -> list[tuple[tuple[str, ...], str]]:
    return papers.told(read(parser, content))


def lines(parsed: Parsed) -> list[tuple[int | None, int | None]]:
    return [(section.spots[0].line, section.spots[-1].line) for section in parsed.sections]


def test_lines_of_text_are_counted_as_an_editor_does() -> None:
    parsed = read(Text, "one\r\n\r\ntwo\rthree\x0cstill three\n")
    assert [(parsed.sections[0].text[spot.start : spot.end], spot.line) for spot in parsed.sections[0].spots] == [
        ("one", 1),
        ("two", 3),
        ("three\nstill three", 4),
    ]


def test_a_passage_says_in_which_lines_it_stands() -> None:
    text = "\n\n".join(f"Paragraph {n} speaks of hotel number {n} and of its beds alone." for n in range(40))
    pieces = chunking.chunk(read(Text, text), lambda texts: [len(one.split()) for one in texts], size=40, most=50)
    for piece in pieces:
        first, last = piece.locator.lines or (0, 0)
        numbers = [int(word) for word in piece.text.split() if word.isdecimal()]
        assert (first, last) == (min(numbers) * 2 + 1, max(numbers) * 2 + 1)


def test_lines_of_markdown_go_on_after_front_matter() -> None:
    parsed = read(Markdown, "---\ntitle: T\n---\n# One\nfirst\n\nTwo\n---\nsecond\nthird\n")
    assert lines(parsed) == [(5, 5), (9, 10)]


@pytest.mark.parametrize(
    ("source", "headings"),
    [
        ("import a\n\nclass A(B):\n    x = 1\n\n    async def f(self):\n        if x:\n            return f(1)\n\ndef g(): pass",
         [(), ("class A(B)",), ("class A(B)", "async def f(self)"), ("def g(): pass",)]),
        ("public class Foo {\n  private int x;\n  public static int run(String a) {\n    if (a) { go(); }\n  }\n}",
         [("public class Foo",), ("public class Foo", "public static int run(String a)")]),
        ("#include <a.h>\n\nint main(void) {\n  call(1);\n}\nstruct later;\n", [(), ("int main(void)",)]),
        ("package x\n\nfunc (s *S) Run(a int) error {\n\tfor {\n\t}\n}\n", [(), ("func (s *S) Run(a int) error",)]),
        ("pub fn go() -> u8 {\n    1\n}\nimpl X for Y {\n    fn a(&self) {}\n}",
         [("pub fn go() -> u8",), ("impl X for Y",), ("impl X for Y", "fn a(&self) {}")]),
        ("export function f(a) {\n}\nexport class X extends Y {\n}", [("export function f(a)",), ("export class X extends Y",)]),
        ("CREATE TABLE a (\n  b int\n);\nselect 1;", [("CREATE TABLE a",)]),
        ("setup() {\n  echo hi\n}\n", [("setup()",)]),
    ],
)  # fmt: skip
def test_functions_and_classes_are_headings_and_lines_stay(source: str, headings: list[tuple[str, ...]]) -> None:
    parsed = read(Code, source)
    assert [section.heading_path for section in parsed.sections] == headings
    kept = [line for section in parsed.sections for line in section.text.split("\n") if line and line != "```"]
    assert kept == [line for line in source.split("\n") if line]


def test_code_is_cut_between_its_lines() -> None:
    source = "\n".join(f"    value_{n} = compute(a, b, c) + other. Then(more)" for n in range(60))
    pieces = chunking.chunk(read(Code, source), lambda texts: [len(one.split()) for one in texts], size=40, most=60)
    assert len(pieces) > 3
    whole = {line.strip() for line in source.split("\n")} | {"```"}
    assert {line.strip() for piece in pieces for line in piece.text.split("\n")} <= whole


def test_what_stands_right_above_a_function_goes_with_it() -> None:
    parsed = read(Code, "x = 1\n\n# Says hello.\n@cached\ndef hello():\n    pass\n")
    assert parsed.sections[1].text == "```\n# Says hello.\n@cached\ndef hello():\n    pass\n```"
    assert lines(parsed) == [(1, 1), (3, 6)]


def test_json_is_told_by_paths_and_objects_of_one_kind_as_a_table() -> None:
    value = {
        "title": "Plans",
        "tags": ["a", "b"],
        "nothing": None,
        "deep": {"er": {"and": {"still": {"more": "x"}}}},
        "plans": [{"name": "Gold", "cost": {"eur": 1}}, {"name": "Iron", "cost": {"eur": 2}}],
    }
    parsed = read(Json, json.dumps(value))
    assert parsed.title == "Plans"
    assert papers.told(parsed) == [
        ((), "title: Plans\ntags: a, b"),
        (("deep", "er", "and"), "still.more: x"),
        (("plans",), "| name | cost.eur |\n| --- | --- |\n| Gold | 1 |\n| Iron | 2 |"),
    ]


def test_numbers_stay_as_they_are_written() -> None:
    said = "price: 1.10\nid: 9123456789012345678901\nn: 1e400"
    assert told(Json, '{"price": 1.10, "id": 9123456789012345678901, "n": 1e400}') == [((), said)]


def test_json_a_line_is_read_up_to_where_it_breaks_off() -> None:
    table = "| a | b |\n| --- | --- |\n| 1 | x |\n| 2 | y |"
    assert told(Json, '{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n{"a":3,') == [((), table)]


def test_json_that_is_none_is_read_as_the_text_it_is() -> None:
    parsed = read(Json, "// settings\n{\n  key: 'value',\n}\n")
    assert "key: 'value'" in parsed.sections[0].text
    assert lines(parsed) == [(1, 4)]


def test_a_notebook_is_its_words_and_its_code() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Plan\n", "Words."]},
        {"cell_type": "code", "source": "1 + 1", "outputs": [{"data": {"text/plain": ["2"], "image/png": "iVBOR"}}]},
    ]
    assert told(Json, json.dumps({"nbformat": 4, "cells": cells})) == [
        (("Plan",), "Words.\n\n```\n1 + 1\n```\n\n```\n2\n```")
    ]


def test_xml_of_data_is_told_by_paths_and_as_tables() -> None:
    page = "<r><a x='1'>Größe</a><b><c>1</c></b><rows><p><n>1</n><m>x</m></p><p><n>2</n><m>y</m></p></rows></r>"
    assert told(Xml, f'<?xml version="1.0" encoding="cp1252"?>{page}'.encode("cp1252")) == [
        (("r",), "a: Größe (x=1)\nb › c: 1"),
        (("r", "rows"), "| n | m |\n| --- | --- |\n| 1 | x |\n| 2 | y |"),
    ]


@pytest.mark.parametrize(
    "page",
    [
        (
            "<article xmlns='http://docbook.org/ns/docbook'><title>Leave</title><section><title>Rest</title>"
            "<para>Thirty <emphasis>full</emphasis> days.</para><programlisting>a\n b</programlisting></section></article>"
        ),
        (
            "<TEI xmlns='http://www.tei-c.org/ns/1.0'><text><body><head>Leave</head><div><head>Rest</head>"
            "<p>Thirty <hi>full</hi> days.</p><eg>a\n b</eg></div></body></text></TEI>"
        ),
    ],
)
def test_xml_of_words_is_told_by_headings_and_paragraphs(page: str) -> None:
    (section,) = read(Xml, page).sections
    assert (section.heading_path[-1], section.text) == ("Rest", "Thirty full days.\n\n```\na\n b\n```")


def test_a_feed_is_its_entries() -> None:
    feed = (
        "<rss><channel><title>News</title><item><title>One</title><pubDate>Fri</pubDate>"
        "<description>&lt;p&gt;Hello &lt;b&gt;you&lt;/b&gt;&lt;script&gt;x&lt;/script&gt;</description>"
        "<link>https://x.example/1</link></item></channel></rss>"
    )
    assert told(Xml, feed) == [(("News", "One"), "Fri\n\nHello you\n\nhttps://x.example/1")]


def test_no_entity_is_followed() -> None:
    page = "<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'><!ENTITY y 'said'>]><r><t>&x; &y; &z; end</t></r>"
    assert told(Xml, page) == [(("r",), "t: &x; &y; &z; end")]


@pytest.mark.parametrize(
    "entities",
    [
        "<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{at} '&a{at - 1};&a{at - 1};'>" for at in range(1, 40)),
        "<!ENTITY a39 '&b;'><!ENTITY b '&a39;'>",
    ],
)
def test_entities_that_have_no_end_are_named(entities: str) -> None:
    with pytest.raises(ParseFailed) as failed:
        read(Xml, f"<!DOCTYPE r [{entities}]><r>&a39; end</r>")
    assert failed.value.code == "broken"


def test_xml_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    assert told(Xml, "<a><b>some words") == [(("a",), "b: some words")]


@pytest.mark.parametrize(
    ("parser", "content"),
    [
        (Json, "[" * 100_000),
        (Json, '{"a":' * 100_000),
        (Xml, "<a>" * 100_000),
        (Xml, "<a>" * 1_500 + "x" + "</a>" * 1_500),
    ],
)
def test_what_is_nested_without_an_end_is_named(parser: type[Parser], content: str) -> None:
    with pytest.raises(ParseFailed) as failed:
        read(parser, content)
    assert failed.value.code == "too_large"


def test_headings_of_restructured_text_by_the_order_of_their_signs() -> None:
    text = "=====\nTitle\n=====\n\nIntro.\n\nOne\n---\n\nfirst\n\n* item\n\nTwo\n~~~\nsecond\n\nThree\n----\nthird\n"
    parsed = read(RestructuredText, text)
    assert papers.told(parsed) == [
        (("Title",), "Intro."),
        (("Title", "One"), "first\n\n* item"),
        (("Title", "One", "Two"), "second"),
        (("Title", "Three"), "third"),
    ]
    assert lines(parsed) == [(5, 5), (10, 12), (16, 16), (20, 20)]


def test_headings_of_asciidoc_and_none_in_its_listings() -> None:
    assert told(AsciiDoc, "= Title\n\n== One\nfirst\n\n----\n== none\n----\n=== Two ===\nsecond") == [
        (("Title", "One"), "first\n\n----\n== none\n----"),
        (("Title", "One", "Two"), "second"),
    ]


def test_latex_is_its_headings_and_words() -> None:
    source = (
        "\\documentclass{article}\n\\title{The \\emph{Plan}}\n\\begin{document}\n\\maketitle\n"
        "\\section[Short]{One \\textbf{bold}}\\label{a}\nWords \\emph{here}~now. % unseen\n"
        "\\begin{itemize}\n\\item First\n\\end{itemize}\n\\subsection*{Two}\n100\\% sure.\n\\end{document}"
    )
    parsed = read(Latex, source)
    assert parsed.title == "The Plan"
    assert papers.told(parsed) == [(("One bold",), "Words here now.\n\n- First"), (("One bold", "Two"), "100% sure.")]
    assert lines(parsed) == [(6, 8), (11, 11)]


def test_subtitles_are_what_is_said_with_its_time() -> None:
    vtt = (
        "WEBVTT\n\nNOTE none\n\n1\n00:01.000 --> 00:04.000 line:0\n<v Ada>Good <i>morning</i></v>\nto all\n\n"
        "01:02:03.500 --> 01:02:05.000\nLater &amp; last"
    )
    parsed = read(Subtitles, vtt)
    assert parsed.sections[0].text == "[0:00:01] Ada: Good morning to all\n\n[1:02:03] Later & last"
    assert lines(parsed) == [(6, 10)]
    assert told(Subtitles, "1\r\n00:00:01,000 --> 00:00:02,000\r\nHello\r\n") == [((), "[0:00:01] Hello")]


def test_entries_of_a_calendar_are_told_in_words() -> None:
    ics = (
        "BEGIN:VCALENDAR\r\nX-WR-CALNAME:Team\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Plan\\, then\r\n  go\r\n"
        'DTSTART;TZID=Europe/Berlin:20240503T100000\r\nORGANIZER;CN="Ada L":mailto:a@x\r\n'
        "BEGIN:VALARM\r\nDESCRIPTION:beep\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    parsed = read(Cards, ics)
    assert parsed.title == "Team"
    assert papers.told(parsed) == [
        (
            ("Plan, then go",),
            "Summary: Plan, then go\nDtstart: 2024-05-03 10:00 Europe/Berlin\nOrganizer: Ada L <mailto:a@x>",
        )
    ]


def test_address_cards_are_told_in_words() -> None:
    vcf = (
        "BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen=\n Koch\nTEL;CELL:+49 1\n"
        "ADR;HOME:;;Weg 1;Ulm;;89073;\nPHOTO;BASE64:AAAA\nEND:VCARD"
    )
    assert told(Cards, vcf) == [(("Jürgen Koch",), "Fn: Jürgen Koch\nTel: +49 1\nAdr: Weg 1 Ulm 89073")]
