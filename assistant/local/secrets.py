"""What only this installation knows, generated on first start: one file each, readable by its owner alone."""

from __future__ import annotations

import base64
import os
import secrets as randomness
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

from governance import keyfile


@dataclass(frozen=True, repr=False)
class Secrets:
    """Text without whitespace; passwords need no quoting in a URL. `record_key` is 32 bytes in base64."""

    django_key: str
    postgres_superuser: str
    postgres_owner: str
    postgres_app: str
    postgres_sealer: str
    postgres_backup: str
    valkey: str
    model_key: str
    record_key: str


def _record_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def _password() -> str:
    return randomness.token_hex(24)


MAKERS: dict[str, Callable[[], str]] = {
    "django_key": lambda: randomness.token_urlsafe(48),
    "record_key": _record_key,
}


def load(home: Path) -> Secrets:
    """The secrets of `home`; those that are missing are made. OSError where the folder is somebody else's."""
    folder = home / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return Secrets(**{f.name: _read_or_make(folder / f.name) for f in fields(Secrets)})


def _read_or_make(path: Path) -> str:
    if not path.exists():
        value = MAKERS.get(path.name, _password)()
        keyfile.write(path, f"{value}\n".encode("ascii"))  # whoever was first has made it
    path.chmod(0o600)
    return path.read_text(encoding="ascii").strip()
