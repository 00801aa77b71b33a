"""Every address of the portal, tried by those it is not for."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from assistant.views import routes
from governance import keys
from governance.policy import versions
from tests import cast
from tests.assistant import portal
from tests.governance import traffic

OPEN = {"sign-in", "sign-in-tenant", "sign-out", "sso-start", "sso-callback", "sso-signed-out", "language"}
OPEN |= {"join"}
# What every person of a tenant may open; all else belongs to somebody.
FOR_ALL = {("get", "home"), ("get", "conversations"), ("get", "collections"), ("get", "keys"), ("post", "keys")}
FOR_ALL |= {("get", "my-data"), ("post", "my-data-export"), ("post", "my-data-erasure")}
FOR_ALL |= {("post", "my-data-erasure-withdraw")}
ADMINS_OWN = {"people", "groups", "access", "every-key", "settings", "usage", "usage-csv"}
ADMINS_OWN |= {"policy-second"}


def verbs(view: Any) -> list[str]:
    """Those that the view's own decorator lets through."""
    while view is not None:
        for cell in getattr(view, "__closure__", None) or ():
            held = cell.cell_contents
            if isinstance(held, list) and held and set(held) <= {"GET", "HEAD", "POST"}:
                return [verb.lower() for verb in held if verb != "HEAD"]
        view = getattr(view, "__wrapped__", None)
    raise AssertionError("a view says which verbs it answers: require_http_methods, require_safe or require_POST")


CASES = [
    (verb, str(route.name))
    for route in routes.urlpatterns
    if route.name not in OPEN
    for verb in verbs(route.callback)
    if (verb, route.name) not in FOR_ALL
]


def address(name: str, room: portal.Furnished) -> str:
    everything = {
        "conversation": room.conversation,
        "answer": room.answer,
        "collection": room.collection,
        "grant": room.grant,
        "document": room.document,
        "chunk": room.chunk,
        "event": uuid.uuid4(),
        "interaction": room.answer,
        "provider": room.provider,
        "identity": uuid.uuid4(),
        "person": room.house.ids["bob"],
        "group": room.house.team,
        "holder": room.house.team,
        "replay": traffic.replay_of(room.house),
        "kind": "group",
        "key": _a_key(room.house),
        "what": "days",
        **{name: uuid.uuid4() for name in ("case", "erasure", "hold", "opening", "search", "bundle", "target")},
        "number": _a_draft(room.house) if name.startswith("policy") else 1,
        "rule": "secrets-input",
    }
    route = next(route for route in routes.urlpatterns if route.name == name)
    wanted = route.pattern.converters
    return reverse(name, kwargs={key: everything[key] for key in wanted})


def _a_draft(house: cast.House) -> int:
    """Under a number that the neighbour has not, although each tenant counts from 1."""
    number = versions.listed(house.ada)[0].number
    if number == 1:
        for _ in range(3):
            versions.discard(house.ada, versions.draft(house.ada).number)
        number = versions.draft(house.ada).number
    return number


def _a_key(house: cast.House) -> uuid.UUID:
    keys.issue(house.bob, house.ids["bob"], "Reports", ["ask"], 1)
    return keys.mine(house.bob)[0].pk


def sent(room: portal.Furnished) -> dict[str, str]:
    return {
        "question": "What is in there?",
        "conversation": str(room.conversation),
        "collections": str(room.collection),
        "name": "Mine now",
        "title": "Mine now",
        "holder": f"group:{room.house.team}",
        "level": "3",
        "reason": "because I am curious",
        "value": "1",
        "choice": "manage",
        "role-tenant_admin": "on",
        "email": "mine@example.com",
        "person": str(room.house.ids["charlie"]),
        "action": "allow",
        "case": str(uuid.uuid4()),
        "kind": "interaction",
        "target": str(room.answer),
        "decision": "approve",
    }


def tried(client: Client, verb: str, name: str, room: portal.Furnished) -> int:
    body = sent(room)
    if name == "documents" and verb == "post":
        return client.post(address(name, room), {"files": SimpleUploadedFile("a.md", b"# A\n\ntext")}).status_code
    answered = client.post(address(name, room), body) if verb == "post" else client.get(address(name, room))
    return answered.status_code


@pytest.mark.parametrize(("verb", "name"), CASES)
def test_nobody_is_sent_to_sign_in(verb: str, name: str, house: cast.House) -> None:
    room = portal.furnished(house)
    response = getattr(Client(), verb)(address(name, room))
    assert response.status_code == 302
    assert response["Location"].startswith("/?next=")


@pytest.mark.parametrize(("verb", "name"), CASES)
def test_an_outsider_gets_nothing(verb: str, name: str, house: cast.House) -> None:
    room = portal.furnished(house)
    assert tried(portal.signed_in(house, "charlie"), verb, name, room) in {403, 404}


@pytest.mark.parametrize(("verb", "name"), CASES)
def test_the_neighbours_admin_and_officer_find_nothing_there(
    verb: str, name: str, house: cast.House, neighbour: cast.House
) -> None:
    room = portal.furnished(house)
    is_of_nothing = not next(one for one in routes.urlpatterns if one.name == name).pattern.converters
    if is_of_nothing and name not in ADMINS_OWN | {"ask"}:  # their own room: nothing of this house is named
        return
    for person in ("olga",) if name in ADMINS_OWN else ("ada", "olga"):
        assert tried(portal.signed_in(neighbour, person), verb, name, room) in {403, 404}


def test_whom_it_is_for_gets_it(house: cast.House) -> None:
    """Else the refusals above would prove nothing."""
    room = portal.furnished(house)
    bob = portal.signed_in(house, "bob")
    for name in ("home", "thread", "answer", "collections", "collection", "documents", "document", "passage"):
        assert bob.get(address(name, room)).status_code == 200, name


def test_the_record_shows_no_neighbours_events(house: cast.House, neighbour: cast.House) -> None:
    room = portal.furnished(house)
    page = portal.signed_in(neighbour, "olga").get("/record/", {"mentions": str(room.collection)})
    assert b"Nothing matches" in page.content


def test_what_was_withdrawn_is_gone_from_the_next_click_on(house: cast.House) -> None:
    room = portal.furnished(house)
    bob = portal.signed_in(house, "bob")
    assert bob.get(f"/passages/{room.chunk}").status_code == 200
    portal.signed_in(house, "ada").post(f"/collections/{room.collection}/grants/{room.grant}/withdraw")
    for address_ in (f"/passages/{room.chunk}", f"/documents/{room.document}", f"/collections/{room.collection}"):
        assert bob.get(address_).status_code == 404
