"""After an upgrade that counts otherwise: what was counted before is told, found, and counted again."""

from __future__ import annotations

import uuid
from unittest import mock

import pytest
from django.db import connection

from governance.scope import Scope
from ingestion import catalog, search, tasks
from ingestion.search import analysis, postings, rewriting
from tests.cast import House
from tests.ingestion import shelves

TEXTS = ["The hotel is paid.", "The Kündigung needs three months."]


@pytest.fixture
def shelf(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Travel").pk


def _rows(scope: Scope) -> set[tuple[str, int, int]]:
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT term, tf, length FROM posting WHERE tenant_id = %s", [scope.tenant])
        return set(cursor.fetchall())


def test_postings_of_another_analysis_are_told_and_written_again(
    house: House, neighbour: House, shelf: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mock.patch.object(analysis, "VERSION", 1), mock.patch.object(analysis, "counted", return_value=["hotelwise"]):
        shelves.indexed(house.system, shelf, TEXTS)
    fresh = shelves.indexed(house.system, shelf, ["A train is booked."])
    found = search.passages(house.ada, "hotel")
    assert (found.receipt["stale"], found.receipt["chunks"]) == (2, 3)
    assert all(one.lexical == 0 for one in found.passages)  # counted otherwise, so not found by words
    assert fresh.pk not in rewriting.stale(house.system, 9)
    assert house.tenant in rewriting.every()
    assert neighbour.tenant not in rewriting.every()

    rung: list[uuid.UUID] = []
    monkeypatch.setattr(tasks, "_send", lambda _task, tenant: rung.append(tenant))
    tasks.sweep_rewriting()
    assert rung.count(house.tenant) == 1
    tasks.rewrite(str(house.tenant))

    assert rewriting.stale(house.system, 9) == []
    assert "hotelwise" not in {term for term, *_ in _rows(house.system)}
    found = search.passages(house.ada, "hotel")
    assert found.receipt["stale"] == 0
    assert found.passages[0].text == TEXTS[0]
    assert found.passages[0].lexical > 0


def test_a_stretch_that_has_no_time_left_says_that_there_is_more(house: House, shelf: uuid.UUID) -> None:
    with mock.patch.object(analysis, "VERSION", 1):
        for text in TEXTS:
            shelves.indexed(house.system, shelf, [text])
    assert rewriting.stretch(house.tenant, seconds=0)
    assert len(rewriting.stale(house.system, 9)) == 1
    assert not rewriting.stretch(house.tenant)
    before = _rows(house.system)
    assert not rewriting.stretch(house.tenant)
    assert _rows(house.system) == before


def test_a_version_that_goes_meanwhile_takes_its_postings_along(house: House, shelf: uuid.UUID) -> None:
    with mock.patch.object(analysis, "VERSION", 1):
        made = shelves.indexed(house.system, shelf, TEXTS)
    found = rewriting.stale(house.system, 9)
    with house.system.transaction():
        type(made).objects.filter(pk=made.pk).delete()
    with mock.patch.object(rewriting, "stale", side_effect=[found, []]):
        assert not rewriting.stretch(house.tenant)
    assert _rows(house.system) == set()


def test_a_reader_learns_of_stale_passages_in_what_they_may_read_alone(house: House, shelf: uuid.UUID) -> None:
    with mock.patch.object(analysis, "VERSION", 1):
        shelves.indexed(house.system, shelf, TEXTS)
    assert postings.weigh(house.charlie, "hotel", [shelf]).stale == 0
    assert postings.weigh(house.ada, "hotel", [shelf]).stale == 2
