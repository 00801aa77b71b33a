"""A ZIP archive, uploaded or at an address: its files, as a batch. What it says of itself is not believed."""

from __future__ import annotations

import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from governance.sentence import phrase, sentence
from ingestion.connectors import paths, web
from ingestion.connectors.base import (
    KEY_MAX,
    Change,
    Connector,
    Field,
    Ground,
    Item,
    ItemDown,
    ItemRefused,
    Reached,
    SourceRefuses,
    too_large,
    too_many,
)
from ingestion.connectors.folder import PATTERNS
from ingestion.documents import files

STORED = "stored"  # where the service keeps what was uploaded: no field, so that nobody writes it
PIECE = 64 * 1024
_BROKEN = phrase("This is no ZIP archive, or it is damaged.")
_AGAIN = phrase("Make it anew.")
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, NotImplementedError, OSError)


class Archive(Connector):
    """The mark of a file is its checksum and size. An archive at an address is fetched anew once its ETag has changed."""

    fields = (
        Field(
            "url",
            phrase("Address of the archive"),
            "text",
            phrase("Such as https://example.org/handbook.zip. Empty where you upload one."),
        ),
        Field("user", phrase("User name"), most=200),
        Field("password", phrase("Password"), "secret", most=500),
        PATTERNS,
    )

    def __init__(self, settings: Any, secrets: Any, ground: Ground) -> None:
        super().__init__(settings, secrets, ground)
        self.url, self.stored = str(settings.get("url", "")), str(settings.get(STORED, ""))
        user = str(settings.get("user", ""))
        self.web = web.Web(ground, self.url, (user, secrets.get("password", "")) if user else None)
        self._file: BinaryIO | None = None
        self._zip: zipfile.ZipFile | None = None

    def changes(self, cursor: str) -> Iterator[Change]:
        reached = self._fetched(cursor)
        if self._zip is None:
            yield Reached(cursor, is_whole=False)
            return
        patterns, seen = paths.lines(self.settings.get("patterns")), set[str]()
        if len(self._zip.infolist()) > self.ground.items:
            raise too_many(self.ground.items)
        for told in self._zip.infolist():
            name = _name(told)
            if _is_file(told, name) and name not in seen and paths.wanted(name, patterns):
                seen.add(name)
                yield Item(
                    name,
                    paths.last(name),
                    f"{told.CRC:08x}-{told.file_size}",
                    told.file_size,
                    told.filename,
                    paths.parent(name),
                )
        yield Reached(reached)

    def read(self, item: Item) -> BinaryIO:
        if self._zip is None:
            self._fetched("")
        assert self._zip is not None  # noqa: S101  for the type checker: without a cursor it was fetched
        try:
            told = self._zip.getinfo(item.place)
        except KeyError:
            raise ItemDown(phrase("It is not there any more.")) from None
        if told.flag_bits & 1:
            raise ItemRefused(phrase("It is encrypted with a password."), phrase("Pack it without one."))
        file = tempfile.TemporaryFile(prefix="chancery-")  # noqa: SIM115  the caller closes it
        try:
            with self._zip.open(told) as member:
                left = self.ground.item_bytes
                while piece := member.read(PIECE):
                    left -= len(piece)
                    if left < 0:
                        raise too_large(self.ground.item_bytes)
                    file.write(piece)
        except _FAULTS:
            file.close()
            raise ItemRefused(phrase("It is damaged in the archive."), _AGAIN) from None
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    def probe(self) -> str:
        self._fetched("")
        number = len(self._zip.infolist()) if self._zip else 0
        return sentence("The archive can be read. It holds %(number)s entries.", number=number)

    def close(self) -> None:
        self.web.close()
        for one in (self._zip, self._file):
            if one is not None:
                one.close()

    def _fetched(self, cursor: str) -> str:
        """Open it, unless it is the one that `cursor` tells of. Where the next list begins."""
        if self.stored:
            if cursor != self.stored:
                self._open(files.open_stored(self.stored))
            return self.stored
        if not self.url:
            raise SourceRefuses(phrase("There is no archive yet."), phrase("Upload one, or write its address."))
        with self.web.open("GET", self.url, headers={"If-None-Match": cursor} if cursor else {}) as answer:
            if answer.status == 304:
                return cursor
            web.require(answer)
            try:
                self._open(web.on_disk(answer, self.ground.archive_bytes))
            except ItemRefused as why:
                raise SourceRefuses(why.message, why.remedy) from None
            return answer.headers.get("ETag", "")[:500]

    def _open(self, file: Any) -> None:
        self._file = file
        try:
            self._zip = zipfile.ZipFile(file)
        except _FAULTS:
            raise SourceRefuses(_BROKEN, _AGAIN) from None


def _name(told: zipfile.ZipInfo) -> str:
    """Many programs write UTF-8 without saying so."""
    if told.flag_bits & 0x800:
        return told.filename
    try:
        return told.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return told.filename


def _is_file(told: zipfile.ZipInfo, name: str) -> bool:
    mode = told.external_attr >> 16
    if told.is_dir() or stat.S_ISLNK(mode) or not paths.is_plain(name) or paths.is_hidden(name):
        return False
    return not name.startswith("__MACOSX/") and len(name.encode("utf-8", "replace")) <= KEY_MAX
