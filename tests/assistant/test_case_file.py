"""A document's case file, on its page and by the API: what each says, and to whom."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from governance import grants
from governance.grants import Holder
from governance.policy.rules import Action, Stage
from governance.roles import Level
from ingestion import catalog
from ingestion.line import pauses
from ingestion.models import Document
from tests import cast
from tests.assistant import portal
from tests.governance import policies
from tests.ingestion import bells, ingests

SECRET = "Deploy with AWS key AKIAQYLPMN5HHHFPKX7C and be quick about the hotel."
REASON = "The key was revoked a year ago, and the page is needed."


@pytest.fixture
def collection(house: cast.House) -> uuid.UUID:
    made = catalog.create(house.ada, "Travel").pk
    grants.give(house.ada, made, Holder(group=house.team), Level.READ)
    return made


class Api:
    def __init__(self, house: cast.House, who: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {house.key(who)}"})

    def get(self, address: str, status: int = 200) -> Any:
        return self._told(self.client.get(f"/api/v1/{address}"), status)

    def post(self, address: str, sent: Any = None, status: int = 202) -> Any:
        body = json.dumps(sent or {})
        return self._told(self.client.post(f"/api/v1/{address}", body, content_type="application/json"), status)

    def _told(self, response: Any, status: int) -> Any:
        assert response.status_code == status, response.content
        return json.loads(response.content) if response.content else None


def test_the_api_tells_the_whole_case(house: cast.House, collection: uuid.UUID) -> None:
    api = Api(house, "bob")
    row = bells.upload(house, collection, "# Rates\n\nA hotel is 140 euros.", "rates.md")
    told = api.get(f"documents/{row.pk}")
    assert told["standing"]["before"] == 0
    assert (told["ended_at"], told["visible_to"]) == (None, 0)
    bells.ingest(house, row)
    told = api.get(f"documents/{row.pk}")
    assert (told["standing"], told["resumes_at"], told["visible_to"]) == (None, None, 2)  # Ada, and Bob by the team
    stages = [mark["stage"] for mark in told["timeline"]]
    assert stages == [*ingests.CAME, "parse", "chunk", "policy", "embed", "index", "ready"]
    chunks = api.get(f"documents/{row.pk}/chunks?q=HOTEL")
    assert (chunks["version"], chunks["found"], chunks["total"]) == (1, 1, 1)
    assert "140 euros" in chunks["chunks"][0]["text"]
    assert api.get(f"documents/{row.pk}/chunks?q=ship")["chunks"] == []
    (version,) = api.get(f"documents/{row.pk}/versions")["versions"]
    assert (version["number"], version["is_current"], version["chunks"]) == (1, True, 1)


def test_versions_deletion_and_return_by_the_api(house: cast.House, collection: uuid.UUID) -> None:
    ada, bob = Api(house, "ada"), Api(house, "bob")
    bells.ingested(house, collection, "The rate is 100 euros.")
    row = bells.ingested(house, collection, "The rate is 120 euros.")
    bob.post(f"documents/{row.pk}/versions", {"number": 1}, 403)
    ada.post(f"documents/{row.pk}/versions", {"number": 2}, 409)
    ada.post(f"documents/{row.pk}/versions", {"number": 5}, 404)
    assert ada.post(f"documents/{row.pk}/versions", {"number": 1})["version"] == 3
    file = ada.client.get(f"/api/v1/documents/{row.pk}/versions/2/file")
    assert b"".join(file.streaming_content) == b"The rate is 120 euros."  # type: ignore[attr-defined]
    assert ada.client.delete(f"/api/v1/documents/{row.pk}").status_code == 204
    ada.get(f"documents/{row.pk}", 404)
    (gone,) = ada.get(f"collections/{collection}/deleted")["documents"]
    assert (gone["id"], gone["deleted_by"]) == (str(row.pk), str(house.ids["ada"]))
    assert gone["until"] > gone["deleted_at"]
    bob.get(f"collections/{collection}/deleted", 403)
    bob.post(f"documents/{row.pk}/restore", status=403)
    Api(house, "charlie").post(f"documents/{row.pk}/restore", status=404)
    assert ada.post(f"documents/{row.pk}/restore", status=200)["id"] == str(row.pk)
    bob.get(f"documents/{row.pk}")


def test_a_path_keeps_its_folders_and_the_outcome_is_told(house: cast.House, collection: uuid.UUID) -> None:
    ada = Api(house, "ada")

    def sent(text: bytes) -> Any:
        body = {"file": SimpleUploadedFile("a.txt", text), "path": "../trip/a.txt"}
        response = ada.client.post(f"/api/v1/collections/{collection}/documents", body)
        return json.loads(response.content)["name"], json.loads(response.content)["outcome"]

    outcomes = [sent(b"one"), sent(b"one"), sent(b"two")]
    assert outcomes == [("trip/a.txt", outcome) for outcome in ("new", "unchanged", "changed")]


def test_quarantine_on_the_page_and_its_release(house: cast.House, collection: uuid.UUID) -> None:
    policies.change(house, lambda rule: rule.acting(Action.BLOCK) if Stage.UPLOAD in rule.stages else rule)
    row = bells.ingested(house, collection, SECRET)
    pages = {name: portal.signed_in(house, name) for name in ("ada", "bob")}
    shown = {name: client.get(f"/documents/{row.pk}").content.decode() for name, client in pages.items()}
    assert "AKIAQYLPMN5HHHFPKX7C" in shown["ada"]
    assert "AKIA" not in shown["bob"]
    assert "Release it" in shown["ada"]
    assert "Release it" not in shown["bob"]
    assert "secrets-upload" in shown["ada"]
    assert pages["bob"].get(f"/documents/{row.pk}?version=1").status_code == 403
    assert pages["bob"].get(f"/documents/{row.pk}/file").status_code == 403
    Api(house, "bob").get(f"documents/{row.pk}/chunks?version=1", 403)
    assert pages["ada"].post(f"/documents/{row.pk}/release", {"reason": "no"}).status_code == 400
    assert pages["ada"].post(f"/documents/{row.pk}/release", {"reason": REASON}).status_code == 302
    bells.ingest(house, row)
    page = pages["bob"].get(f"/documents/{row.pk}").content.decode()
    assert "AKIAQYLPMN5HHHFPKX7C" in page
    assert "Released" in page
    assert REASON not in page  # that stands on the record


def test_the_standing_ends_with_the_whole_page_anew(house: cast.House, collection: uuid.UUID) -> None:
    bob = portal.signed_in(house, "bob")
    row = bells.upload(house, collection, "A hotel.")
    part = bob.get(f"/documents/{row.pk}/standing")
    assert "Waiting in line, 0 before it." in part.content.decode()
    assert "HX-Refresh" not in part
    pauses.pause(house.ada, collection)
    assert "Reading is paused" in bob.get(f"/documents/{row.pk}/standing").content.decode()
    pauses.end(house.ada, collection)
    bells.ingest(house, row)
    assert bob.get(f"/documents/{row.pk}/standing")["HX-Refresh"] == "true"


def test_what_is_deleted_by_the_form_is_offered_back(house: cast.House, collection: uuid.UUID) -> None:
    ada = portal.signed_in(house, "ada")
    rows = [bells.upload(house, collection, f"text {n}", f"{n}.txt") for n in range(3)]
    chosen = {"document": [str(row.pk) for row in rows[:2]]}
    page = ada.post(f"/collections/{collection}/documents/delete", chosen, follow=True).content.decode()
    assert "2 documents were deleted." in page
    sent = ",".join(sorted(str(row.pk) for row in rows[:2]))
    assert f'value="{sent}"' in page
    ada.post(f"/collections/{collection}/documents/restore", {"documents": sent})
    with house.ada.transaction():
        assert Document.objects.filter(collection=collection).count() == 3
    ada.post(f"/documents/{rows[0].pk}/delete")
    assert "0.txt" in ada.get(f"/collections/{collection}/deleted").content.decode()
    assert portal.signed_in(house, "bob").get(f"/collections/{collection}/deleted").status_code == 403
    ada.post(f"/documents/{rows[0].pk}/purge")
    assert "Nothing was deleted here" in ada.get(f"/collections/{collection}/deleted").content.decode()


def test_a_pause_is_shown_to_all_and_ended_by_who_runs_the_collection(house: cast.House, collection: uuid.UUID) -> None:
    ada, bob = portal.signed_in(house, "ada"), portal.signed_in(house, "bob")
    assert bob.post(f"/collections/{collection}/pause").status_code == 403
    ada.post(f"/collections/{collection}/pause")
    assert "Reading has been paused since" in bob.get(f"/collections/{collection}").content.decode()
    assert "Go on reading" not in bob.get(f"/collections/{collection}").content.decode()
    assert "Go on reading" in ada.get(f"/collections/{collection}").content.decode()
    ada.post(f"/collections/{collection}/resume")
    assert "Reading has been paused since" not in bob.get(f"/collections/{collection}").content.decode()
