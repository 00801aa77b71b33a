"""The zip of a DOCX: its parts as XML, none of them larger than is allowed, no entity followed."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from typing import Any, BinaryIO

from lxml import etree

from governance.sentence import phrase
from ingestion.parsers.base import ParseFailed

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_DOCUMENT = re.compile(r"word/document\d*\.xml")


class Package:
    def __init__(self, file: BinaryIO, most: int) -> None:
        """`most` is what its parts may hold together, in bytes, once they are decompressed. Raises ParseFailed."""
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise broken() from None
        self._left = most
        self._names = frozenset(self._zip.namelist())

    def document(self) -> Any:
        name = next((name for name in sorted(self._names) if _DOCUMENT.fullmatch(name)), None)
        root = self._xml(name) if name else None
        if root is None:
            raise broken()
        return root

    def part(self, name: str) -> Any | None:
        """A part beside the document, which is read without it if it is missing or damaged."""
        try:
            return self._xml(f"word/{name}.xml")
        except ParseFailed as fault:
            if fault.code == "broken":
                return None
            raise

    def notes(self, kind: str) -> dict[str, Any]:
        """Footnotes or endnotes by their ids; the lines that separate them from the text are none."""
        root = self.part(f"{kind}s")
        found = root.iterchildren(W + kind) if root is not None else ()
        return {note.get(W + "id", ""): note for note in found if note.get(W + "type", "normal") == "normal"}

    def title(self) -> str:
        root = self.part(posixpath.join("..", "docProps", "core"))
        return (root.findtext(_TITLE) or "") if root is not None else ""

    def _xml(self, name: str) -> Any | None:
        name = posixpath.normpath(name)
        if name not in self._names:
            return None
        try:
            content = self._unpacked(name)
            parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
            return etree.fromstring(content.replace(_STRICT, W[1:-1].encode()), parser)
        except etree.XMLSyntaxError as fault:
            if fault.code == etree.ErrorTypes.ERR_NO_MEMORY:
                raise MemoryError from fault
            raise (_too_deep() if "depth" in str(fault) else broken()) from fault
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as fault:
            raise broken() from fault

    def _unpacked(self, name: str) -> bytes:
        """The size that an archive gives for a part may be a lie: what counts is what comes out."""
        with self._zip.open(name) as part:
            content = part.read(self._left + 1)
        self._left -= len(content)
        if self._left < 0:
            raise ParseFailed(
                "too_large", "The document unpacks to more than is read.", phrase("Split it into smaller documents.")
            )
        return content


def _too_deep() -> ParseFailed:
    return ParseFailed(
        "too_large", "The document is nested too deeply to be read.", phrase("Save it as PDF and upload that.")
    )


def broken() -> ParseFailed:
    return ParseFailed(
        "broken", "The document is damaged and cannot be read.", phrase("Open it, save it anew and upload that.")
    )
