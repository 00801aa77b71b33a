"""Who works on a document: killed, overtaken, waited for; nothing lost and nothing twice."""

from __future__ import annotations

import time
import uuid
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from governance.errors import NotFound, Unavailable
from inference import runners
from ingestion import catalog, documents, leases, pipeline, postings, purging, stores, tasks
from ingestion.models import Chunk, Status
from ingestion.parsers import sandbox
from tests.cast import House
from tests.ingestion import bells, ingests


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Travel").pk


def test_a_killed_ingest_goes_on_where_it_was(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, ingests.long(40))
    embedder = runners.embedder()
    texts: list[str] = []
    embed = embedder.embed

    def dying(given: list[str], kind: Any) -> Any:
        if len(texts) >= 2 * pipeline.BATCH:
            raise ingests.KilledError
        texts.extend(given)
        return embed(given, kind)

    with mock.patch.object(embedder, "embed", dying), pytest.raises(ingests.KilledError):
        bells.ingest(house, row)
    version = ingests.version(house, row)
    assert (version.status, version.stage, version.done) == (Status.PROCESSING, "embed", 2 * pipeline.BATCH)
    assert version.total == version.chunks > 2 * pipeline.BATCH

    ingests.lapse(house, row)
    with (
        mock.patch.object(embedder, "embed", side_effect=embed) as again,
        mock.patch.object(sandbox, "run", side_effect=AssertionError("parsed twice")),
    ):
        bells.ingest(house, row)
    embedded = [text for call in again.call_args_list for text in call.args[0]]
    assert len(embedded) == version.chunks - 2 * pipeline.BATCH
    assert ingests.version(house, row).status == Status.READY
    assert stores.store().missing(house.system, embedder.name, version.pk) == []
    with house.system.transaction():
        assert Chunk.objects.filter(version_id=version.pk).count() == version.chunks


@pytest.mark.parametrize("stage", ["_read", "_keep", "_embed", "_index", "_flip"])
def test_a_kill_before_any_stage_loses_nothing_and_doubles_nothing(
    house: House, collection: uuid.UUID, stage: str
) -> None:
    row = bells.upload(house, collection, "A hotel.\n\nA train.")
    with mock.patch.object(pipeline, stage, side_effect=ingests.KilledError), pytest.raises(ingests.KilledError):
        bells.ingest(house, row)
    assert ingests.found(house, "hotel") == []
    ingests.lapse(house, row)
    bells.ingest(house, row)
    version = ingests.version(house, row)
    assert (version.status, version.attempts) == (Status.READY, 2)
    with house.system.transaction():
        assert Chunk.objects.count() == version.chunks
    assert postings.weigh(house.ada, "hotel", [collection]).chunks == version.chunks
    assert purging.verify_index(house.system).total == 0


def test_of_two_ingests_of_one_version_the_second_does_nothing(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    run = sandbox.run

    def meanwhile(*given: Any, **more: Any) -> Any:
        with mock.patch.object(pipeline, "_run", side_effect=AssertionError("two at once")):
            bells.ingest(house, row)
        return run(*given, **more)

    with mock.patch.object(sandbox, "run", meanwhile):
        bells.ingest(house, row)
    version = ingests.version(house, row)
    assert (version.status, version.attempts) == (Status.READY, 1)
    bells.ingest(house, row)
    assert ingests.version(house, row).attempts == 1


def test_who_lost_the_lease_writes_nothing_more(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    run = sandbox.run

    def slept(*given: Any, **more: Any) -> Any:
        ingests.lapse(house, row)
        other = leases.claim(house.tenant, bells.latest(row))
        assert other is not None
        return run(*given, **more)

    with mock.patch.object(sandbox, "run", slept):
        bells.ingest(house, row)
    version = ingests.version(house, row)
    assert (version.status, version.attempts, version.chunks) == (Status.PROCESSING, 2, 0)
    assert ingests.stages(version) == ["queued", "parse"]


def test_a_document_deleted_in_mid_ingest_leaves_nothing(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    run = sandbox.run

    def deleted(*given: Any, **more: Any) -> Any:
        parsed = run(*given, **more)
        documents.delete(house.ada, row.pk)
        return parsed

    with mock.patch.object(sandbox, "run", deleted):
        bells.ingest(house, row)
    assert purging.verify_index(house.system).total == 0
    with pytest.raises(NotFound):
        documents.get(house.ada, row.pk)


def test_three_faults_end_in_failed_with_what_to_do(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    with mock.patch.object(sandbox, "run", side_effect=RuntimeError("a fault of ours")):
        for attempt in range(1, 4):
            bells.ingest(house, row)
            assert ingests.version(house, row).attempts == attempt
    version = ingests.version(house, row)
    assert (version.status, version.error_code) == (Status.FAILED, "attempts")
    assert "a fault of ours" not in version.error
    assert version.remedy


def test_a_worker_killed_three_times_is_not_sent_in_again(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    for _ in range(3):
        with mock.patch.object(sandbox, "run", side_effect=ingests.KilledError), pytest.raises(ingests.KilledError):
            bells.ingest(house, row)
        ingests.lapse(house, row)
    with mock.patch.object(sandbox, "run", side_effect=AssertionError("a fourth time")):
        bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.FAILED


def test_a_part_that_is_away_is_waited_for_however_long(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    with mock.patch.object(runners.embedder(), "embed", side_effect=Unavailable("The embedder is loading.")):
        for _ in range(5):
            bells.ingest(house, row)
    version = ingests.version(house, row)
    assert (version.status, version.attempts) == (Status.QUEUED, 0)
    assert version.lease_until is not None
    assert version.timeline[-1]["note"] == "The embedder is loading."
    bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.READY


def test_the_sweep_rings_for_what_waits_and_for_what_a_dead_worker_left(house: House, collection: uuid.UUID) -> None:
    waits = bells.upload(house, collection, "one", "one.txt")
    left = bells.upload(house, collection, "two", "two.txt")
    fresh = bells.upload(house, collection, "three", "three.txt")
    assert leases.claim(house.tenant, bells.latest(left)) is not None
    for row in (waits, left):
        ingests.lapse(house, row)
    with bells.silent() as rung:
        tasks.sweep()
    assert {waits.latest_id, left.latest_id} <= set(rung)
    assert fresh.latest_id not in rung
    assert ingests.version(house, left).status == Status.QUEUED
    with bells.silent() as rung:
        tasks.sweep()
    assert {waits.latest_id, left.latest_id}.isdisjoint(rung)


def test_a_long_stage_keeps_its_lease(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    claimed = leases.claim(house.tenant, bells.latest(row))
    assert claimed is not None
    ingests.lapse(house, row)
    with leases.Watch(claimed, every_s=0.01):
        for _ in range(500):
            if (ingests.version(house, row).lease_until or timezone.now()) > timezone.now():
                break
            time.sleep(0.01)
    until = ingests.version(house, row).lease_until
    assert until is not None
    assert until > timezone.now()
