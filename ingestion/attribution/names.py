"""Proper names that a sentence depends on: an answer about Gold must not cite a passage about Platinum.

English writes only names with a capital, so each within a sentence counts. German writes every noun with one: there
only abbreviations, codes and the further words of a name ("Ilse Tamm", "Parkplatz Nord") can be told from nouns. Of a
lone "in Hamburg" it can be told that a passage says "in Bremen" in its place.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Sequence

from ingestion.attribution import facts
from ingestion.search import languages, terms

_WORD = re.compile(r"(?<![^\W_])[^\W\d_][^\W_]*(?:['’\u00ad][^\W_]+)*")
_ELIDED = re.compile(r"\A(?:[cdjlmnst]|qu|dell|all|nell|sull|dall)['’]", re.IGNORECASE)
_UMLAUT = re.compile(r"[äöüß]", re.IGNORECASE)
_OPENS = re.compile(r"(?:^|[.!?:;\n|\u2022]|[-*]\s)[\s\"'“„‚«(*_#]*\Z")
_LOOKED_AT = 20  # signs before a word: all of them, for each word, take the square of a text's length
# Titles, and countries that the text may write out.
_LETTERS = frozenset("AIOY")
_NO_NAMES = frozenset(["i", "mr", "mrs", "ms", "frau", "herr", "uk", "us", "usa", "eu"])

# No article stands before most names.
_PLACED = re.compile(r"\b(in|aus|nach|von|bei|mit|für|über|durch|bis|ab)\s([A-ZÄÖÜ][^\W\d_]+(?:-[^\W\d_]+)*)\b")


def required(sentence: str, texts: Sequence[str]) -> frozenset[str]:
    """The terms of the names and codes in a sentence; `texts` tell whether its first word is a name or a word."""
    found = set(facts.codes(sentence))
    is_german = _is_german(sentence)
    is_always_capital = functools.cache(functools.partial(_is_always_capital, texts=texts))  # once for each word
    previous = None
    for match in _WORD.finditer(facts.without_codes(sentence)):
        word = _unelided(match.group())
        opens = _opens(sentence, match.end() - len(word))
        follows = previous is not None and sentence[previous.end() : match.start()] == " "
        if word[0].isupper() and _is_name(word, opens, bool(follows), is_german, is_always_capital):
            found.update(terms.terms(word))
        previous = match if word[0].isupper() and word.lower() not in terms.STOP_WORDS else None
    return frozenset(found)


def placed(sentence: str) -> dict[str, str]:
    """In German the terms of words with a capital right behind a preposition, each with that: names, maybe."""
    if not _PLACED.search(sentence) or not _is_german(sentence):
        return {}
    return {term: before for before, word in _PLACED.findall(sentence) for term in terms.terms(word)}


def is_replaced(before: str, text: str, known: Collection[str]) -> bool:
    """Whether the text has a word with a capital behind that preposition that is none of the `known` terms."""
    words = (word for other, word in _PLACED.findall(text) if other == before)
    return any(not set(terms.terms(word)) & set(known) for word in words)


def _unelided(word: str) -> str:
    """Allemagne for d'Allemagne; the English "band C's" stays."""
    rest = _ELIDED.sub("", word)
    return rest if rest[0].isupper() else word


def _opens(text: str, at: int) -> bool:
    """Whether a sentence starts there."""
    return bool(_OPENS.search(text[max(0, at - _LOOKED_AT) : at]))


def _is_german(sentence: str) -> bool:
    """Where its small words tell no language, an umlaut does."""
    found = languages.votes(sentence)
    most = max(found.values())
    if not most:
        return bool(_UMLAUT.search(sentence))
    return found["de"] == most and found["de"] > found["en"]


def _is_name(word: str, opens: bool, follows: bool, is_german: bool, is_always_capital: Callable[[str], bool]) -> bool:
    if word.lower() in terms.STOP_WORDS or word.lower() in _NO_NAMES:
        return False
    if sum(sign.isupper() for sign in word) > 1:
        return True
    if is_german:
        return follows
    if len(word) == 1:  # the languages R and C; "A" begins a sentence, and "O" an exclamation
        return not opens and word not in _LETTERS
    return not opens or is_always_capital(word)


def _is_always_capital(word: str, texts: Sequence[str]) -> bool:
    """Whether the texts write it with a capital where no sentence starts, and never without."""
    inside = False
    for text in texts:
        for match in re.finditer(rf"\b{re.escape(word)}\b", text, re.IGNORECASE):
            if match.group()[0].islower():
                return False
            inside = inside or not _opens(text, match.start())
    return inside
