"""The portal and the API show what came within a document, and where a document came from."""

from __future__ import annotations

import io
import uuid
import zipfile
from typing import Any

import pytest
from django.test import Client

from ingestion import catalog, documents
from tests import cast
from tests.assistant import portal
from tests.ingestion import bells
from tests.ingestion.conftest import SCRIPTED


@pytest.fixture(autouse=True)
def _scripted(settings: Any, tmp_path: Any) -> None:
    settings.CHANCERY_RUNNERS = SCRIPTED
    settings.MEDIA_ROOT = tmp_path


def test_a_batch_lists_its_members_and_each_says_where_it_came_from(house: cast.House) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a/rules.txt", "Trains are booked in second class.")
        archive.writestr("b/empty.txt", "")
    collection = catalog.create(house.ada, f"Batch {uuid.uuid4().hex[:8]}").pk
    with bells.silent():
        row = bells.ingested(house, collection, out.getvalue(), "batch.zip")
    (part,) = documents.within(house.ada, row.pk)
    client = portal.signed_in(house, "ada")
    page = client.get(f"/documents/{row.pk}").text
    assert "a/rules.txt" in page
    assert "b/empty.txt" in page
    assert "It is empty." in page
    inner = client.get(f"/documents/{part.pk}").text
    assert "a/rules.txt in <a" in inner
    assert f'/documents/{row.pk}"' in inner
    assert "a/rules.txt in <a" in client.get(f"/collections/{collection}").text
    key = {"authorization": f"Bearer {house.key('ada')}"}
    told = Client().get(f"/api/v1/documents/{row.pk}", headers=key).json()
    assert told["parent"] is None
    assert [one["path"] for one in told["parts"]] == ["a/rules.txt"]
    assert told["skipped"] == [{"path": "b/empty.txt", "why": "It is empty."}]
    assert Client().get(f"/api/v1/documents/{part.pk}", headers=key).json()["parent"] == {
        "id": str(row.pk),
        "name": "batch.zip",
        "path": "a/rules.txt",
    }
