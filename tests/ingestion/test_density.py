"""The density oracle: nothing of a search tells what stands beside, in collections that its person may not read."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance import grants
from governance.grants import Holder
from governance.roles import Level
from governance.scope import Scope
from ingestion import catalog, search
from ingestion.search import phrases, postings, vocabulary
from ingestion.stores import narrow
from tests.cast import House
from tests.ingestion import shelves

QUESTION = "How much is paid for a hotel night abroad?"
MINE = [
    "A night in a hotel is paid up to 140 euros.",
    "Trains are booked in second class.",
    "Meals abroad are paid by a daily rate.",
]
FOREIGN = 240
SECRET = "Reorganisation"


@pytest.fixture
def travel(house: House) -> uuid.UUID:
    return _shelf(house, "Travel", MINE)


def _shelf(house: House, name: str, texts: list[str], *, is_read: bool = True) -> uuid.UUID:
    collection = catalog.create(house.ada, name).pk
    if is_read:
        grants.give(house.ada, collection, Holder(group=house.team), Level.READ)
    shelves.indexed(house.system, collection, texts)
    return collection


def _crowd(house: House) -> None:
    near = [f"{QUESTION} A hotel night is paid {number}. {SECRET}." for number in range(FOREIGN)]
    _shelf(house, "Board", near, is_read=False)


def told(scope: Scope, collection: uuid.UUID) -> list[Any]:
    """All that a search gives: rows, scores, receipt, idf, counts, and what its words are taken for."""
    found = search.passages(scope, QUESTION, limit=3)
    shelf = [collection]
    return [
        found,
        postings.weigh(scope, QUESTION, shelf),
        vocabulary.known(scope, ["hotel", "reorganisation", "night"], shelf),
        vocabulary.near(scope, "reorganisatoin", 2, shelf),
        vocabulary.written(scope, "hotel", shelf),
        phrases.holding(scope, "night abroad", shelf),
        phrases.holding(scope, "paid up to 140", shelf),
    ]


def test_what_may_not_be_read_changes_no_row_no_score_and_no_count(house: House, travel: uuid.UUID) -> None:
    before = told(house.bob, travel)
    assert len(before[0].passages) == 3
    _crowd(house)
    assert told(house.bob, travel) == before
    assert (
        search.passages(house.ada, QUESTION, limit=3).passages != before[0].passages
    )  # it is near, to who may read it


def test_many_documents_are_read_in_another_way_and_give_the_same(
    house: House, travel: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    _crowd(house)
    before = told(house.bob, travel)
    monkeypatch.setattr(postings, "FEW", 0)
    assert told(house.bob, travel) == before
    weights = postings.weigh(house.bob, QUESTION, [travel])
    assert len(postings.search(house.bob, weights, [travel], 3)) == 2


def test_a_search_passes_over_no_row_that_its_person_may_not_read(house: House, travel: uuid.UUID) -> None:
    """What is not read takes no time, however much of it there is."""
    _crowd(house)
    with CaptureQueriesContext(connection) as captured:
        told(house.bob, travel)
    statements = [query["sql"] for query in captured if "shown AS MATERIALIZED" in query["sql"]]
    assert len(statements) >= 7
    most = 0
    for statement in statements:
        bare = statement.removeprefix(narrow.BEFORE).removesuffix(narrow.AFTER)
        assert bare != statement
        with house.bob.transaction():
            (plan,) = narrow.rows(f"EXPLAIN (ANALYZE, FORMAT JSON) {bare.replace('%', '%%')}", {})[0]
        read = _read((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"])
        assert read <= 40 * len(MINE), bare  # a passage of ten words is eleven postings
        most = max(most, read)
    assert most > 0


def _read(node: dict[str, Any]) -> int:
    """Rows of vectors and postings that a plan took up, those included that it then put aside."""
    here = 0
    if str(node.get("Relation Name", "")).startswith(("embedding", "posting")):
        per_loop = (
            node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        )
        here = round(per_loop * node["Actual Loops"])
    return here + sum(map(_read, node.get("Plans", [])))
