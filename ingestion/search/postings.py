"""The inverted index: which chunk holds which term how often, and BM25 over it.

What is counted (in how many chunks a term stands, how many chunks there are, how long they are) is counted in what
row-level security lets this person see. Figures of the whole tenant would tell what others' documents speak of.
"""

from __future__ import annotations

import math
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import connection

from governance.scope import Scope
from ingestion.models import Chunk
from ingestion.search import analysis, languages
from ingestion.search.analysis import Word
from ingestion.stores import narrow

# Measured (docs/retrieval.md): 2 is above the usual 1.2 nearly everywhere. Title and headings count as the text does: twice and
# three times were no better on any set, and worse on manuals.
K1 = 2.0
B = 0.75
# Every chunk has one posting of the empty term: counting those, by equality in the index, counts the chunks. In the place of how
# often it stands there is the version of the analysis that made the chunk's postings.
EVERY = ""
_TERM_MAX = 80
_SMALLINT_MAX = 32_767
_AT_ONCE = 100  # chunks in one statement
FEW = 100  # documents that are shown

# One statement for all, and one value for the terms of a chunk: a statement a row would cost more than embedding the text
# does, and a value a term more than finding the terms. No term holds a blank. Every chunk's last is the
# empty one: its array of numbers is one longer, and what is missing there is null.
INSERT = """
INSERT INTO posting (tenant_id, term, chunk_id, collection_id, version_id, tf, length)
SELECT %s, coalesce(held.term, ''), one.chunk, one.collection, one.version, coalesce(held.tf, 1), one.length
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::smallint[], %s::text[], %s::text[])
         AS one (chunk, collection, version, length, terms, tfs),
     unnest(string_to_array(one.terms, ' '), string_to_array(one.tfs, ' ')::smallint[]) AS held (term, tf)
ON CONFLICT (tenant_id, collection_id, term, chunk_id) DO UPDATE SET tf = EXCLUDED.tf, length = EXCLUDED.length
"""

# Two ways, of which one is gone, by how many documents are shown: Postgres does not know, and takes 10,000 for 61. A few are
# joined, a version at a time. Of many it read all of their postings so, or compared those of the terms with each of them: a
# minute for a third of a second. With `IS TRUE` it does not join, it looks each posting's version up in a table of hashes:
# where a tenant has little beside a few documents it would read all of that so.
_PICKED = "SELECT p.term, p.chunk_id, p.tf, p.length FROM posting p"
_WANTED = """
    WHERE p.tenant_id = %(tenant)s AND p.collection_id = ANY (%(collections)s::uuid[])
      AND p.term = ANY (%(terms)s::varchar[])"""
MINE = f"""{narrow.SHOWN}, mine AS (
    {_PICKED} JOIN shown ON shown.current_id = p.version_id {_WANTED}
      AND (SELECT count(*) FROM shown) <= %(few)s
    UNION ALL
    {_PICKED} {_WANTED}
      AND (p.version_id IN (SELECT current_id FROM shown)) IS TRUE AND (SELECT count(*) FROM shown) > %(few)s
)
"""

COUNT = (
    MINE
    + "SELECT term, count(*), avg(length)::float8, count(*) FILTER (WHERE tf <> %(version)s) FROM mine GROUP BY term"
)

_SCORED = """
SELECT m.chunk_id,
       sum(w.weight * m.tf * (%(k1)s + 1) / (m.tf + %(k1)s * (1 - %(b)s + %(b)s * m.length / %(mean)s::float8))) AS score,
       array_agg(m.term)
FROM mine m JOIN unnest(%(terms)s::varchar[], %(weights)s::float8[]) AS w (term, weight) ON w.term = m.term
GROUP BY m.chunk_id ORDER BY score DESC, m.chunk_id LIMIT %(limit)s
"""
SCORE = MINE + _SCORED
# Chunks that were found another way are shown already, and looked at again before anybody reads them. Joined with what is
# shown they took 4 s where 10,000 documents are: Postgres does not know how many there are, and compares each with all.
SCORE_AMONG = f"""
WITH mine AS (
    {_PICKED} {_WANTED} AND p.chunk_id = ANY (%(among)s::uuid[])
)
{_SCORED}"""


@dataclass(frozen=True)
class Text:
    """What of a chunk is indexed."""

    chunk: uuid.UUID
    collection: uuid.UUID
    version: uuid.UUID
    text: str


@dataclass(frozen=True)
class Own:
    """A question as it was before the glossary added to it; `meanings` are (what it says, what may stand for that)."""

    text: str
    meanings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Weights:
    """What this person can see of the question's words: the rarer among their chunks, the heavier (BM25's idf).

    `own` are its own words where the glossary added others, `instead` (words, those that may stand for all of them).
    `stale` of the chunks were analysed by another version: their words are compared with what may not be their like.
    """

    chunks: int
    mean_length: float
    by_word: Mapping[str, float]
    words: tuple[Word, ...] = ()
    stale: int = 0
    own: frozenset[str] | None = None
    instead: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()

    @property
    def whole(self) -> float:
        return sum(self.by_word.values())

    def coverage(self, found: Iterable[str]) -> float:
        """The share of the question's weight that `found` holds, 0 to 1. A word that stands nowhere weighs most.

        What the glossary added is nothing that has to be found: a term is held where one of its meanings is.
        """
        held = set(found)
        held.update(word for said, meaning in self.instead if meaning <= held for word in said)
        wanted = self.by_word.keys() if self.own is None else self.own
        whole = sum(self.by_word[word] for word in wanted)
        return sum(self.by_word[word] for word in held & wanted) / whole if whole else 0.0

    def of_most(self, score: float) -> float:
        """BM25 as a share of the most that it could be for this question: 0 to 1, whatever the question's length."""
        return score / (self.whole * (K1 + 1)) if self.whole else 0.0


@dataclass(frozen=True)
class Match:
    """`found` are the words of the question that stand in the chunk."""

    chunk: uuid.UUID
    score: float
    found: frozenset[str]


def texts(chunks: Iterable[Chunk]) -> list[Text]:
    """Of chunks as they are stored."""
    return [Text(one.id, one.collection_id, one.version_id, one.context) for one in chunks]


Row = tuple[uuid.UUID, uuid.UUID, uuid.UUID, int, str, str]


def rows(texts: Sequence[Text]) -> list[Row]:
    """What `write` writes of the chunks of one document: to be made outside a transaction, where that can be."""
    spoken = languages.of_texts([one.text for one in texts])
    return [_row(one, language) for one, language in zip(texts, spoken, strict=True)]


def write(scope: Scope, rows: Sequence[Row]) -> None:
    """Index chunks; again does no harm. Only background work may."""
    with scope.transaction(), connection.cursor() as cursor:
        for start in range(0, len(rows), _AT_ONCE):
            columns = [list(column) for column in zip(*rows[start : start + _AT_ONCE], strict=True)]
            cursor.execute(INSERT, [scope.tenant, *columns])


def _row(one: Text, language: str) -> Row:
    """A chunk with its terms and, in the same order, how often each stands in it; every chunk holds the empty term."""
    counted = Counter(term[:_TERM_MAX] for term in analysis.counted(one.text, language) if term != EVERY)
    length = min(sum(counted.values()), _SMALLINT_MAX)
    often = [str(min(amount, _SMALLINT_MAX)) for amount in counted.values()]
    return one.chunk, one.collection, one.version, length, " ".join(counted), " ".join([*often, str(analysis.VERSION)])


def delete(scope: Scope, version: uuid.UUID) -> None:
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM posting WHERE tenant_id = %s AND version_id = %s", [scope.tenant, version])


def weigh(
    scope: Scope,
    question: str,
    collections: Sequence[uuid.UUID],
    documents: Sequence[uuid.UUID] | None = None,
    own: Own | None = None,
) -> Weights:
    """Of the question's words in the collections, or in those of their documents alone. `own` was it before the glossary."""
    words = tuple(analysis.asked(question))
    values = narrow.shown(scope, collections, documents) | {
        "terms": [EVERY, *terms_of(words)],
        "version": analysis.VERSION,
        "few": FEW,
    }
    with scope.transaction():
        counted = {term: (often, mean, stale) for term, often, mean, stale in narrow.rows(COUNT, values)}
    chunks, mean, stale = counted.get(EVERY, (0, 0.0, 0))
    by_word = {}
    for word in words:
        often = min(sum(counted[term][0] for term in _terms(word) if term in counted), chunks)
        by_word[word.written] = math.log(1 + (chunks - often + 0.5) / (often + 0.5))
    weights = Weights(chunks, max(mean, 1.0), by_word, words, stale)
    return weights if own is None else _of_own(weights, own)


def _of_own(weights: Weights, own: Own) -> Weights:
    word_of = terms_of(weights.words)

    def words(text: str) -> frozenset[str]:
        return frozenset(word_of[term] for term in terms_of(analysis.asked(text)) if term in word_of)

    pairs = [(words(said), words(meaning)) for said, meaning in own.meanings]
    return replace(weights, own=words(own.text) or None, instead=tuple((one, two) for one, two in pairs if one and two))


def terms_of(words: Iterable[Word]) -> dict[str, str]:
    """Each term with the word that it stands for."""
    return {term: word.written for word in words for term in _terms(word)}


def _terms(word: Word) -> list[str]:
    return sorted({term[:_TERM_MAX] for term in word.variants})


def search(
    scope: Scope,
    weights: Weights,
    collections: Sequence[uuid.UUID],
    limit: int,
    among: Sequence[uuid.UUID] | None = None,
    documents: Sequence[uuid.UUID] | None = None,
) -> list[Match]:
    """The best by BM25 first, ties by chunk id; `documents` narrows to what stands in these. `among` are chunks that a search
    has found by vector a moment ago: these are scored, and no others.
    """
    word_of = terms_of(weights.words)
    values = narrow.shown(scope, collections, documents) | {
        "terms": list(word_of),
        "weights": [weights.by_word[word] for word in word_of.values()],
        "mean": weights.mean_length,
        "k1": K1,
        "b": B,
        "among": None if among is None else list(among),
        "limit": limit,
        "few": FEW,
    }
    with scope.transaction():
        rows = narrow.rows(SCORE if among is None else SCORE_AMONG, values)
    return [Match(chunk, float(score), frozenset(word_of[term] for term in held)) for chunk, score, held in rows]
