"""What rows and columns are called by, and which words of a sentence call them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ingestion.attribution import facts
from ingestion.search import terms
from ingestion.search.terms import Run

# A head says "monthly price" or "Monatspreis", a sentence "a month": as terms, by the noun that both come to.
_PERIODS = {
    "hour": "hourly",
    "day": "daily",
    "week": "weekly",
    "month": "monthly",
    "quarter": "quarterly",
    "year": "yearly annual annually annum",
    "stund": "stundlich",
    "tag": "taglich",
    "woch": "wochentlich",
    "monat": "monatlich",
    "quartal": "vierteljahrlich",
    "jahr": "jahrlich",
}
_NOUNS = {adverb: noun for noun, adverbs in _PERIODS.items() for adverb in adverbs.split()}
_COMPOUND = re.compile(r"(stund|tag|woch|monat|quartal|jahr)(?:e[ns]|s)\w{3,}")  # Monatspreis, Jahresgebühr
_OPENS = re.compile(r"(?:^|[.!?:;\n|])\W*\Z")
_LOOKED_AT = 8  # signs before a letter


def label(text: str) -> frozenset[str]:
    """The terms of a bare text that names a row or a column; of one that has none, such as "A" or "All", its small words."""
    numbers = facts.numbered(text)
    found = frozenset(terms.terms(text)) - numbers
    small = (run for run in terms.runs(text) if not found or _is_letter(run, text))
    return frozenset(_NOUNS.get(term, term) for term in found) | _within(found) | numbered(numbers) | _small(small)


def numbered(numbers: Iterable[str]) -> frozenset[str]:
    """How the numbers of names stand among terms, where a figure's would be taken for them."""
    return frozenset(f"#{number}" for number in numbers)


def called(text: str) -> frozenset[str]:
    """What a bare sentence calls rows and columns by, in the words that `label` has for them, beside the numbers of names."""
    found = frozenset(terms.terms(text))
    runs = list(terms.runs(text))
    # The month of "3 months" is not that of a monthly price.
    free = {term for run in _free(runs) for term in terms.terms(run.written)}
    lengths = found.intersection(_PERIODS) - free
    small = (run for run in runs if run.end - run.start > 1 or _is_letter(run, text))
    return found - lengths | {_NOUNS[term] for term in found if term in _NOUNS} | _within(found) | _small(small)


def _free(runs: Sequence[Run]) -> Iterator[Run]:
    """Those that do not follow a figure."""
    return (
        run for before, run in zip([None, *runs], runs, strict=False) if not before or not before.written[0].isdigit()
    )


def _within(found: Iterable[str]) -> frozenset[str]:
    return frozenset(match.group(1) for term in found if (match := _COMPOUND.fullmatch(term)))


def _small(found: Iterable[Run]) -> frozenset[str]:
    return frozenset(f"#{run.written}" for run in found if run.written in terms.STOP_WORDS)


def _is_letter(run: Run, text: str) -> bool:
    """Group A's, and not the article that a sentence begins with."""
    is_capital = run.end - run.start == 1 and text[run.start].isupper()
    return is_capital and not _OPENS.search(text[max(0, run.start - _LOOKED_AT) : run.start])
