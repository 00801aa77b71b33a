"""What two requests do at the same time, or one while the other's ground is taken away."""

from __future__ import annotations

import io
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import IO, Any
from unittest import mock

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from governance import grants
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import NotFound
from governance.grants import Holder
from governance.roles import Level
from ingestion import catalog, documents, files
from tests.cast import House

TOGETHER = 6


@pytest.fixture
def heard() -> Iterator[list[str]]:
    appended: list[str] = []
    append = events._append

    def listen(tenant: uuid.UUID, action: Event, *rest: Any) -> uuid.UUID:
        made = append(tenant, action, *rest)
        appended.append(str(action))
        return made

    with mock.patch.object(events, "_append", listen):
        yield appended


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Travel").pk


def at_once(act: Callable[[], object]) -> list[str]:
    """What came of it for each of several that begin together."""
    start, came = threading.Barrier(TOGETHER), []

    def run() -> None:
        start.wait()
        try:
            act()
            came.append("done")
        except NotFound:
            came.append("gone")
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(TOGETHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(came)


def test_a_document_that_several_delete_at_once_is_deleted_and_recorded_once(
    house: House, collection: uuid.UUID, heard: list[str]
) -> None:
    document = documents.upload(house.ada, collection, "rules.txt", io.BytesIO(b"Twenty days abroad.")).pk
    assert at_once(lambda: documents.delete(house.ada, document)) == ["done", *["gone"] * (TOGETHER - 1)]
    assert heard.count("document.deleted") == 1


def test_a_collection_that_several_delete_at_once_is_deleted_and_recorded_once(
    house: House, collection: uuid.UUID, heard: list[str]
) -> None:
    assert at_once(lambda: catalog.delete(house.ada, collection)) == ["done", *["gone"] * (TOGETHER - 1)]
    assert heard.count("collection.deleted") == 1


def test_a_grant_that_several_withdraw_at_once_is_withdrawn_and_recorded_once(
    house: House, collection: uuid.UUID, heard: list[str]
) -> None:
    grant = grants.give(house.ada, collection, Holder(group=house.team), Level.READ).pk
    came = at_once(lambda: grants.withdraw(house.ada, collection, grant))
    assert came == ["done", *["gone"] * (TOGETHER - 1)]
    assert heard.count("grant.withdrawn") == 1


def test_an_upload_into_a_collection_that_is_deleted_meanwhile_finds_it_gone_and_leaves_no_file(
    house: House, collection: uuid.UUID
) -> None:
    store = files.store

    def interrupted(tenant: uuid.UUID, file: IO[Any]) -> files.Stored:
        stored = store(tenant, file)
        catalog.delete(house.ada, collection)
        return stored

    with mock.patch.object(files, "store", interrupted), pytest.raises(NotFound):
        documents.upload(house.ada, collection, "rules.txt", io.BytesIO(b"Twenty days abroad."))
    assert not default_storage.exists(house.tenant.hex) or not default_storage.listdir(house.tenant.hex)[1]
