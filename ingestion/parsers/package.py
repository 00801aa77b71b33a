"""The zip of an office document: its parts as XML, none of them larger than is allowed, no entity followed."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, BinaryIO

from lxml import etree

from governance.sentence import phrase
from ingestion.parsers import dates
from ingestion.parsers.base import ParseFailed

_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_TERMS = "{http://purl.org/dc/terms/}"
# The strict variant of Office Open XML has names of its own for the same things.
_STRICT = (
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
    *(
        (b"http://purl.oclc.org/ooxml/%s" % name, b"http://schemas.openxmlformats.org/%s" % usual)
        for name, usual in (
            (b"wordprocessingml/main", b"wordprocessingml/2006/main"),
            (b"presentationml/main", b"presentationml/2006/main"),
            (b"spreadsheetml/main", b"spreadsheetml/2006/main"),
            (b"drawingml/main", b"drawingml/2006/main"),
            (b"drawingml/chart", b"drawingml/2006/chart"),
            (b"drawingml/diagram", b"drawingml/2006/diagram"),
        )
    ),
)
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
_SAFELY: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": True}


@dataclass(frozen=True)
class Relation:
    """What a part refers to. `target` is a part's name, or an address where it `is_outside`; `kind` the last word of its type."""

    kind: str
    target: str
    is_outside: bool


class Package:
    def __init__(self, file: BinaryIO, most: int) -> None:
        """`most` is what its parts may hold together, in bytes, once they are decompressed. Raises ParseFailed."""
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise broken() from None
        self._left = most
        self._relations: dict[str, dict[str, Relation]] = {}
        self._properties: dict[str, Any] = {}
        self.names = frozenset(self._zip.namelist())

    def part(self, name: str) -> Any | None:
        """A part beside the document, which is read without it if it is missing or damaged."""
        try:
            return self.xml(name)
        except ParseFailed as fault:
            if fault.code == "broken":
                return None
            raise

    def properties(self, name: str) -> Any | None:
        """The part in which the document tells of itself, read once: its title and its date stand in it."""
        if name not in self._properties:
            self._properties[name] = self.part(name)
        return self._properties[name]

    def relations(self, name: str) -> dict[str, Relation]:
        """By their ids, of the part `name`, or of the package where that is empty."""
        if name not in self._relations:
            self._relations[name] = self._related(name)
        return self._relations[name]

    def _related(self, name: str) -> dict[str, Relation]:
        folder, last = posixpath.split(name)
        root = self.part(posixpath.join(folder, "_rels", f"{last}.rels"))
        found: dict[str, Relation] = {}
        for one in root.iterchildren("{*}Relationship") if root is not None else ():
            target, is_outside = one.get("Target", ""), one.get("TargetMode") == "External"
            if not is_outside:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[one.get("Id", "")] = Relation(one.get("Type", "").rpartition("/")[2], target, is_outside)
        return found

    def title(self) -> str:
        root = self.properties("docProps/core.xml")
        return (root.findtext(_TITLE) or "") if root is not None else ""

    def dated(self) -> datetime | None:
        """When it was saved last."""
        root = self.properties("docProps/core.xml")
        if root is None:
            return None
        return dates.of_iso(root.findtext(f"{_TERMS}modified") or root.findtext(f"{_TERMS}created"))

    def xml(self, name: str) -> Any | None:
        """None where there is no such part. Raises ParseFailed where it is damaged or too large."""
        if name not in self.names:
            return None
        try:
            content = self._unpacked(name)
            for strict, usual in _STRICT:
                content = content.replace(strict, usual) if strict in content else content
            return etree.fromstring(content, etree.XMLParser(**_SAFELY))
        except etree.XMLSyntaxError as fault:
            raise _fault(fault) from fault
        except DAMAGES as fault:
            raise broken() from fault

    @contextmanager
    def walk(self, name: str, *tags: str) -> Iterator[Any]:
        """Elements of these tags as they are read, for parts that are too large to be held. Raises ParseFailed."""
        try:
            with self._zip.open(name) as part:
                yield _emptied(etree.iterparse(_Counted(part, self), events=("end",), tag=tags, **_SAFELY))
        except (KeyError, NotImplementedError):
            raise broken() from None
        except etree.XMLSyntaxError as fault:
            raise _fault(fault) from fault
        except DAMAGES as fault:
            raise broken() from fault

    def whole(self, name: str) -> bytes:
        """All of a part; none where it is missing or damaged. Raises ParseFailed where it is too large."""
        try:
            return self._unpacked(name)
        except (KeyError, NotImplementedError, *DAMAGES):
            return b""

    def read(self, name: str, most: int) -> bytes:
        """The first `most` bytes of a part; none where it is missing or damaged."""
        try:
            with self._zip.open(name) as part:
                return part.read(most)
        except (KeyError, NotImplementedError, *DAMAGES):
            return b""

    def took(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise ParseFailed(
                "too_large", "The document unpacks to more than is read.", phrase("Split it into smaller documents.")
            )

    def _unpacked(self, name: str) -> bytes:
        """The size that an archive gives for a part may be a lie: what counts is what comes out."""
        with self._zip.open(name) as part:
            content = part.read(self._left + 1)
        self.took(len(content))
        return content


class _Counted:
    def __init__(self, part: IO[bytes], package: Package) -> None:
        self._part, self._package = part, package

    def read(self, size: int = -1, /) -> bytes:
        block = self._part.read(size)
        self._package.took(len(block))
        return block


def _emptied(walk: Any) -> Iterator[Any]:
    """Once it was looked at, an element and those before it are dropped: a sheet may have a million."""
    for _, element in walk:
        yield element
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def _fault(fault: etree.XMLSyntaxError) -> Exception:
    if fault.code == etree.ErrorTypes.ERR_NO_MEMORY:
        return MemoryError()
    return too_deep() if "depth" in str(fault) else broken()


def too_deep() -> ParseFailed:
    return ParseFailed(
        "too_large", "The document is nested too deeply to be read.", phrase("Save it as PDF and upload that.")
    )


def broken() -> ParseFailed:
    return ParseFailed(
        "broken", "The document is damaged and cannot be read.", phrase("Open it, save it anew and upload that.")
    )


def encrypted() -> ParseFailed:
    return ParseFailed(
        "encrypted",
        "The document is protected by a password.",
        phrase("Save it without the password and upload it again."),
    )
