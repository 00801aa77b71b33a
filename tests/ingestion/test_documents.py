from __future__ import annotations

import io
import os
import time
import uuid
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from kombu.exceptions import OperationalError

from governance import grants, models, tenants
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound, RecordUnavailable, TooLarge, Unsupported
from governance.grants import Holder
from governance.roles import Level
from ingestion import catalog, documents, tasks
from ingestion.documents import files, purging, removal, uploads
from ingestion.leaving import deleted
from ingestion.models import Chunk, Status, Version
from tests.cast import House
from tests.ingestion import bells, ingests

EXECUTABLE = b"\x7fELF\x02\x01\x01" + b"\x00" * 200


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    made = catalog.create(house.ada, "Travel").pk
    grants.give(house.ada, made, Holder(group=house.team), Level.READ)
    return made


def _stored(house: House) -> list[str]:
    try:
        return list(default_storage.listdir(house.tenant.hex)[1])
    except FileNotFoundError:
        return []


Heard = list[tuple[uuid.UUID, str]]


@pytest.fixture(autouse=True)
def heard() -> Iterator[Heard]:
    """What was appended to the record, (tenant, action); how it is read back is another floor's matter."""
    appended: Heard = []
    append = events._append

    def listen(tenant: uuid.UUID, action: Event, *rest: Any) -> uuid.UUID:
        made = append(tenant, action, *rest)
        appended.append((tenant, str(action)))
        return made

    with mock.patch.object(events, "_append", listen):
        yield appended


def test_an_upload_is_stored_queued_recorded_and_rung_for(house: House, collection: uuid.UUID, heard: Heard) -> None:
    with bells.silent() as rung:
        row = uploads.upload(house.ada, collection, "rules.txt", io.BytesIO(b"Trains are booked in second class."))
    version = documents.get(house.ada, row.pk).latest
    assert version is not None
    assert rung == [True]
    assert (version.status, version.number, version.size, version.uploaded_by) == ("queued", 1, 34, house.ids["ada"])
    assert [mark["stage"] for mark in version.timeline] == ingests.CAME
    assert version.path.startswith(f"{house.tenant.hex}/")
    assert heard.count((house.tenant, "document.uploaded")) == 1


def test_a_broker_that_is_away_fails_no_upload(house: House, collection: uuid.UUID) -> None:
    with mock.patch.object(tasks.take, "apply_async", side_effect=OperationalError("no broker")):
        row = uploads.upload(house.ada, collection, "rules.txt", io.BytesIO(b"text"))
    assert row.latest is not None
    assert row.latest.status == Status.QUEUED


def test_the_same_bytes_again_change_nothing(house: House, collection: uuid.UUID) -> None:
    first = bells.upload(house, collection, "the same")
    with bells.silent() as rung:
        again = uploads.upload(house.ada, collection, "note.txt", io.BytesIO(b"the same"))
    assert again.latest_id == first.latest_id
    assert rung == []
    assert len(_stored(house)) == 1


def test_other_bytes_under_the_same_name_are_a_new_version(house: House, collection: uuid.UUID) -> None:
    first = bells.upload(house, collection, "one")
    second = bells.upload(house, collection, "two")
    assert second.pk == first.pk
    assert second.latest is not None
    assert second.latest.number == 2
    assert len(documents.listed(house.ada, collection)) == 1


def test_who_may_only_read_cannot_upload_and_an_outsider_is_not_told_of_it(
    house: House, neighbour: House, collection: uuid.UUID
) -> None:
    with pytest.raises(Forbidden):
        bells.upload(house, collection, "text", who="bob")
    with pytest.raises(NotFound):
        bells.upload(house, collection, "text", who="charlie")
    with pytest.raises(NotFound):
        bells.upload(neighbour, collection, "text")
    assert _stored(house) == _stored(neighbour) == []


def test_a_contributor_uploads_and_deletes(house: House, collection: uuid.UUID) -> None:
    grants.give(house.ada, collection, Holder(group=house.team), Level.CONTRIBUTE)
    row = bells.ingested(house, collection, "A hotel is paid.")
    with bells.silent():
        uploads.upload(house.bob, collection, "other.txt", io.BytesIO(b"text"))
    removal.delete(house.bob, row.pk)
    assert [one.name for one in documents.listed(house.bob, collection)] == ["other.txt"]


def test_a_file_over_the_limit_is_refused_with_the_limit(house: House, collection: uuid.UUID, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 2 * 2**20
    with pytest.raises(TooLarge, match="2 MiB"):
        bells.upload(house, collection, b"x" * (2 * 2**20 + 1))
    bells.upload(house, collection, b"x" * (2 * 2**20))
    assert len(_stored(house)) == 1


def test_an_empty_file_and_one_of_a_wrong_kind_are_refused_recorded_and_not_kept(
    house: House, collection: uuid.UUID, heard: Heard
) -> None:
    with pytest.raises(InvalidInput, match="empty"):
        bells.upload(house, collection, b"")
    with pytest.raises(Unsupported):
        bells.upload(house, collection, EXECUTABLE, "report.pdf")
    assert heard.count((house.tenant, "document.refused")) == 2
    assert _stored(house) == []
    assert documents.listed(house.ada, collection) == []


def test_a_name_cannot_climb_out_of_anything(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "text", "../../etc/pass\x07wd.txt")
    assert row.name == "passwd.txt"


def test_a_full_tenant_takes_no_more_whoever_asks(house: House, collection: uuid.UUID) -> None:
    hidden = catalog.create(house.system, "Hidden").pk
    with bells.silent():
        uploads.upload(house.system, hidden, "a.txt", io.BytesIO(b"a"))
    with house.system.transaction():
        models.Tenant.objects.filter(pk=house.tenant).update(documents_max=1)
    with pytest.raises(Conflict, match="limit"):
        bells.upload(house, collection, "text")


def test_an_upload_that_cannot_be_recorded_leaves_nothing(house: House, collection: uuid.UUID) -> None:
    with mock.patch.object(events, "_append", side_effect=RecordUnavailable("no")), pytest.raises(RecordUnavailable):
        bells.upload(house, collection, "text")
    assert _stored(house) == []
    assert documents.listed(house.ada, collection) == []


def test_a_document_is_seen_by_readers_only(house: House, neighbour: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "text")
    assert documents.get(house.bob, row.pk).name == "note.txt"
    messages = []
    for scope, wanted in ((house.charlie, row.pk), (neighbour.ada, row.pk), (house.bob, uuid.uuid4())):
        for call in (documents.get, documents.open_file, removal.delete, documents.retry):
            with pytest.raises(NotFound) as refused:
                call(scope, wanted)
            messages.append(refused.value.message)
    assert len(set(messages)) == 1


def test_opening_the_file_gives_its_bytes_and_is_recorded(house: House, collection: uuid.UUID, heard: Heard) -> None:
    row = bells.upload(house, collection, "the bytes")
    file, name = documents.open_file(house.bob, row.pk)
    with file:
        assert (file.read(), name) == (b"the bytes", "note.txt")
    assert heard.count((house.tenant, "document.read")) == 1


def test_a_reader_cannot_delete(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "text")
    with pytest.raises(Forbidden):
        removal.delete(house.bob, row.pk)


def test_nothing_is_left_of_a_deleted_document(house: House, collection: uuid.UUID, heard: Heard) -> None:
    tenants.write(house.system, {"bin_days": 0})
    row = bells.ingested(house, collection, "A hotel.\n\nA train.")
    bells.ingested(house, collection, "A hotel.\n\nA ship.")
    removal.delete(house.ada, row.pk)
    with pytest.raises(NotFound):
        documents.get(house.ada, row.pk)
    with house.system.transaction(), connection.cursor() as cursor:
        for table in ("version", "chunk", "embedding", "posting", "discarded"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE tenant_id = %s", [house.tenant])
            assert cursor.fetchone() == (0,), table
    assert _stored(house) == []
    assert purging.verify_index(house.ada).total == 0
    assert heard.count((house.tenant, "document.deleted")) == 1


def test_a_file_that_cannot_be_removed_now_is_removed_by_the_purge(house: House, collection: uuid.UUID) -> None:
    tenants.write(house.system, {"bin_days": 0})
    row = bells.upload(house, collection, "text")
    with mock.patch.object(default_storage, "delete", side_effect=OSError("busy")):
        removal.delete(house.ada, row.pk)
    assert purging.verify_index(house.system).discarded == 1
    tasks.purge()
    assert _stored(house) == []
    assert purging.verify_index(house.system).total == 0


def test_a_file_whose_upload_died_before_its_row_goes_a_day_later(house: House, collection: uuid.UUID) -> None:
    kept = bells.upload(house, collection, "text").latest
    assert kept is not None
    stray = files.store(house.tenant, io.BytesIO(b"never named by a row"))
    assert purging.verify_index(house.system).files == 1
    tasks.remove_strays()
    assert files.exists(stray.path)
    yesterday = time.time() - purging.STRAY.total_seconds() - 1
    for path in default_storage.path(stray.path), default_storage.path(kept.path):
        os.utime(path, (yesterday, yesterday))
    assert tasks.remove_strays() >= 1
    assert not files.exists(stray.path)
    assert files.exists(kept.path)
    assert purging.verify_index(house.system).total == 0


def test_the_purge_erases_what_stood_in_a_deleted_collection(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, "A hotel.")
    catalog.delete(house.ada, collection)
    deleted.purge(house.ada, collection)
    tasks.purge()
    with house.system.transaction():
        assert not Version.objects.exists()
        assert not Chunk.objects.filter(tenant_id=house.tenant).exists()
    assert _stored(house) == []


def test_only_what_failed_can_be_tried_again(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, "A hotel.")
    with pytest.raises(Conflict):
        documents.retry(house.ada, row.pk)
    with house.system.transaction():
        Version.objects.filter(pk=bells.latest(row)).update(status=Status.FAILED, error_code="x", attempts=3)
    with bells.silent() as rung:
        again = documents.retry(house.ada, row.pk)
    assert again.latest is not None
    assert (again.latest.status, again.latest.attempts, again.latest.error_code) == (Status.QUEUED, 0, "")
    assert rung == [True]
