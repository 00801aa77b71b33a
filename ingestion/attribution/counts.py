"""Figures in words that are no cardinal numbers: "third", "twice", and the 1 of "einen Monat", "first day" and "once a year".

Ordinals and how often count like any figure. The 1 of an article, of "first" or of "once" often means none, and is told
apart: it can be contradicted, and need not stand elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ingestion.attribution import numbers, units
from ingestion.search import terms

OFTEN = "times"

_NTH = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_TEENTH = "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
_NTE = "erst zweit dritt viert fünft sechst siebt acht neunt zehnt elft zwölft"
_ZEHNTE = "dreizehnt vierzehnt fünfzehnt sechzehnt siebzehnt achtzehnt neunzehnt"
_EIN = "ein zwei drei vier fünf sechs sieben acht neun"
_THE = (
    "the every each its their your his her our my der die das dem den des zum zur am im vom beim jeder jede jedes jedem"
)
_NO_FIGURE = """
step steps point item option thing part party parties person persons country countries hand half
schritt punkt person personen land ländern seite hälfte linie stelle teil
"""


def _english() -> dict[str, int]:
    known = {word: at for at, word in enumerate(f"{_NTH} {_TEENTH}".split(), 1)}
    for ten, written in ((20, "twent"), (30, "thirt")):
        known |= {f"{written}ieth": ten} | {
            f"{written}y-{word}": ten + at for at, word in enumerate(_NTH.split()[:9], 1)
        }
    return known


def _german() -> dict[str, int]:
    """Without their endings."""
    known = {word: at for at, word in enumerate(f"{_NTE} {_ZEHNTE}".split(), 1)} | {"siebent": 7}
    for ten, written in ((20, "zwanzigst"), (30, "dreißigst")):
        known |= {written: ten} | {f"{one}und{written}": ten + at for at, one in enumerate(_EIN.split(), 1)}
    return known


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_ORDINALS = _english() | _german()
# "Dritte" are other people.
ORDINAL = (
    rf"(?<![\w-])(?:(?P<nth>{_any(_english())})(?P<plural>s)?"
    rf"|(?P<nte>{_any(set(_german()) - {'dritt'})}|(?-i:dritt))e[nrsm]?)\b"
)
_ORDINAL = re.compile(rf"{ORDINAL}(?=(?P<after>(?:[\s-]+[^\W\d_]+){{1,2}}))", re.IGNORECASE)
_BEFORE = re.compile(r"([^\W\d_]+)[\s-]\Z")
_LOOKED_AT = 12  # signs before an ordinal
# "One third" is a share, and so is "a third of".
_SHARES = {"a": "1", "one": "1", "two": "2", "three": "3", "four": "4"}
# "Second" is a unit and "achten" a verb where none of these stands before it.
_DOUBTFUL = frozenset({"second", "acht"})
_ARTICLES = frozenset(_THE.split())
# What an answer counts of itself, and what is a word of its own with "third" or "second".
_NOT_COUNTED = frozenset(_NO_FIGURE.split()) | (terms.STOP_WORDS - {"and", "or", "und", "oder"})
_TIMES = {"twice": "2", "thrice": "3"}
_IS_OFTEN = re.compile(r"(?<=[a-z])(?:mal|ice)\b", re.IGNORECASE)  # most texts need no more
_OFTEN = re.compile(
    rf"\b(?:(?:twice|thrice)\b(?!\s+(?:as|the|that|what|its|their|this)\b)|(?P<mal>{numbers.WORDS})mal\b(?!\s+so\b))",
    re.IGNORECASE,
)
_UNIT = (
    r"(?:(?:full|whole|calendar|working|business|single|entire|(?:ganz|voll|weiter)\w{0,2})[\s-])?"
    r"(?P<unit>[^\W\d_]{3,})\b"
)
_ARTICLE = re.compile(
    rf"(?:\b(?P<a>within|after|for|is|least|most|than|takes?|lasts?|to)\san?|(?<!\ban\s)\beine?[nmrs]?)\s{_UNIT}",
    re.IGNORECASE,
)
_FIRST = re.compile(rf"\b(?:first|erste[nrms]?)[\s-]{_UNIT}", re.IGNORECASE)
_PLURAL = re.compile(r"(?:second|minute|hour|day|week|month|year)s|\w*(?:tage|monate|jahre|en)", re.IGNORECASE)
_ONCE = re.compile(
    r"(?<!at\s)(?<!than\s)\bonce(?=\s+(?:per|every|each|only|\w+ly)\b"
    r"|\s+(?:in\s|within\s)?an?\s(?P<unit>[^\W\d_]{3,})|\s*(?:[.,;)|]|$))"
    r"|(?<!noch\s)(?<!nicht\s)(?<!auf\s)(?<!erst\s)(?<!schon\s)(?<!als\s)\beinmal\b(?!\s+mehr\b)",
    re.IGNORECASE,
)


def ordinal(match: re.Match[str]) -> str:
    """The figure of what `ORDINAL` matched."""
    return str(_ORDINALS[terms.folded(match.group("nth") or match.group("nte"))])


def has_ordinal(text: str) -> bool:
    return _ORDINAL.search(text) is not None


def ordinals(text: str) -> tuple[list[tuple[str, str]], str]:
    """The values and kinds of ordinals from 2 on that stand before what they count, or in shares as 1/3, and the text with blanks
    for them.
    """
    found: list[tuple[str, str]] = []

    def taken(match: re.Match[str]) -> str:
        before, counted = _beside(text, match)
        if before in _SHARES and (before != "a" or counted == "of"):
            found.append((f"{_SHARES[before]}/{ordinal(match)}", ""))
        elif _is_figure(match, before, counted):
            found.append((ordinal(match), units.kind_after(match.group("after"))))
        else:
            return match.group()
        return " " * len(match.group())

    return found, _ORDINAL.sub(taken, text)


def often(text: str) -> Iterator[str]:
    """How often something is, from 2 on."""
    if not _IS_OFTEN.search(text):
        return
    for match in _OFTEN.finditer(text):
        word = terms.folded(match.group("mal") or match.group())
        yield _TIMES.get(word) or terms.NUMBER_WORDS[word]


def ones(text: str) -> Iterator[str]:
    """The kinds of which words say 1 that may mean none by it."""
    for match in _ARTICLE.finditer(text):
        kind = units.kind(match.group("unit"))
        if kind and not (match.group("a") and kind == "second"):  # "for a second opinion"
            yield kind
    for match in _FIRST.finditer(text):
        if not _PLURAL.fullmatch(match.group("unit")) and (kind := units.kind(match.group("unit"))):
            yield kind
    for match in _ONCE.finditer(text):
        if not match.group("unit") or units.kind(match.group("unit")):
            yield OFTEN


def _beside(text: str, match: re.Match[str]) -> tuple[str, str]:
    """The words before and behind an ordinal."""
    found = _BEFORE.search(text[max(0, match.start() - _LOOKED_AT) : match.start()])
    return found.group(1).lower() if found else "", re.split(r"[\s-]+", match.group("after").lower())[1]


def _is_figure(match: re.Match[str], before: str, counted: str) -> bool:
    if before in _SHARES or match.group("plural") or ordinal(match) == "1" or counted in _NOT_COUNTED:
        return False
    return before in _ARTICLES or terms.folded(match.group("nth") or match.group("nte")) not in _DOUBTFUL
