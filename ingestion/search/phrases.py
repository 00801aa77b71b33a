"""Words in quotes: what a passage and its headings hold word for word, whatever signs lie between the words.

The index holds no places of words. So a phrase is looked for in those texts alone that hold all of its words.
"""

from __future__ import annotations

import functools
import re
import unicodedata
import uuid
from collections.abc import Sequence

from governance.scope import Scope
from ingestion.parsers import outline
from ingestion.search import analysis, postings
from ingestion.stores import narrow

MOST = 3  # phrases of one question
LONGEST = 300  # characters; what is longer is a text that was pasted
LOOKED_AT = 2000  # chunks with all words of a phrase, those first that say them most: beyond, the words tell nothing
_SHORTEST_DENSE = 3  # signs of a phrase in writing without blanks
_MARKS_END = 0x20000
_DENSE = analysis.DENSE_SIGNS
# Straight quotes open behind a blank or its bracket and close before one or a mark: 19" is a measure, and print("") code.
_QUOTED = re.compile(
    rf"(?:(?<![^\s{_DENSE}])|(?<=\s[(\[])|(?<=^[(\[]))\"(?=\S)(?P<straight>[^\"\n]+)(?<=\S)\"(?![^\s)\].,:;?!…–、。，）？！{_DENSE}-])"
    r"|“(?P<english>[^“”\n]+)”|„(?P<german>[^“”„\"\n]+)[“”\"]|«(?P<french>[^«»\n]+)»|»(?P<printed>[^«»\n]+)«"
    r"|「(?P<corner>[^「」\n]+)」|『(?P<white>[^『』\n]+)』"
)
_LOOKED_BACK = 40
_REFUSED = re.compile(
    r"\b(?:not|no|without|except|instead\s+of|rather\s+than|nicht|kein\w*|ohne|außer|statt|anstatt)\s+(?:\w{1,3}\s+)?\Z",
    re.IGNORECASE,
)

_WITH_ALL = (
    postings.MINE
    + """
SELECT m.chunk_id FROM mine m JOIN unnest(%(terms)s::varchar[], %(words)s::text[]) AS w (term, word) ON w.term = m.term
GROUP BY m.chunk_id HAVING count(DISTINCT w.word) = %(amount)s
ORDER BY sum(m.tf) DESC, m.chunk_id LIMIT %(limit)s
"""
)
# By their ids, as SCORE_AMONG reads postings: joined with what was found, Postgres might read all chunks of the tenant.
_HOLDING = """
SELECT c.id FROM chunk c
WHERE c.tenant_id = %(tenant)s AND c.id = ANY (%(among)s::uuid[]) AND c.context ~* %(pattern)s ORDER BY c.id
"""


def quoted(question: str) -> list[str]:
    """What stands in quotes, each once, in its order. One word by itself is none, it is set off and seldom quoted; nor is what
    the question says it does not mean.
    """
    meant = (one for one in _QUOTED.finditer(question) if not _REFUSED.search(question[: one.start()][-_LOOKED_BACK:]))
    found = (next(filter(None, match.groups())).strip() for match in meant)
    kept = (one for one in found if len(one) <= LONGEST and _tells(_words(one)))
    return list(dict.fromkeys(kept))[:MOST]


def spans(question: str) -> list[tuple[int, int]]:
    """Where it stands in quotes, the quotes with it."""
    return [match.span() for match in _QUOTED.finditer(question)]


def holds(phrase: str, text: str) -> bool:
    said = _run(phrase).strip()
    # What is written without blanks has words that begin and end anywhere.
    left = "" if analysis.is_dense(said[:1]) else " "
    right = "" if analysis.is_dense(said[-1:]) else " "
    return bool(said) and f"{left}{said}{right}" in _run(text)


def lacking(quoted: Sequence[str], text: str) -> int:
    """How many of the phrases it does not hold."""
    return sum(not holds(one, text) for one in quoted)


def holding(
    scope: Scope, phrase: str, collections: Sequence[uuid.UUID], documents: Sequence[uuid.UUID] | None = None
) -> list[uuid.UUID]:
    """Chunks that hold it, or nearly: what is found is to be asked by `holds`."""
    words = analysis.asked(outline.legible(phrase))
    word_of = postings.terms_of(words)
    if not word_of:
        return []
    values = narrow.shown(scope, collections, documents) | {
        "terms": list(word_of),
        "words": list(word_of.values()),
        "amount": len(words),
        "few": postings.FEW,
        "limit": LOOKED_AT,
    }
    with scope.transaction():
        among = [chunk for (chunk,) in narrow.rows(_WITH_ALL, values)]
        if not among:
            return []
        looked = {"tenant": scope.tenant, "among": among, "pattern": _pattern(_words(phrase))}
        return [chunk for (chunk,) in narrow.rows(_HOLDING, looked)]


def _tells(words: Sequence[str]) -> bool:
    return len(words) > 1 or (
        bool(words) and len(words[0]) >= _SHORTEST_DENSE and all(map(analysis.is_dense, words[0]))
    )


@functools.lru_cache(maxsize=512)  # a phrase is looked for in all that was found, and each text is asked more than once
def _run(text: str) -> str:
    return f" {' '.join(_words(text))} "


def _words(text: str) -> list[str]:
    """Runs of letters, figures and the marks upon them, as the index has a text; an underscore parts two."""
    plain = unicodedata.normalize("NFKC", outline.legible(text)).casefold()
    return _word().findall(plain)


@functools.cache
def _word() -> re.Pattern[str]:
    """Python's \\w has no marks, without which other words are the same in Hindi and Thai."""
    marks = "".join(sign for sign in map(chr, range(_MARKS_END)) if unicodedata.category(sign)[0] == "M")
    return re.compile(rf"(?:[^\W_]|[{marks}])+")


def _pattern(words: Sequence[str]) -> str:
    """For Postgres, whose letters depend on its locale: it may find more than is held, and no less."""
    told = "(?:[^[:alnum:]]+|.{1,12})".join("".join(map(_in_any_case, word)) for word in words)
    return told.replace("ss", "(?:ss|ß)")  # which `_words` has made one


def _in_any_case(letter: str) -> str:
    other = letter.upper()
    return letter if letter.isascii() or len(other) != 1 or other == letter else f"[{letter}{other}]"
