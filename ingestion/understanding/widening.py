"""The tenant's glossary applied to a question: what an abbreviation stands for is searched along, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingestion.search import languages

MOST = 6  # entries in one question
_UNDOTTED = str.maketrans({"İ": "i", "ı": "i"})  # to `re` they are an i in another case, and to `casefold` they are not


@dataclass(frozen=True)
class Entry:
    """A term, and what it stands for or is also called."""

    term: str
    meanings: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (self.term, *self.meanings)


@dataclass(frozen=True)
class Widened:
    said: str
    added: tuple[str, ...]


def widened(question: str, entries: Iterable[Entry]) -> list[Widened]:
    """What the question says of the glossary, and what is to be searched along with it.

    Patterns are made for what stands in the question alone: one for each name of a full glossary would take seconds.
    """
    found, letters = [], _folded(question)
    for entry in entries:
        if not any(_folded(name) in letters for name in entry.names):
            continue
        said = next((match.group() for name in entry.names if (match := _said(name, question))), None)
        if said is not None:
            added = tuple(name for name in entry.names if not _said(name, question))
            if added:
                found.append(Widened(said, added))
    return found[:MOST]


def put_together(question: str, found: Sequence[Widened]) -> str:
    """The question as it is searched for."""
    added = ", ".join(name for one in found for name in one.added)
    return f"{question.strip()} ({added})" if added else question


def _folded(text: str) -> str:
    return (text if text.isascii() else text.translate(_UNDOTTED)).casefold()


def _said(name: str, question: str) -> re.Match[str] | None:
    """ "IT", "US" and "EST" are written as they are, since "it", "us" and French "est" are words of their own."""
    is_word_too = name.isupper() and (name.lower() in languages.STOP_WORDS or len(name) < 3 or name.lower() == "us")
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", question, 0 if is_word_too else re.IGNORECASE)
