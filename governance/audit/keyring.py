"""The keys that payloads of the record are encrypted under: one a subject and tenant, kept outside Postgres.

A subject is the person a payload speaks of. Destroying a key makes everything encrypted under it unreadable, in every
backup too, while the record's hashes still verify. A key that was destroyed is never made anew, and which those are is kept
beside the keys: a database that is restored from before an erasure is told of it here.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.module_loading import import_string

from governance import keyfile

KEY_BYTES = 32
NONCE_BYTES = 12
# A key that was destroyed elsewhere is forgotten here within this many seconds.
CACHED_S = 30.0
GONE = ".gone"


class KeyGone(Exception):
    """The subject's key was destroyed, or was never here: what it encrypted cannot be read."""


class Keyring(ABC):
    @abstractmethod
    def key(self, tenant: uuid.UUID, subject: uuid.UUID, *, create: bool = False) -> bytes:
        """The subject's 32 bytes. Raises KeyGone where it was destroyed, or there is none and `create` is false."""

    @abstractmethod
    def destroy(self, tenant: uuid.UUID, subject: uuid.UUID) -> bool:
        """Make the key unrecoverable, for good; True where there was one."""

    @abstractmethod
    def destroyed(self, tenant: uuid.UUID) -> Mapping[uuid.UUID, datetime]:
        """The subjects whose keys were destroyed, and when: the list that outlives a restored database."""


class FileKeyring(Keyring):
    """One file a key, each wrapped with AES-256-GCM under the installation's master key."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.cached: dict[tuple[uuid.UUID, uuid.UUID], tuple[float, bytes]] = {}
        self.lock = threading.Lock()

    def key(self, tenant: uuid.UUID, subject: uuid.UUID, *, create: bool = False) -> bytes:
        held = self.cached.get((tenant, subject))
        if held and time.monotonic() - held[0] < CACHED_S:
            return held[1]
        path = self._path(tenant, subject)
        if path.with_suffix(GONE).exists():  # whatever a backup may have put back beside it
            raise KeyGone(f"the key of subject {subject} was destroyed")
        try:
            wrapped = path.read_bytes()
        except FileNotFoundError:
            if not create:
                raise KeyGone(f"no key for subject {subject}") from None
            wrapped = self._create(path, tenant, subject)
        try:
            key = self._master().decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _bound(tenant, subject))
        except InvalidTag:
            raise KeyGone("the keyring was made under another master key") from None
        with self.lock:
            self.cached[tenant, subject] = (time.monotonic(), key)
        return key

    def destroy(self, tenant: uuid.UUID, subject: uuid.UUID) -> bool:
        with self.lock:
            self.cached.pop((tenant, subject), None)
        path = self._path(tenant, subject)
        self._note_destroyed(path.with_suffix(GONE))
        try:
            size = path.stat().st_size
            with path.open("r+b") as file:  # overwritten before it is unlinked: a plain file system may keep the block
                file.write(secrets.token_bytes(size))
                os.fsync(file.fileno())
            path.unlink()
        except FileNotFoundError:
            return False
        return True

    def destroyed(self, tenant: uuid.UUID) -> Mapping[uuid.UUID, datetime]:
        files = sorted((self.folder / tenant.hex).glob(f"*{GONE}"))
        return {uuid.UUID(file.stem): datetime.fromisoformat(file.read_text(encoding="ascii")) for file in files}

    def _path(self, tenant: uuid.UUID, subject: uuid.UUID) -> Path:
        return self.folder / tenant.hex / f"{subject.hex}.key"

    def _create(self, path: Path, tenant: uuid.UUID, subject: uuid.UUID) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        wrapped = nonce + self._master().encrypt(nonce, secrets.token_bytes(KEY_BYTES), _bound(tenant, subject))
        if not self._write(path, wrapped):
            wrapped = path.read_bytes()
        if path.with_suffix(GONE).exists():  # destroyed while it was made: whoever destroyed it found nothing to unlink
            path.unlink(missing_ok=True)
            raise KeyGone(f"the key of subject {subject} was destroyed")
        return wrapped

    def _note_destroyed(self, path: Path) -> None:
        """Before the key goes, so that nobody makes it anew in between. The first time stays."""
        self._write(path, datetime.now(UTC).isoformat().encode())

    def _write(self, path: Path, content: bytes) -> bool:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        return keyfile.write(path, content)

    def _master(self) -> AESGCM:
        if len(settings.RECORD_KEY) != KEY_BYTES:
            raise KeyGone("CHANCERY_RECORD_KEY is not set: the record cannot be written")
        return AESGCM(settings.RECORD_KEY)


def _bound(tenant: uuid.UUID, subject: uuid.UUID) -> bytes:
    return tenant.bytes + subject.bytes


_rings: dict[str, Keyring] = {}


def ring() -> Keyring:
    """The keyring that settings.RECORD_KEYRING names, one a process."""
    chosen: dict[str, Any] = settings.RECORD_KEYRING
    backend, options = chosen["BACKEND"], chosen["OPTIONS"]
    name = f"{backend}{sorted(options.items())}"
    if name not in _rings:
        _rings[name] = import_string(backend)(**options)
    return _rings[name]
