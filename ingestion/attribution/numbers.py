"""Numbers that are written in words, in groups or with a sign, put into figures, so that one value has one spelling."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from ingestion.attribution import units
from ingestion.search import terms

MINUS = "\u2212"
WORDS = "|".join(sorted(terms.NUMBER_WORDS, key=len, reverse=True))

_ONES = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_EINER = {"ein": 1, "zwei": 2, "drei": 3, "vier": 4, "funf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9}
# What NUMBER_WORDS leaves out: the first is an article or a pronoun as often as a number.
_MORE = {"eins": 1, "seventeen": 17, "siebzehn": 17, "nineteen": 19, "neunzehn": 19}
_FOLDED = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
_PLAIN = {
    **{word.translate(_FOLDED): int(number) for word, number in terms.NUMBER_WORDS.items()},
    **_ONES,
    **_EINER,
    **_MORE,
}
_SCALES = {"hundred": 2, "hundert": 2, "thousand": 3, "tausend": 3, "tsd": 3, "million": 6, "millions": 6}
_SCALES |= {"millionen": 6, "mio": 6, "mn": 6, "billion": 9, "billions": 9, "milliard": 9, "milliards": 9}
_SCALES |= {"milliarde": 9, "milliarden": 9, "mrd": 9, "bn": 9, "billionen": 12}
_LETTERS = {"k": 3, "m": 6, "mn": 6, "bn": 9}
_PARTS = {"half a": Decimal("0.5"), "eine halbe": Decimal("0.5")}
_ARTICLES = ("a", "one", "ein", "eine", "einer")


def _any(words: str) -> str:
    """Any of them, with their umlauts or without."""
    found = "|".join(sorted(words.split(), key=len, reverse=True))
    for folded, written in (("funf", "f[uü]nf"), ("zwolf", "zw[oö]lf"), ("dreissig", "drei(?:ss|ß)ig")):
        found = found.replace(folded, written)
    return f"(?:{found})"


_ONE = _any(" ".join(_ONES))
_TEN = _any("twenty thirty forty fifty sixty seventy eighty ninety")
_TEEN = _any("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
_SMALL = rf"(?:{_TEN}(?:-{_ONE}\b|\s{_ONE}\b(?!-))?|{_TEEN}|{_ONE})\b"
_HUNDREDS = rf"(?:(?:{_SMALL}|a)[\s-]hundred\b(?:\s(?:and\s)?{_SMALL}(?![\s-]hundred\b))?|{_SMALL})"
_ENGLISH = rf"\b(?:(?:{_HUNDREDS}|a)[\s-]thousand\b(?:\s(?:and\s)?{_HUNDREDS}(?![\s-]thousand\b))?|{_HUNDREDS})"

_EIN = _any(" ".join(_EINER))
_ZIG = _any("zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig")
_ZEHN = _any("zehn elf zwolf dreizehn vierzehn funfzehn sechzehn siebzehn achtzehn neunzehn")
_KLEIN = rf"(?:{_EIN}und{_ZIG}|{_ZIG}|{_ZEHN}|eins|{_EIN})"
_HUNDERT = rf"(?:{_EIN}?hundert(?:(?:und)?{_KLEIN})?|{_KLEIN})"
# "Mehrere tausend" says no number.
_GERMAN = (
    r"(?<!mehrere )(?<!einige )(?<!paar )(?<!viele )"
    rf"\b(?:{_HUNDERT}?tausend(?:(?:und)?{_HUNDERT})?|{_HUNDERT})\b"
)

_BLANK = r"[ \u00a0\u2009\u202f]"
# Not behind a digit or its signs: "in 2024 100 people", "10:30 200 people". Columns of other widths are no groups either.
_GROUPS = rf"(?<![\w.,:/-])(?<!\d{_BLANK})[1-9]\d{{0,2}}(?:{_BLANK}\d{{3}})+(?!\d|{_BLANK}\d|[:/]\d)"
_VALUE = r"(?<![\w.,])(?P<value>[1-9]\d{0,2}(?P<sign>[.,'\u2019])\d{3}(?:(?P=sign)\d{3})*|\d+(?:[.,]\d+)?)"
_COUNT = rf"(?:{_VALUE}|\b(?P<word>{'|'.join([*_PARTS, *_ARTICLES])}|{WORDS}))"
_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
_SCALED = rf"{_COUNT}[\s-]?(?<![a-zäöüß])(?P<scale>{_SCALE})\b(?:(?<=mio|mrd|tsd)\.)?"
_SHORT = rf"(?<=[£€$]){_VALUE}(?P<scale>mn|bn|k|m)\b"
_DEGREES = r"\b(?:degrees?|grad|degrés|gradi|grados|graden|graus)\s(?=(?P<scale>[CF])(?:elsius|ahrenheit)\b)\w+"
_ONE_OF = r"\bone(?=(?P<after>(?:[\s-]+[^\W\d_]+){1,2}))"
_MINUS = rf"(?:\bminus\s+|(?<![^\s(\[|])(?<!\d\s)[-\u2212])(?=[£€$]?\d|(?:{WORDS})\b)"


def in_figures(text: str) -> str:
    """With "250" for "two hundred and fifty", "5000000" for "5 million", "1200" for "1 200", "1 month" for "one month", and
    "−20 °C" for "minus 20 degrees Celsius".

    A word of `terms.NUMBER_WORDS` that stands alone stays: it has its own figure there.
    """
    for pattern, write in _READ:
        text = pattern.sub(write, text)
    return text


def _joined(match: re.Match[str]) -> str:
    return re.sub(r"\D", "", match.group())


def _english(match: re.Match[str]) -> str:
    words = re.split(r"[\s-]+", _folded(match.group()))
    whole = part = 0
    for word in words:
        if word == "hundred":
            part *= 100
        elif word == "thousand":
            whole, part = part * 1000, 0
        elif word != "and":
            part += 1 if word == "a" else _PLAIN[word]
    return _figure(match, whole + part)


def _german(match: re.Match[str]) -> str:
    return _figure(match, _compound(_folded(match.group())))


def _compound(word: str) -> int:
    for scale, times in (("tausend", 1000), ("hundert", 100)):
        if scale in word:
            before, _, after = word.partition(scale)
            rest = _compound(after.removeprefix("und")) if after else 0
            return (_compound(before) if before else 1) * times + rest
    if word in _PLAIN:
        return _PLAIN[word]
    one, _, ten = word.partition("und")
    return _PLAIN[one] + _PLAIN[ten]


def _figure(match: re.Match[str], number: int) -> str:
    """Words that are read elsewhere, and articles, stay."""
    is_left = number == 1 or terms.folded(match.group()) in terms.NUMBER_WORDS
    return match.group() if is_left else str(number)


def _scaled(match: re.Match[str]) -> str:
    scale = _SCALES[terms.folded(match.group("scale"))]
    return _times(_counted(match), scale)


def _counted(match: re.Match[str]) -> Decimal:
    if match.group("value"):
        return Decimal(terms.number(match.group("value")))
    word = _folded(match.group("word"))
    return _PARTS.get(word) or Decimal(1 if word in _ARTICLES else _PLAIN[word])


def _short(match: re.Match[str]) -> str:
    return _times(Decimal(terms.number(match.group("value"))), _LETTERS[terms.folded(match.group("scale"))])


def _times(count: Decimal, scale: int) -> str:
    return f"{(count * 10**scale).normalize():f}"


def _folded(written: str) -> str:
    return terms.folded(written).translate(_FOLDED)


def _degrees(match: re.Match[str]) -> str:
    return f"°{match.group('scale').upper()}"


def _one(match: re.Match[str]) -> str:
    return "1" if units.kind_after(match.group("after")) else match.group()


def _minus(_match: re.Match[str]) -> str:
    return MINUS


_READ: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), write)
    for pattern, write in (
        (_GROUPS, _joined),
        (_ENGLISH, _english),
        (_SCALED, _scaled),  # before "tausend" is read by itself: "fünf tausend"
        (_GERMAN, _german),
        (_SCALED, _scaled),
        (_SHORT, _short),
        (_ONE_OF, _one),
        (_MINUS, _minus),
        (_DEGREES, _degrees),
    )
)
