"""The words of what a person may read: which of a question's are among them, and which are spelled nearly so.

Counted under row-level security in the current versions of readable documents alone: a word that stands only where somebody may
not look is never suggested to them, and looking for it takes no longer for its being there.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

from governance.scope import Scope
from ingestion.search import analysis, languages, terms
from ingestion.stores import narrow

FIRST = 2  # letters that a slip is taken to leave alone
ENDING = 6  # letters that a stem may lack of its word
_TEXTS = 5  # in which the written form of a term is looked for

_HERE = "p.tenant_id = %(tenant)s AND p.collection_id = ANY (%(collections)s::uuid[])"
KNOWN = (
    narrow.SHOWN
    + f"""
SELECT one.term FROM unnest(%(terms)s::varchar[]) AS one (term)
WHERE EXISTS (SELECT 1 FROM posting p JOIN shown ON shown.current_id = p.version_id WHERE {_HERE} AND p.term = one.term)
"""
)
NEAR = (
    narrow.SHOWN
    + f"""
SELECT p.term, count(*) FROM posting p JOIN shown ON shown.current_id = p.version_id
WHERE {_HERE} AND p.term >= %(first)s::varchar AND p.term < %(after)s::varchar
  AND length(p.term) BETWEEN %(least)s AND %(most)s
GROUP BY p.term
"""
)
WRITTEN = (
    narrow.SHOWN
    + f"""
SELECT c.text FROM posting p JOIN shown ON shown.current_id = p.version_id
JOIN chunk c ON c.tenant_id = %(tenant)s AND c.id = p.chunk_id
WHERE {_HERE} AND p.term = %(term)s::varchar ORDER BY p.chunk_id LIMIT {_TEXTS}
"""
)


def known(scope: Scope, wanted: Sequence[str], collections: Sequence[uuid.UUID]) -> set[str]:
    """Those of the lower-case words that stand, in some form, in what this person may read of the collections."""
    of = {word: analysis.variants(word) for word in wanted}
    every = sorted(frozenset[str]().union(*of.values()))
    there = {term for (term,) in _rows(scope, KNOWN, collections, terms=every)}
    return {word for word, terms_of in of.items() if terms_of & there}


def near(scope: Scope, word: str, slips: int, collections: Sequence[uuid.UUID]) -> dict[str, int]:
    """Terms that begin as the word does and may be the stem of one about as long, each with how many passages hold it."""
    first = languages.plain(word)[:FIRST]
    after = first[:-1] + chr(ord(first[-1]) + 1)
    bounds = {"first": first, "after": after, "least": len(word) - slips - ENDING, "most": len(word) + slips}
    return dict(_rows(scope, NEAR, collections, **bounds))


def written(scope: Scope, term: str, collections: Sequence[uuid.UUID]) -> Counter[str]:
    """How the words of a term are spelled in some texts that they may read, and how often each."""
    spelled: Counter[str] = Counter()
    for (text,) in _rows(scope, WRITTEN, collections, term=term):
        words = Counter(text[one.start : one.end] for one in terms.runs(text) if one.is_word)
        spelled.update({word: often for word, often in words.items() if term in analysis.variants(word.lower())})
    return spelled


def _rows(scope: Scope, statement: str, collections: Sequence[uuid.UUID], **values: Any) -> list[tuple[Any, ...]]:
    with scope.transaction():
        return narrow.rows(statement, narrow.shown(scope, collections) | values)
