"""What was asked of a collection and not found: its gaps, told to who manages it without telling who asked, or what.

A manager must not read people's questions. So a gap is words, never a question, and a word is told only once two people
have asked with it in vain; words stand together where two people have used both in one question. The database holds that
bound: the door
`chancery.gaps` gives nothing that one person alone has asked. What a conversation's erasure takes, its gaps go with,
for they stand in the answer's own row.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from assistant import models
from governance import access
from governance.actions import Action
from governance.scope import Scope
from ingestion import catalog
from ingestion.search import Passage, terms

TERMS_MOST = 12  # of one question
_WORD_MAX = 38  # with its term: both stand in one value
_NEAREST = 3  # collections that one question counts for


@dataclass(frozen=True)
class Gap:
    """`people` and `questions` are those of the word that most asked with: at least so many stand behind it."""

    words: tuple[str, ...]
    terms: tuple[str, ...]
    people: int
    questions: int
    last_at: datetime


def of(row: models.Answer, receipt: dict[str, Any], passages: Sequence[Passage]) -> dict[str, Any]:
    """What a refused question's row keeps. It counts for the collections that were chosen, else for those of what came
    nearest, else for all that were searched.
    """
    words = {one.term: row.question[one.start : one.end].lower() for one in terms.tokens(row.question)}
    nearest = list(dict.fromkeys(one.collection_id for one in passages))[:_NEAREST]
    searched = [uuid.UUID(one["id"]) for one in receipt["collections"]]
    kept = [f"{term[:_WORD_MAX]} {word[:_WORD_MAX]}" for term, word in words.items() if " " not in word]
    return {"gap_terms": kept[:TERMS_MOST], "gap_collections": list(row.collections) or nearest or searched}


def listed(scope: Scope, collection: uuid.UUID) -> list[Gap]:
    """Those that most people met first. Raises NotFound, Forbidden."""
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    with scope.transaction(), connection.cursor() as cursor:
        closed = catalog.live(collection).gaps_closed
        cursor.execute("SELECT * FROM chancery.gaps(%s, %s)", [collection, json.dumps(closed)])
        rows = cursor.fetchall()
    found = [_gap([row for row in rows if row[0] in cluster]) for cluster in _clusters(rows)]
    return sorted(found, key=lambda one: (-one.people, -one.questions, one.terms))


def close(scope: Scope, collection: uuid.UUID, closed: Iterable[str]) -> None:
    """Those words are no gap until they are asked in vain again. Raises NotFound, Forbidden, InvalidInput."""
    catalog.close_gaps(scope, collection, closed)


def _gap(rows: Sequence[tuple[Any, ...]]) -> Gap:
    ordered = sorted(rows, key=lambda row: (-row[2], -row[3], row[0]))
    words, kept = tuple(row[1] for row in ordered), tuple(row[0] for row in ordered)
    return Gap(words, kept, ordered[0][2], max(row[3] for row in rows), max(row[4] for row in rows))


def _clusters(rows: Sequence[tuple[Any, ...]]) -> list[set[str]]:
    """Terms that two people used in one question, and what hangs together by them."""
    found: list[set[str]] = []
    for term, _word, _people, _questions, _last, beside in rows:
        near = {term, *beside}
        joined = [one for one in found if one & near]
        found = [one for one in found if not one & near] + [set().union(near, *joined)]
    told = {row[0] for row in rows}
    return [one & told for one in found]
