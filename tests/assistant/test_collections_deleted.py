"""A deleted collection in the portal and by the API: an undo, the bin, and the certificate that is taken away."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.test import Client

from governance.audit.lifecycle import erasing as people_erased
from governance.models import Tenant
from ingestion import catalog, documents, tasks
from ingestion.documents import binned
from ingestion.indexes import building
from ingestion.leaving import erasing
from tests.assistant import portal
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import bells, shelves

NOW, NEXT = "scripted-384", "scripted-96"


@pytest.fixture
def shelf(house: House) -> uuid.UUID:
    made = catalog.create(house.ada, "Travel").pk
    bells.ingested(house, made, "# Travel\n\nTwenty working days a year may be spent abroad.\n", "travel.md")
    return made


class Api:
    def __init__(self, house: House, who: str, scopes: str = "all") -> None:
        self.client = Client(headers={"Authorization": f"Bearer {house.key(who, scopes)}"})

    def get(self, address: str) -> Any:
        return self.client.get(f"/api/v1/{address}")

    def post(self, address: str, sent: dict[str, Any] | None = None) -> Any:
        return self.client.post(f"/api/v1/{address}", json.dumps(sent or {}), content_type="application/json")


def test_what_was_deleted_is_offered_back_at_once_and_later_and_certified_in_the_end(
    house: House, shelf: uuid.UUID
) -> None:
    ada, olga = portal.signed_in(house, "ada"), portal.signed_in(house, "olga")
    assert "can be restored for 30 days" in ada.get(f"/collections/{shelf}").content.decode()
    page = ada.post(f"/collections/{shelf}/delete", follow=True).content.decode()
    assert f"/collections/{shelf}/restore" in page  # the undo
    assert "Deleted collections" in page
    page = ada.post(f"/collections/{shelf}/restore", follow=True).content.decode()
    assert "The collection is back, as it was." in page
    assert "travel.md" in page
    ada.post(f"/collections/{shelf}/delete")
    catalog.create(house.ada, "Travel")
    refused = ada.post(f"/collections/{shelf}/restore")
    assert (refused.status_code, "Rename that one first" in refused.content.decode()) == (409, True)
    page = ada.post(f"/collections/{shelf}/purge", follow=True).content.decode()
    assert "It is erased within minutes." in page
    with mock.patch.object(erasing, "_finished", return_value=False):
        erasing.go_on(house.system)
    assert "Being erased" in olga.get(f"/collections/{shelf}/certificate").content.decode()
    assert olga.get(f"/collections/{shelf}/certificate/file").status_code == 409
    erasing.go_on(house.system)
    page = olga.get(f"/collections/{shelf}/certificate").content.decode()
    taken = olga.get(f"/collections/{shelf}/certificate/file")
    told = json.loads(taken.content)
    assert told["sha256"] == people_erased.digest(told["certificate"])
    assert told["sha256"] in page
    assert f"collection-{shelf}-erased.json" in taken["Content-Disposition"]
    assert f"/collections/{shelf}/certificate" in ada.get("/collections/deleted").content.decode()
    assert f"{shelf}" not in portal.signed_in(house, "bob").get("/collections/deleted").content.decode()


def test_without_a_bin_the_page_says_that_there_is_no_way_back(house: House, shelf: uuid.UUID) -> None:
    binned.keep_for(house.ada, 0)
    ada = portal.signed_in(house, "ada")
    assert "This cannot be undone." in ada.get(f"/collections/{shelf}").content.decode()
    page = ada.post(f"/collections/{shelf}/delete", follow=True).content.decode()
    assert "The collection was deleted." in page
    assert f"/collections/{shelf}/restore" not in page
    with house.system.transaction():
        assert Tenant.objects.get(pk=house.tenant).bin_days == 0


def test_the_api_does_the_same_for_a_key_that_manages(house: House, shelf: uuid.UUID) -> None:
    ada, reads, officer = Api(house, "ada"), Api(house, "ada", "read"), Api(house, "olga", "record")
    assert ada.client.delete(f"/api/v1/collections/{shelf}").status_code == 204
    (one,) = ada.get("collections/deleted").json()["collections"]
    assert (one["id"], one["name"], one["documents"]) == (str(shelf), "Travel", 1)
    assert reads.get("collections/deleted").json() == {"collections": [], "next": None}
    assert reads.post(f"collections/{shelf}/restore").status_code == 404
    assert ada.post(f"collections/{shelf}/restore").json()["name"] == "Travel"
    assert len(documents.listed(house.ada, shelf)) == 1
    ada.client.delete(f"/api/v1/collections/{shelf}")
    assert ada.post(f"collections/{shelf}/purge").status_code == 202
    assert ada.post(f"collections/{shelf}/restore").status_code == 404
    assert ada.get(f"collections/{shelf}/certificate").status_code == 404  # nothing was counted yet
    erasing.go_on(house.system)
    told = officer.get(f"collections/{shelf}/certificate").json()
    assert told["sha256"] == people_erased.digest(told["certificate"])
    assert [row["collection"] for row in ada.get("collections/certificates").json()["certificates"]] == [str(shelf)]
    assert reads.get(f"collections/{shelf}/certificate").status_code == 403
    assert [leaf["facts"]["why"] for leaf in leaves(house, "collection.purged")] == ["asked"]


@pytest.fixture
def beside(settings: Any) -> Iterator[None]:
    settings.CHANCERY_EMBEDDERS = [
        {"BACKEND": "inference.runners.scripted.ScriptedEmbedder", "OPTIONS": {"dimensions": 96}}
    ]
    with mock.patch.object(tasks, "ring_index"):
        yield


@pytest.mark.usefixtures("beside")
def test_the_embedding_model_is_changed_by_the_api(house: House, shelf: uuid.UUID) -> None:
    ada = Api(house, "ada", "manage")
    shelves.indexed(house.system, shelf, ["A night in a hotel is paid up to 140 euros."])
    there = ada.get("indexes").json()
    assert [(row["embedder"], row["state"]) for row in there["indexes"]] == [(NOW, "live")]
    assert [one["name"] for one in there["choices"]] == [NEXT]
    assert ada.post("indexes", {"embedder": "nobody's"}).status_code == 404
    begun = ada.post("indexes", {"embedder": NEXT})
    assert (begun.status_code, begun.json()["state"]) == (202, "building")
    at = f"indexes/{begun.json()['id']}"
    assert ada.post(f"{at}/compare", {"questions": ["hotel"]}).status_code == 409
    assert ada.post(f"{at}/switch").status_code == 409
    assert ada.post(f"{at}/pause").json()["state"] == "paused"
    assert ada.post(f"{at}/resume").json()["state"] == "building"
    while building.stretch(house.tenant, uuid.UUID(begun.json()["id"])):
        pass
    ready = ada.get(at).json()
    assert (ready["state"], ready["done"], ready["percent"]) == ("ready", ready["total"], 100)
    compared = Api(house, "ada").post(f"{at}/compare", {"questions": ["How much is a hotel?"]}).json()
    assert (compared["now"], compared["then"], compared["overlap"]) == (NOW, NEXT, 1.0)
    assert compared["questions"][0]["passages"][0]["document_name"]
    assert ada.post(f"{at}/compare", {"everyone": True, "reason": "We want to know."}).status_code == 403
    assert ada.post(f"{at}/switch").json()["state"] == "live"
    before = next(row for row in ada.get("indexes").json()["indexes"] if row["embedder"] == NOW)
    assert before["state"] == "ready"
    assert ada.post(f"{at}/retire").status_code == 409  # it is live
    assert ada.post(f"indexes/{before['id']}/retire").json()["state"] == "retiring"
    assert Api(house, "ada", "write").get("indexes").status_code == 403


def test_the_schema_knows_the_ways() -> None:
    schema = Client().get("/api/schema/").content.decode()
    for address in ("collections/deleted", "collections/{collection}/certificate", "indexes", "indexes/{index}/switch"):
        assert f"/api/v1/{address}:" in schema
