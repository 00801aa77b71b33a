"""My data: what is kept of whoever asks, who looked, the way to take it away, and the way to have it erased."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from assistant import conversations
from assistant.subjects import own_data
from governance import keys, people, tenants
from governance.audit import events, interactions, reading, words
from governance.audit.bundle import asking as asking_for
from governance.audit.lifecycle import erasure, own, retention
from governance.audit.lifecycle.classes import Class
from governance.audit.vocabulary import Event
from governance.errors import Forbidden
from tests.assistant import asking, portal
from tests.cast import House
from tests.governance.aging import keep
from tests.governance.database import leaves

WHY = "A complaint about this very answer."


def files(packed: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        read = {name: archive.read(name).decode() for name in archive.namelist()}
    return {
        name: [json.loads(line) for line in text.splitlines()] if name.endswith(".jsonl") else json.loads(text)
        for name, text in read.items()
    }


def asked(house: House, settings: Any, name: str = "bob") -> uuid.UUID:
    asking.shelf(house)
    asking.speak(settings, lambda _: "Twenty working days a year may be spent abroad.")
    return asking.answered(house.scope(name)).pk


def program(house: House, name: str, scopes: str = "own") -> Client:
    return Client(headers={"Authorization": f"Bearer {house.key(name, scopes)}"})


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_an_opening_shows_up_with_name_and_time(house: House, settings: Any) -> None:
    answer = asked(house, settings)
    assert own.looks(house.bob) == []
    before = datetime.now(UTC)
    interactions.open_words(house.olga, answer, WHY)
    (look,) = own.looks(house.bob)
    assert (look.who, look.reason, look.interaction, look.is_opening) == ("Olga", "", answer, True)
    assert before <= look.at <= datetime.now(UTC) + timedelta(seconds=1)
    assert own.looks(house.charlie) == []
    page = portal.signed_in(house, "bob").get("/my-data/").text
    assert "Olga" in page
    assert "Opened your words" in page
    assert f'href="/c/{asking.seen(house.bob, answer).conversation_id}"' in page
    assert WHY not in page


def test_the_organisation_says_whether_name_and_reason_are_told(house: House, settings: Any) -> None:
    interactions.open_words(house.olga, asked(house, settings), WHY)
    tenants.write(house.system, {"names_officers": False, "tells_reasons": True})
    (look,) = own.looks(house.bob)
    assert (look.who, look.reason) == ("", WHY)
    page = portal.signed_in(house, "bob").get("/my-data/").text
    assert "Olga" not in page
    assert WHY in page


def test_every_way_of_looking_counts(house: House, settings: Any) -> None:
    answer = asked(house, settings)
    interactions.get(house.olga, answer)
    reading.listed(house.olga, person=house.ids["bob"])
    reading.listed(house.olga, about=house.ids["bob"])
    (prompt,) = leaves(house, "prompt.received")
    reading.one(house.olga, uuid.UUID(prompt["id"]))
    reading.opened(house.olga, uuid.UUID(prompt["id"]), WHY)
    list(reading.exported(house.olga, "csv", person=house.ids["bob"]))
    reading.listed(house.olga, person=house.ids["charlie"])  # not his
    assert sorted(look.action for look in own.looks(house.bob)) == [
        "record.exported", "record.opened", "record.read", "record.read", "record.read", "record.read",
    ]  # fmt: skip


def test_words_that_were_searched_or_taken_away_count_by_what_they_covered(house: House, settings: Any) -> None:
    answer = asked(house, settings)
    words.begin(house.olga, "abroad", WHY, person=house.ids["bob"])
    words.begin(house.olga, "abroad", WHY, actions=["prompt.received"])
    words.begin(house.olga, "abroad", WHY, person=house.ids["ada"])
    asking_for.ask(house.olga, reason=WHY, action="prompt")
    asking_for.ask(house.olga, reason=WHY, action="policy.published")
    asking_for.ask(house.olga, action="prompt")  # without words, and for nobody by name
    asking_for.ask(house.olga, interactions=[answer, uuid.uuid4()])
    looks = own.looks(house.bob)
    assert [(look.action, look.is_opening) for look in looks] == [
        ("record.exported", False),
        ("record.exported", True),
        ("record.opened", True),  # the bundle's words of this very answer
        ("record.searched", True),
        ("record.searched", True),
    ]
    assert own.looks(house.charlie) == []
    page = portal.signed_in(house, "bob").get("/my-data/").text
    assert "Took words away as evidence, yours too" in page
    assert page.count("Searched what was said for words") == 2


def test_what_was_done_to_one_is_ones_own_too(house: House) -> None:
    before = own.counted(house.bob)[Class.ADMINISTRATION]
    people.switch_off(house.ada, house.ids["bob"])
    people.switch_on(house.ada, house.ids["bob"])
    assert own.counted(house.bob)[Class.ADMINISTRATION] == before + 2
    found = [line["event"]["action"] for line in own.recorded(house.bob)]
    assert found[:2] == ["person.switched_on", "person.switched_off"]
    assert len(found) == sum(own.counted(house.bob).values())


def test_what_is_kept_and_until_when(house: House, settings: Any) -> None:
    asked(house, settings)
    keep(house, Class.ANSWERS, 40)
    retention.change(house.ada, Class.CONVERSATIONS, 90)
    found = {part.kept.of: part for part in own_data.overview(house.bob).parts}
    assert set(found) == set(Class)
    assert found[Class.CONVERSATIONS].amount == 1
    assert found[Class.ANSWERS].amount >= 4
    assert found[Class.ANSWERS].kept.days == 40
    page = portal.signed_in(house, "bob").get("/my-data/").text
    assert "40 days" in page
    assert "No end is set" in page
    assert "90 days" in page  # from next week on


def test_what_is_taken_away_is_ones_own_and_whole(house: House, settings: Any) -> None:
    answer = asked(house, settings)
    conversations.give_feedback(house.bob, answer, -1, "too short")
    asking.answered(house.scope("ada"), "How many days abroad for Ada?")
    keys.issue(house.bob, house.ids["bob"], "Reports", ["ask"], 1)
    interactions.open_words(house.olga, answer, WHY)
    told = files(body(portal.signed_in(house, "bob").post("/my-data/export")))
    assert told["profile.json"]["email"] == house.email("bob")
    assert told["profile.json"]["groups"] == ["Team"]
    assert [key["name"] for key in told["profile.json"]["keys"]] == ["Reports"]
    (conversation,) = told["conversations.jsonl"]
    (turn,) = conversation["answers"]
    assert (turn["id"], turn["question"], turn["feedback_reason"]) == (str(answer), asking.QUESTION, "too short")
    assert "Twenty working days" in turn["segments"][0]["text"]
    words = [line["words"] for line in told["record.jsonl"] if line["event"]["action"] == "prompt.received"]
    assert [one["text"] for one in words] == [asking.QUESTION]
    created = [line["words"] for line in told["record.jsonl"] if line["event"]["action"] == "person.created"]
    assert [one["name"] for one in created] == ["Bob"]
    assert [look["who"] for look in told["looked-at.json"]] == ["Olga"]
    assert {one["class"] for one in told["periods.json"]} == {str(one) for one in Class}
    others = {house.ids["ada"], house.ids["charlie"]}
    for line in told["record.jsonl"]:
        subject = line["event"].get("payload", {}).get("subject")
        assert subject not in {str(one) for one in others}
    assert "Ada" not in json.dumps(told["conversations.jsonl"])
    (leaf,) = leaves(house, "person.exported")
    assert leaf["actor"]["id"] == str(house.ids["bob"])


def test_more_than_a_page_of_the_record_is_taken_away_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "A_PAGE", 3)
    made = [events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": str(at)}) for at in range(8)]
    found = [line["event"]["id"] for line in own.recorded(house.bob) if line["event"]["action"] == "prompt.received"]
    assert found == [str(event) for event in made[::-1]]


def test_programs_do_the_same_with_a_key_of_that_scope(house: House, settings: Any) -> None:
    answer = asked(house, settings)
    interactions.open_words(house.olga, answer, WHY)
    client = program(house, "bob")
    seen = client.get("/api/v1/me/data").json()
    assert [look["who"] for look in seen["looked_at"]] == ["Olga"]
    assert seen["erasure"] is None
    assert {part["class"]: part["amount"] for part in seen["kept"]}["conversations"] == 1
    packed = client.get("/api/v1/me/export")
    assert packed["Content-Type"] == "application/zip"
    assert len(files(body(packed))["conversations.jsonl"]) == 1
    assert client.get("/api/v1/me/erasure").status_code == 404
    made = client.post("/api/v1/me/erasure", {"note": "I leave."}, content_type="application/json")
    assert (made.status_code, made.json()["status"], made.json()["note"]) == (202, "requested", "I leave.")
    again = client.post("/api/v1/me/erasure", {}, content_type="application/json")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    assert client.delete("/api/v1/me/erasure").status_code == 204
    assert client.delete("/api/v1/me/erasure").status_code == 404
    assert client.get("/api/v1/me/erasure").json()["status"] == "withdrawn"


def test_a_key_without_the_scope_gets_nothing(house: House) -> None:
    client = program(house, "bob", "ask,read,search,write,policy,manage")
    for path in ("data", "export", "erasure"):
        assert client.get(f"/api/v1/me/{path}").status_code == 403
    assert client.post("/api/v1/me/erasure", {}, content_type="application/json").status_code == 403
    assert client.delete("/api/v1/me/erasure").status_code == 403
    for path in ("data", "export", "erasure"):
        assert Client().get(f"/api/v1/me/{path}").status_code == 401
    with pytest.raises(Forbidden):
        own.counted(keys.resolve(house.key("bob", "ask")))  # type: ignore[arg-type]


def test_a_request_is_made_and_taken_back_on_the_page(house: House) -> None:
    client = portal.signed_in(house, "bob")
    assert "Ask for erasure" in client.get("/my-data/").text
    assert client.post("/my-data/erasure", {"note": "I leave."}).status_code == 302
    assert "Waits for a decision" in client.get("/my-data/").text
    assert client.post("/my-data/erasure").status_code == 409
    assert client.post("/my-data/erasure/withdraw").status_code == 302
    page = client.get("/my-data/").text
    assert "Withdrawn" in page
    assert "Ask for erasure" in page
    made = erasure.request(house.bob)
    erasure.refuse(house.olga, made.pk, "The law has us keep it until May.")
    assert "The law has us keep it until May." in client.get("/my-data/").text


def test_outsiders_see_their_own_and_nobody_elses(house: House, neighbour: House, settings: Any) -> None:
    interactions.open_words(house.olga, asked(house, settings), WHY)
    erasure.request(house.bob, "I leave, says Bob.")
    assert Client().get("/my-data/").status_code == 302
    assert Client().post("/my-data/export").status_code == 302
    for other, name in ((house, "charlie"), (house, "ada"), (neighbour, "bob")):
        client = portal.signed_in(other, name)
        page = client.get("/my-data/").text
        assert "says Bob" not in page
        assert "Opened your words" not in page
        told = files(body(client.post("/my-data/export")))
        assert told["conversations.jsonl"] == []
        assert str(house.ids["bob"]) not in json.dumps(told["record.jsonl"]) or name == "ada"
        assert asking.QUESTION not in json.dumps(told)
