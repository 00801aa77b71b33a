"""Terms: what of a text is compared, in English and German, and the runs of signs that they come from.

What a sentence says is held against a passage by these terms. The index counts others (ingestion.search.analysis), made of
the same runs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

_EN = """
a about above after again all also am an and any are as at be because been before being below between both but by can
could did do does doing down during each few for from further had has have having he her here hers him his how i if in
into is it its just let may me more most must my no nor not now of off on once only or other our ours out over own same
shall she should so some such than that the their theirs them then there these they this those through to too under
until up very was we were what when where which while who whom whose why will with would you your yours
don doesn didn isn aren wasn weren won wouldn couldn shouldn hasn haven e.g i.e
"""
_DE = """
aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis bist da dabei damit dann
das dass dein deine dem den denn der des dessen deren dich die dies diese diesem diesen dieser dieses dir doch dort du
durch ein eine einem einen einer eines er es euer eure für gegen habe haben hat hatte hatten hier hinter ich ihm ihn
ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden jeder jedes kann kein keine keinem keinen keiner
können könnte machen man mein meine mit muss musst müssen nach nicht noch nun nur ob oder ohne sehr sein seine seinem
seinen seiner sich sie sind so soll sollen sollte über um und uns unser unsere unter vom von vor war waren was weil
welche welchem welchen welcher welches wem wen wenn wer werde werden wie wieder wieviel wir wird wo worden wurde wurden
z.b d.h zu zum zur zwischen
"""
_WORDS_OF_NUMBERS = """
2 two zwei 3 three drei 4 four vier 5 five fünf 6 six sechs 7 seven sieben 8 eight acht 9 nine neun 10 ten zehn
11 eleven elf 12 twelve zwölf 13 thirteen dreizehn 14 fourteen vierzehn 15 fifteen fünfzehn 16 sixteen sechzehn
18 eighteen achtzehn 20 twenty zwanzig 24 vierundzwanzig 30 thirty dreißig 40 forty vierzig 50 fifty fünfzig
60 sixty sechzig 70 seventy siebzig 80 eighty achtzig 90 ninety neunzig
"""
_UNITS = "gb|mb|kb|tb|kg|mm|cm|km|m|nm|h|min|s|ms|v|kv|w|kw|mw|hz|khz|mhz|ghz|db|bar|k|bn|am|pm|x|st|nd|rd|th"


def _words_of_numbers() -> dict[str, str]:
    digits, known = "", {}
    for word in _WORDS_OF_NUMBERS.split():
        if word.isdigit():
            digits = word
        else:
            known[word] = digits
    return known


NUMBER_WORDS = _words_of_numbers()
STOP_WORDS = frozenset(f"{_EN} {_DE}".split())

# Combining marks and the soft hyphen are no word characters to `re`, but stand inside words of decomposed text.
_LETTER = r"[^\W_\u0300-\u036f]"
_RUN = rf"{_LETTER}(?:{_LETTER}|[\u0300-\u036f\u00ad])*"
_TOKEN = re.compile(rf"{_RUN}(?:(?:[.,:'\u2019-]|_+|(?<=\d)[\u2009\u202f](?=\d\d\d)){_RUN})*")
_NUMBER = re.compile(r"\d{1,3}(?:([.,'\u2019])\d{3})(?:\1\d{3})*(?:[.,]\d{1,2})?|\d+(?:[.,]\d+)?")
_GROUPED = re.compile(r"([1-9]\d{0,2}(?:([.,'\u2019])\d{3})(?:\2\d{3})*)(?:[.,](\d{1,2}))?")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}\.\d{1,2}\.\d{2,4}")
_MEASURED = re.compile(rf"(\d+(?:[.,]\d+)*)({_UNITS})")
# "E-1042", "KC-4" and 10:00 are one name each; "24-hour" and "quality-checked" are two words.
_NAME = re.compile(r"[^\W\d_]{1,3}(?:-(?![^\W_]*\d)[^\W_]+)*-(?=[^\W_]*\d)[^\W_]+(?:[.-][^\W_]+)*|\d+:\d+(?::\d+)?")
_SEPARATOR = re.compile(r"[.:_]")
_JOINT = re.compile(r"['\u2019-]+")
_COMMA = re.compile(r",+")
_LABEL = re.compile(r"[,:]+")
_SHORTENED = re.compile(r"['\u2019](?:s|t|d|m|ll|re|ve)(?![^\W_])")
_ORDINAL_ENDINGS = frozenset({"st", "nd", "rd", "th"})
_DIGIT = re.compile(r"\d")
_VOWEL = re.compile(r"[aeiouyäöü]")
_SPELLED = {0x00AD: None, 0x2009: "'", 0x202F: "'"}  # blanks only stand inside numbers here
_FOLDED = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})


class Token(NamedTuple):
    """`text[start:end]` gave the term; two terms of "10kg" stand in the same place."""

    term: str
    start: int
    end: int


class Run(NamedTuple):
    """What signs without blanks hold, in lower case: a word as it is written, or a number, a unit, a name, a code."""

    written: str
    start: int
    end: int
    is_word: bool


def terms(text: str) -> list[str]:
    """The terms of a text in its order, with repetitions, without stop words."""
    return [token.term for token in tokens(text)]


def tokens(text: str) -> Iterator[Token]:
    """The terms with their places in the text as it stands."""
    for run in runs(text):
        if not run.is_word:
            yield Token(run.written, run.start, run.end)
        elif run.written not in STOP_WORDS:
            yield Token(_word(run.written), run.start, run.end)


def runs(text: str) -> Iterator[Run]:
    """Every run, stop words too, in the order of the text."""
    for match in _TOKEN.finditer(text):
        for part, is_word in read(match.group()):
            yield Run(part, match.start(), match.end(), is_word)


def sources(text: str) -> list[str]:
    """The signs without blanks that the runs come from, as they are written."""
    found: list[str] = _TOKEN.findall(text)
    return found


def read(source: str) -> Iterator[tuple[str, bool]]:
    """What is written in one of `sources`, as `Run` has it."""
    # One sign may stand for several words, as ﷺ does: terms hold no blank.
    return _read("".join(unicodedata.normalize("NFKC", source.translate(_SPELLED)).lower().split()))


def folded(word: str) -> str:
    """In lower case, as an expression finds it that ignores case: such a one takes a long s for an s and a dotted İ for an i."""
    return word.lower().replace("\u017f", "s").replace("i\u0307", "i")


def is_code(word: str) -> bool:
    """A name with a digit or a sign within it, which has no other forms: foo_bar, v2.3, os.path."""
    return bool(_DIGIT.search(word) or _SEPARATOR.search(word))


def number(written: str) -> str:
    """One spelling for one value: 1,200 and 1.200 and 1200 are "1200"; 4,60 and 4.6 are "4.6"."""
    grouped = _GROUPED.fullmatch(written)
    if grouped:
        whole, rest = re.sub(r"\D", "", grouped.group(1)), grouped.group(3) or ""
    else:
        whole, _, rest = written.replace(",", ".").partition(".")
    rest = rest.rstrip("0")
    whole = whole.lstrip("0") or "0"
    return f"{whole}.{rest}" if rest else whole


def stem(word: str) -> str:
    """A lower-case word without its ending: plural, -ing and -ed of English, the cases of German, umlauts folded.

    Blind to the language, since a question may not tell it: what comes out is a key, not a word.
    """
    word = _without_case(_without_tense(_without_plural(word)))
    return word[:-1] if len(word) > 5 and word.endswith("ll") else word.translate(_FOLDED)


def _without_plural(word: str) -> str:
    if len(word) > 4 and word.endswith(("ies", "ied")):
        return f"{word[:-3]}y"
    is_plural = len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return word[:-1] if is_plural else word


def _without_tense(word: str) -> str:
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) > 2 and _VOWEL.search(rest) and not word.endswith("eed"):
            is_doubled = rest[-1] == rest[-2] and rest[-1] not in "aeiouls"
            return rest[:-1] if is_doubled else rest
    return word


def _without_case(word: str) -> str:
    if word.endswith("eln"):
        return word[:-1]
    for ending in ("ern", "em", "en", "er", "es", "e"):
        rest = word.removesuffix(ending)
        if rest != word:
            return rest if len(rest) > 2 and not rest.endswith("e") else word
    return word


def _read(written: str) -> Iterator[tuple[str, bool]]:
    """What one run of signs without blanks holds, and whether it is a word or a code rather than a number, a unit, a name."""
    if _NUMBER.fullmatch(written):
        yield number(written), False
    elif _DATE.fullmatch(written):
        yield from ((number(part), False) for part in re.split(r"\D", written))
    elif measured := _MEASURED.fullmatch(written):
        yield number(measured.group(1)), False
        yield from ((unit, False) for unit in {measured.group(2)} - _ORDINAL_ENDINGS)
    elif _NAME.fullmatch(written):
        yield written, False
    elif parts := _parts(written):
        for part in parts:
            yield from _read(part)
    else:
        yield written, True


def _parts(written: str) -> list[str]:
    """What signs split: "and-or" always, "note:this" where no digit makes a name of it; nothing for one word."""
    is_label = ":" in written and "." not in written and "_" not in written
    bare = _SHORTENED.sub("", written)
    split = (_JOINT if _JOINT.search(bare) else _LABEL if is_label else _COMMA).split(bare)
    parts = [part for part in split if part]  # one sign may stand for a figure and its comma, as 🄁 does
    return [] if parts == [written] else parts


def _word(written: str) -> str:
    return written if is_code(written) else NUMBER_WORDS.get(written) or stem(written)
