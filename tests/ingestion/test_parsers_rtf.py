"""RTF is read with its structure: headings, lists, tables, notes; and in whatever code page it is written."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from ingestion import formats
from ingestion.parsers import flags
from ingestion.parsers.base import Parsed, ParseFailed
from ingestion.parsers.legacy.rtf import Rtf
from ingestion.parsers.limited import sandbox
from ingestion.parsers.limited.sandbox import Limits
from tests.ingestion import papers

STYLES = r"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\s2 \'dcberschrift 2;}{\s5 Title;}{\s6\outlinelevel1 Own;}}"


def parsed(body: str, head: str = r"\ansi\ansicpg1252") -> Parsed:
    return Rtf().parse(io.BytesIO(rf"{{\rtf1{head}{STYLES}{body}}}".encode("latin-1")))


def text(body: str, head: str = r"\ansi\ansicpg1252") -> str:
    return "\n\n".join(section.text for section in parsed(body, head).sections)


def test_headings_lists_and_paragraphs_stand_in_their_order() -> None:
    read = parsed(
        r"{\pard\s5 Handbook\par}{\pard\s1 Travel\par}\pard We go by\line train.\par"
        r"{\listtext\'b7\tab}{\pard\ilvl0 trains\par}{\listtext 1.\tab}\pard\ilvl1 night trains\par"
        r"\pard\s2 Rates\par\pard 120 euros\par\pard\s6 By level\par\pard more\par"
    )
    assert read.title == "Handbook"
    assert papers.told(read) == [
        (("Travel",), "We go by\ntrain.\n\n- trains\n  1. night trains"),
        (("Travel", "Rates"), "120 euros"),
        (("Travel", "By level"), "more"),
    ]


@pytest.mark.parametrize(
    ("body", "head", "shown"),
    [
        (r"Gr\'f6\'dfe", r"\ansi\ansicpg1252", "Größe"),
        (r"\'cf\'f0\'e8\'e2\'e5\'f2", r"\ansi\ansicpg1251", "Привет"),
        (r"\f1\'cf\'f0 \f0\'e9", r"\ansi{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}}", "Пр é"),
        (r"\'93\'fa\'96\'7b", r"\ansi\ansicpg932", "日本"),
        (r"\u8364?5 \uc2\u26085\'93\'fa\uc0\u26412x", r"\ansi", "€5 日本x"),
        (r"\u-10179?\u-8704?", r"\ansi", "😀"),
        (r"\ldblquote a\rdblquote  \endash\~b\_c\-d \{e\}", r"\ansi", "“a” –\u00a0b-cd {e}"),
        (r"caf\'8e", r"\mac", "café"),
    ],
)
def test_every_way_to_write_a_sign_is_read(body: str, head: str, shown: str) -> None:
    assert text(body, head) == shown


def test_tables_keep_merged_cells() -> None:
    body = (
        r"\trowd\cellx1\cellx2\pard\intbl City\cell Rate\cell\row"
        r"\trowd\clvmgf\cellx1\cellx2\pard\intbl Kassel\cell 120\par net\cell\row"
        r"\trowd\clvmrg\cellx1\cellx2\pard\intbl\cell 90\cell\row\pard After.\par"
    )
    assert text(body) == "| City | Rate |\n| --- | --- |\n| Kassel | 120 net |\n| Kassel | 90 |\n\nAfter."


def test_notes_and_boxes_follow_their_paragraph_and_running_headers_come_once_at_the_end() -> None:
    body = (
        r"{\header Acme Ltd\par}{\footer 7\par}Thirty days.{\footnote\pard Except in Kassel.\par}"
        r"{\shp{\*\shpinst{\sp{\sn x}{\sv 1}}{\shptxt Mind the step.\par}}}\par Next.\par\sect{\header Acme Ltd\par}Last.\par"
    )
    assert text(body) == "Thirty days.\n\nExcept in Kassel.\n\nMind the step.\n\nNext.\n\nLast.\n\nAcme Ltd"


def test_what_is_hidden_deleted_or_computed_is_not_read() -> None:
    body = (
        r"{\info{\title The title}{\author Ada}}seen{\v hidden}{\deleted gone}{\*\unknown x}"
        r'{\field{\*\fldinst HYPERLINK "http://a.example"}{\fldrslt  link}}{\pict\wmetafile8 0102}{\bin5 ab}{} end'
    )
    read = parsed(body)
    assert (read.title, read.sections[0].text, read.flags) == ("The title", "seen link end", ())


def test_objects_and_fields_that_load_are_flagged() -> None:
    body = r'{\object\objemb{\*\objdata 0105}{\result shown}}{\field{\*\fldinst DDEAUTO c:\\\\x "y"}{\fldrslt z}}'
    assert parsed(body).flags == (flags.EMBEDDED_FILES, flags.EXTERNAL_LINKS)
    assert text(body) == "shownz"


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"", {"broken"}),
        (b"{\\rtf1}", {"empty"}),
        (b"{\\rtf1" + b"{" * 1_000_000, {"too_large"}),
        (b"{\\rtf1" + b"}" * 1_000_000, {"empty"}),
        (b"{\\rtf1{\\bin2000000000 words", {"empty"}),
        (b"{\\rtf1 " + b"\\par words" * 100_000, {"too_large"}),
        (b"{\\rtf1" + b"\\trowd" + b"\\cellx1" * 300_000, {"empty"}),
        (b"{\\rtf1" + b"{\\footnote" * 1_500 + b" x", set()),
        (b"{\\rtf1\\ansicpg999999 \\'ff\\u99999999?", set()),
    ],
)
def test_hostile_files_end_in_a_named_state(tmp_path: Path, content: bytes, codes: set[str]) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    if not codes:
        assert sandbox.run(path, formats.RTF, Limits(characters=100_000)).sections
        return
    with pytest.raises(ParseFailed) as fault:
        sandbox.run(path, formats.RTF, Limits(characters=100_000))
    assert fault.value.code in codes


def test_a_picture_is_passed_over_to_its_own_brace() -> None:
    inside = rb"{\pict {\*\blipuid 7}\pngblip 8950\'7d\}\{ \bin4 }}{{0d0a"
    read = Rtf().parse(io.BytesIO(rb"{\rtf1 before " + inside + rb"} after\par}"))
    assert read.sections[0].text.split() == ["before", "after"]
