"""A ZIP that is written while it is sent: nothing of it lies in memory or on a disk but the piece that is under way."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

MANIFEST = "manifest.json"
NAME_MAX = 120  # bytes: beside a folder's name it fits on every file system
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069]+')


class Archive:
    """Its pieces are taken as they come; `close` writes the manifest, without which it is not whole."""

    def __init__(self) -> None:
        self._out = _Out()
        self._zip = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED)
        self._files: dict[str, dict[str, Any]] = {}
        self._at = datetime.now(UTC).timetuple()[:6]

    def add(self, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        told = zipfile.ZipInfo(name, self._at)
        told.compress_type = zipfile.ZIP_DEFLATED
        with self._zip.open(told, "w", force_zip64=True) as member:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                member.write(piece)
                yield self._out.take()
        self._files[name] = {"sha256": digest.hexdigest(), "size": size}
        yield self._out.take()

    def close(self, told: dict[str, Any]) -> Iterator[bytes]:
        manifest = json.dumps(told | {"files": self._files}, indent=1, ensure_ascii=False).encode()
        self._zip.writestr(zipfile.ZipInfo(MANIFEST, self._at), manifest, zipfile.ZIP_DEFLATED)
        self._zip.close()
        yield self._out.take()


def safe(name: str, number: int) -> str:
    """A name that every system takes, and no other document of the archive has: the number in front sees to both."""
    plain = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name).encode("utf-8", "replace").decode())
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending) > 10:
        stem, dot, ending = plain, "", ""
    room = NAME_MAX - len(f"{number:05}-{dot}{ending}".encode())
    stem = stem.encode()[:room].decode("utf-8", "ignore")
    return f"{number:05}-{stem}{dot}{ending}".rstrip(". ")


class _Out:
    """What zipfile writes to: no place to go back to, so that sizes and sums stand behind each member."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        return

    def close(self) -> None:
        return

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken
