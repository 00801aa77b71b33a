"""What a document counts for and how old its text is: they decide among passages that are about as near, and no others."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from governance import grants
from governance.errors import Forbidden, InvalidInput, NotFound
from governance.grants import Holder
from governance.roles import Level
from governance.scope import Scope
from inference import runners
from inference.runners.base import RerankRunner, RunnerState
from ingestion import catalog, search
from ingestion.documents import authority
from ingestion.models import Authority, Document, Version
from ingestion.search import Found, weighing
from ingestion.search.ranking import Ranked
from ingestion.search.reading import Passage
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import shelves

QUESTION = "How much is paid for a hotel night?"
OLD = "A night in a hotel is paid up to 140 euros, with breakfast, and the bill is handed in within a month."
NEW = "A night in a hotel is paid up to 160 euros, with breakfast, and the bill is handed in within a month."
TRAIN = "Trains are booked in second class by whoever travels, and the ticket is handed in with the bill."


class Shelf:
    def __init__(self, house: House) -> None:
        self.house = house
        self.collection = catalog.create(house.ada, f"Travel {uuid.uuid4().hex[:8]}").pk
        self.of = {text: shelves.indexed(house.system, self.collection, [text]) for text in (OLD, NEW, TRAIN)}

    def date(self, text: str, days: int) -> None:
        with self.house.system.transaction():
            Version.objects.filter(pk=self.of[text].pk).update(dated=timezone.now() - timedelta(days=days))

    def recorded(self, action: str, resource: uuid.UUID) -> list[Any]:
        """The facts of each event of it."""
        return [leaf["facts"] for leaf in leaves(self.house, action) if leaf["resource"]["id"] == str(resource)]

    def found(self, limit: int = 8) -> Found:
        return search.passages(self.house.bob, QUESTION, [self.collection], limit=limit)

    def order(self) -> list[str]:
        return [one.text for one in self.found().passages]


@pytest.fixture
def shelf(shared_house: House) -> Shelf:
    made = Shelf(shared_house)
    grants.give(shared_house.ada, made.collection, Holder(group=shared_house.team), Level.READ)
    return made


def test_with_both_off_nothing_of_it_can_be_told(shelf: Shelf) -> None:
    shelf.date(OLD, 4000)  # a date that nobody asks for
    found = shelf.found()
    with (
        mock.patch.object(weighing, "weighed", side_effect=lambda order, _: order),
        mock.patch.object(weighing, "told", return_value={}),
    ):
        before = shelf.found()
    assert json.dumps(found.receipt) == json.dumps(before.receipt)
    assert found.passages == before.passages
    assert "weighed" not in found.receipt["ranking"]


def test_an_authoritative_document_stands_before_and_a_superseded_one_behind_what_is_about_as_near(
    shelf: Shelf,
) -> None:
    house, (first, second, third) = shelf.house, shelf.order()
    assert third == TRAIN
    for said, expected in (
        (Authority.SUPERSEDED, [second, first, TRAIN]),
        (Authority.ORDINARY, [first, second, TRAIN]),
        (Authority.AUTHORITATIVE, [first, second, TRAIN]),
    ):
        authority.give(house.ada, shelf.of[first].document_id, said)
        assert shelf.order() == expected, said
    authority.give(house.ada, shelf.of[first].document_id, Authority.ORDINARY)
    authority.give(house.ada, shelf.of[second].document_id, Authority.AUTHORITATIVE)
    authority.give(house.ada, shelf.of[TRAIN].document_id, Authority.AUTHORITATIVE)
    assert shelf.order() == [second, first, TRAIN], "what is far off stays behind, whatever it is called"
    receipt = shelf.found().receipt
    assert receipt["ranking"]["weighed"] == {"authority": weighing.AUTHORITY}
    assert [one.get("authority") for one in receipt["kept"]] == ["authoritative", None, "authoritative"]
    for one in receipt["kept"]:
        assert sum(one["parts"].values()) == pytest.approx(one["score"], abs=0.001)
        assert ("authority" in one["parts"]) == ("authority" in one)

    assert shelf.recorded("document.weighed", shelf.of[second].document_id) == [
        {"collection": str(shelf.collection), "before": "ordinary", "after": "authoritative", "documents": 1}
    ]


def test_who_runs_the_collection_says_it_and_nobody_else(shelf: Shelf) -> None:
    house, document = shelf.house, shelf.of[OLD].document_id
    refused: list[tuple[Scope, uuid.UUID, str, type[Exception]]] = [
        (house.bob, document, "superseded", Forbidden),
        (house.bob, document, "no such thing", Forbidden),
        (house.charlie, document, "superseded", NotFound),
        (house.ada, uuid.uuid4(), "superseded", NotFound),
        (house.ada, document, "no such thing", InvalidInput),
    ]
    for scope, which, said, fault in refused:
        with pytest.raises(fault):
            authority.give(scope, which, said)
    with house.system.transaction():
        assert Document.objects.get(pk=document).authority == Authority.ORDINARY
    assert shelf.recorded("document.weighed", document) == []


def test_what_came_within_a_document_counts_as_it_does(shelf: Shelf) -> None:
    house, root = shelf.house, shelf.of[OLD].document_id
    with house.system.transaction():
        for text, path in ((NEW, "a.txt"), (TRAIN, "b.txt")):
            parent = root if text == NEW else shelf.of[NEW].document_id
            Document.objects.filter(pk=shelf.of[text].document_id).update(parent=parent, path=path)
    authority.give(house.ada, root, "superseded")
    authority.give(house.ada, shelf.of[TRAIN].document_id, "ordinary")  # said of one of them by itself
    receipt = shelf.found().receipt
    said = {one["document"]: one.get("authority") for one in receipt["kept"]}
    assert said[str(root)] == said[str(shelf.of[NEW].document_id)] == "superseded"
    assert said[str(shelf.of[TRAIN].document_id)] is None


def test_in_a_collection_that_ages_the_newer_of_two_that_are_about_as_near_stands_first(shelf: Shelf) -> None:
    house, plain = shelf.house, shelf.order()
    catalog.change(house.ada, shelf.collection, half_life_days=180)
    for old, new in ((OLD, NEW), (NEW, OLD)):
        shelf.date(old, 900)
        shelf.date(new, 3)
        shelf.date(TRAIN, 0)
        found = shelf.found()
        assert [one.text for one in found.passages] == [new, old, TRAIN], (
            "and what is far off stays behind, however new"
        )
        assert found.receipt["ranking"]["weighed"] == {
            "age": weighing.AGE,
            "half_life_days": {str(shelf.collection): 180},
        }
        days = [one["dated"] for one in found.receipt["kept"]]
        assert days[1] == (timezone.now() - timedelta(days=900)).date().isoformat()
        for one in found.receipt["kept"]:
            assert sum(one["parts"].values()) == pytest.approx(one["score"], abs=0.001)
            assert one["parts"]["age"] <= 0
    (facts,) = shelf.recorded("collection.changed", shelf.collection)
    assert (facts["changed"], facts["half_life_days"]) == (["half_life_days"], 180)
    catalog.change(house.ada, shelf.collection, half_life_days=0)
    assert shelf.order() == plain
    for wrong in (-1, catalog.HALF_LIFE_MAX + 1):
        with pytest.raises(InvalidInput):
            catalog.change(house.ada, shelf.collection, half_life_days=wrong)


def test_a_text_that_tells_no_date_counts_from_when_its_version_came(shelf: Shelf) -> None:
    first, second, _ = shelf.order()
    catalog.change(shelf.house.ada, shelf.collection, half_life_days=30)
    with shelf.house.system.transaction():
        came = timezone.now() - timedelta(days=700)
        Version.objects.filter(pk=shelf.of[first].pk).update(created_at=came)
    assert shelf.order() == [second, first, TRAIN]
    dated = {one.text: one.dated for one in shelf.found().passages}
    assert dated[first] == came


def _ranked(score: float, *, said: str = Authority.ORDINARY, days: int | None = None, now: datetime) -> Ranked:
    which = uuid.uuid4()
    dated = None if days is None else now - timedelta(days=days)
    return Ranked(
        Passage(
            which, which, "name", which, which, 0, str(which), (), {}, "", score=score, parts={"dense": score},
            authority=said, half_life_days=0 if days is None else 100, dated=dated,
        )
    )  # fmt: skip


def test_both_are_bounded_by_a_share_of_the_best_score_on_any_scale() -> None:
    now = timezone.now()
    for best in (9.0, 0.8, 0.001, -4.0):
        order = [
            _ranked(best, now=now),
            _ranked(best - 0.01 * abs(best), days=100, now=now),
            _ranked(best - 0.02 * abs(best), days=10**5, now=now),
            _ranked(best - 0.03 * abs(best), days=-5, now=now),  # from tomorrow on: it is new, and no newer than new
            _ranked(best - 0.04 * abs(best), said=Authority.AUTHORITATIVE, now=now),
            _ranked(best - 0.05 * abs(best), said=Authority.SUPERSEDED, now=now),
        ]
        moved = {one.passage.chunk_id: one.passage for one in weighing.weighed(order, now)}
        shares = [(moved[one.passage.chunk_id].score - one.passage.score) / abs(best) for one in order]
        expected = [0, -weighing.AGE / 2, -weighing.AGE, 0, weighing.AUTHORITY, -weighing.AUTHORITY]
        assert shares == pytest.approx(expected, abs=1e-3 if abs(best) > 0.1 else 0.1)
        scores = [one.passage.score for one in weighing.weighed(order, now)]
        assert scores == sorted(scores, reverse=True)
        assert len(moved) == len(order)
    assert weighing.weighed([], now) == []


class Server(RerankRunner):
    name, is_in_house, most = "by-length", True, 32

    def score(self, query: str, texts: Any) -> list[float]:
        return [-3.0 if "euros" in text else -9.0 for text in texts]

    def probe(self) -> RunnerState:
        raise NotImplementedError


@pytest.mark.parametrize("server", [None, Server()])
def test_a_server_s_order_and_diversity_are_weighed_too(shelf: Shelf, server: Any, settings: Any) -> None:
    settings.SEARCH_DIVERSITY = 0.01
    with mock.patch.object(runners, "reranker", return_value=server):
        first, second, last = shelf.order()
        authority.give(shelf.house.ada, shelf.of[first].document_id, "superseded")
        assert shelf.order() == [second, first, last]
