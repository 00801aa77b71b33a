"""Facts in a text that can be right or wrong: numbers with their kind, dates and times, codes and names.

Two texts that state the same value give the same fact, in digits or in words, in English or German; dates and units also
in French, Spanish, Italian, Dutch and Portuguese, dates in the languages of the North too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ingestion.attribution import numbers
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
_METRES = r"m[eèé]t(?:ern?|ers?|res?|ros?|ri)"
_GRAMS = r"gram(?:s|m|ms|mes?|mi|mo|os?|as?)?"
_LITRES = r"lit(?:ern?|ers?|res?|ros?|ri)"
_WATT_HOURS = r"watt(?:stunden?| ?hours?|heures?|uur)"
_KINDS = {
    "£": r"£|gbp|pounds?|pfund",
    "€": r"€|eur|euros?",
    "$": r"\$|usd|dollars?",
    "chf": r"chf|franken|francs?|franchi",
    # In small letters the last three are other words: "30 Sek." are seconds.
    "kr": r"kr|kron(?:en|er|or|e)|(?-i:DKK|SEK|NOK)",
    "%": r"%|percent|per cent|prozent|pour cent|por ciento|per cento|por cento|procent",
    "°C": r"°\s?c|celsius",
    "°F": r"°\s?f|fahrenheit",
    "second": r"seconds?|sekunden?|s|second[ei]s?|segundos?|seconden",
    "minute": r"minutes?|minuten?|min|minut[io]s?",
    "MWh": rf"mwh|mega{_WATT_HOURS}",
    "kWh": rf"kwh|kilo{_WATT_HOURS}",
    "hour": r"hours?|\w*stunden?|h|heures?|horas?|or[ae]|uur|uren",
    "day": r"(?:work|week)?days?|(?!mon|diens|donners|frei|sams|sonn|feier)\w*tag(?:e[ns]?|s)?"
    r"|jours?|journées?|d[ií]as?|giorn[oi]|(?:werk)?dag(?:en)?",
    "week": r"weeks?|wochen?|semaines?|semanas?|settiman[ae]|weken",
    "month": r"months?|\w*monat(?:e[ns]?|s)?|mois|mes(?:es|e|i)?|mês|maand(?:en)?",
    "year": r"years?|\w*jahr(?:e[ns]?|s)?|ans|années?|a[ñn]os?|ann[oi]|jaar|jaren",
    "m²": rf"qm|sqm|square {_METRES}|quadrat{_METRES}|{_METRES} (?:carrés|cuadrados|quadrati|quadrados)",
    "mm": rf"mm|mill?[ií]{_METRES}",
    "cm": rf"cm|[cz]ent[ií]{_METRES}",
    "km": rf"km|(?:k|qu|ch)il[oóò]{_METRES}",
    "m": rf"m|{_METRES}",
    "mg": rf"mg|mill?i{_GRAMS}",
    "kg": rf"kg|kilos?|(?:k|qu|ch)ilo{_GRAMS}",
    "g": rf"g|{_GRAMS}",
    "ml": rf"ml|mill?[ií]{_LITRES}",
    "l": rf"l|{_LITRES}",
}
_KIND = [(kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS.items()]
_KIND_MIN = 4  # letters of a unit behind another word: "3 fois mes" is French for "my"
# "2 a year" is no duration.
_BETWEEN = frozenset(
    {"a", "an", "per", "of", "in", "to", "and", "or", "the", "je", "pro", "im", "von", "bis", "und", "oder"}
    | {"par", "de", "du", "et", "ou", "por", "al", "y", "di", "e", "o", "ogni", "en", "van", "tot"}
)
# Terms that only say the kind: written in many ways, and compared with their figures.
UNITS = frozenset(terms.terms("euro eur pound gbp pfund dollar usd chf franken percent prozent celsius am pm uhr"))
# "31. März" is a day; "1. Jan Koops" and "1. May we smoke?" are items of a list.
_FULL = "|".join(name for name in _NAMED if len(name) > 3 or name in {"mai", "maj"})
_OF_MONTH = rf"\s+(?:(?:{_FULL})\b|(?:{'|'.join(_NAMED)}|may)(?:\.|\s+\d{{4}}\b))"
_MARKERS = re.compile(
    rf"\[\d{{1,3}}\]|^[^\S\n]*(?:\d{{1,2}}(?:\)|\.(?!{_OF_MONTH}))|[-*•])\s+", re.MULTILINE | re.IGNORECASE
)
_CLOCK = re.compile(r"\b(\d{1,2})h([0-5]\d)\b")
# A capital alone is no unit, but L: 5G and room 12C are names.
_GLUED = re.compile(r"(?<![\w.,])(?<![^\W\d_]-)(?P<value>\d+(?:[.,'\u2019]\d+)*)(?P<word>(?![A-KM-Z]\b)[^\W\d_]+)\b")
_ORDINAL = re.compile(r"st|nd|rd|th|er|re|te|de|ste|[eè]me|ère|[ºª]", re.IGNORECASE)
_WORD_MIN = 4  # letters behind a number, "30jährig": fewer are a part of its name, as in "§ 12a" and "Art. 5ter"
_RUN = re.compile(r"(?<!\w)[^\W_]\w*(?:[.-]\w+)*")


class Fact(NamedTuple):
    """`kind` is the unit of `value`, "" where none is written. A date is its month and its "month-day"."""

    value: str
    kind: str = ""

    def agrees(self, other: Fact) -> bool:
        """The same value; a unit counts only where both have one."""
        return self.value == other.value and (self.kind == other.kind or not (self.kind and other.kind))


def bare(text: str) -> str:
    """The text as it is compared: without what only counts its lines and its citations, its numbers in figures, and each
    apart from its unit.
    """
    return _apart(numbers.in_figures(_MARKERS.sub(lambda found: " " * len(found.group()), text)))


def values(text: str) -> list[Fact]:
    """Dates, times, amounts, shares, durations and plain numbers of a bare text, without those inside codes."""
    found: list[Fact] = []
    for pattern in _DATES:
        text = _taken(pattern, text, found, _date)
    for pattern in _TIMES:
        text = _taken(pattern, text, found, _time)
    for match in _AMOUNT.finditer(without_codes(text)):
        value = match.group("value")
        number = terms.number(value) if value else terms.NUMBER_WORDS[terms.folded(match.group("word"))]
        number = f"-{number}" if match.group("minus") else number
        found.append(Fact(number, _kind(match.group("before") or "") or _kind_after(match.group("after"))))
    return found


def codes(text: str) -> set[str]:
    """Names with a digit in them, such as FM45, E-1042 or v2.3, as terms."""
    return {code for run in _RUN.findall(text) for code in _codes(run)}


def without_codes(text: str) -> str:
    """Each of its signs stays in its place."""
    return _RUN.sub(lambda run: " " * len(run.group()) if _codes(run.group()) else run.group(), text)


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


def _kind(written: str) -> str:
    return next((kind for kind, pattern in _KIND if pattern.fullmatch(written)), "")


def _kind_after(written: str) -> str:
    words = [word for word in re.split(r"[\s-]+", written) if word]
    if found := _kind(" ".join(words)) or _kind("".join(words[:1])):
        return found
    is_apart = len(words) > 1 and words[0].lower() not in _BETWEEN and len(words[1]) >= _KIND_MIN
    return _kind(words[1]) if is_apart else ""


def _apart(text: str) -> str:
    """With 250 mg for 250mg, 17:30 for 17h30 and 5 for 5th."""
    return _GLUED.sub(_parted, _CLOCK.sub(r"\1:\2", text))


def _parted(match: re.Match[str]) -> str:
    value, word = match.group("value", "word")
    if _ORDINAL.fullmatch(word):
        return str(value)
    is_word = len(word) >= _WORD_MIN and not word.isupper()
    return f"{value} {word}" if is_word or word.lower() == "mal" or _kind(word) else match.group()


def _codes(run: str) -> list[str]:
    """Digits and letters in one, unless that is a number with its unit, such as 10kg or 5th."""
    return [term for term in terms.terms(_apart(run)) if _is_mixed(term)] if _is_mixed(run) else []


def _is_mixed(run: str) -> bool:
    return any(map(str.isdigit, run)) and any(map(str.isalpha, run))
