"""Another embedding model, without a minute in which nothing is found."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from governance.errors import Conflict, Forbidden, NotFound, Unavailable
from governance.leases import Claim
from inference import runners
from ingestion import catalog, indexes, pipeline, search, stores, tasks
from ingestion.indexes import building
from ingestion.models import Index, IndexState, Status
from tests.cast import House
from tests.governance.database import as_superuser
from tests.ingestion import bells, ingests

NOW, NEXT = "scripted-384", "scripted-96"
HOTEL = "A night in a hotel is paid up to 140 euros."
TRAIN = "Trains are booked in second class."
SCRIPTED = "inference.runners.scripted.ScriptedEmbedder"


@pytest.fixture(autouse=True)
def _two_embedders(settings: Any) -> Iterator[None]:
    settings.CHANCERY_EMBEDDERS = [{"BACKEND": SCRIPTED, "OPTIONS": {"dimensions": 96}}]
    with mock.patch.object(tasks, "ring_index"):
        yield


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Travel").pk


def finish(house: House, index: Index) -> Index:
    while building.stretch(house.tenant, index.pk, seconds=0):
        pass
    return row(house, index)


def row(house: House, index: Index) -> Index:
    with house.system.transaction():
        return Index.objects.get(pk=index.pk)


def built(house: House) -> Index:
    return finish(house, indexes.build(house.ada, NEXT))


def vectors(house: House, name: str) -> int:
    return stores.store().count(house.system, name)


def asked(house: House, question: str, index: str = "") -> tuple[str, list[str]]:
    found = search.passages(house.ada, question, index=index)
    return found.receipt["index"], [one.text for one in found.passages]


def of_what(house: House, name: str) -> list[int]:
    with house.system.transaction(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT vector_dims(vector) FROM embedding WHERE tenant_id = %s AND index_name = %s",
            [house.tenant, name],
        )
        return [dimensions for (dimensions,) in cursor.fetchall()]


def test_the_next_index_is_built_beside_switched_to_and_back(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, HOTEL, "hotel.txt")
    bells.ingested(house, collection, TRAIN, "train.txt")
    index = indexes.build(house.ada, NEXT)
    assert (index.state, index.total, index.dimensions) == (IndexState.BUILDING, 2, 96)
    assert asked(house, "hotel night") == (NOW, [HOTEL, TRAIN])

    index = finish(house, index)
    assert (index.state, index.done, index.total, index.too_long) == (IndexState.READY, 2, 2, 0)
    assert (of_what(house, NOW), of_what(house, NEXT)) == ([384], [96])
    assert asked(house, "hotel night") == (NOW, [HOTEL, TRAIN])
    assert asked(house, "hotel night", NEXT) == (NEXT, [HOTEL, TRAIN])

    indexes.switch(house.ada, index.pk)
    assert asked(house, "hotel night") == (NEXT, [HOTEL, TRAIN])
    with house.system.transaction():
        before = Index.objects.get(name=NOW)
    assert before.state == IndexState.READY

    indexes.switch(house.ada, before.pk)
    assert asked(house, "hotel night") == (NOW, [HOTEL, TRAIN])


def test_nothing_is_parsed_again_and_nothing_embedded_twice(house: House, collection: uuid.UUID) -> None:
    document = bells.ingested(house, collection, ingests.long(12))
    chunks = ingests.version(house, document).chunks
    assert chunks > 8
    read: list[int] = []
    embedder = runners.embedder(NEXT)
    index = indexes.build(house.ada, NEXT)
    real = embedder.embed

    def counted(texts: Any, kind: Any) -> Any:
        read.append(len(texts))
        return real(texts, kind)

    with (
        mock.patch.object(building, "AT_ONCE", 3),
        mock.patch("ingestion.parsers.limited.sandbox.run", side_effect=AssertionError("parsed")),
        mock.patch.object(embedder, "embed", counted),
    ):
        assert building.stretch(house.tenant, index.pk, seconds=0)
        assert vectors(house, NEXT) == 3
        assert finish(house, index).state == IndexState.READY
    assert sum(read) == chunks == vectors(house, NEXT)


def test_a_worker_that_dies_costs_a_batch_and_no_more(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, ingests.long(6))
    index = indexes.build(house.ada, NEXT)
    with (
        mock.patch.object(building, "AT_ONCE", 2),
        mock.patch.object(Claim, "change", side_effect=ingests.KilledError),
        pytest.raises(ingests.KilledError),
    ):
        building.stretch(house.tenant, index.pk)
    assert vectors(house, NEXT) == 0
    assert not building.stretch(house.tenant, index.pk)  # its lease is still held
    with house.system.transaction():
        Index.objects.filter(pk=index.pk).update(lease_until="2020-01-01T00:00:00Z")
    assert (house.tenant, index.pk) in building.due(10_000)
    assert finish(house, index).state == IndexState.READY


def test_what_comes_in_meanwhile_is_in_both(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, HOTEL, "hotel.txt")
    index = indexes.build(house.ada, NEXT)
    bells.ingested(house, collection, TRAIN, "train.txt")
    assert vectors(house, NEXT) == 1
    index = finish(house, index)
    assert (index.done, index.total) == (2, 2)
    bells.ingested(house, collection, "Meals are paid by a daily rate.", "meals.txt")
    assert vectors(house, NEXT) == vectors(house, NOW) == 3
    indexes.switch(house.ada, index.pk)
    bells.ingested(house, collection, "Taxis take a receipt.", "taxi.txt")
    assert vectors(house, NEXT) == vectors(house, NOW) == 4


def test_a_pause_takes_nothing_up_and_what_came_is_caught_up_with(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, HOTEL, "hotel.txt")
    index = indexes.build(house.ada, NEXT)
    indexes.pause(house.ada, index.pk)
    assert not building.stretch(house.tenant, index.pk)
    bells.ingested(house, collection, TRAIN, "train.txt")
    assert (vectors(house, NOW), vectors(house, NEXT)) == (2, 0)
    with pytest.raises(Conflict):
        indexes.switch(house.ada, index.pk)
    indexes.resume(house.ada, index.pk)
    assert finish(house, index).state == IndexState.READY
    assert vectors(house, NEXT) == 2


def test_a_switch_in_the_middle_of_an_ingest_loses_nobody_a_document(house: House, collection: uuid.UUID) -> None:
    """Embedded before the next index was there, the document is shown only once that one, live by now, has it."""
    bells.ingested(house, collection, HOTEL, "hotel.txt")
    index = built(house)
    late = bells.upload(house, collection, TRAIN, "train.txt")
    real = pipeline.indexing.index

    def meanwhile(claimed: Any) -> None:
        real(claimed)
        with house.system.transaction(), connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM embedding WHERE tenant_id = %s AND index_name = %s AND version_id = %s",
                [house.tenant, NEXT, claimed.pk],
            )
        indexes.switch(house.ada, index.pk)

    with mock.patch.object(pipeline.indexing, "index", side_effect=meanwhile):
        bells.ingest(house, late)
    assert ingests.stages(ingests.version(house, late))[-3:] == ["index", "embed", "ready"]
    assert vectors(house, NEXT) == 2
    assert asked(house, "trains second class") == (NEXT, [TRAIN, HOTEL])


def test_a_switch_while_a_short_document_is_embedded_loses_it_to_nobody(house: House, collection: uuid.UUID) -> None:
    """An index that was begun after the document was kept, and is live before it is shown."""
    bells.ingested(house, collection, HOTEL, "hotel.txt")
    late = bells.upload(house, collection, TRAIN, "train.txt")
    real = pipeline.indexing.index_at_once

    def meanwhile(claimed: Any, name: str, chunks: Any) -> Any:
        index = built(house)
        with house.system.transaction(), connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM embedding WHERE tenant_id = %s AND index_name = %s AND version_id = %s",
                [house.tenant, NEXT, claimed.pk],
            )
        indexes.switch(house.ada, index.pk)
        return real(claimed, name, chunks)

    with mock.patch.object(pipeline.indexing, "index_at_once", side_effect=meanwhile):
        bells.ingest(house, late)
    assert ingests.stages(ingests.version(house, late))[-4:] == ["index", "embed", "index", "ready"]
    assert vectors(house, NEXT) == 2
    assert asked(house, "trains second class") == (NEXT, [TRAIN, HOTEL])


def test_an_index_beside_is_no_reason_for_an_upload_to_fail(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, HOTEL, "hotel.txt")
    index = built(house)
    away = mock.patch.object(runners.embedder(NEXT), "embed", side_effect=Unavailable("It is loading."))
    with away:
        late = bells.ingested(house, collection, TRAIN, "train.txt")
        assert ingests.version(house, late).status == Status.READY
        assert row(house, index).state == IndexState.BUILDING  # it is whole no more, and cannot be switched to
        assert not building.stretch(house.tenant, index.pk)
        assert row(house, index).fault == "It is loading."
    with house.system.transaction():
        Index.objects.filter(pk=index.pk).update(lease_until=None)
    assert finish(house, index).state == IndexState.READY
    assert (row(house, index).fault, vectors(house, NEXT)) == ("", 2)


def test_an_index_beside_whose_model_is_set_up_no_more_holds_nothing_up(
    house: House, collection: uuid.UUID, settings: Any
) -> None:
    index = built(house)
    settings.CHANCERY_EMBEDDERS = []
    runners.reset()
    row_of = bells.ingested(house, collection, "A hotel.")
    assert ingests.version(house, row_of).status == Status.READY
    assert asked(house, "hotel")[1] == ["A hotel."]
    assert row(house, index).state == IndexState.BUILDING  # it lacks the document: nobody can switch to it
    building.stretch(house.tenant, index.pk)
    assert row(house, index).fault
    assert indexes.retire(house.ada, index.pk).state == IndexState.RETIRING
    finish(house, index)
    assert row(house, index).state == IndexState.RETIRED


def test_a_retired_index_leaves_nothing_and_the_live_one_stays(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, HOTEL, "hotel.txt")
    index = built(house)
    indexes.switch(house.ada, index.pk)
    with house.system.transaction():
        old = Index.objects.get(name=NOW)
    with pytest.raises(Conflict):
        indexes.retire(house.ada, index.pk)
    indexes.retire(house.ada, old.pk)
    gone = finish(house, old)
    assert (gone.state, gone.removed, vectors(house, NOW)) == (IndexState.RETIRED, 1, 0)
    assert asked(house, "hotel night") == (NEXT, [HOTEL])

    again = finish(house, indexes.build(house.ada, NOW))
    indexes.switch(house.ada, again.pk)
    indexes.retire(house.ada, index.pk)
    finish(house, index)
    with as_superuser() as database:
        parts = database.execute(
            "SELECT relname FROM pg_class WHERE relname LIKE %s AND relkind = 'r'", [f"embedding_{house.tenant.hex}%"]
        ).fetchall()
    assert len(parts) == 2  # the default one and the live one: that of the retired index is gone with its name
    assert asked(house, "hotel night") == (NOW, [HOTEL])


def test_other_settings_do_not_change_the_index_behind_anyones_back(
    house: House, collection: uuid.UUID, settings: Any
) -> None:
    bells.ingested(house, collection, HOTEL, "hotel.txt")
    settings.CHANCERY_RUNNERS = {"embedding": {"BACKEND": SCRIPTED, "OPTIONS": {"dimensions": 24}}}
    with pytest.raises(Unavailable, match=NOW):
        asked(house, "hotel night")
    settings.CHANCERY_EMBEDDERS = [{"BACKEND": SCRIPTED, "OPTIONS": {"dimensions": 384}}]
    assert asked(house, "hotel night") == (NOW, [HOTEL])


def test_a_chunk_that_the_next_model_does_not_read_to_its_end_is_counted(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, ingests.long(6))
    with mock.patch.object(runners.embedder(NEXT), "max_tokens", 40):
        index = built(house)
    assert 0 < index.too_long <= index.total


def test_one_at_a_time_of_what_there_is_and_by_admins_alone(house: House, neighbour: House) -> None:
    with pytest.raises(NotFound):
        indexes.build(house.ada, "nothing-of-the-kind")
    with pytest.raises(Conflict):
        indexes.build(house.ada, NOW)
    index = indexes.build(house.ada, NEXT)
    with pytest.raises(Conflict):
        indexes.build(house.ada, NEXT)
    for change in (indexes.pause, indexes.resume, indexes.switch, indexes.retire, indexes.get):
        with pytest.raises(Forbidden):
            change(house.bob, index.pk)
        with pytest.raises(NotFound):
            change(neighbour.ada, index.pk)
    with pytest.raises(Forbidden):
        indexes.build(house.bob, NEXT)
    with pytest.raises(Forbidden):
        indexes.listed(house.bob)
    assert [(one.name, one.state) for one in indexes.listed(house.ada)] == [(NOW, "live"), (NEXT, "building")]
    assert indexes.choices(house.ada) == []


def test_what_is_restricted_goes_to_no_model_outside(house: House, collection: uuid.UUID) -> None:
    catalog.change(house.ada, collection, classification="restricted")
    with mock.patch.object(runners.embedder(NEXT), "is_in_house", False), pytest.raises(Conflict, match="restricted"):
        indexes.build(house.ada, NEXT)
    catalog.delete(
        house.ada, collection
    )  # it may come back, and its passages are embedded like all others until it is gone
    with mock.patch.object(runners.embedder(NEXT), "is_in_house", False), pytest.raises(Conflict, match="restricted"):
        indexes.build(house.ada, NEXT)


def test_a_build_outside_stops_where_something_is_kept_in_the_house_by_then(
    house: House, collection: uuid.UUID
) -> None:
    bells.ingested(house, collection, HOTEL, "hotel.txt")
    embedder, heard = runners.embedder(NEXT), list[str]()

    def counted(texts: Sequence[str]) -> list[int]:
        heard.extend(texts)
        return [1] * len(texts)

    with (
        mock.patch.object(embedder, "is_in_house", False),
        mock.patch.object(embedder, "count_tokens", side_effect=counted),
    ):
        index = indexes.build(house.ada, NEXT)
        catalog.change(house.ada, collection, classification="restricted")
        index = finish(house, index)
        assert (index.state, heard, vectors(house, NEXT)) == (IndexState.BUILDING, [], 0)
        assert "restricted to the house" in index.fault
        catalog.change(house.ada, collection, classification="internal")
        with house.system.transaction():
            Index.objects.filter(pk=index.pk).update(lease_until=None)
        assert finish(house, index).state == IndexState.READY
