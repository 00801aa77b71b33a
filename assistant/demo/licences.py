"""Other people's documents for the demo: what the installed packages carry as licence and readme."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

AT_MOST = 120
BYTES_AT_MOST = 200_000
STEMS = ("license", "licence", "copying", "notice", "readme", "authors")
ENDINGS = frozenset({"", ".txt", ".md", ".rst"})


def gathered_licences() -> list[tuple[str, bytes]]:
    """(document name, UTF-8 text) of licences and readmes, by name; the same for the same installation.

    Every package gives its first text before any gives a second. Equal texts are taken once. Files over
    200 kB, files that are not text and what exceeds 120 documents are left out.
    """
    found: dict[str, tuple[str, bytes]] = {}
    for _, name, path in _files():
        raw = path.read_bytes()
        if _is_text(raw):
            found.setdefault(hashlib.sha256(raw).hexdigest(), (name, raw))
        if len(found) == AT_MOST:
            break
    return sorted(found.values())


def _files() -> list[tuple[int, str, Path]]:
    """(place within its package, document name, path) of every candidate, first ones first."""
    found = []
    for package in metadata.distributions():
        label = f"{package.metadata['Name']}-{package.version}"
        wanted = [file for file in package.files or () if file.name.lower().startswith(STEMS)]
        paths = sorted(Path(str(package.locate_file(file))) for file in wanted if file.suffix.lower() in ENDINGS)
        readable = [path for path in paths if path.is_file() and path.stat().st_size <= BYTES_AT_MOST]
        for place, path in enumerate(readable):
            ending = ".md" if path.suffix.lower() == ".md" else ".txt"
            # A package may carry several texts of one name, each in a folder of its own.
            twins = sum(earlier.stem == path.stem for earlier in readable[:place])
            stem = f"{path.stem} {twins + 1}" if twins else path.stem
            found.append((place, f"{label} {stem}{ending}", path))
    return sorted(found)


def _is_text(raw: bytes) -> bool:
    try:
        return bool(raw.decode("utf-8").strip()) and b"\0" not in raw
    except UnicodeDecodeError:
        return False
