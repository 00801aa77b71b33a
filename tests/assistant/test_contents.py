"""A collection's documents on their page: found, sorted, counted, and many handled at once."""

from __future__ import annotations

import io
import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from governance import grants
from governance.errors import Forbidden, NotFound
from governance.grants import Holder
from governance.pages import Order
from governance.roles import Level
from ingestion import catalog, documents
from ingestion.documents import contents, removal, uploads
from ingestion.documents.contents import Wanted
from ingestion.models import Document, Status, Version
from tests import cast
from tests.assistant import portal
from tests.governance.database import leaves


@pytest.fixture
def collection(house: cast.House) -> uuid.UUID:
    return catalog.create(house.ada, "Papers").pk


@pytest.fixture
def ada(house: cast.House) -> Client:
    return portal.signed_in(house, "ada")


def uploaded(house: cast.House, collection: uuid.UUID, *names: str) -> dict[str, Document]:
    return {
        name: uploads.upload(house.ada, collection, name, io.BytesIO(f"# {name}\n\ntext".encode())) for name in names
    }


def fail(house: cast.House, *rows: Document) -> None:
    with house.system.transaction():
        Version.objects.filter(document__in=rows).update(
            status=Status.FAILED, error="It ends in the middle.", remedy="Save it again."
        )


def test_documents_are_found_by_words_and_status_and_counted(house: cast.House, collection: uuid.UUID) -> None:
    made = uploaded(house, collection, "travel.md", "leave.md", "TRAVEL rules.md")
    fail(house, made["leave.md"])
    page = contents.found(house.ada, collection, Wanted("travel"), Order("name"))
    assert {row.name for row in page.rows} == {"travel.md", "TRAVEL rules.md"}
    page = contents.found(house.ada, collection, Wanted(status=Status.FAILED), Order("name"))
    assert [row.name for row in page.rows] == ["leave.md"]
    counts = contents.counted(house.ada, collection)
    assert counts == {Status.QUEUED: 2, Status.FAILED: 1}
    assert contents.is_busy(counts)
    assert documents.room(house.ada).held == 3


def test_the_failed_are_tried_again_all_at_once_and_it_is_recorded(house: cast.House, collection: uuid.UUID) -> None:
    made = uploaded(house, collection, "a.md", "b.md", "c.md")
    fail(house, made["a.md"], made["b.md"])
    assert contents.retry_failed(house.ada, collection) == 2
    assert contents.counted(house.ada, collection) == {Status.QUEUED: 3}
    assert len(leaves(house, "document.retried")) == 2
    assert contents.retry_failed(house.ada, collection) == 0


def test_many_are_deleted_with_an_event_each_and_none_of_another_collection(
    house: cast.House, collection: uuid.UUID
) -> None:
    made = uploaded(house, collection, "a.md", "b.md", "c.md")
    other = catalog.create(house.ada, "Others").pk
    kept = uploaded(house, other, "kept.md")["kept.md"]
    chosen = [made["a.md"].pk, made["b.md"].pk, kept.pk, uuid.uuid4()]
    assert len(contents.delete(house.ada, collection, chosen)) == 2
    assert [row.name for row in documents.listed(house.ada, collection)] == ["c.md"]
    assert len(documents.listed(house.ada, other)) == 1
    assert len(leaves(house, "document.deleted")) == 2


def test_the_api_lists_documents_a_part_at_a_time(house: cast.House, collection: uuid.UUID) -> None:
    """What comes before the place that was read to, or goes there, neither repeats a document nor passes one over."""
    made = uploaded(house, collection, "c.md", "a.md", "b.md", "e.md")
    client = Client(headers={"Authorization": f"Bearer {house.key('ada')}"})
    address = f"/api/v1/collections/{collection}/documents"

    def names(told: dict[str, Any]) -> list[str]:
        return [one["name"] for one in told["documents"]]

    first = client.get(address, {"limit": 2}).json()
    assert (names(first), first["total"]) == (["a.md", "b.md"], 4)
    uploaded(house, collection, "0.md", "d.md")
    removal.delete(house.ada, made["b.md"].pk)
    second = client.get(address, {"limit": 2, "cursor": first["next"]}).json()
    third = client.get(address, {"limit": 2, "cursor": second["next"]}).json()
    assert names(second) + names(third) == ["c.md", "d.md", "e.md"]
    assert third["next"] is None
    # As it was read before: by the number of a page, or with what `next` says in its place.
    assert names(client.get(address, {"page": 1}).json()) == ["0.md", "a.md", "c.md", "d.md", "e.md"]
    assert names(client.get(address, {"page": first["next"]}).json()) == ["c.md", "d.md", "e.md"]
    assert names(client.get(address, {"page": 2, "limit": 2}).json()) == ["c.md", "d.md"]
    assert names(client.get(address, {"page": 9, "limit": 2}).json()) == ["e.md"]
    for strange in ("x", "W10", "WyJhIiwiYiJd", "WyIwLm1kIiwiMSJd", "1" * 400):
        refused = client.get(address, {"cursor": strange})
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_input"), strange


def test_a_reader_neither_retries_nor_deletes_and_an_outsider_finds_nothing(
    house: cast.House, neighbour: cast.House, collection: uuid.UUID
) -> None:
    made = uploaded(house, collection, "a.md")["a.md"]
    grants.give(house.ada, collection, Holder(group=house.team), Level.READ)
    for scope, refusal in ((house.bob, Forbidden), (house.charlie, NotFound), (neighbour.ada, NotFound)):
        with pytest.raises(refusal):
            contents.retry_failed(scope, collection)
        with pytest.raises(refusal):
            contents.delete(scope, collection, [made.pk])
    assert contents.found(house.bob, collection, Wanted(), Order("name")).total == 1
    for scope in (house.charlie, house.olga, neighbour.ada):
        with pytest.raises(NotFound):
            contents.found(scope, collection, Wanted(), Order("name"))
        with pytest.raises(NotFound):
            contents.counted(scope, collection)


def test_the_page_says_why_a_document_failed_and_what_to_do(
    house: cast.House, ada: Client, collection: uuid.UUID
) -> None:
    made = uploaded(house, collection, "a.md")["a.md"]
    fail(house, made)
    page = ada.get(f"/collections/{collection}").content.decode()
    for words in ("It ends in the middle.", "Save it again.", "Try again", "Try all failed again"):
        assert words in page
    ada.post(f"/collections/{collection}/documents/retry")
    page = ada.get(f"/documents/{made.pk}").content.decode()
    assert "tried again" in page
    assert page.count("<li>") >= 2
    assert "1 of 100k documents" in ada.get(f"/collections/{collection}").content.decode()


def test_the_chosen_are_deleted_by_the_form(house: cast.House, ada: Client, collection: uuid.UUID) -> None:
    made = uploaded(house, collection, "a.md", "b.md")
    address = f"/collections/{collection}/documents/delete"
    assert ada.post(address).status_code == 400
    assert ada.post(address, {"document": "x"}).status_code == 400
    page = ada.post(address, {"document": [str(made["a.md"].pk)]}, follow=True).content.decode()
    assert "1 document was deleted." in page
    assert "b.md" in page
    assert "a.md" not in page


def test_a_thousand_documents_are_a_page_of_fifty_in_as_many_questions_as_one(
    house: cast.House, ada: Client, collection: uuid.UUID
) -> None:
    uploaded(house, collection, "one.md")
    address = f"/collections/{collection}?sort=-added"
    few = queries(ada, address)
    with house.system.transaction():
        rows = [Document(tenant_id=house.tenant, collection_id=collection, name=f"{n:04}.md") for n in range(1000)]
        Document.objects.bulk_create(rows)
        versions = [
            Version(
                tenant_id=house.tenant, collection_id=collection, document=row, number=1, media_type="text/markdown",
                size=n, sha256="0" * 64, path="none", status=Status.READY,
            )
            for n, row in enumerate(rows)
        ]  # fmt: skip
        Version.objects.bulk_create(versions)
        for row, version in zip(rows, versions, strict=True):
            row.latest = row.current = version
        Document.objects.bulk_update(rows, ["latest", "current"])
    assert queries(ada, address) <= few
    page = ada.get(f"/collections/{collection}?sort=-size&page=2&status=ready").content.decode()
    assert re.findall(r"(\d{4})\.md</a>", page) == [f"{n:04}" for n in range(949, 899, -1)]
    assert "51–100 of 1000" in page


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)
