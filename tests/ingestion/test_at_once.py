"""What two requests do at the same time, or one while the other's ground is taken away."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Any
from unittest import mock

import pytest
from django.core.files.storage import default_storage

from governance import grants
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import NotFound
from governance.grants import Holder
from governance.roles import Level
from governance.scope import Scope
from ingestion import catalog, documents
from ingestion.documents import contents, files, removal, uploads
from ingestion.line import pauses
from ingestion.models import Document, Status, Version
from tests.cast import House
from tests.ingestion import bells, crowds

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
    return sorted(crowds.together(*[act] * TOGETHER))


def test_a_document_that_several_delete_at_once_is_deleted_and_recorded_once(
    house: House, collection: uuid.UUID, heard: list[str]
) -> None:
    document = uploads.upload(house.ada, collection, "rules.txt", io.BytesIO(b"Twenty days abroad.")).pk
    assert at_once(lambda: removal.delete(house.ada, document)) == ["done", *["gone"] * (TOGETHER - 1)]
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
        uploads.upload(house.ada, collection, "rules.txt", io.BytesIO(b"Twenty days abroad."))
    assert not default_storage.exists(house.tenant.hex) or not default_storage.listdir(house.tenant.hex)[1]


def test_two_who_delete_selections_that_overlap_are_both_served(
    house: House, collection: uuid.UUID, heard: list[str]
) -> None:
    scope = house.ada
    made = [bells.upload(house, collection, f"A hotel, number {n}.", f"{n}.txt").pk for n in range(6)]
    came = crowds.together(
        partial(contents.delete, scope, collection, made[:4]), partial(contents.delete, scope, collection, made[2:])
    )
    assert came == ["done", "done"]
    assert heard.count("document.deleted") == 6


def test_what_is_changed_in_a_collection_as_it_is_deleted_is_changed_or_not_there(house: House) -> None:
    scope = house.ada
    for turn in range(2):
        made = catalog.create(scope, f"Travel {turn}").pk
        came = crowds.together(
            partial(catalog.delete, scope, made),
            partial(catalog.change, scope, made, description="Other"),
            partial(pauses.pause, scope, made),
        )
        assert came[0] == "done"
        assert set(came[1:]) <= {"done", "gone"}


def test_one_that_cannot_be_tried_again_does_not_keep_the_others_from_it(house: House, collection: uuid.UUID) -> None:
    rows = [bells.upload(house, collection, f"A hotel, number {n}.", f"{n}.txt") for n in range(3)]
    with house.system.transaction():
        Version.objects.filter(collection=collection).update(status=Status.FAILED, error_code="x")
    retry = documents.retry

    def meanwhile(scope: Scope, document: uuid.UUID) -> Document:
        if document == rows[0].pk:
            removal.delete(scope, document)
        elif document == rows[1].pk:
            retry(scope, document)
        return retry(scope, document)

    with bells.silent(), mock.patch.object(documents, "retry", meanwhile):
        assert contents.retry_failed(house.ada, collection) == 1
    assert contents.counted(house.ada, collection) == {Status.QUEUED: 2}
