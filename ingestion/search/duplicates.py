"""Passages that say again, word for word, what a better one says: a second copy, an older version, a part of it.

Look-alikes must not be taken for copies: two plans differ in a name and a price, a rule and its exception in one "not". So
nothing that the copy says may be missing in what is kept: no word, no figure, and no "not" more or less.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from ingestion.search import terms

SAME = 0.9  # of a copy's runs of three words stand in the other one too
_LEAST = 8  # words; a shorter text is a heading or a line of a list
_WORD = re.compile(r"\w+(?:[.,:'\u2019-]\w+)*")
_YEAR = re.compile(r"(?:19|20)\d\d")
_NOT_IN_ANY_LANGUAGE = """
    no not never none nor neither without cannot nicht nie niemals kein keine keinen keinem keiner keines ohne weder ne pas
    jamais aucun aucune sans ni nunca ningún ninguna sin non mai nessun nessuna senza niet geen nooit zonder não nenhum
    nenhuma sem inte aldrig ingen inget inga utan ikke aldri ei en
"""
_NOT = frozenset(_NOT_IN_ANY_LANGUAGE.split())


@dataclass(frozen=True)
class Fingerprint:
    words: Counter[str]
    runs: frozenset[tuple[str, ...]]


def fingerprint(text: str) -> Fingerprint:
    words = [word.lower() for word in _WORD.findall(text)]
    return Fingerprint(Counter(words), frozenset(zip(words, words[1:], words[2:], strict=False)))


def repeats(one: Fingerprint, kept: Fingerprint) -> bool:
    """Whether `one` says nothing that `kept` does not say."""
    if one.words.total() < _LEAST or one.words - kept.words:
        return False
    if any(_is_not(word) for word in kept.words - one.words):
        return False
    return len(one.runs & kept.runs) >= SAME * len(one.runs)


def is_headed_otherwise(above: str, kept: str, asked: frozenset[str]) -> bool:
    """Whether what stands above a copy tells it apart: by what was asked for, or by a year."""
    return bool(_heads(above, asked) - _heads(kept, asked))


def _heads(above: str, asked: frozenset[str]) -> set[str]:
    return {term for term in terms.terms(above) if term in asked or _YEAR.fullmatch(term)}


def _is_not(word: str) -> bool:
    return word in _NOT or word.endswith(("n't", "n\u2019t"))
