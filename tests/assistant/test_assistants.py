"""Assistants that an admin composes: who finds them, what a question to one is asked with, and what they cannot open."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from assistant import conversations, models
from assistant.conversations import assistants
from assistant.conversations.assistants import Draft
from governance import grants, groups
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.roles import Level
from tests.assistant import asking, portal, serving
from tests.cast import House
from tests.governance.database import leaves

TRAVEL = "Answer in one short sentence and name the form."


def compose(house: House, **over: Any) -> models.Composed:
    given: dict[str, Any] = {"name": "Travel desk", "instruction": TRAVEL, "is_for_all": True}
    return assistants.compose(house.ada, Draft(**given | over))


def test_whom_it_is_for_finds_it_and_nobody_else(house: House, neighbour: House) -> None:
    everyones = compose(house)
    teams = compose(house, name="Team desk", is_for_all=False, groups=[house.team])
    off = compose(house, name="Later", is_on=False)
    assert [row.name for row in assistants.offered(house.bob)] == ["Team desk", "Travel desk"]
    assert [row.name for row in assistants.offered(house.charlie)] == ["Travel desk"]
    assert assistants.offered(neighbour.bob) == []
    for scope, row in (
        (house.charlie, teams),
        (house.bob, off),
        (neighbour.bob, everyones),
        (neighbour.ada, everyones),
    ):
        with pytest.raises(NotFound):
            assistants.get(scope, row.pk)
        with pytest.raises(NotFound):
            conversations.ask(scope, asking.QUESTION, assistant=row.pk)
    groups.remove(house.ada, house.team, house.ids["bob"])
    assert [row.name for row in assistants.offered(house.bob)] == ["Travel desk"]
    with house.charlie.transaction():  # the table says the same by itself
        assert not models.Composed.objects.filter(pk__in=[teams.pk, off.pk]).exists()
    with neighbour.ada.transaction():
        assert not models.Composed.objects.exists()


def test_only_an_admin_composes(house: House, neighbour: House) -> None:
    row = compose(house)
    for scope in (house.bob, house.olga):
        for deed in (
            lambda scope=scope: assistants.compose(scope, Draft("Mine")),
            lambda scope=scope: assistants.change(scope, row.pk, Draft("Mine")),
            lambda scope=scope: assistants.delete(scope, row.pk),
            lambda scope=scope: assistants.every(scope),
        ):
            with pytest.raises(Forbidden):
                deed()
    with pytest.raises(NotFound):
        assistants.change(neighbour.ada, row.pk, Draft("Theirs"))
    with pytest.raises(NotFound):
        assistants.delete(neighbour.ada, row.pk)
    with house.bob.transaction():
        assert models.Composed.objects.filter(pk=row.pk).update(name="Bob's") == 0


def test_what_is_written_is_checked(house: House, neighbour: House) -> None:
    compose(house)
    theirs = asking.shelf(neighbour, asking.RULE)
    with pytest.raises(Conflict):
        compose(house)
    for wrong in (
        {"name": " "},
        {"name": "x" * 81},
        {"instruction": "x" * 2001},
        {"starters": ["a"] * 7},
        {"model": "no such model"},
        {"collections": [uuid.uuid4()]},
        {"collections": [theirs]},
        {"groups": [neighbour.team]},
        {"origins": ["http://intranet.example"]},
        {"origins": ["https://intranet.example/page"]},
        {"origins": ["https://*"]},
        {"origins": ["https://a.example; script-src *"]},
        {"origins": [f"https://{n}.example" for n in range(11)]},
    ):
        with pytest.raises(InvalidInput):
            compose(house, **{"name": "Other"} | wrong)


def test_a_question_is_asked_with_its_instruction_of_what_the_asker_may_read_and_is_recorded(
    house: House, settings: Any
) -> None:
    rules = asking.shelf(house, asking.RULE)
    other = asking.shelf(house, "A night in a hotel is paid up to 140 euros.", name="Hotels")
    model = asking.speak(settings, lambda _: asking.RULE)
    row = compose(house, collections=[rules])
    answer = asking.answered(house.bob, assistant=row.pk)
    assert answer.collections == [rules]
    assert any(TRAVEL in message.content for message in model.requests[-1].messages)
    received = leaves(house, "prompt.received")[-1]
    assert received["facts"]["assistant"] == str(row.pk)
    assert received["facts"]["collections"] == [str(rules)]
    followed = asking.answered(house.bob, "And for longer?", conversation=answer.conversation_id)
    assert (followed.collections, TRAVEL in followed.brought["instruction"]) == ([rules], True)
    with pytest.raises(InvalidInput, match="nothing of what this assistant"):
        conversations.ask(house.charlie, asking.QUESTION, assistant=row.pk)
    grants.give(house.ada, other, grants.Holder(person=house.ids["charlie"]), Level.READ)
    with pytest.raises(InvalidInput):  # what it does not look in opens nothing
        conversations.ask(house.charlie, asking.QUESTION, assistant=row.pk)
    chosen = asking.answered(house.bob, assistant=row.pk, collections=[other])
    assert chosen.collections == [rules]  # of its own alone
    assistants.delete(house.ada, row.pk)
    with pytest.raises(InvalidInput, match="Begin a new conversation"):
        conversations.ask(house.bob, "Once more?", conversation=answer.conversation_id)


def test_an_admin_composes_in_the_portal_and_people_ask_there(house: House, settings: Any) -> None:
    rules = asking.shelf(house, asking.RULE)
    asking.speak(settings, lambda _: asking.RULE)
    admin, bob = portal.signed_in(house, "ada"), portal.signed_in(house, "bob")
    assert "No assistants yet" in admin.get("/settings/assistants").content.decode()
    sent = {
        "name": "Travel desk",
        "summary": "Trips and what they cost",
        "instruction": TRAVEL,
        "starters": "How many days?\nWho agrees?",
        "audience": "groups",
        "groups": [str(house.team)],
        "collections": [str(rules)],
        "is_on": "1",
    }
    refused = admin.post("/settings/assistants/new", sent | {"starters": "a\n" * 8})
    assert refused.status_code == 400
    assert "Trips and what they cost" in refused.content.decode()  # what was typed stays
    assert admin.post("/settings/assistants/new", sent).status_code == 302
    page = admin.get("/settings/assistants").content.decode()
    assert "Travel desk" in page
    assert "Team" in page
    (row,) = assistants.offered(house.bob)
    assert f"/as/{row.pk}" in bob.get("/c/").content.decode()
    asked = bob.get(f"/as/{row.pk}").content.decode()
    assert "How many days?" in asked
    assert f'name="assistant" value="{row.pk}"' in " ".join(asked.split())
    where = bob.post("/c/ask", {"question": asking.QUESTION, "assistant": str(row.pk)})["Location"]
    assert "Travel desk" in bob.get(where).content.decode()
    assert portal.signed_in(house, "charlie").get(f"/as/{row.pk}").status_code == 404
    changed = admin.post(f"/settings/assistants/{row.pk}", sent | {"name": "Trips"})
    assert changed.status_code == 302
    assert admin.post(f"/settings/assistants/{row.pk}/delete").status_code == 302
    assert [leaf["action"] for leaf in leaves(house) if leaf["action"].startswith("assistant.")] == [
        "assistant.composed",
        "assistant.changed",
        "assistant.deleted",
    ]


def test_the_api_composes_and_asks_it_and_v1_names_it(house: House, settings: Any) -> None:
    rules = asking.shelf(house, asking.RULE)
    model = asking.speak(settings, lambda _: asking.RULE)
    admin, bob = (Client(headers={"Authorization": f"Bearer {house.key(name)}"}) for name in ("ada", "bob"))
    sent = {"name": "Travel desk", "instruction": TRAVEL, "collections": [str(rules)], "is_for_all": True}
    assert bob.post("/api/v1/assistants", sent, content_type="application/json").status_code == 403
    made = admin.post("/api/v1/assistants", sent, content_type="application/json").json()
    (offered,) = bob.get("/api/v1/assistants").json()["assistants"]
    assert offered == {"id": made["id"], "name": "Travel desk", "summary": "", "starters": []}
    assert bob.get(f"/api/v1/assistants/{made['id']}").json() == offered  # not where it looks
    with serving.workers():
        body = {"question": asking.QUESTION, "assistant": made["id"]}
        answer = bob.post("/api/v1/answers", body, content_type="application/json").json()
        said = {"model": "chancery/Travel desk", "messages": [{"role": "user", "content": asking.QUESTION}]}
        chat = bob.post("/v1/chat/completions", said, content_type="application/json")
    assert answer["status"] == "answered"
    assert chat.status_code == 200
    assert all(TRAVEL in str(request.messages) for request in model.requests)
    named = {one["id"]: one["chancery"] for one in bob.get("/v1/models").json()["data"]}
    assert named["chancery/Travel desk"]["assistant"] == made["id"]
    assert (
        admin.put(f"/api/v1/assistants/{made['id']}", sent | {"is_on": False}, content_type="application/json").json()[
            "is_on"
        ]
        is False
    )
    assert bob.get(f"/api/v1/assistants/{made['id']}").status_code == 404
    assert bob.post("/v1/chat/completions", said, content_type="application/json").status_code == 404
    assert admin.delete(f"/api/v1/assistants/{made['id']}").status_code == 204


def test_only_the_sites_that_are_named_may_show_it_and_nobody_learns_whether_it_is_there(
    house: House, settings: Any
) -> None:
    asking.shelf(house, asking.RULE)
    asking.speak(settings, lambda _: asking.RULE)
    row = compose(house, origins=["https://Intranet.example/", "http://127.0.0.1:8001"])
    plain = compose(house, name="Not embedded")
    bob = portal.signed_in(house, "bob")
    page = bob.get(f"/embed/{row.pk}")
    assert page.status_code == 200
    assert "frame-ancestors https://intranet.example http://127.0.0.1:8001" in page["Content-Security-Policy"]
    assert "X-Frame-Options" not in page
    sent = {"question": asking.QUESTION, "assistant": str(row.pk), "embedded": "1"}
    where = bob.post("/c/ask", sent)["Location"]
    assert where.startswith(f"/embed/{row.pk}/")
    assert asking.QUESTION in bob.get(where).content.decode()
    held = where.split("/")[3].partition("#")[0]
    assert bob.get(f"/embed/{plain.pk}/{held}").status_code == 404
    assert "frame-ancestors 'none'" in bob.get("/c/")["Content-Security-Policy"]
    outsider, nobody = portal.signed_in(house, "charlie"), Client()
    assert outsider.get(where).status_code == 404  # Bob's conversation
    for client, status in ((bob, 404), (nobody, 401)):
        there, not_there = (client.get(f"/embed/{one}") for one in (plain.pk, uuid.uuid4()))
        assert (there.status_code, not_there.status_code) == (status, status)
        bodies = [
            one.content.replace(str(pk).encode(), b"")
            for one, pk in ((there, plain.pk), (not_there, not_there.request["PATH_INFO"][7:]))
        ]
        assert bodies[0] == bodies[1]
