"""Which language a text is in, by its stop words, and the stems of its words, by Snowball's stemmers."""

from __future__ import annotations

import functools
import re
import threading
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import Stemmer  # type: ignore[import-not-found]

DEFAULT = "en"
_SURE = 3  # stop words, and half as many again as of the next language
_WORD = re.compile(r"[^\W\d_]+")
_LOOKED_AT = 400  # letters that tell a script
# By the first word of a letter's name in Unicode. Of what is written in one script by many, the most spoken one.
_OF_SCRIPT = {
    "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CJK": "zh", "CYRILLIC": "ru", "GREEK": "el", "ARABIC": "ar",
    "HEBREW": "he", "THAI": "th", "DEVANAGARI": "hi",
}  # fmt: skip
_FOLDED = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ł": "l"})


@dataclass(frozen=True)
class Language:
    code: str
    stemmer: str
    stop_words: frozenset[str]


def _read() -> dict[str, Language]:
    told: Mapping[str, Any] = tomllib.loads(Path(__file__).with_name("languages.toml").read_text(encoding="utf-8"))
    return {code: Language(code, one["stemmer"], frozenset(one["stop_words"].split())) for code, one in told.items()}


def _by_word(languages: Mapping[str, Language]) -> dict[str, tuple[str, ...]]:
    words = {word for language in languages.values() for word in language.stop_words}
    return {word: tuple(code for code, one in languages.items() if word in one.stop_words) for word in words}


LANGUAGES = _read()
_SPOKEN_IN = _by_word(LANGUAGES)
STOP_WORDS = frozenset(_SPOKEN_IN)  # of any language
_mine = threading.local()


def votes(text: str) -> dict[str, int]:
    """How many words of the text are stop words of each language."""
    found = dict.fromkeys(LANGUAGES, 0)
    for word in _WORD.findall(text.lower()):
        for code in _SPOKEN_IN.get(word, ()):
            found[code] += 1
    return found


def told(found: Mapping[str, int]) -> str:
    """The language that most votes are for; "" where none is clearly before the next."""
    first, second = sorted(found, key=lambda code: -found[code])[:2]
    return first if found[first] >= max(_SURE, 1.5 * found[second]) else ""


def spoken(question: str, least: int = 1) -> frozenset[str]:
    """The languages that a question can be in: a few words seldom settle it. None where fewer than `least` words tell."""
    found = votes(question)
    most = max(found.values())
    return frozenset(code for code, often in found.items() if most >= least and often == most)


def of_script(text: str) -> str:
    """The language that its script tells, as Greek or Thai do; "" of Latin letters, and of such as are not known."""
    letters = [sign for sign in text if sign.isalpha()][:_LOOKED_AT]
    found = Counter(
        _OF_SCRIPT.get(unicodedata.name(sign, "").split(" ")[0], "") for sign in letters if not sign.isascii()
    )
    latin = len(letters) - found.total() + found.pop("", 0)
    if found.total() <= latin:
        return ""
    # Japanese writes with Chinese signs too, and Chinese with no kana.
    return "ja" if found["ja"] else max(found, key=lambda code: found[code])


def written_in(text: str) -> str:
    """As `of_text`, of a text in other letters too, which have no stemmer here."""
    return of_script(text) or of_text(text)


def of_texts(texts: Iterable[str]) -> list[str]:
    """The language of each text of a document: its own where it is clear, else that of the whole."""
    found = [votes(text) for text in texts]
    whole: Counter[str] = Counter()
    for one in found:
        whole.update(one)
    main = told(whole) if whole else ""
    main = main or (max(whole, key=lambda code: whole[code]) if whole.total() else DEFAULT)
    return [told(one) or main for one in found]


def of_text(text: str) -> str:
    """The language of a text by itself."""
    return of_texts([text])[0]


def stem(word: str, code: str) -> str:
    """A lower-case word's stem in that language, without its accents, which many leave out: a key, not a word."""
    return _stem(word, code)


def stems(word: str) -> frozenset[str]:
    """Its stems in every language: a question of two words does not tell its own, nor that of the texts it is asked of."""
    return frozenset(_stem(word, code) for code in LANGUAGES)


@functools.lru_cache(maxsize=1 << 16)
def _stem(word: str, code: str) -> str:
    made: dict[str, Any] = _mine.__dict__.setdefault("stemmers", {})  # one of them is not for two threads at once
    if code not in made:
        made[code] = Stemmer.Stemmer(LANGUAGES[code].stemmer)
    return plain(str(made[code].stemWord(word)) or word)


def plain(word: str) -> str:
    """A lower-case word without its accents; one that is nothing else, such as ﹶ or ͺ, keeps them."""
    parted = unicodedata.normalize("NFD", word.translate(_FOLDED))
    return "".join(sign for sign in parted if not unicodedata.combining(sign)) or word
