"""What a terminal is shown. Documents and models write what they like: nothing of it steers the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from chancery_client.shapes import Citation, Passage


def plain(text: str) -> str:
    """Without control characters, but for new lines and tabs."""
    return "".join(one if one in "\n\t" or one.isprintable() else "\ufffd" for one in text)


def say(text: str, *, end: str = "\n") -> None:
    sys.stdout.write(plain(text) + end)
    sys.stdout.flush()


def complain(text: str) -> None:
    sys.stderr.write(plain(text) + "\n")


def as_json(told: Any) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=True, indent=2) + "\n")


def place(locator: Mapping[str, Any] | None) -> str:
    """Where in its document, in words."""
    told = locator or {}
    parts = [f"{name} {told[name]}" for name in ("page", "slide", "sheet") if told.get(name)]
    return ", ".join([*parts, str(told["heading"])] if told.get("heading") else parts)


def named(one: Citation | Passage) -> str:
    """A document, where in it, and the label that it carries."""
    where, label = place(one["locator"]), one.get("label")
    return one["document_name"] + (f", {where}" if where else "") + (f" ({label['name']})" if label else "")


def sources(citations: Sequence[Citation]) -> None:
    """Each passage once, by its number."""
    known: dict[int, str] = {}
    for one in citations:
        known.setdefault(one["marker"], named(one))
    if known:
        say("")
    for marker, name in sorted(known.items()):
        say(f"[{marker}] {name}")
