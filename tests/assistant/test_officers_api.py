"""What officers do at their desk, over the API: words searched in parts, and cases."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from governance.audit import words
from governance.audit.officers import custody
from tests import cast
from tests.assistant.officers import TITLE, WHY, of_api, said, send


def test_the_api_searches_words_in_parts(house: cast.House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "A_PART", 1)
    interaction = said(house)
    said(house)
    api = Client(headers={"Authorization": f"Bearer {house.key('olga', 'record')}"})
    asked = {"words": "salary", "reason": WHY, "person": str(house.ids["bob"])}
    first = api.post("/api/v1/audit/searches", asked, content_type="application/json")
    assert first.status_code == 201
    told = first.json()
    assert (told["texts"], told["looked"], told["matched"]) == (2, 1, 1)
    place = told["matches"][0]["places"][0]
    assert (place["name"], place["times"]) == ("text", 1)
    second = api.get(f"/api/v1/audit/searches/{told['id']}", {"cursor": told["next"]}).json()
    assert second["matches"][0]["event"]["interaction"] == str(interaction)
    assert "91000" not in first.content.decode()
    refused = api.post("/api/v1/audit/searches", {"words": "salary"}, content_type="application/json")
    assert refused.status_code == 400
    outsider = Client(headers={"Authorization": f"Bearer {house.key('bob')}"})
    assert outsider.post("/api/v1/audit/searches", asked, content_type="application/json").status_code == 403


def test_cases_over_the_api(house: cast.House, neighbour: cast.House) -> None:
    first, second = said(house), said(house)
    api = of_api(house, "olga")
    made = send(api, "cases", title=TITLE, interactions=[str(first)])
    assert made.status_code == 201
    case = made.json()["id"]
    assert send(api, f"cases/{case}/notes", text="Bob was told").status_code == 201
    changed = send(api, f"cases/{case}", "patch", add=[str(second)]).json()
    assert [one["interaction"] for one in changed["answers"]] == [str(first), str(second)]
    assert changed["hold"] is None
    assert [one["text"] for one in changed["notes"]] == ["Bob was told"]
    custody.hold(house.olga, uuid.UUID(case), WHY)
    assert send(api, f"cases/{case}", "patch", take_out=str(first)).status_code == 409
    # A hold follows, which is the portal's to do: with a key nothing of it happens.
    assert send(api, f"cases/{case}", "patch", add=[str(said(house))]).status_code == 403
    assert len(api.get(f"/api/v1/audit/cases/{case}").json()["answers"]) == 2
    assert api.get(f"/api/v1/audit/cases/{case}").json()["closed_at"] is None  # all of it, or nothing
    bundle = send(api, f"cases/{case}/bundle")
    assert (bundle.status_code, bundle["Location"]) == (202, bundle.json()["url"])
    assert send(api, f"cases/{case}", "patch", is_closed=True).json()["closed_at"]
    assert [one["id"] for one in api.get("/api/v1/audit/cases?state=closed").json()["cases"]] == [case]
    for client, status in ((of_api(house, "ada"), 403), (of_api(neighbour, "olga"), 404)):
        assert client.get(f"/api/v1/audit/cases/{case}").status_code == status
        assert send(client, f"cases/{case}/notes", text="x").status_code == status
        assert send(client, f"cases/{case}/bundle").status_code == status
