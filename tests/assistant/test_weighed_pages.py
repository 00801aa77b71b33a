"""What a document counts for and how fast a collection ages: set by its manager, in the portal and the API, and shown there."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ingestion import catalog
from ingestion.models import Document, Version
from tests.assistant import asking, portal
from tests.cast import House

PANEL, BADGE = "What it counts for", "Superseded</span>"


@pytest.fixture
def shelf(shared_house: House) -> uuid.UUID:
    return asking.shelf(shared_house, asking.RULE, name=f"Handbook {uuid.uuid4().hex[:6]}")


def _document(house: House, shelf: uuid.UUID) -> Document:
    with house.system.transaction():
        return Document.objects.get(collection=shelf)


def test_a_manager_says_what_a_document_counts_for_and_every_reader_sees_it(
    shared_house: House, shelf: uuid.UUID, settings: Any
) -> None:
    house, document = shared_house, _document(shared_house, shelf)
    ada, bob = (portal.signed_in(house, name) for name in ("ada", "bob"))
    address = f"/documents/{document.pk}"
    assert PANEL in ada.get(address).content.decode()
    assert PANEL not in bob.get(address).content.decode()
    assert bob.post(f"{address}/authority", {"authority": "superseded"}).status_code == 403
    assert BADGE not in bob.get(address).content.decode()
    assert ada.post(f"{address}/authority", {"authority": "superseded"}).status_code == 302
    assert BADGE in bob.get(address).content.decode()

    asking.speak(settings, ["Twenty working days."])
    row = asking.answered(house.bob, collections=[shelf])
    page = bob.get(f"/c/{row.conversation_id}").content.decode()
    assert BADGE in page
    assert "Order by authority" in page
    assert "Order by date" not in page
    assert BADGE in bob.get(f"/passages/{row.passages[0]['chunk']}").content.decode()
    assert ada.post(f"{address}/authority", {"authority": "ordinary"}).status_code == 302
    assert BADGE not in bob.get(address).content.decode()


def test_a_program_says_it_and_reads_it(shared_house: House, shelf: uuid.UUID) -> None:
    house, document = shared_house, _document(shared_house, shelf)
    ada, bob = (Client(headers={"Authorization": f"Bearer {house.key(name)}"}) for name in ("ada", "bob"))
    address = f"/api/v1/documents/{document.pk}/authority"
    kind = "application/json"
    assert bob.put(address, {"authority": "superseded"}, kind).status_code == 403
    assert ada.put(address, {"authority": "dearest"}, kind).status_code == 400
    assert ada.put(address, {"authority": "authoritative"}, kind).status_code == 204
    assert bob.get(f"/api/v1/documents/{document.pk}").json()["authority"] == "authoritative"
    asked = {"query": asking.QUESTION, "collections": [str(shelf)]}
    assert bob.post("/api/v1/search", asked, kind).json()["passages"][0]["authority"] == "authoritative"

    collection = f"/api/v1/collections/{shelf}"
    assert ada.get(collection).json()["half_life_days"] == 0
    assert ada.patch(collection, {"half_life_days": 90}, kind).json()["half_life_days"] == 90
    assert ada.patch(collection, {"half_life_days": -1}, kind).status_code == 400
    assert bob.patch(collection, {"half_life_days": 0}, kind).status_code == 403
    assert ada.patch(collection, {"description": "Rules"}, kind).json()["half_life_days"] == 90


def test_a_collection_ages_as_its_manager_says_and_the_receipt_says_so(
    shared_house: House, shelf: uuid.UUID, settings: Any
) -> None:
    house, ada = shared_house, portal.signed_in(shared_house, "ada")
    page = ada.get(f"/collections/{shelf}").content.decode()
    assert 'name="half_life_days"' in page
    form = {"name": f"Rules {uuid.uuid4().hex[:6]}", "description": ""}
    for sent, kept in (("365", 365), ("", 0), ("30", 30)):
        assert ada.post(f"/collections/{shelf}/rename", form | {"half_life_days": sent}).status_code == 302
        assert catalog.get(house.ada, shelf).half_life_days == kept
    assert ada.post(f"/collections/{shelf}/rename", form).status_code == 302
    assert catalog.get(house.ada, shelf).half_life_days == 30, "a form without the field leaves it as it is"
    assert ada.post(f"/collections/{shelf}/rename", form | {"half_life_days": "soon"}).status_code == 400
    bob = portal.signed_in(house, "bob")
    assert bob.post(f"/collections/{shelf}/rename", form | {"half_life_days": "soon"}).status_code == 403

    with house.system.transaction():
        Version.objects.filter(collection=shelf).update(dated=timezone.now() - timedelta(days=500))
    asking.speak(settings, ["Twenty working days."])
    row = asking.answered(house.bob, collections=[shelf])
    (line,) = row.receipt["kept"]
    assert line["dated"] == (timezone.now() - timedelta(days=500)).date().isoformat()
    page = bob.get(f"/c/{row.conversation_id}").content.decode()
    assert "Order by date" in page
    assert "Order by authority" not in page
