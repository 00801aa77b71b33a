"""Uploaded bytes: into the default storage, out of it, and away."""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils import timezone

from governance import disk
from governance.errors import InvalidInput, NotFound, TooLarge, Unavailable
from governance.sentence import phrase, sentence

TOO_LARGE = phrase("The file is larger than the limit of %(limit)s.")

_PIECE = 2**20


@dataclass(frozen=True)
class Stored:
    """`sha256` in hex, `size` in bytes, `at` when the last of them was in."""

    path: str
    sha256: str
    size: int
    at: datetime = field(default_factory=timezone.now)


class _Metered(File):  # type: ignore[type-arg]
    """Counts and digests on the way through, so that a file is read once."""

    def __init__(self, source: IO[Any], limit: int) -> None:
        super().__init__(source, name="upload")
        self.source = source
        self.digest = hashlib.sha256()
        self.count = 0
        self.limit = limit

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        while piece := self.source.read(chunk_size or _PIECE):
            self.count += len(piece)
            if self.count > self.limit:
                raise TooLarge(sentence(TOO_LARGE, limit=in_words(self.limit)))
            self.digest.update(piece)
            yield piece


def store(tenant: uuid.UUID, source: IO[Any]) -> Stored:
    """Raises TooLarge, InvalidInput (an empty file) and Unavailable (no room), and leaves nothing behind then."""
    path = f"{tenant.hex}/{uuid.uuid4().hex}"
    metered = _Metered(source, settings.UPLOAD_MAX_BYTES)
    try:
        saved = default_storage.save(path, metered)
        if metered.count == 0:
            raise InvalidInput("The file is empty.")
    except BaseException as fault:
        default_storage.delete(path)
        if disk.is_full(fault):
            raise Unavailable(disk.NO_ROOM) from fault
        raise
    return Stored(saved, metered.digest.hexdigest(), metered.count)


def open_stored(path: str) -> File:  # type: ignore[type-arg]
    """The bytes, for reading. Raises NotFound where they are gone."""
    try:
        return default_storage.open(path, "rb")
    except FileNotFoundError:
        raise NotFound("The file is no longer there. Upload the document again.") from None


@contextmanager
def on_disk(path: str) -> Iterator[Path]:
    """A local path of the bytes: the storage's own, or a copy for as long as the context lasts."""
    try:
        local = default_storage.path(path)
    except NotImplementedError:
        with tempfile.NamedTemporaryFile(prefix="chancery-") as copy, open_stored(path) as source:
            for piece in source.chunks(_PIECE):
                copy.write(piece)
            copy.flush()
            yield Path(copy.name)
        return
    yield Path(local)


def remove(path: str) -> None:
    """Nothing there is no error."""
    default_storage.delete(path)


def exists(path: str) -> bool:
    return default_storage.exists(path)


def in_words(size: int) -> str:
    """A limit as a person reads it."""
    return f"{size / 2**20:.4g} MiB" if size >= 2**20 else f"{size} bytes"
