"""ZIP archives: every member handed out once, and none that would do harm."""

from __future__ import annotations

import io
import stat
import zipfile

import pytest

from ingestion.parsers.base import Bounds, Parsed, ParseFailed, Part, Skipped
from ingestion.parsers.containers import archive, parts
from ingestion.parsers.containers.archive import Archive


def read(content: bytes, bounds: Bounds | None = None) -> Parsed:
    return Archive(bounds or Bounds()).parse(io.BytesIO(content))


def told(parsed: Parsed) -> dict[str, str | bytes]:
    return {one.path: one.content if isinstance(one, Part) else one.why for one in parsed.parts}


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as packed:
        for name, content in members:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.compress_type = method
            packed.writestr(info, content)
    return out.getvalue()


def test_its_text_is_the_list_of_its_members_and_each_is_handed_out() -> None:
    parsed = read(zipped(("a/", b""), ("a/x.txt", b"one"), ("b.txt", b"two")))
    assert parsed.sections[0].text == "- a/x.txt\n- b.txt"
    assert told(parsed) == {"a/x.txt": b"one", "b.txt": b"two"}


def test_what_is_no_document_is_named_with_its_reason() -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    content = bytearray(zipped((link, b"/etc/passwd"), ("__MACOSX/._x", b"x"), ("locked", b"x"), ("ok", b"words")))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = [place for place in range(len(content)) if content[place : place + 4] == magic][2]
        content[at + offset] |= 1
    assert told(read(bytes(content))) == {
        "link": archive.LINK,
        "__MACOSX/._x": archive.LEFTOVER,
        "locked": archive.ENCRYPTED,
        "ok": b"words",
    }


def test_a_damaged_member_leaves_the_others_whole() -> None:
    content = bytearray(zipped(("bad", b"some words"), ("good", b"words"), method=zipfile.ZIP_STORED))
    content[content.find(b"some words")] ^= 1
    assert told(read(bytes(content))) == {"bad": archive.DAMAGED, "good": b"words"}


def test_names_that_are_utf8_and_do_not_say_so_are_read_as_such() -> None:
    content = zipped(("Übersicht.txt", b"x"))
    unsaid = content.replace(b"\x00\x08\x08\x00", b"\x00\x00\x08\x00")
    assert unsaid != content
    assert list(told(read(unsaid))) == ["Übersicht.txt"]


def test_what_would_unpack_to_too_much_is_never_unpacked() -> None:
    bounds = Bounds(part=1_000, unpacked=2_500, parts=10)
    content = zipped(("big", bytes(1_001)), *((f"{n}", b"x" * 900) for n in range(4)))
    assert {path: why for path, why in told(read(content, bounds)).items() if isinstance(why, str)} == {
        "big": parts.PART_TOO_LARGE,
        "2": parts.TOO_MUCH,
    }


def test_members_that_lie_upon_each_other_are_not_read() -> None:
    """As in the archives that unpack ten megabytes to two hundred thousand: one body under many names."""
    content = zipped(("one", b"words" * 99), ("two", b"words"), method=zipfile.ZIP_STORED)
    start = content.find(b"PK\x01\x02")
    entry = content[start : content.find(b"PK\x01\x02", start + 4)]
    rest = content[start + len(entry) :]
    end = rest.find(b"PK\x05\x06")
    tail = bytearray(rest[end:])
    size = len(entry) * 40
    tail[8:12] = (40).to_bytes(2, "little") * 2
    tail[12:16] = size.to_bytes(4, "little")
    bomb = content[:start] + entry * 40 + bytes(tail)
    assert set(told(read(bomb)).values()) == {archive.OVERLAPS}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(18)])
def test_an_archive_of_nothing_is_named(content: bytes) -> None:
    with pytest.raises(ParseFailed) as failed:
        read(content)
    assert failed.value.code in {"broken", "empty"}


def test_the_number_of_documents_within_one_is_bounded() -> None:
    given = [Part(str(n), b"x") for n in range(50)]
    bounds = Bounds(parts=3)
    taken = list(parts.bounded(given, bounds))
    assert [one.path for one in taken] == ["0", "1", "2", ""]
    assert isinstance(taken[3], Skipped)
    assert taken[3].why.startswith("At most 3 ")
    assert len(list(parts.bounded(given[:3], bounds))) == 3
