"""Who works on a document: killed, overtaken, waited for; nothing lost and nothing twice."""

from __future__ import annotations

import time
import uuid
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from governance.errors import NotFound, Unavailable
from governance.leases import Watch
from inference import runners
from ingestion import catalog, documents, pipeline, stores
from ingestion.documents import purging, removal
from ingestion.line import leases
from ingestion.models import Chunk, Status
from ingestion.parsers.limited import sandbox
from ingestion.pipeline import ending, indexing, reading
from ingestion.search import postings
from tests.cast import House
from tests.ingestion import bells, ingests


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Travel").pk


def test_a_killed_ingest_goes_on_where_it_was(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, ingests.long(80))
    embedder = runners.embedder()
    texts: list[str] = []
    embed = embedder.embed

    def dying(given: list[str], kind: Any) -> Any:
        if len(texts) >= 2 * indexing.STORED_AT_ONCE:
            raise ingests.KilledError
        texts.extend(given)
        return embed(given, kind)

    with mock.patch.object(embedder, "embed", dying), pytest.raises(ingests.KilledError):
        bells.ingest(house, row)
    version = ingests.version(house, row)
    assert (version.status, version.stage, version.done) == (Status.PROCESSING, "embed", 2 * indexing.STORED_AT_ONCE)
    assert version.total == version.chunks > 2 * indexing.STORED_AT_ONCE

    ingests.lapse(house, row)
    with (
        mock.patch.object(embedder, "embed", side_effect=embed) as again,
        mock.patch.object(sandbox, "run", side_effect=AssertionError("parsed twice")),
    ):
        bells.ingest(house, row)
    embedded = [text for call in again.call_args_list for text in call.args[0]]
    assert len(embedded) == version.chunks - 2 * indexing.STORED_AT_ONCE
    assert ingests.version(house, row).status == Status.READY
    assert stores.store().missing(house.system, embedder.name, version.pk) == []
    with house.system.transaction():
        assert Chunk.objects.filter(tenant_id=house.tenant, version_id=version.pk).count() == version.chunks


SHORT = "A hotel.\n\nA train."
LONG = SHORT + "\n\n" + ingests.long(40)
STAGES = {
    "read": (reading, SHORT),
    "_keep": (reading, SHORT),
    "index_at_once": (indexing, SHORT),
    "flipped": (ending, SHORT),
    "embed": (indexing, LONG),
    "index": (indexing, LONG),
    "flip": (ending, LONG),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_kill_before_any_stage_loses_nothing_and_doubles_nothing(
    house: House, collection: uuid.UUID, stage: str
) -> None:
    room, text = STAGES[stage]
    row = bells.upload(house, collection, text)
    with mock.patch.object(room, stage, side_effect=ingests.KilledError), pytest.raises(ingests.KilledError):
        bells.ingest(house, row)
    assert ingests.found(house, "hotel") == []
    ingests.lapse(house, row)
    bells.ingest(house, row)
    version = ingests.version(house, row)
    assert (version.status, version.attempts) == (Status.READY, 2)
    with house.system.transaction():
        assert Chunk.objects.filter(tenant_id=house.tenant).count() == version.chunks
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
    assert ingests.stages(version) == [*ingests.CAME, "parse"]


def test_a_document_deleted_in_mid_ingest_leaves_nothing(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    run = sandbox.run

    def deleted(*given: Any, **more: Any) -> Any:
        parsed = run(*given, **more)
        removal.delete(house.ada, row.pk)
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


def test_what_kills_its_worker_again_and_again_is_not_sent_in_for_ever(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    for _ in range(leases.KILLED_MOST):
        with mock.patch.object(sandbox, "run", side_effect=ingests.KilledError), pytest.raises(ingests.KilledError):
            bells.ingest(house, row)
        ingests.lapse(house, row)
    with mock.patch.object(sandbox, "run", side_effect=AssertionError("once more")):
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


def test_a_long_stage_keeps_its_lease(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    claimed = leases.claim(house.tenant, bells.latest(row))
    assert claimed is not None
    ingests.lapse(house, row)
    with Watch(claimed, every_s=0.01):
        for _ in range(500):
            if (ingests.version(house, row).lease_until or timezone.now()) > timezone.now():
                break
            time.sleep(0.01)
    until = ingests.version(house, row).lease_until
    assert until is not None
    assert until > timezone.now()


def test_a_document_that_others_were_killed_beside_keeps_its_three_attempts(
    house: House, collection: uuid.UUID
) -> None:
    row = bells.upload(house, collection, "A hotel.")
    for _ in range(4):
        with mock.patch.object(sandbox, "run", side_effect=ingests.KilledError), pytest.raises(ingests.KilledError):
            bells.ingest(house, row)
        ingests.lapse(house, row)
    with mock.patch.object(sandbox, "run", side_effect=RuntimeError("a fault of ours")):
        bells.ingest(house, row)
        bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.QUEUED
    bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.READY
