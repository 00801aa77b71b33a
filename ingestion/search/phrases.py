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
from ingestion.search import analysis, postings
from ingestion.stores import narrow

MOST = 3  # phrases of one question
LONGEST = 300  # characters; what is longer is a text that was pasted
LOOKED_AT = 500  # chunks that hold it
# A quote opens behind a blank or a bracket and closes before one: 19" and 5'10" are measures.
_QUOTED = re.compile(
    r"(?:(?<=^)|(?<=[\s(\[]))(?:\"(?=\S)([^\"\n]+)(?<=\S)\"|“([^“”\n]+)”|„([^“”„\n]+)[“”]|«([^«»\n]+)»|»([^«»\n]+)«)(?=[\s)\].,:;?!]|$)"
)
_WORD = re.compile(r"\w+")
_LEFT, _RIGHT = r"(?<!\w)", r"(?!\w)"

_HOLDING = (
    postings.MINE
    + """, holding AS MATERIALIZED (
    SELECT m.chunk_id FROM mine m JOIN unnest(%(terms)s::varchar[], %(words)s::text[]) AS w (term, word) ON w.term = m.term
    GROUP BY m.chunk_id HAVING count(DISTINCT w.word) = %(amount)s
)
SELECT c.id FROM holding h JOIN chunk c ON c.tenant_id = %(tenant)s AND c.id = h.chunk_id
WHERE c.context ~* %(pattern)s ORDER BY c.id LIMIT %(limit)s
"""
)


def quoted(question: str) -> list[str]:
    """What stands in quotes, each once, in its order."""
    found = (next(filter(None, match.groups())).strip() for match in _QUOTED.finditer(question))
    kept = (one for one in found if len(one) <= LONGEST and _WORD.search(one))
    return list(dict.fromkeys(kept))[:MOST]


def spans(question: str) -> list[tuple[int, int]]:
    """Where it stands in quotes, the quotes with it."""
    return [match.span() for match in _QUOTED.finditer(question)]


def holds(phrase: str, text: str) -> bool:
    words = [re.escape(word) for word in _WORD.findall(_plain(phrase))]
    joined = r"\W+".join(words)
    # What is written without blanks has words that begin and end anywhere.
    left = "" if analysis.is_dense(phrase[0]) else _LEFT
    right = "" if analysis.is_dense(phrase[-1]) else _RIGHT
    return bool(words) and bool(re.search(f"{left}{joined}{right}", _plain(text)))


def lacking(quoted: Sequence[str], text: str) -> int:
    """How many of the phrases it does not hold."""
    return sum(not holds(one, text) for one in quoted)


def holding(
    scope: Scope, phrase: str, collections: Sequence[uuid.UUID], documents: Sequence[uuid.UUID] | None = None
) -> list[uuid.UUID]:
    """Chunks that hold it, or nearly: what is found is to be asked by `holds`. None where it has nothing but stop words."""
    words = analysis.asked(phrase)
    word_of = postings.terms_of(words)
    if not word_of:
        return []
    values = narrow.shown(scope, collections, documents) | {
        "terms": list(word_of),
        "words": list(word_of.values()),
        "amount": len(words),
        "pattern": r"\W+".join(map(_in_any_case, _WORD.findall(phrase))),
        "few": postings.FEW,
        "limit": LOOKED_AT,
    }
    with scope.transaction():
        return [chunk for (chunk,) in narrow.rows(_HOLDING, values)]


@functools.lru_cache(maxsize=512)  # the same passages are asked more than once of a question
def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _in_any_case(word: str) -> str:
    """A database's locale may know no letters but those of ASCII in two cases."""
    return "".join(
        letter
        if letter.isascii() or len(letter.upper() + letter.lower()) != 2
        else f"[{letter.lower()}{letter.upper()}]"
        for letter in word
    )
