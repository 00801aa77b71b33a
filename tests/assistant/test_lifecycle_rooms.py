"""Periods, holds and erasures in the portal, for those who have them in hand."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
import rfc8785
from django.test import Client

from governance import assignments, people
from governance.access import NotVisible
from governance.audit import events
from governance.audit.lifecycle import erasing, erasure, holds, retention
from governance.audit.lifecycle.classes import Class
from governance.audit.lifecycle.models import ErasureStatus as Status
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Unavailable
from governance.roles import Role
from tests.assistant import portal
from tests.cast import House
from tests.governance.aging import age, keep
from tests.governance.database import leaves

NOTHING = {str(one): "" for one in Class}


def test_an_admin_tries_periods_and_sets_them(house: House) -> None:
    events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "mine"})
    age(house, 50)
    client = portal.signed_in(house, "ada")
    assert "No period is set" in client.get("/retention/").text
    tried = client.post("/retention/", NOTHING | {"answers": "40", "try": "1"})
    assert "Nothing was changed" in tried.text
    assert "<strong>1</strong>" in tried.text
    assert retention.periods(house.ada)[Class.ANSWERS].next_days is None
    assert client.post("/retention/", NOTHING | {"answers": "40", "conversations": "90"}).status_code == 302
    found = retention.periods(house.ada)
    assert (found[Class.ANSWERS].next_days, found[Class.CONVERSATIONS].next_days) == (40, 90)
    page = client.get("/retention/").text
    assert 'value="40"' in page
    assert "40 days" in page


@pytest.mark.parametrize("typed", ["3", "many", "-1", "9999999"])
def test_what_is_no_period_changes_nothing(shared_house: House, typed: str) -> None:
    client = portal.signed_in(shared_house, "ada")
    refused = client.post("/retention/", NOTHING | {"conversations": "90", "answers": typed})
    assert refused.status_code == 400
    assert all(kept.next_days is None for kept in retention.periods(shared_house.ada).values())
    assert client.post("/retention/", NOTHING | {"answers": typed, "try": "1"}).status_code == 400


def test_what_has_gone_is_listed(house: House) -> None:
    events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "mine"})
    age(house, 50)
    keep(house, Class.ANSWERS, 40)
    assert retention.run(house.tenant) == 1
    for name in ("ada", "olga"):
        page = portal.signed_in(house, name).get("/retention/").text
        assert "1 · Questions and answers on the record" in page
        (run,) = leaves(house, "retention.run")
        assert (f"/record/{run['id']}" in page) is (name == "olga")


def test_an_officer_sees_the_periods_and_does_not_set_them(house: House) -> None:
    client = portal.signed_in(house, "olga")
    assert "Periods are set by an admin" in client.get("/retention/").text
    assert client.post("/retention/", NOTHING | {"answers": "40"}).status_code == 403
    assert client.post("/retention/telling", {"tells_reasons": "on"}).status_code == 403
    assert client.post("/retention/", NOTHING | {"answers": "40", "try": "1"}).status_code == 200
    assert retention.periods(house.ada)[Class.ANSWERS].next_days is None


def test_what_people_are_told_is_a_setting(house: House) -> None:
    client = portal.signed_in(house, "ada")
    assert client.post("/retention/telling", {"tells_reasons": "on"}).status_code == 302
    page = client.get("/retention/").text
    assert page.count("checked") == 1
    (leaf,) = leaves(house, "tenant.changed")
    assert leaf["facts"]["changed"] == ["names_officers", "tells_reasons"]


def test_an_officer_places_a_hold_and_lifts_it(house: House) -> None:
    client = portal.signed_in(house, "olga")
    assert "Nothing is held" in client.get("/holds/").text
    placed = client.post("/holds/", {"who": house.email("bob"), "reason": "A claim was announced."})
    assert placed.status_code == 302
    page = client.get("/holds/").text
    assert "Bob" in page
    assert "A claim was announced." in page
    (hold,) = holds.listed(house.olga)
    assert hold.wanted == {"about": str(house.ids["bob"])}
    refused = client.post(f"/holds/{hold.pk}/lift", {"reason": "no"})
    assert refused.status_code == 400
    assert "Say why" in refused.text
    assert client.post(f"/holds/{hold.pk}/lift", {"reason": "The claim was settled."}).status_code == 302
    assert "Lifted on" in client.get("/holds/").text


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({}, "A hold is on a person"),
        ({"who": "nobody@nowhere.example"}, "Nobody here is called"),
        ({"who": "e"}, "Several people match"),
        ({"interaction": "x"}, "not the number of an answer"),
        ({"since": "yesterday"}, "A day is written like"),
    ],
)
def test_a_hold_on_nothing_is_refused(house: House, sent: dict[str, str], says: str) -> None:
    people.create(house.system, f"eve@{house.slug}.example", "Eve")
    people.create(house.system, f"erin@{house.slug}.example", "Erin")
    refused = portal.signed_in(house, "olga").post("/holds/", sent | {"reason": "A claim was announced."})
    assert refused.status_code == 400
    assert says in refused.text
    assert holds.listed(house.olga) == []


def test_a_hold_on_a_time_and_an_answer(house: House) -> None:
    client = portal.signed_in(house, "olga")
    answer = uuid.uuid4()
    sent = {
        "interaction": str(answer),
        "since": "2026-01-01",
        "until": "2026-02-01",
        "reason": "A claim was announced.",
    }
    assert client.post("/holds/", sent).status_code == 302
    (hold,) = holds.listed(house.olga)
    assert hold.wanted == {
        "interaction": str(answer),
        "since": "2026-01-01T00:00:00+00:00",
        "until": "2026-02-01T00:00:00+00:00",
    }
    page = client.get("/holds/").text
    assert "2026-01-01" in page
    assert str(answer) in page


def test_a_request_is_decided_on_its_page_and_certified(house: House) -> None:
    made = erasure.request(house.bob, "I leave.")
    admin = portal.signed_in(house, "ada")
    assert "Bob" in admin.get("/erasures/").text
    page = admin.get(f"/erasures/{made.pk}").text
    assert "I leave." in page
    assert "Approve and erase now" in page
    assert admin.get(f"/erasures/{made.pk}/certificate").status_code == 409
    assert admin.post(f"/erasures/{made.pk}/approve").status_code == 302
    page = admin.get(f"/erasures/{made.pk}").text
    assert "Erased person" in page
    assert "What was erased where" in page
    assert "Parts of answers" in page
    packed = admin.get(f"/erasures/{made.pk}/certificate")
    told = json.loads(packed.content)
    assert packed["Content-Disposition"] == f'attachment; filename="erasure-{made.pk}.json"'
    assert told["sha256"] == erasing.digest(told["certificate"])
    assert told["sha256"] in page
    (leaf,) = leaves(house, "person.erased")
    assert (leaf["id"], leaf["facts"]["certificate"]) == (told["event"], told["sha256"])
    assert rfc8785.dumps(told["certificate"])
    assert admin.post(f"/erasures/{made.pk}/approve").status_code == 404
    assert f"/record/{told['event']}" in portal.signed_in(house, "olga").get(f"/erasures/{made.pk}").text


def test_a_hold_is_shown_and_its_reason_only_to_officers(house: House) -> None:
    made = erasure.request(house.bob)
    holds.place(house.olga, "A claim was announced.", about=house.ids["bob"])
    admin, officer = portal.signed_in(house, "ada"), portal.signed_in(house, "olga")
    for client, tells in ((admin, False), (officer, True)):
        page = client.get(f"/erasures/{made.pk}").text
        assert "A legal hold has stood against it" in page
        assert ("A claim was announced." in page) is tells
        assert "Approve and erase now" not in page
    refused = admin.post(f"/erasures/{made.pk}/approve")
    assert refused.status_code == 409
    assert "legal hold" in refused.text
    assert people.get(house.ada, house.ids["bob"]).is_active


def test_who_asked_does_not_decide(house: House) -> None:
    client = portal.signed_in(house, "olga")
    assert client.post("/erasures/", {"who": house.email("bob"), "reason": "short"}).status_code == 400
    assert client.post("/erasures/", {"who": house.email("bob"), "reason": "He wrote a letter."}).status_code == 302
    (made,) = erasure.listed(house.olga)
    page = client.get(f"/erasures/{made.pk}").text
    assert "Approve and erase now" not in page
    assert client.post(f"/erasures/{made.pk}/approve").status_code == 403
    again = client.post("/erasures/", {"who": house.email("bob"), "reason": "He wrote a letter."})
    assert again.status_code == 409
    admin = portal.signed_in(house, "ada")
    assert admin.post(f"/erasures/{made.pk}/refuse", {"reason": "no"}).status_code == 400
    assert admin.post(f"/erasures/{made.pk}/refuse", {"reason": "The law has us keep it."}).status_code == 302
    assert "The law has us keep it." in portal.signed_in(house, "bob").get("/my-data/").text


def test_what_could_not_be_finished_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> bool:
        raise Unavailable("Valkey does not answer.")

    made = erasure.request(house.bob)
    admin = portal.signed_in(house, "ada")
    monkeypatch.setattr(erasing, "run", away)
    assert admin.post(f"/erasures/{made.pk}/approve").status_code == 302
    page = admin.get(f"/erasures/{made.pk}").text
    assert "goes on by itself" in page
    assert "Approved, under way" in page
    monkeypatch.undo()
    assert erasure.sweep([house.tenant]) == 1
    assert erasure.decidable(house.ada, made.pk).status == Status.ERASED


def test_an_erased_person_does_not_come_back(house: House) -> None:
    made = erasure.request(house.bob)
    erasure.approve(house.ada, made.pk)
    bob = house.ids["bob"]
    with pytest.raises(Conflict, match="do not come back"):
        people.switch_on(house.ada, bob)
    with pytest.raises(Conflict, match="do not come back"):
        people.change(house.ada, bob, email="bob@x.example", name="Bob")
    with pytest.raises(NotVisible):
        assignments.give(house.ada, bob, Role.TENANT_ADMIN)
    page = portal.signed_in(house, "ada").get(f"/people/{bob}").text
    assert "Switch on" not in page


@pytest.mark.parametrize("name", ["bob", "charlie"])
def test_employees_have_no_business_here(house: House, neighbour: House, name: str) -> None:
    made = erasure.request(house.bob, "I leave, says Bob.")
    hold = holds.place(house.olga, "A claim was announced.", about=house.ids["charlie"])
    client = portal.signed_in(house, name)
    assert "/retention/" not in client.get("/c/").text
    for path in ("/retention/", "/holds/", "/erasures/", f"/erasures/{made.pk}", f"/erasures/{made.pk}/certificate"):
        assert client.get(path).status_code == 403
        assert Client().get(path).status_code == 302
    for path in (
        f"/erasures/{made.pk}/approve",
        f"/erasures/{made.pk}/refuse",
        f"/holds/{hold}/lift",
        "/retention/telling",
    ):
        assert client.post(path, {"reason": "I would rather not."}).status_code == 403
    others = portal.signed_in(neighbour, "ada")
    for path in (f"/erasures/{made.pk}", f"/erasures/{made.pk}/certificate"):
        assert others.get(path).status_code == 404
    assert others.post(f"/erasures/{made.pk}/approve").status_code == 404
    assert (
        portal.signed_in(neighbour, "olga").post(f"/holds/{hold}/lift", {"reason": "Not mine at all."}).status_code
        == 404
    )
    assert portal.signed_in(house, "ada").get("/holds/").status_code == 403
