"""A question understood before it is answered: its history, its receipt, and the parts that its person switches off."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from assistant import answering, models
from governance import grants
from governance.errors import InvalidInput
from governance.policy.rules import Action, Stage
from ingestion import glossary, understanding
from tests.assistant import asking, portal
from tests.cast import House
from tests.governance import policies
from tests.governance.database import payloads
from tests.ingestion import shelves

GOLD = "The Gold plan costs 340 pounds a year for each device."
PLATINUM = "The Platinum plan costs 620 pounds a year for each device."


@pytest.fixture
def plans(house: House) -> uuid.UUID:
    return asking.shelf(house, GOLD, PLATINUM, name="Plans")


def understood(row: models.Answer) -> dict[str, Any]:
    told: dict[str, Any] = row.receipt["understood"]
    return told


def follow(house: House, question: str, after: models.Answer, **options: Any) -> models.Answer:
    return asking.answered(house.bob, question, conversation=after.conversation_id, **options)


def test_a_follow_up_is_searched_with_what_it_leans_on_and_the_receipt_says_so(
    house: House, plans: uuid.UUID, settings: Any
) -> None:
    asking.speak(settings, [GOLD, PLATINUM])
    first = asking.answered(house.bob, "What does the Gold plan cost a year?")
    second = follow(house, "And Platinum?", first)
    assert second.status == "answered"
    assert understood(second)["searched"] == ["What does the Platinum plan cost a year?"]
    assert second.receipt["kept"][0]["lexical"] > 0
    (recorded,) = payloads(house, "retrieval.performed")[-1:]
    assert recorded["receipt"]["understood"] == understood(second)

    asking.speak(settings, [PLATINUM])
    alone = follow(house, "And Platinum?", first, without=["follow_up"])
    assert understood(alone)["searched"] == ["And Platinum?"]
    assert understood(alone)["off"] == ["follow_up"]


def test_nothing_is_taken_from_a_turn_whose_document_may_no_longer_be_read(house: House, settings: Any) -> None:
    secret = asking.shelf(house, "The Larch project costs 14 millions.", name="Board")
    asking.shelf(house, GOLD, name="Plans")
    asking.speak(settings, ["The Larch project costs 14 millions."])
    first = asking.answered(house.bob, "What does the Larch project cost?")
    assert first.status == "answered"
    (grant,) = [one for one in grants.listed(house.ada, secret) if one.group_id == house.team]
    grants.withdraw(house.ada, secret, grant.pk)
    second = follow(house, "And who decides it?", first)
    assert understood(second)["searched"] == ["And who decides it?"]
    assert "Larch" not in json.dumps(second.receipt)


def test_what_was_understood_is_shown_as_far_as_policy_lets_it(house: House, settings: Any) -> None:
    collection = asking.shelf(house, GOLD, name="Plans")
    made = shelves.indexed(house.system, collection, [PLATINUM])
    _name(house, made.document_id, "falcon-policy.pdf")
    policies.add(house, policies.words("falcon", Stage.PASSAGE, Action.REDACT, "falcon-policy"))
    asking.speak(settings, [PLATINUM])
    row = asking.answered(house.bob, "What does the Platinum plan cost in the falcon policy?")
    assert [note["part"] for note in understood(row)["notes"]] == ["filters"]
    assert "falcon-policy" not in json.dumps(row.receipt)


def _name(house: House, document: uuid.UUID, name: str) -> None:
    from ingestion.models import Document

    with house.system.transaction():
        Document.objects.filter(pk=document).update(name=name)


def test_a_chip_asks_again_without_its_part(house: House, plans: uuid.UUID, settings: Any) -> None:
    glossary.add(house.ada, "device", ["flow meter"])
    asking.speak(settings, [GOLD, GOLD])
    row = asking.answered(house.bob, "What does the Gold plan cost for a device?")
    bob = portal.signed_in(house, "bob")
    page = bob.get(f"/a/{row.pk}").content.decode()
    assert "flow meter" in page
    assert f'action="/a/{row.pk}/again"' in page
    assert '<input type="hidden" name="without" value="glossary">' in page
    with asking.unrung() as rung:
        sent = {"question": row.question, "without": "glossary"}
        assert bob.post(f"/a/{row.pk}/again", sent).status_code == 302
    answering.answer(house.tenant, rung[0])
    again = asking.seen(house.bob, rung[0])
    assert understood(again) == {"searched": [row.question], "notes": [], "off": ["glossary"]}
    assert bob.post(f"/a/{again.pk}/again", {"question": "Why?", "without": "telepathy"}).status_code == 400
    with pytest.raises(InvalidInput):
        asking.ask(house.bob, without=["telepathy"])


def test_the_api_searches_for_what_is_meant_and_tells_it(house: House, plans: uuid.UUID) -> None:
    client = Client(headers={"Authorization": f"Bearer {house.key('bob')}"})

    def search(**sent: Any) -> Any:
        response = client.post("/api/v1/search", json.dumps(sent), content_type="application/json")
        assert response.status_code == 200, response.content
        return response.json()

    earlier = [{"question": "What does the Gold plan cost a year?", "answer": GOLD}]
    told = search(query="And Platnium?", earlier=earlier)
    assert told["understood"]["searched"] == ["What does the Platinum plan cost a year?"]
    assert [note["part"] for note in told["understood"]["notes"]] == ["follow_up", "spelling"]
    assert told["passages"][0]["text"] == PLATINUM
    told = search(query="And Platnium?", earlier=earlier, without=[str(part) for part in understanding.Part])
    assert told["understood"]["searched"] == ["And Platnium?"]
    sent = json.dumps({"query": "x", "without": ["telepathy"]})
    assert client.post("/api/v1/search", sent, content_type="application/json").status_code == 400


def test_the_glossary_is_kept_by_its_admins_on_its_page_and_by_the_api(house: House) -> None:
    ada, bob = portal.signed_in(house, "ada"), portal.signed_in(house, "bob")
    assert bob.get("/settings/glossary").status_code == 403
    assert "The glossary is empty" in ada.get("/settings/glossary").content.decode()
    assert ada.post("/settings/glossary", {"term": "PTO", "meanings": "paid time off; annual leave"}).status_code == 302
    (row,) = glossary.listed(house.ada)
    assert row.meanings == ["paid time off", "annual leave"]
    refused = ada.post("/settings/glossary", {"term": "pto", "meanings": "x y"})
    assert (refused.status_code, "in the glossary already" in refused.content.decode()) == (409, True)
    refused = ada.post(f"/settings/glossary/{row.pk}", {"deed": "change", "term": "PTO", "meanings": ""})
    assert refused.status_code == 400
    assert ada.post(f"/settings/glossary/{row.pk}", {"deed": "remove"}).status_code == 302
    assert glossary.listed(house.ada) == []

    client = Client(headers={"Authorization": f"Bearer {house.key('ada')}"})
    body = json.dumps({"term": "CFO", "meanings": ["Chief Financial Officer"]})
    made = client.post("/api/v1/glossary", body, content_type="application/json")
    assert made.status_code == 201
    address = f"/api/v1/glossary/{made.json()['id']}"
    body = json.dumps({"term": "CFO", "meanings": ["head of finance"]})
    assert client.put(address, body, content_type="application/json").json()["meanings"] == ["head of finance"]
    assert client.get("/api/v1/glossary").json()["entries"][0]["term"] == "CFO"
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
