"""Manuals as questions with the section that answers each: the heading is what is looked for, the text below it the answer.

A section stands under the headings above its own, as in its manual, and does not hold its own. Sections of one manual in two
languages bear the same number, so that a heading in one language can be asked of the texts in another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.faqs import material, packages
from bench.faqs.material import Entry

ANSWER_LEAST = 300  # characters: less is a list of what follows
_NUMBERED = re.compile(r"^\s*((?:[A-Z]|\d+)(?:\.\d+)+)\.?\s+(.*\S)\s*$")


@dataclass(frozen=True)
class Manual:
    """`package` is Debian's; `pages` are patterns below it; `language` is ISO 639. Every `step`th section is asked for."""

    name: str
    language: str
    package: str
    pages: tuple[str, ...]
    step: int = 1

    def entries(self) -> list[Entry]:
        """In the order of the pages. Raises packages.NotThere."""
        folder = packages.unpacked(self.package)
        files = sorted({path for pattern in self.pages for path in folder.glob(pattern)})
        found: dict[str, Entry] = {}
        for path in files:
            for place, question, above, answer in _told(path):
                if len(answer) >= ANSWER_LEAST:
                    made = Entry(f"{self.name}-{len(found):03}", question, answer, place, above)
                    found.setdefault(question, made)
        return list(found.values())

    def asked(self, entries: list[Entry]) -> list[Entry]:
        return entries[:: self.step]


def _told(path: Path) -> Iterator[tuple[str, str, str, str]]:
    """(number, heading, heading above, text); what stands under headings without a number belongs to the one above."""
    place, question, above, texts = "", "", "", list[str]()
    for section in material.sections(path):
        numbered = [match for heading in section.heading_path if (match := _NUMBERED.match(heading))]
        if not numbered:
            continue
        if numbered[-1][1] != place:
            if place:
                yield place, question, above, "\n\n".join(texts).strip()
            place, question, texts = numbered[-1][1], numbered[-1][2], []
            above = numbered[-2][2] if len(numbered) > 1 else ""
        if section.text.strip() not in section.heading_path:
            texts.append(section.text)
    if place:
        yield place, question, above, "\n\n".join(texts).strip()


_POSTGRES = "usr/share/doc/postgresql-doc-15/html/"
_GUIDE = "usr/share/doc/installation-guide-amd64/"
MANUALS = (
    Manual(
        "postgres",
        "en",
        "postgresql-doc-15",
        tuple(
            f"{_POSTGRES}{start}-*.html"
            for start in (
                "tutorial",
                "ddl",
                "dml",
                "queries",
                "mvcc",
                "backup",
                "wal",
                "auth",
                "monitoring",
                "textsearch",
            )
        ),
        2,
    ),
    *[
        Manual(f"install-{code}", code, "installation-guide-amd64", (f"{_GUIDE}{code}/*.html",), 2)
        for code in ("en", "de", "fr", "es", "it", "nl", "sv", "pt")
    ],
)
