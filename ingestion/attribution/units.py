"""Units: what kind of value a number has, read from the words beside it, and numbers that are written onto theirs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingestion.search import terms

_METRES = r"m[eèé]t(?:ern?|ers?|res?|ros?|ri)"
_GRAMS = r"gram(?:s|m|ms|mes?|mi|mo|os?|as?)?"
_LITRES = r"lit(?:ern?|ers?|res?|ros?|ri)"
_WATT_HOURS = r"watt(?:stunden?| ?hours?|heures?|uur)"
# The first are told by their capitals alone: "va" and "ah" are words.
_CAPITAL_SYMBOLS = "mA mAh Ah VA kVA MVA Pa hPa kPa MPa"
_SYMBOLS = "ppm ppb rpm cl dl mm² cm² km² mm³ cm³"
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
    "TWh": rf"twh|tera{_WATT_HOURS}",
    "GWh": rf"gwh|giga{_WATT_HOURS}",
    "MWh": rf"mwh|mega{_WATT_HOURS}",
    "kWh": rf"kwh|kilo{_WATT_HOURS}",
    "Wh": rf"wh|{_WATT_HOURS}",
    "h": r"h",
    "times": r"times?|mal",
    "hour": r"hours?|\w*stunden?|heures?|horas?|or[ae]|uur|uren",
    "day": r"(?:work|week)?days?|(?!mon|diens|donners|frei|sams|sonn|feier)\w*tag(?:e[ns]?|s)?"
    r"|jours?|journées?|d[ií]as?|giorn[oi]|(?:werk)?dag(?:en)?",
    "week": r"weeks?|wochen?|semaines?|semanas?|settiman[ae]|weken",
    "month": r"months?|\w*monat(?:e[ns]?|s)?|mois|mes(?:es|e|i)?|mês|maand(?:en)?",
    "year": r"years?|\w*jahr(?:e[ns]?|s)?|ans|années?|a[ñn]os?|ann[oi]|jaar|jaren",
    "m²": rf"m²|qm|sqm|square {_METRES}|quadrat{_METRES}|{_METRES} (?:carrés|cuadrados|quadrati|quadrados)",
    "m³": rf"m³|cbm|cubic {_METRES}|kubik{_METRES}|{_METRES} (?:cubes|cúbicos|cubi)",
    "mm": rf"mm|mill?[ií]{_METRES}",
    "cm": rf"cm|[cz]ent[ií]{_METRES}",
    "km": rf"km|(?:k|qu|ch)il[oóò]{_METRES}",
    "m": rf"m|{_METRES}",
    "µg": rf"[µμ]g|mcg|mi[ck]ro{_GRAMS}",
    "mg": rf"mg|mill?i{_GRAMS}",
    "kg": rf"kg|kilos?|(?:k|qu|ch)ilo{_GRAMS}",
    "g": rf"g|{_GRAMS}",
    "t": r"(?-i:t)|tonnes?|tonnen|tons?|tonnellat[ae]|toneladas?",
    "ml": rf"ml|mill?[ií]{_LITRES}",
    "l": rf"l|{_LITRES}",
    **{symbol: rf"(?-i:{symbol})" for symbol in _CAPITAL_SYMBOLS.split()},
    **{symbol: symbol for symbol in _SYMBOLS.split()},
}
_KIND = [(kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS.items()]
_KIND_MIN = 4  # letters of a unit behind another word: "3 fois mes" is French for "my"
_SHORT = frozenset({"day", "tag", "dag"})  # that are none but units: "1 business day"
# "2 a year" is no duration.
_BETWEEN = frozenset(
    {"a", "an", "per", "of", "in", "to", "and", "or", "the", "je", "pro", "im", "von", "bis", "und", "oder"}
    | {"all", "every", "each", "next", "same", "this", "on", "jeden", "jeder", "am"}
    | {"par", "de", "du", "et", "ou", "por", "al", "y", "di", "e", "o", "ogni", "en", "van", "tot"}
)
_CLOCK = re.compile(r"\b(\d{1,2})h([0-5]\d)\b")
# By itself it is no code.
POWER = re.compile(r"(?<![^\W_])[cdkm]?m[²³](?!\w)", re.IGNORECASE)
_FLAT_POWER = re.compile(r"(?<=\d)(\s?[cdkm]?m)([23])\b")
_POWERS = {"2": "²", "3": "³"}
_GLUED = re.compile(r"(?<![\w.,])(?<![^\W\d_]-)(?P<value>\d+(?:[.,'\u2019]\d+)*)(?P<word>[^\W\d_]+)\b")
_CAPITAL = re.compile(r"[A-KM-Z]")  # alone it is no unit, but L: 5G and room 12C are names
_NO_KIND = "ha"  # Italian for "has" behind many a year
_SPACED = re.compile(r"(?<![\w.,-])(\d+(?:\.\d+)?)[ \u00a0\u202f]([A-KM-Z]|[^\W\d_]{2,3})(?![\w'\u2019-])")
_ORDINAL = re.compile(r"st|nd|rd|th|er|re|te|de|ste|[eè]me|ère|[ºª]", re.IGNORECASE)
_WORD_MIN = 4  # letters behind a number, "30jährig": fewer are a part of its name, as in "§ 12a" and "Art. 5ter"


def kind(written: str) -> str:
    return next((kind for kind, pattern in _KIND if pattern.fullmatch(written)), "")


def kind_after(written: str) -> str:
    words = [word for word in re.split(r"[\s-]+", written) if word]
    if found := kind(" ".join(words)) or kind("".join(words[:1])):
        return found
    is_apart = (
        len(words) > 1
        and words[0].lower() not in _BETWEEN
        and (len(words[1]) >= _KIND_MIN or words[1].lower() in _SHORT)
    )
    return kind(words[1]) if is_apart else ""


def apart(text: str) -> str:
    """With 250 mg for 250mg, 60 m² for 60m2, 17:30 for 17h30 and 5 for 5th."""
    text = _FLAT_POWER.sub(lambda found: found.group(1) + _POWERS[found.group(2)], _CLOCK.sub(r"\1:\2", text))
    return _GLUED.sub(_parted, text)


def together(text: str) -> frozenset[str]:
    """The terms of the codes that it would hold without its blanks: 16a for "16 A", 20psi for "20 psi"."""
    return frozenset(f"{number}{word}".lower() for number, word in _SPACED.findall(text) if _is_unit(word))


def as_written(sentence: str, texts: Sequence[str]) -> str:
    """With 16A for "16 A" where one of the texts writes that."""
    return _SPACED.sub(lambda found: _as_written(found, texts), sentence)


def _parted(match: re.Match[str]) -> str:
    value, word = match.group("value", "word")
    if _ORDINAL.fullmatch(word):
        return str(value)
    if _CAPITAL.fullmatch(word):
        is_unit = "," in value  # no room is called 7,5A
    else:
        is_unit = (len(word) >= _WORD_MIN and not word.isupper()) or word.lower() == "mal" or bool(kind(word))
    return f"{value} {word}" if is_unit or word == _NO_KIND else match.group()


def _is_unit(word: str) -> bool:
    return word.lower() not in terms.STOP_WORDS or _CAPITAL.fullmatch(word) is not None


def _as_written(found: re.Match[str], texts: Sequence[str]) -> str:
    code = "".join(found.groups())
    is_code = _is_unit(found.group(2)) and apart(code) == code
    is_known = is_code and any(re.search(rf"(?<!\w){re.escape(code)}(?!\w)", text) for text in texts)
    return code if is_known else found.group()
