from __future__ import annotations

import io
import time
import uuid
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from governance import models
from governance.errors import NotFound, Unavailable
from governance.policy.rules import Action
from inference import runners
from ingestion import catalog, documents, files, leases, pipeline, postings, purging, search, stores, tasks
from ingestion.models import Chunk, Document, Status, Version
from ingestion.parsers import sandbox
from ingestion.parsers.base import Locator, Parsed, ParseFailed, Section
from tests.cast import House
from tests.ingestion import bells

PARAGRAPH = "Paragraph {n} of the handbook speaks of hotel number {n}, of its beds, and of nothing else at all. " * 8


class KilledError(BaseException):
    """As a kill does: nothing catches it, nothing is tidied up."""


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Travel").pk


def _long(paragraphs: int) -> str:
    return "\n\n".join(PARAGRAPH.format(n=n) for n in range(paragraphs))


def _version(house: House, row: Document) -> Version:
    with house.system.transaction():
        return Version.objects.get(pk=bells.latest(row))


def _lapse(house: House, row: Document) -> None:
    """As time would: the lease of whoever was at work has run out."""
    with house.system.transaction():
        Version.objects.filter(pk=bells.latest(row)).update(lease_until=timezone.now() - timedelta(seconds=1))


def _stages(version: Version) -> list[str]:
    return [mark["stage"] for mark in version.timeline]


def _found(house: House, question: str) -> list[str]:
    return [passage.text for passage in search.passages(house.ada, question).passages]


def _break_parser() -> AbstractContextManager[Any]:
    broken = ParseFailed("broken", "The file is damaged.", "Save it again and upload the new file.")
    return mock.patch.object(sandbox, "run", side_effect=broken)


def test_an_uploaded_document_becomes_ready_and_is_found(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, "A night in a hotel is paid up to 140 euros.")
    version = _version(house, row)
    assert version.status == Status.READY
    assert _stages(version) == ["queued", "parse", "chunk", "embed", "index", "ready"]
    assert (version.lease, version.lease_until, version.error_code, version.chunks) == (None, None, "", 1)
    assert row.current_id == row.latest_id
    assert _found(house, "hotel night") == ["A night in a hotel is paid up to 140 euros."]
    assert search.passages(house.charlie, "hotel night").passages == ()
    assert purging.verify_index(house.system).total == 0


def test_a_document_without_a_title_is_found_by_its_name(house: House, collection: uuid.UUID) -> None:
    untitled = mock.patch.object(sandbox, "run", return_value=Parsed("", (Section((), "A hotel.", Locator()),)))
    with untitled:
        bells.ingested(house, collection, "A hotel.", "Gleitzeit.txt")
    assert _found(house, "Gleitzeit") == ["A hotel."]
    assert search.passages(house.ada, "Gleitzeit").covered == 1


def test_the_old_version_is_read_until_the_new_one_is_whole(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, "The rate is 100 euros.")
    row = bells.upload(house, collection, "The rate is 120 euros.")
    assert _found(house, "rate") == ["The rate is 100 euros."]

    with mock.patch.object(pipeline, "_flip", side_effect=KilledError), pytest.raises(KilledError):
        bells.ingest(house, row)
    assert _found(house, "rate") == ["The rate is 100 euros."]

    _lapse(house, row)
    bells.ingest(house, row)
    assert _found(house, "rate") == ["The rate is 120 euros."]
    assert purging.verify_index(house.system).total == 0


def test_an_older_version_that_takes_longer_does_not_replace_a_newer_one(house: House, collection: uuid.UUID) -> None:
    first = bells.upload(house, collection, "The rate is 100 euros.")
    second = bells.upload(house, collection, "The rate is 120 euros.")
    bells.ingest(house, second)
    bells.ingest(house, first)
    assert _found(house, "rate") == ["The rate is 120 euros."]
    assert _version(house, first).status == Status.READY
    assert purging.verify_index(house.system).total == 0


def test_a_new_version_that_fails_leaves_the_old_one_to_its_readers(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, "The rate is 100 euros.")
    row = bells.upload(house, collection, "The rate is 120 euros.")
    with _break_parser():
        bells.ingest(house, row)
    version = _version(house, row)
    assert (version.status, version.error_code) == (Status.REJECTED, "broken")
    assert (version.error, version.remedy) == ("The file is damaged.", "Save it again and upload the new file.")
    assert _stages(version)[-1] == "rejected"
    assert _found(house, "rate") == ["The rate is 100 euros."]
    assert purging.verify_index(house.system).total == 0


def test_a_file_without_text_is_rejected_with_what_to_do(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, " \n \n ")
    version = _version(house, row)
    assert version.status == Status.REJECTED
    assert version.error
    assert version.remedy


def test_a_file_that_is_gone_fails_and_can_be_tried_again(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "text")
    with mock.patch.object(files, "exists", return_value=False):
        bells.ingest(house, row)
    assert _version(house, row).status == Status.FAILED
    with bells.silent():
        documents.retry(house.ada, row.pk)
    bells.ingest(house, row)
    assert _version(house, row).status == Status.READY


def test_a_killed_ingest_goes_on_where_it_was(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, _long(40))
    embedder = runners.embedder()
    texts: list[str] = []
    embed = embedder.embed

    def dying(given: list[str], kind: Any) -> Any:
        if len(texts) >= 2 * pipeline.BATCH:
            raise KilledError
        texts.extend(given)
        return embed(given, kind)

    with mock.patch.object(embedder, "embed", dying), pytest.raises(KilledError):
        bells.ingest(house, row)
    version = _version(house, row)
    assert (version.status, version.stage, version.done) == (Status.PROCESSING, "embed", 2 * pipeline.BATCH)
    assert version.total == version.chunks > 2 * pipeline.BATCH

    _lapse(house, row)
    with (
        mock.patch.object(embedder, "embed", side_effect=embed) as again,
        mock.patch.object(sandbox, "run", side_effect=AssertionError("parsed twice")),
    ):
        bells.ingest(house, row)
    embedded = [text for call in again.call_args_list for text in call.args[0]]
    assert len(embedded) == version.chunks - 2 * pipeline.BATCH
    assert _version(house, row).status == Status.READY
    assert stores.store().missing(house.system, embedder.name, version.pk) == []
    with house.system.transaction():
        assert Chunk.objects.filter(version_id=version.pk).count() == version.chunks


@pytest.mark.parametrize("stage", ["_read", "_keep", "_embed", "_index", "_flip"])
def test_a_kill_before_any_stage_loses_nothing_and_doubles_nothing(
    house: House, collection: uuid.UUID, stage: str
) -> None:
    row = bells.upload(house, collection, "A hotel.\n\nA train.")
    with mock.patch.object(pipeline, stage, side_effect=KilledError), pytest.raises(KilledError):
        bells.ingest(house, row)
    assert _found(house, "hotel") == []
    _lapse(house, row)
    bells.ingest(house, row)
    version = _version(house, row)
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
    version = _version(house, row)
    assert (version.status, version.attempts) == (Status.READY, 1)
    bells.ingest(house, row)
    assert _version(house, row).attempts == 1


def test_who_lost_the_lease_writes_nothing_more(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    run = sandbox.run

    def slept(*given: Any, **more: Any) -> Any:
        _lapse(house, row)
        other = leases.claim(house.tenant, bells.latest(row))
        assert other is not None
        return run(*given, **more)

    with mock.patch.object(sandbox, "run", slept):
        bells.ingest(house, row)
    version = _version(house, row)
    assert (version.status, version.attempts, version.chunks) == (Status.PROCESSING, 2, 0)
    assert _stages(version) == ["queued", "parse"]


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
            assert _version(house, row).attempts == attempt
    version = _version(house, row)
    assert (version.status, version.error_code) == (Status.FAILED, "attempts")
    assert "a fault of ours" not in version.error
    assert version.remedy


def test_a_worker_killed_three_times_is_not_sent_in_again(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    for _ in range(3):
        with mock.patch.object(sandbox, "run", side_effect=KilledError), pytest.raises(KilledError):
            bells.ingest(house, row)
        _lapse(house, row)
    with mock.patch.object(sandbox, "run", side_effect=AssertionError("a fourth time")):
        bells.ingest(house, row)
    assert _version(house, row).status == Status.FAILED


def test_a_part_that_is_away_is_waited_for_however_long(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    with mock.patch.object(runners.embedder(), "embed", side_effect=Unavailable("The embedder is loading.")):
        for _ in range(5):
            bells.ingest(house, row)
    version = _version(house, row)
    assert (version.status, version.attempts) == (Status.QUEUED, 0)
    assert version.lease_until is not None
    assert version.timeline[-1]["note"] == "The embedder is loading."
    bells.ingest(house, row)
    assert _version(house, row).status == Status.READY


def test_a_document_that_policy_blocks_is_quarantined_and_found_by_nobody(house: House, collection: uuid.UUID) -> None:
    with house.system.transaction():
        models.PolicyRule.objects.filter(stages__contains=["upload"]).update(action=str(Action.BLOCK))
    row = bells.ingested(house, collection, "Deploy with AWS key AKIAQYLPMN5HHHFPKX7C and be quick about the hotel.")
    version = _version(house, row)
    assert (version.status, version.error_code) == (Status.QUARANTINED, "policy")
    assert "AKIA" not in version.error
    assert _found(house, "hotel") == []
    assert purging.verify_index(house.system).total == 0


def test_the_sweep_rings_for_what_waits_and_for_what_a_dead_worker_left(house: House, collection: uuid.UUID) -> None:
    waits = bells.upload(house, collection, "one", "one.txt")
    left = bells.upload(house, collection, "two", "two.txt")
    fresh = bells.upload(house, collection, "three", "three.txt")
    assert leases.claim(house.tenant, bells.latest(left)) is not None
    for row in (waits, left):
        _lapse(house, row)
    with bells.silent() as rung:
        tasks.sweep()
    assert {waits.latest_id, left.latest_id} <= set(rung)
    assert fresh.latest_id not in rung
    assert _version(house, left).status == Status.QUEUED
    with bells.silent() as rung:
        tasks.sweep()
    assert {waits.latest_id, left.latest_id}.isdisjoint(rung)


def test_a_long_stage_keeps_its_lease(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    claimed = leases.claim(house.tenant, bells.latest(row))
    assert claimed is not None
    _lapse(house, row)
    with leases.Watch(claimed, every_s=0.01):
        for _ in range(500):
            if (_version(house, row).lease_until or timezone.now()) > timezone.now():
                break
            time.sleep(0.01)
    until = _version(house, row).lease_until
    assert until is not None
    assert until > timezone.now()


def test_an_upload_by_another_tenant_of_the_same_name_touches_nothing(
    house: House, neighbour: House, collection: uuid.UUID
) -> None:
    bells.ingested(house, collection, "Our hotel.")
    theirs = catalog.create(neighbour.ada, "Travel").pk
    with bells.silent():
        documents.upload(neighbour.ada, theirs, "note.txt", io.BytesIO(b"Their hotel."))
    assert _found(house, "hotel") == ["Our hotel."]
    assert _found(neighbour, "hotel") == []
