"""Where the server is and by which key it is spoken to: the environment, or a file that only its owner reads."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

PLACE = "~/.config/chancery/config.json"


class CredentialsError(Exception):
    """There are none, or they lie open."""


def found() -> tuple[str, str]:
    """(address, key). Raises CredentialsError, which says what to do."""
    place = Path(os.environ.get("CHANCERY_CONFIG") or PLACE).expanduser()
    kept = _read(place) if place.exists() else {}
    address = os.environ.get("CHANCERY_URL") or kept.get("url", "")
    key = os.environ.get("CHANCERY_KEY") or kept.get("key", "")
    if not address or not key:
        raise CredentialsError(f"Set CHANCERY_URL and CHANCERY_KEY, or write url and key into {place}.")
    return address, key


def _read(place: Path) -> dict[str, str]:
    with place.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise CredentialsError(f"Others may read {place}, where a key stands: chmod 600 {place}")
        try:
            told = json.load(file)
        except ValueError:
            raise CredentialsError(f"{place} is not JSON.") from None
    if not isinstance(told, dict):
        raise CredentialsError(f"{place} has to hold an object with url and key.")
    return {name: str(told[name]) for name in ("url", "key") if name in told}
