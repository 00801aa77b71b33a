"""Typed readers of the environment: each rejects what it does not understand, and says which variable."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    raw = text(name).lower()
    if not raw:
        return default
    if raw in TRUE | FALSE:
        return raw in TRUE
    raise ImproperlyConfigured(f"{name}={raw!r} is neither yes nor no; write 1 or 0.")


def number(name: str, default: int, *, least: int = 0, most: int = 2**40) -> int:
    raw = text(name)
    if not raw:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={raw!r} is not a whole number.") from None
    if not least <= value <= most:
        raise ImproperlyConfigured(f"{name}={value} is outside {least} to {most}.")
    return value


def choice(name: str, among: Sequence[str]) -> str:
    """One of them, the first by default."""
    chosen = text(name, among[0]).lower()
    if chosen not in among:
        raise ImproperlyConfigured(f"{name}={chosen!r} is none of {', '.join(among)}.")
    return chosen


def names(name: str, default: list[str]) -> list[str]:
    return [part.strip() for part in text(name).split(",") if part.strip()] or default


def networks(name: str) -> list[str]:
    """Addresses and networks, such as 10.0.0.0/8, with commas between."""
    found = []
    for part in names(name, []):
        try:
            found.append(str(ip_network(part)))
        except ValueError:
            raise ImproperlyConfigured(f"{name}={part!r} is no address and no network such as 10.0.0.0/8.") from None
    return found


def folder(name: str, default: Path) -> Path:
    return Path(text(name) or default).expanduser().resolve()


def tables(name: str, of: str) -> list[dict[str, Any]]:
    """The `[[of]]` tables of the TOML file that the variable points at; none where it is not set."""
    path = text(name)
    if not path:
        return []
    try:
        found = tomllib.loads(Path(path).expanduser().read_text(encoding="utf-8")).get(of)
    except (OSError, ValueError) as fault:
        raise ImproperlyConfigured(f"{name}={path!r} cannot be read: {fault}.") from None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ImproperlyConfigured(f"{name}={path!r} holds no [[{of}]] table.")
    return found


def fields(name: str) -> dict[str, Any]:
    """A JSON object, such as {"top_k": 20}; an empty one where the variable is not set."""
    try:
        found = json.loads(text(name) or "{}")
    except ValueError as fault:
        raise ImproperlyConfigured(f"{name} is no JSON: {fault}.") from None
    if not isinstance(found, dict):
        raise ImproperlyConfigured(f'{name} has to be a JSON object, such as {{"top_k": 20}}.')
    return found


def secret(name: str) -> str:
    """The value of `name`, or the content of the file that `name`_FILE points at. Empty where neither is set."""
    path = text(f"{name}_FILE")
    if not path:
        return text(name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as fault:
        raise ImproperlyConfigured(f"{name}_FILE={path!r} cannot be read: {fault.strerror}.") from None


def database(name: str, default: str) -> dict[str, Any]:
    """A postgresql:// address as Django's settings; its query becomes libpq options such as sslmode."""
    raw = secret(name) or default
    parts = urlsplit(raw)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(f"{name} must read postgresql://user:password@host:port/database.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": dict(parse_qsl(parts.query)),
    }
