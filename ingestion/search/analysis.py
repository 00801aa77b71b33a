"""What the index counts of a text, and by what a question is looked up in it.

A text is counted by the stems of its own language. A question of a few words does not tell its language, nor that of the
texts it is asked of: each of its words is looked up by its stems in every language. A code is found whole and by its parts.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from ingestion.search import languages, terms

# Stands beside what is counted. One more for each change of what comes out of here: postings that were made by another are
# found by it and written again (ingestion.search.rewriting).
VERSION = 4

_KEPT_MOST = 40  # characters; what is longer seldom comes twice
_SIGNS = re.compile(r"[._:]+")
_SMALL, _LARGE = "a-zß-öø-ÿ", "A-ZÀ-ÖØ-Þ"
_CAMEL = re.compile(f"[{_LARGE}]?[{_SMALL}]+|[{_LARGE}]+(?![{_SMALL}])")
_HUMP = re.compile(f"[{_SMALL}][{_LARGE}]|[{_LARGE}]{{2}}[{_SMALL}]{{2}}")
# Written without blanks: two signs beside each other are what comes nearest to a word.
DENSE_SIGNS = r"\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_DENSE = re.compile(f"([{DENSE_SIGNS}]+)")
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_DIGRAPH = re.compile(r"(?<![aeiouq])([aou])e")


@dataclass(frozen=True)
class Word:
    """A word of a question, and all terms that stand for it."""

    written: str
    variants: frozenset[str]


def counted(text: str, language: str) -> list[str]:
    """The terms of a text in that language, in its order, with repetitions."""
    found: list[str] = []
    for source in terms.sources(text):
        found += (_kept if len(source) <= _KEPT_MOST else _terms)(source, language)
    return found


def _terms(source: str, language: str) -> tuple[str, ...]:
    dropped = languages.LANGUAGES[language].stop_words
    found: list[str] = []
    for piece in _pieces(source):
        for written, is_word in _read(piece):
            if not is_word:
                found.append(written)
            elif written not in dropped or _is_short_for(piece):
                found.append(terms.NUMBER_WORDS.get(written) or languages.stem(written, language))
    return tuple(found)


# Most words of a text have been met before: looking one up takes a tenth of reading it.
_kept = functools.lru_cache(maxsize=1 << 15)(_terms)


def asked(question: str) -> list[Word]:
    """The words of a question in its order, each once; two that have a term in common are one.

    Where nothing but stop words is asked, those are what is asked for.
    """
    dropped = frozenset[str]().union(*(languages.LANGUAGES[code].stop_words for code in languages.spoken(question)))
    return _asked(question, dropped) or _asked(question, frozenset())


def _asked(question: str, dropped: frozenset[str]) -> list[Word]:
    found: list[Word] = []
    is_loud = _is_loud(question)
    for piece in (piece for source in terms.sources(question) for piece in _pieces(source)):
        for written, is_word in _read(piece):
            if not is_word:
                found = _with(found, Word(written, frozenset({written})))
            elif written not in dropped or (_is_short_for(piece) and not is_loud):
                found = _with(found, Word(written, variants(written)))
    return found


def variants(written: str) -> frozenset[str]:
    """The terms that stand for a lower-case word, in any language and spelling."""
    if number := terms.NUMBER_WORDS.get(written):
        return frozenset({number})
    spellings = {written, written.translate(_SPELLED), _DIGRAPH.sub(r"\1", written)}
    return frozenset[str]().union(*map(languages.stems, spellings))


def is_dense(sign: str) -> bool:
    """Whether it belongs to a writing without blanks."""
    return bool(_DENSE.fullmatch(sign))


def _with(found: list[Word], new: Word) -> list[Word]:
    same = [one for one in found if one.variants & new.variants]
    if not same:
        return [*found, new]
    merged = Word(same[0].written, new.variants.union(*(one.variants for one in same)))
    return [merged if one is same[0] else one for one in found if one is same[0] or one not in same]


def _is_short_for(source: str) -> bool:
    """IT is a department, and "it" is nothing."""
    return len(source) > 1 and source.isupper()


def _is_loud(question: str) -> bool:
    """Whether all of it is in capitals, which tell no abbreviation then. What it leans on, and what the glossary adds, stands
    behind it in brackets.
    """
    said = question.partition("(")[0]
    return said.isupper() and sum(map(str.isupper, terms.sources(said))) > 1


def _pieces(source: str) -> Iterator[str]:
    """One of `terms.sources`, where figures or letters stand within writing without blanks taken apart: 2024年度の予算."""
    written = source if source.isascii() else unicodedata.normalize("NFKC", source)
    if not _DENSE.search(written):
        yield source
        return
    for at, piece in enumerate(_DENSE.split(written)):
        yield from [piece] if at % 2 else terms.sources(piece)


def _read(piece: str) -> Iterator[tuple[str, bool]]:
    """What a piece stands for, and whether that is a word with forms."""
    if _DENSE.fullmatch(piece):
        yield from ((piece[at : at + 2], False) for at in range(max(len(piece) - 1, 1)))
        return
    for run, is_word in terms.read(piece):
        yield run, is_word and not terms.is_code(run)
        if is_word:
            yield from ((part, True) for part in _parts(piece if piece.lower() == run else run))


def _parts(source: str) -> list[str]:
    """Of foo_bar, os.path and getElementById; nothing of a plain word."""
    pieces = [piece for piece in _SIGNS.split(source) if piece]
    parts = [part for piece in pieces for part in (_CAMEL.findall(piece) if _HUMP.search(piece) else [piece])]
    if len(parts) < 2:
        return []
    return [part.lower() for part in parts if len(part) > 1 and not part.isdigit()]
