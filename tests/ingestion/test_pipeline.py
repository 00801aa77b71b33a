"""What becomes of a document: ready, replaced, rejected, quarantined; seen whole or not at all."""

from __future__ import annotations

import io
import uuid
from unittest import mock

import pytest

from governance.policy.rules import Action, Stage
from ingestion import catalog, documents, search
from ingestion.documents import files, purging, uploads
from ingestion.models import Status, Version
from ingestion.parsers import flags
from ingestion.parsers.base import Locator, Parsed, Section
from ingestion.parsers.limited import sandbox
from ingestion.pipeline import ending
from tests.cast import House
from tests.governance import policies
from tests.governance.database import leaves
from tests.ingestion import bells, ingests


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Travel").pk


def test_an_uploaded_document_becomes_ready_and_is_found(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, "A night in a hotel is paid up to 140 euros.")
    version = ingests.version(house, row)
    assert version.status == Status.READY
    assert ingests.stages(version) == [*ingests.CAME, "parse", "chunk", "policy", "embed", "index", "ready"]
    assert (version.lease, version.lease_until, version.error_code, version.chunks) == (None, None, "", 1)
    assert row.current_id == row.latest_id
    assert ingests.found(house, "hotel night") == ["A night in a hotel is paid up to 140 euros."]
    assert search.passages(house.charlie, "hotel night").passages == ()
    assert purging.verify_index(house.system).total == 0


def test_a_document_without_a_title_is_found_by_its_name(house: House, collection: uuid.UUID) -> None:
    untitled = mock.patch.object(sandbox, "run", return_value=Parsed("", (Section((), "A hotel.", Locator()),)))
    with untitled:
        bells.ingested(house, collection, "A hotel.", "Gleitzeit.txt")
    assert ingests.found(house, "Gleitzeit") == ["A hotel."]
    assert search.passages(house.ada, "Gleitzeit").covered == 1


def test_the_old_version_is_read_until_the_new_one_is_whole(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, "The rate is 100 euros.")
    row = bells.upload(house, collection, "The rate is 120 euros.")
    assert ingests.found(house, "rate") == ["The rate is 100 euros."]

    with mock.patch.object(ending, "flip", side_effect=ingests.KilledError), pytest.raises(ingests.KilledError):
        bells.ingest(house, row)
    assert ingests.found(house, "rate") == ["The rate is 100 euros."]

    ingests.lapse(house, row)
    bells.ingest(house, row)
    assert ingests.found(house, "rate") == ["The rate is 120 euros."]
    assert purging.verify_index(house.system).total == 0


def test_an_older_version_that_takes_longer_does_not_replace_a_newer_one(house: House, collection: uuid.UUID) -> None:
    first = bells.upload(house, collection, "The rate is 100 euros.")
    second = bells.upload(house, collection, "The rate is 120 euros.")
    bells.ingest(house, second)
    bells.ingest(house, first)
    assert ingests.found(house, "rate") == ["The rate is 120 euros."]
    assert ingests.version(house, first).status == Status.READY
    assert purging.verify_index(house.system).total == 0


def test_a_new_version_that_fails_leaves_the_old_one_to_its_readers(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, "The rate is 100 euros.")
    row = bells.upload(house, collection, "The rate is 120 euros.")
    with ingests.break_parser():
        bells.ingest(house, row)
    version = ingests.version(house, row)
    assert (version.status, version.error_code) == (Status.REJECTED, "broken")
    assert (version.error, version.remedy) == ("The file is damaged.", "Save it again and upload the new file.")
    assert ingests.stages(version)[-1] == "rejected"
    assert ingests.found(house, "rate") == ["The rate is 100 euros."]
    assert purging.verify_index(house.system).total == 0


def test_a_file_without_text_is_rejected_with_what_to_do(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, " \n \n ")
    version = ingests.version(house, row)
    assert version.status == Status.REJECTED
    assert version.error
    assert version.remedy


def test_a_file_that_is_gone_fails_and_can_be_tried_again(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "text")
    with mock.patch.object(files, "exists", return_value=False):
        bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.FAILED
    with bells.silent():
        documents.retry(house.ada, row.pk)
    bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.READY


def test_what_is_read_already_and_made_ready_again_stays(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, "A night in a hotel.")
    with house.system.transaction():
        Version.objects.filter(document=row).update(status=Status.FAILED)
    with bells.silent():
        documents.retry(house.ada, row.pk)
    bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.READY
    assert ingests.found(house, "hotel") == ["A night in a hotel."]
    assert [one.text for one in search.document_text(house.ada, row.pk)] == ["A night in a hotel."]


def test_a_document_that_policy_blocks_is_quarantined_and_found_by_nobody(house: House, collection: uuid.UUID) -> None:
    policies.change(house, lambda rule: rule.acting(Action.BLOCK) if Stage.UPLOAD in rule.stages else rule)
    row = bells.ingested(house, collection, "Deploy with AWS key AKIAQYLPMN5HHHFPKX7C and be quick about the hotel.")
    version = ingests.version(house, row)
    assert (version.status, version.error_code) == (Status.QUARANTINED, "policy")
    assert "AKIA" not in version.error
    assert ingests.found(house, "hotel") == []
    assert purging.verify_index(house.system).total == 0


def test_an_upload_by_another_tenant_of_the_same_name_touches_nothing(
    house: House, neighbour: House, collection: uuid.UUID
) -> None:
    bells.ingested(house, collection, "Our hotel.")
    theirs = catalog.create(neighbour.ada, "Travel").pk
    with bells.silent():
        uploads.upload(neighbour.ada, theirs, "note.txt", io.BytesIO(b"Their hotel."))
    assert ingests.found(house, "hotel") == ["Our hotel."]
    assert ingests.found(neighbour, "hotel") == []


def test_what_a_document_carries_beside_its_words_is_told_and_recorded(house: House, collection: uuid.UUID) -> None:
    read = Parsed("", (Section((), "A hotel.", Locator()),), flags=("macros", "external_links"))
    with mock.patch.object(sandbox, "run", return_value=read):
        row = bells.ingested(house, collection, "A hotel.")
    version = ingests.version(house, row)
    assert version.flags == ["macros", "external_links"]
    assert [mark["note"] for mark in version.timeline if mark["stage"] == "flags"] == list(flags.told(read.flags))
    (ready,) = leaves(house, "document.ready")
    assert ready["facts"]["flags"] == ["macros", "external_links"]
