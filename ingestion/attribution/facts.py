"""Facts in a text that can be right or wrong: numbers with their kind, dates and times, codes and names.

Two texts that state the same value give the same fact, in English or German, in digits or in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ingestion.search import terms

_MONTH_NAMES = """
1 january januar jan 2 february februar feb 3 march märz mar mär 4 april apr 5 may mai 6 june juni jun 7 july juli jul
8 august aug 9 september sept sep 10 october oktober oct okt 11 november nov 12 december dezember dec dez
"""


def _numbered(names: str) -> dict[str, str]:
    number, known = "", {}
    for word in names.split():
        number = word if word.isdigit() else number
        known[word] = number
    return known


_MONTHS = _numbered(_MONTH_NAMES)
_MONTH = rf"(?P<month>{'|'.join(sorted(filter(str.isalpha, _MONTHS), key=len, reverse=True))})\b\.?"

_DATES = (
    re.compile(r"\b(?P<year>\d{4})-(?P<number>\d{1,2})-(?P<day>\d{1,2})\b"),
    re.compile(r"\b(?P<day>\d{1,2})\.(?P<number>\d{1,2})\.(?P<year>\d{4})(?!\d)"),
    # Without a year only after such a word, or "is 3.6." at the end of a sentence would be one.
    re.compile(r"(?i)(?:\b(?:am|bis|zum|vom|ab|seit|dem)\s)(?P<day>\d{1,2})\.(?P<number>\d{1,2})\.(?!\d)"),
    re.compile(
        rf"\b(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th)?(?:\s+of)?\s+{_MONTH}(?:,?\s+(?P<year>\d{{4}}))?", re.IGNORECASE
    ),
    re.compile(rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<year>\d{{4}}))?", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\s+(?P<year>\d{{4}})\b", re.IGNORECASE),
)
_TIME = re.compile(
    r"\b(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s?(?:(?P<half>[ap])\.?m\b\.?|Uhr\b|(?<=:\d\d))", re.IGNORECASE
)
_VALUE = r"(?P<value>\d[\d.,'\u2019\u202f]*\d|\d)"
_WORDS = "|".join(sorted(terms.NUMBER_WORDS, key=len, reverse=True))
_AMOUNT = re.compile(
    rf"(?P<before>[£€$]|\b(?:GBP|EUR|USD|CHF))?\s?(?<![\w.,])(?:{_VALUE}|(?P<word>(?:{_WORDS})\b))"
    r"(?P<after>(?:\s?(?:%|[£€$]))|(?:[\s\u00a0-]+[^\W\d_]+){0,2}|)",
    re.IGNORECASE,
)
_KINDS = {
    "£": r"£|gbp|pounds?|pfund",
    "€": r"€|eur|euros?",
    "$": r"\$|usd|dollars?",
    "%": r"%|percent|per cent|prozent",
    "second": r"seconds?|sekunden?|s",
    "minute": r"minutes?|minuten?|min",
    "hour": r"hours?|\w*stunden?|h",
    "day": r"(?:work|week)?days?|(?!mon|diens|donners|frei|sams|sonn|feier)\w*tag(?:e[ns]?|s)?",
    "week": r"weeks?|wochen?",
    "month": r"months?|\w*monat(?:e[ns]?|s)?",
    "year": r"years?|\w*jahr(?:e[ns]?|s)?",
}
_KIND = [(kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS.items()]
# "2 a year" is no duration.
_BETWEEN = frozenset(
    {"a", "an", "per", "of", "in", "to", "and", "or", "the", "je", "pro", "im", "von", "bis", "und", "oder"}
)
# Terms that only say the kind: written in many ways, and compared with their figures.
UNITS = frozenset(terms.terms("euro eur pound gbp pfund dollar usd percent prozent am pm uhr"))
_MARKERS = re.compile(r"\[\d{1,3}\]|^\s*(?:\d{1,2}[.)]|[-*•])\s+", re.MULTILINE)
_RUN = re.compile(r"(?<!\w)[^\W_]\w*(?:[.-]\w+)*")


class Fact(NamedTuple):
    """`kind` is the unit of `value`, "" where none is written. A date is its month and its "month-day"."""

    value: str
    kind: str = ""

    def agrees(self, other: Fact) -> bool:
        """The same value; a unit counts only where both have one."""
        return self.value == other.value and (self.kind == other.kind or not (self.kind and other.kind))


def bare(text: str) -> str:
    """The text without what only counts its lines and its citations."""
    return _MARKERS.sub(lambda found: " " * len(found.group()), text)


def values(text: str) -> list[Fact]:
    """Dates, times, amounts, shares, durations and plain numbers of a text, without those inside codes."""
    found: list[Fact] = []
    for pattern in _DATES:
        text = _taken(pattern, text, found, _date)
    text = _taken(_TIME, text, found, _time)
    text = _RUN.sub(lambda run: " " if _is_code(run.group()) else run.group(), text)
    for match in _AMOUNT.finditer(text):
        value = match.group("value")
        number = terms.number(value) if value else terms.NUMBER_WORDS[terms.folded(match.group("word"))]
        found.append(Fact(number, _kind(match.group("before") or "") or _kind_after(match.group("after"))))
    return found


def codes(text: str) -> set[str]:
    """Names with a digit in them, such as FM45, E-1042 or v2.3, in lower case."""
    return {run.group().lower() for run in _RUN.finditer(text) if _is_code(run.group())}


def _taken(
    pattern: re.Pattern[str], text: str, found: list[Fact], read: Callable[[re.Match[str]], Iterable[Fact]]
) -> str:
    for match in pattern.finditer(text):
        found.extend(read(match))
    return pattern.sub(lambda match: " " * len(match.group()), text)


def _date(match: re.Match[str]) -> Iterator[Fact]:
    written = {"year": None, "day": None, "number": None, "month": None} | match.groupdict()
    month = written["month"]
    number = _MONTHS[terms.folded(month)] if month else terms.number(written["number"] or "")
    yield Fact(f"month {number}", "date")
    if written["day"]:
        yield Fact(f"{number}-{terms.number(written['day'])}", "date")
    if written["year"]:
        yield Fact(written["year"])


def _time(match: re.Match[str]) -> Iterator[Fact]:
    """By the clock of 24 hours; a full hour is just its number, as in "15 Uhr"."""
    hour, half = int(match.group("hour")), (match.group("half") or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    minute = match.group("minute") or "00"
    yield Fact(str(hour) if minute == "00" else f"{hour}:{minute}", "time")


def _kind(written: str) -> str:
    return next((kind for kind, pattern in _KIND if pattern.fullmatch(written)), "")


def _kind_after(written: str) -> str:
    words = re.split(r"[\s\u00a0-]+", written.strip(" \u00a0-"))
    if len(words) > 1 and not _kind(words[0]) and words[0].lower() not in _BETWEEN:
        return _kind(words[1])
    return _kind(words[0])


def _is_code(run: str) -> bool:
    """Digits and letters in one, unless that is a number with its unit, such as 10kg or 5th."""
    if not any(map(str.isdigit, run)) or not any(map(str.isalpha, run)):
        return False
    return any(any(map(str.isdigit, term)) and any(map(str.isalpha, term)) for term in terms.terms(run))
