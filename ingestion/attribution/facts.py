"""Facts in a text that can be right or wrong: numbers with their kind, dates and times, codes and names.

Two texts that state the same value give the same fact, in digits or in words, in English or German; dates and units also
in French, Spanish, Italian, Dutch and Portuguese, dates in the languages of the North too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ingestion.attribution import counts, numbers, units
from ingestion.search import terms

_MONTH_NAMES = """
1 january januar jan janvier enero gennaio januari janeiro tammikuuta
2 february februar feb février febrero febbraio februari fevereiro helmikuuta
3 march märz mar mär mars marzo maart março marts maaliskuuta 4 april apr avril abril aprile huhtikuuta
5 may mai mayo maggio mei maio maj toukokuuta 6 june juni jun juin junio giugno junho kesäkuuta
7 july juli jul juillet julio luglio julho heinäkuuta 8 august aug août agosto augustus augusti elokuuta
9 september sept sep septembre septiembre settembre setembro syyskuuta
10 october oktober oct okt octobre octubre ottobre outubro lokakuuta 11 november nov novembre noviembre novembro marraskuuta
12 december dezember dec dez décembre diciembre dicembre dezembro desember joulukuuta
"""


def _numbered(names: str) -> dict[str, str]:
    number, known = "", {}
    for word in names.split():
        number = word if word.isdigit() else number
        known[word] = number
    return known


_MONTHS = _numbered(_MONTH_NAMES)
_NAMED = sorted((name for name in _MONTHS if name.isalpha() and name != "may"), key=len, reverse=True)
# "5 may be carried over": in small letters it is a month only before a year.
_MONTH = rf"(?P<month>{'|'.join(_NAMED)}|(?-i:May|MAY)|may(?=,?\s+\d{{4}}\b))\b\.?"
_OF = r"(?:(?:of|de|del|di)\s+)?"

_DATES = (
    re.compile(r"\b(?P<year>\d{4})-(?P<number>\d{1,2})-(?P<day>\d{1,2})\b"),
    re.compile(r"\b(?P<day>\d{1,2})(?P<sign>[./])(?P<number>\d{1,2})(?P=sign)(?P<year>\d{4})(?!\d)"),
    # Without a year only after such a word, or "is 3.6." at the end of a sentence would be one.
    re.compile(r"(?i)(?:\b(?:am|bis|zum|vom|ab|seit|dem)\s)(?P<day>\d{1,2})\.(?P<number>\d{1,2})\.(?!\d)"),
    re.compile(
        rf"\b(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th|er|º)?\s+{_OF}{_MONTH}(?:,?\s+{_OF}(?P<year>\d{{4}}))?", re.IGNORECASE
    ),
    re.compile(rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<year>\d{{4}}))?", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\s+{_OF}(?P<year>\d{{4}})\b", re.IGNORECASE),
)
_NTH_OF_MONTH = re.compile(rf"{counts.ORDINAL}(?=\s+{_OF}{_MONTH})", re.IGNORECASE)
_TIMES = (
    re.compile(
        r"\b(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s?(?:(?P<half>[ap])\.?m\b\.?|Uhr\b|(?<=:\d\d))", re.IGNORECASE
    ),
    # Elsewhere the word for an hour also tells the time.
    re.compile(r"(?i)(?:\b(?:à|dès|om|las|às)\s)(?P<hour>\d{1,2})\s?(?:h|heures?|uur|horas?)\b"),
)
_VALUE = r"(?P<value>\d[\d.,'\u2019]*\d|\d)"
_AMOUNT = re.compile(
    rf"(?P<minus>(?<![\w.,])(?<!\d\s){numbers.MINUS})?(?P<before>[£€$]|\b(?:GBP|EUR|USD|CHF|DKK|SEK|NOK|kr))?\s?(?<![\w.,])"
    rf"(?:{_VALUE}|(?P<word>(?:{numbers.WORDS})\b))"
    r"(?P<after>\s?(?:%|[£€$]|°\s?[CF]\b)|[^\W\d_]+\b|(?:[\s\u00a0-]+[^\W\d_]+){0,2})",
    re.IGNORECASE,
)
# Terms that only say the kind: written in many ways, and compared with their figures.
UNITS = frozenset(terms.terms("euro eur pound gbp pfund dollar usd chf franken percent prozent celsius am pm uhr"))
# "31. März" is a day; "1. Jan Koops", "1. May we smoke?" and "1. March: the audit begins" are items of a list.
_ENGLISH = frozenset({"january", "february", "march", "june", "july", "october", "december"})
_FULL = "|".join(name for name in _NAMED if (len(name) > 3 or name in {"mai", "maj"}) and name not in _ENGLISH)
_OF_MONTH = rf"\s+(?:(?:{_FULL})\b|(?:{'|'.join(_NAMED)}|may)(?:\.|\s+\d{{4}}\b))"
_MARKERS = re.compile(
    rf"\[\d{{1,3}}\]|^[^\S\n]*(?:\d{{1,2}}(?:\)|\.(?!{_OF_MONTH}))|[-*•])\s+",
    re.MULTILINE | re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"(?<!\w)(?P<word>[^\W\d_]{3,})[ \u00a0](?P<number>\d{1,2})(?!\w|[.,]\d)(?P<after>(?:\s?%|[\s-]+[^\W\d_]+){0,2})"
)
_RUN = re.compile(r"(?<!\w)[^\W_]\w*(?:[.-]\w+)*")


_MEASURES = frozenset(
    {"within", "first", "next", "last", "minimum", "maximum", "age", "aged", "speed", "alter", "innerhalb"}
    | {"mindestens", "höchstens", "maximal", "dès", "après", "âge"}
)
_LENGTHS = frozenset({"second", "minute", "hour", "h", "day", "week", "month", "year"})


class Fact(NamedTuple):
    """`kind` is the unit of `value`, "" where none is written; "h" is one of its own, for "9h" says both when and how long, and
    "name" that of a number which a name ends in.
    A date is its month and its "month-day".
    """

    value: str
    kind: str = ""

    def agrees(self, other: Fact) -> bool:
        """The same value; a unit counts only where both have one."""
        return self.value == other.value and self.is_alike(other)

    def is_comparable(self, other: Fact) -> bool:
        """Alike, or both a length of time: "4 hours" is another answer than "3 days"."""
        return self.is_alike(other) or (self.kind in _LENGTHS and other.kind in _LENGTHS)

    def is_alike(self, other: Fact) -> bool:
        """Of one kind, as far as both tell theirs."""
        kinds = {self.kind, other.kind}
        return len(kinds) == 1 or "" in kinds or ("h" in kinds and kinds <= {"h", "time", "hour"})


def bare(text: str) -> str:
    """The text as it is compared: without what only counts its lines and its citations, its numbers in figures, and each
    apart from its unit.
    """
    return units.apart(numbers.in_figures(_MARKERS.sub(lambda found: " " * len(found.group()), text)))


def values(text: str) -> list[Fact]:
    """Dates, times, amounts, shares, durations and plain numbers of a bare text, without those inside codes: 115 of B2-115
    is no number of seats.
    """
    found: list[Fact] = []
    has_ordinal = counts.has_ordinal(text)
    if has_ordinal:
        text = _NTH_OF_MONTH.sub(counts.ordinal, text)
    for pattern, read in _WITH_DIGITS if _has_digit(text) else ():
        text = _taken(pattern, text, found, read)
    if has_ordinal:
        counted, text = counts.ordinals(text)
        found.extend(Fact(*one) for one in counted)
    found.extend(Fact(value, counts.OFTEN) for value in counts.often(text))
    for match in _AMOUNT.finditer(without_codes(text)):
        value = match.group("value")
        number = terms.number(value) if value else terms.NUMBER_WORDS[terms.folded(match.group("word"))]
        number = f"-{number}" if match.group("minus") else number
        found.append(Fact(number, units.kind(match.group("before") or "") or units.kind_after(match.group("after"))))
    return found


def ones(text: str) -> list[Fact]:
    """The 1 of a bare text that stands in words which often mean none: "einen Monat", "first day", "once a year"."""
    return [Fact("1", kind) for kind in counts.ones(text)]


def stated(text: str) -> list[Fact]:
    """All values that a bare text may be held to state."""
    return [*values(text), *ones(text)]


def codes(text: str) -> set[str]:
    """Names with a digit in them, such as FM45, E-1042 or v2.3, as terms."""
    return {code for run in _RUN.findall(text) for code in _codes(run)}


def numbered(text: str) -> frozenset[str]:
    """The numbers that names in a bare text end in, 1 of "priority 1" and 2 of "Stufe 2"."""
    return frozenset(
        terms.number(match.group("number"))
        for match in _NUMBERED.finditer(text)
        if terms.terms(match.group("word"))
        and not _is_measure(match.group("word"))
        and not units.kind_after(match.group("after"))
    )


def _is_measure(word: str) -> bool:
    """ "Month 3" and "within 14" are as long as "3 months" and "14 days", and no names."""
    return bool(units.kind(word)) or word.lower() in _MEASURES


def compounds(text: str) -> set[str]:
    """The codes of several parts in a bare text, as `in_order` has them: "b2 115" for B2-115, "north b2" for North-B2.

    A word behind the last figure says what it is, as in A4-Blatt; a letter there is a part of it.
    """
    return {compound for run in _RUN.findall(text) if (compound := _compound(run))}


def in_order(text: str) -> str:
    """All that stands in a bare text, its signs replaced by one blank each; one more at both ends."""
    return f" {' '.join(run.written for run in terms.runs(text))} "


def without_codes(text: str) -> str:
    """Each of its signs stays in its place, and so do words that are joined to a code: North of North-B2."""
    return _RUN.sub(_blanked, text) if _has_digit(text) else text


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
    day = terms.number(written["day"]) if written["day"] else ""
    if int(number) > 12 >= int(day or 13):  # as America writes it
        number, day = day, number
    yield Fact(f"month {number}", "date")
    if day:
        yield Fact(f"{number}-{day}", "date")
    if written["year"]:
        yield Fact(written["year"])


def _time(match: re.Match[str]) -> Iterator[Fact]:
    """By the clock of 24 hours; a full hour is just its number, as in "15 Uhr"."""
    written = {"minute": None, "half": None} | match.groupdict()
    hour, half = int(match.group("hour")), (written["half"] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    minute = written["minute"] or "00"
    yield Fact(str(hour) if minute == "00" else f"{hour}:{minute}", "time")


def _blanked(run: re.Match[str]) -> str:
    written = run.group()
    if not _codes(written):
        return written
    pieces = written.split("-") if len(list(terms.runs(written))) > 1 else [written]
    return "-".join(" " * len(piece) if piece == written or _has_digit(piece) else piece for piece in pieces)


def _compound(run: str) -> str:
    if not _codes(run):
        return ""
    parts = [part.written for part in terms.runs(run)]
    last = max((at for at, part in enumerate(parts) if len(part) == 1 or _has_digit(part)), default=0)
    return " ".join(parts[: last + 1]) if last else ""


def _codes(run: str) -> list[str]:
    """Digits and letters in one, unless that is a number with its unit, such as 10kg or 5th, or a unit by itself: m²."""
    if not _is_mixed(run):
        return []
    return [term for term in terms.terms(units.POWER.sub("", units.apart(run))) if _is_mixed(term)]


def _is_mixed(run: str) -> bool:
    return _has_digit(run) and any(map(str.isalpha, run))


def _has_digit(run: str) -> bool:
    return any(map(str.isdigit, run))


_WITH_DIGITS = (*((pattern, _date) for pattern in _DATES), *((pattern, _time) for pattern in _TIMES))
