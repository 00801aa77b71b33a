"""Forwarding as admins and officers see it: set up, followed in numbers, and closed to everybody else."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from governance.audit.out import forwarder, targets
from governance.audit.out.targets import Draft
from tests.assistant import portal
from tests.cast import House
from tests.governance.database import leaves
from tests.governance.out import receivers
from tests.governance.sealing import seal

HOOK = {"name": "SIEM", "kind": "webhook", "address": "https://siem.example/in", "format": "jsonl", "begins": "first"}
WHY = "The works council has agreed to it."


@pytest.fixture(autouse=True)
def listed(settings: Any) -> None:
    settings.FORWARD_INTERNAL_HOSTS = ["127.0.0.1"]
    settings.FORWARD_TARGETS = {}


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def made(house: House, address: str = HOOK["address"]) -> uuid.UUID:
    return targets.create(house.ada, Draft("SIEM", "webhook", address, "jsonl"))[0]


def test_an_admin_adds_a_target_and_sees_its_secret_this_once(house: House) -> None:
    ada = portal.signed_in(house, "ada")
    assert "The record is sent nowhere" in text(ada.get("/settings/forwarding"))
    page = text(ada.post("/settings/forwarding", HOOK))
    found = re.search(r'id="secret" class="mono" readonly value="([\w-]{40,})"', page)
    assert found
    (state,) = targets.listed(house.ada)
    for address in ("/settings/forwarding", f"/settings/forwarding/{state.row.pk}"):
        again = text(ada.get(address))
        assert found[1] not in again
        assert "SIEM" in again


def test_what_cannot_be_a_target_is_said_in_words_and_the_form_keeps_what_was_written(house: House) -> None:
    ada = portal.signed_in(house, "ada")
    response = ada.post("/settings/forwarding", HOOK | {"address": "http://siem.example"})
    assert response.status_code == 400
    assert "must be reached by https" in text(response)
    assert "http://siem.example" in text(response)
    assert targets.listed(house.ada) == []


def test_the_page_says_how_far_it_is_and_why_it_goes_no_further(house: House) -> None:
    ada = portal.signed_in(house, "ada")
    with receivers.webhook() as hook:
        target = made(house, hook.url)
        address = f"/settings/forwarding/{target}"
        size = seal(house).size
        assert f"{size} events behind" in text(ada.get(address))
        hook.answers = receivers.always(503)
        forwarder.forward(house.tenant, target)
        page = text(ada.get(address))
        assert "Does not arrive" in page
        assert "The receiver answers with status 503." in page
        assert "Next try" in page
        hook.answers = receivers.always(204)
        assert ada.post(f"{address}/retry").status_code == 302
        forwarder.forward(house.tenant, target)
        assert "Up to date" in text(ada.get(address)) or "event" in text(ada.get(address))
    assert targets.get(house.ada, target).sent >= size


def test_an_officer_sees_it_changes_nothing_and_alone_sends_words(house: House) -> None:
    target = made(house)
    olga, ada = portal.signed_in(house, "olga"), portal.signed_in(house, "ada")
    page = text(olga.get(f"/settings/forwarding/{target}"))
    assert "Send the words too" in page
    assert "Remove this target" not in page
    assert olga.post(f"/settings/forwarding/{target}", HOOK).status_code == 403
    assert olga.post(f"/settings/forwarding/{target}/delete").status_code == 403
    assert "Send the words too" not in text(ada.get(f"/settings/forwarding/{target}"))
    assert ada.post(f"/settings/forwarding/{target}/words", {"carries": "1", "reason": WHY}).status_code == 403
    assert olga.post(f"/settings/forwarding/{target}/words", {"carries": "1", "reason": "no"}).status_code == 400
    assert olga.post(f"/settings/forwarding/{target}/words", {"carries": "1", "reason": WHY}).status_code == 302
    assert "the words of each event as well" in text(ada.get(f"/settings/forwarding/{target}"))


@pytest.mark.parametrize("name", ["bob", "charlie"])
def test_nobody_else_learns_of_it(house: House, name: str) -> None:
    target = made(house)
    browser = portal.signed_in(house, name)
    key = Client(headers={"Authorization": f"Bearer {house.key(name)}"})
    for response in (
        browser.get("/settings/forwarding"),
        browser.get(f"/settings/forwarding/{target}"),
        browser.post(f"/settings/forwarding/{target}/retry"),
        key.get("/api/v1/audit/targets"),
        key.get(f"/api/v1/audit/targets/{target}"),
        key.delete(f"/api/v1/audit/targets/{target}"),
    ):
        assert response.status_code == 403
        assert "siem.example" not in response.content.decode()
    assert len(leaves(house, "access.denied")) == 6


def test_by_the_api_it_is_set_up_followed_changed_and_removed(house: House) -> None:
    ada = Client(headers={"Authorization": f"Bearer {house.key('ada', 'manage')}"})
    sent = {name: value for name, value in HOOK.items() if name != "begins"} | {"from_now": True}
    made = ada.post("/api/v1/audit/targets", sent, content_type="application/json")
    assert made.status_code == 201
    told = made.json()
    assert len(told.pop("secret")) > 40
    address = f"/api/v1/audit/targets/{told['id']}"
    assert ada.get(address).json().keys() == told.keys()
    assert told.keys() >= {"behind", "heads_behind", "waits_since", "last_error", "next_try_at", "failures", "sent"}
    changed = ada.patch(address, {"is_enabled": False}, content_type="application/json").json()
    assert (changed["is_enabled"], changed["name"], changed["address"]) == (False, "SIEM", HOOK["address"])
    assert len(ada.post(f"{address}/secret").json()["secret"]) > 40
    assert ada.post(f"{address}/retry").json()["next_try_at"]
    assert ada.delete(address).status_code == 204
    assert ada.get("/api/v1/audit/targets").json() == {"targets": [], "next": None}


def test_a_key_sets_up_and_a_key_opens_by_their_own_scopes(house: House) -> None:
    target = made(house)
    address = f"/api/v1/audit/targets/{target}/words"
    for scopes, status in (("manage", 403), ("read", 403), ("record", 200)):
        olga = Client(headers={"Authorization": f"Bearer {house.key('olga', scopes)}"})
        response = olga.post(address, {"carries": True, "reason": WHY}, content_type="application/json")
        assert response.status_code == status, scopes
    assert targets.get(house.ada, target).row.carries_words is True
