"""Markdown and plain text: headings become sections, every encoding becomes text, nothing unseen is kept."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.parsers.base import Parsed
from ingestion.parsers.outline import legible
from ingestion.parsers.texts.markdown import Markdown
from ingestion.parsers.texts.text import Text, decode
from tests.ingestion import papers

GERMAN = "Die Kündigungsfrist beträgt dreißig Tage – für Gold sechzig. Überstunden sind zu genehmigen."


def markdown(text: str) -> Parsed:
    return Markdown().parse(io.BytesIO(text.encode()))


def plain(content: bytes) -> Parsed:
    return Text().parse(io.BytesIO(content))


def test_headings_of_both_kinds_make_sections() -> None:
    read = markdown("Intro.\n\n# One #\ntext\n\nTwo\n---\nmore\n### Three\n\nThird.\n\nFour\n====\nlast")
    assert read.title == "One"
    assert papers.told(read) == [
        ((), "Intro."),
        (("One",), "text"),
        (("One", "Two"), "more"),
        (("One", "Two", "Three"), "Third."),
        (("Four",), "last"),
    ]


def test_text_is_kept_as_it_was_written() -> None:
    block = "| a | b |\n| --- | --- |\n| 1 | 2 |\n\n- x\n- y\n\n> quoted\n\n```sh\n# no heading\n\nmake\n```\n\nend *so* `it` is"
    assert papers.told(markdown(f"# H\n{block}\n")) == [(("H",), block)]


@pytest.mark.parametrize("above", ["| a | b |", "- item", "1. item", "> quote", "two\nlines"])
def test_a_rule_below_a_row_or_an_item_makes_no_heading(above: str) -> None:
    assert all(not section.heading_path for section in markdown(f"{above}\n---\ntext").sections)


def test_a_heading_is_plain_words() -> None:
    read = markdown("## [The **Gold** plan](https://x.example/y) and `code` ![logo](z.png)\ntext")
    assert read.sections[0].heading_path == ("The Gold plan and code logo",)


def test_a_heading_with_nothing_below_it_is_still_said() -> None:
    read = markdown("# Rules\n## No smoking\n## No phones\nin the lab\n## No food")
    assert papers.told(read) == [
        (("Rules",), "No smoking"),
        (("Rules", "No phones"), "in the lab"),
        (("Rules",), "No food"),
    ]


def test_front_matter_gives_the_title_and_is_no_text() -> None:
    read = markdown('---\ntitle: "Leave 2025"\ntags:\n  - hr\n---\n# Leave\n\nThirty.')
    assert read.title == "Leave 2025"
    assert papers.told(read) == [(("Leave",), "Thirty.")]


def test_text_between_rules_is_no_front_matter() -> None:
    assert "Not keys at all." in markdown("---\nNot keys at all.\n---\nrest").sections[0].text


@pytest.mark.parametrize(
    "content", ["[" * 100_000, "# " + "**a" * 50_000, "# " + "[a](" * 50_000, "---\n" + "a:\n" * 50_000]
)
def test_hostile_marks_do_not_take_for_ever(content: str) -> None:
    assert markdown(content + "\nend").sections


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", GERMAN),
        ("utf-8-sig", GERMAN),
        ("utf-16", GERMAN),
        ("utf-16-le", GERMAN),
        ("utf-16-be", GERMAN),
        ("utf-32", GERMAN),
        ("cp1252", GERMAN),
        ("latin-1", "Gr\u00f6\u00dfe"),
        ("cp1251", "Привет, как дела? Это обычный русский текст."),
        ("iso2022-jp", "これは日本語のテキストです。"),
        ("cp1250", "Zażółć gęślą jaźń. Pracownik może złożyć wniosek o urlop."),
        ("iso8859-7", "Η προθεσμία είναι τριάντα ημέρες."),
        ("gb18030", "通知期为三十天。加班必须事先得到主管的批准。"),
        ("big5", "通知期為三十天。加班必須事先得到主管的批准。"),
        ("euc-kr", "통지 기간은 삼십 일입니다. 초과 근무는 승인을 받아야 합니다."),
        ("shift_jis", "これは日本語のテキストです。文字コードを調べます。"),
    ],
)
def test_text_of_any_encoding_is_read(encoding: str, text: str) -> None:
    assert plain(text.encode(encoding)).sections[0].text == text


def test_one_broken_sign_does_not_change_all_the_others() -> None:
    assert decode(GERMAN.encode() + b" \xff end") == f"{GERMAN} \ufffd end"


def test_the_first_line_is_the_title_unless_it_is_a_paragraph() -> None:
    assert plain(b"\n  Minutes of May \nAll were there.").title == "Minutes of May"
    assert plain(b"word " * 40).title == ""


def test_line_ends_are_alike_and_unseen_signs_gone() -> None:
    read = plain("a\r\nb\rc\x00\u00ad\u200b\x07d\u202e\U000e0041e \ufb01ve u\u0308".encode())
    assert read.sections[0].text == "a\nb\ncde five \u00fc"


@given(st.text())
def test_what_is_legible_can_be_stored_and_is_so_at_once(text: str) -> None:
    shown = legible(text)
    assert "\x00" not in shown
    shown.encode()
    assert legible(shown) == shown


@pytest.mark.parametrize(
    ("said", "encoding"),
    [
        ("Le préavis est d’un mois ; les congés sont accordés à l’été, où que vous soyez. ", "cp1252"),
        ("Срок предупреждения – тридцать дней. ", "utf-16-le"),
        ("مدة الإشعار ثلاثون يوما. ", "utf-16-be"),
    ],
)
def test_text_that_does_not_say_its_encoding_is_read_all_the_same(said: str, encoding: str) -> None:
    assert decode((said * 4).encode(encoding)) == said * 4
