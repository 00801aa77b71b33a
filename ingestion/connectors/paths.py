"""Paths that somebody else wrote: which are looked at, and which name nothing that may be read."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence


def is_plain(path: str) -> bool:
    """No step up, none that is empty, not from the root, no drive, no backslash and no control character."""
    if not path or path.startswith("/") or "\\" in path or not path.isprintable() or re.match(r"[A-Za-z]:", path):
        return False
    return all(part not in {"", ".", ".."} for part in path.rstrip("/").split("/"))


def is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def wanted(path: str, patterns: Sequence[str]) -> bool:
    """Does one of the patterns fit? None fits all; `*` stays in a folder, `**` goes below, `*.pdf` alone fits at any depth."""
    return not patterns or any(_compiled(pattern).fullmatch(path) for pattern in patterns)


def lines(text: object) -> list[str]:
    """A field of one pattern a line."""
    return [line.strip() for line in str(text or "").splitlines() if line.strip()]


def parent(path: str) -> str:
    return path.rstrip("/").rpartition("/")[0]


def last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    pattern = pattern.lstrip("/")
    pattern = pattern if "/" in pattern else f"**/{pattern}"
    pattern = f"{pattern}**" if pattern.endswith("/") else pattern
    made = ""
    for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern):
        made += {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part))
    return re.compile(made, re.DOTALL)
