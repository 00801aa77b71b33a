"""ZIP archives: a batch of documents. Its own text is the list of its members; each of them is a document by itself."""

from __future__ import annotations

import io
import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import BinaryIO

from governance.sentence import phrase
from ingestion.parsers.base import Bounds, Parsed, ParseFailed, Parser, Part, Skipped
from ingestion.parsers.containers.parts import PART_TOO_LARGE, TOO_MUCH
from ingestion.parsers.outline import Outline, one_line
from ingestion.parsers.package import DAMAGES

LISTED_MOST = 5_000  # of its members by name, in its own text
ENCRYPTED = phrase("It is protected by a password.")
LINK = phrase("It is a link to another file, and links are not followed.")
LEFTOVER = phrase("A program left it there; it is no document.")
DAMAGED = phrase("It is damaged.")
OVERLAPS = phrase("It lies upon another member, as nobody packs an archive that means no harm.")
UNKNOWN_METHOD = phrase("It is packed in a way that cannot be read.")
_LEFTOVERS = re.compile(
    r"(?:.*/)?(?:__MACOSX/.*|\.DS_Store|\._[^/]*|Thumbs\.db|desktop\.ini|\.git/.*)\Z", re.IGNORECASE
)
_HEAD = 30  # bytes before a member's own, at least


class Archive(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        try:
            archive = zipfile.ZipFile(io.BytesIO(stream.read()))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise _broken() from None
        members = [one for one in archive.infolist() if not one.is_dir()]
        outline = Outline(self.bounds.characters)
        outline.block("\n".join(f"- {one_line(_name(one))}" for one in members[:LISTED_MOST]))
        sections = outline.sections()
        if not sections:
            raise ParseFailed(
                "empty", "There is no file in this archive.", phrase("Check that it is the one you meant to upload.")
            )
        return Parsed("", sections, parts=_parts(archive, members, self.bounds))


def _parts(archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo], bounds: Bounds) -> Iterator[Part | Skipped]:
    covered = _covered(members)
    left = bounds.unpacked
    for member in members:
        name = _name(member)
        why = _hindrance(member, covered, bounds)
        if why:
            yield Skipped(name, why)
            continue
        left -= member.file_size
        if left < 0:  # also where what comes out is damaged, and is handed to nobody
            yield Skipped(name, TOO_MUCH)
            return
        yield _part(archive, member, name)


def _hindrance(member: zipfile.ZipInfo, covered: frozenset[int], bounds: Bounds) -> str:
    """Why it is not read; nothing where it is."""
    for hinders, said in (
        (member.flag_bits & 0x1, ENCRYPTED),
        (stat.S_ISLNK(member.external_attr >> 16), LINK),
        (_LEFTOVERS.match(_name(member)), LEFTOVER),
        (member.header_offset in covered, OVERLAPS),
        (member.file_size > bounds.part, PART_TOO_LARGE),
    ):
        if hinders:
            return said
    return ""


def _part(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> Part | Skipped:
    try:
        with archive.open(member) as file:
            return Part(name, file.read())  # never more than the size that was given for it
    except NotImplementedError:
        return Skipped(name, UNKNOWN_METHOD)
    except DAMAGES:
        return Skipped(name, DAMAGED)


def _covered(members: Sequence[zipfile.ZipInfo]) -> frozenset[int]:
    """Where members stand that share their bytes with another one."""
    found: set[int] = set()
    for one, following in pairwise(sorted(members, key=lambda member: member.header_offset)):
        if one.header_offset + _HEAD + one.compress_size > following.header_offset:
            found |= {one.header_offset, following.header_offset}
    return frozenset(found)


def _name(member: zipfile.ZipInfo) -> str:
    """Many programs write names as UTF-8 and do not say so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename


def _broken() -> ParseFailed:
    return ParseFailed("broken", "The archive is damaged and cannot be read.", phrase("Pack it anew and upload that."))
