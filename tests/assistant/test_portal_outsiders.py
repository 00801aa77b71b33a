"""Every address of the portal, tried by those it is not for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from assistant.conversations import assistants, prompts, sharing
from assistant.conversations.assistants import Draft
from assistant.views import routes
from governance import custom_roles, grants, keys, support
from governance.policy import versions
from governance.service_accounts import accounts
from ingestion import glossary
from tests import cast
from tests.assistant import portal
from tests.governance import traffic
from tests.ingestion import shelves

OPEN = {"sign-in", "sign-in-tenant", "sign-out", "sso-start", "sso-callback", "sso-signed-out", "language"}
OPEN |= {"join", "sign-in-second", "sign-in-enrol", "sign-in-passkey-asked", "sign-in-passkey"}
OPEN |= {"join", "sso-backchannel"}  # a link, and a provider's token, say whose they are
OPEN |= {"join", "saml-metadata", "saml-answer", "saml-finish"}
# What every person of a tenant may open; all else belongs to somebody.
FOR_ALL = {("get", "home"), ("get", "conversations"), ("get", "collections"), ("get", "keys"), ("post", "keys")}
FOR_ALL |= {("get", "access-why")}  # of oneself
FOR_ALL |= {("get", "people-found")}  # colleagues to choose from, as in the forms
FOR_ALL |= {("get", "requests")}  # one's own, and what is shown to them
FOR_ALL |= {("get", "my-data"), ("post", "my-data-export"), ("post", "my-data-erasure")}
FOR_ALL |= {("post", "my-data-erasure-withdraw"), ("get", "collections-deleted")}
FOR_ALL |= {("get", "prompts"), ("post", "prompts"), ("get", "prompts-offered"), ("get", "shared"), ("post", "attach")}
FRAMED = {"embedded", "embedded-thread"}  # in another site's page: the door opens in a window of its own
FOR_ALL |= {
    ("get", "account"),
    ("post", "account-password"),
    ("post", "account-sessions-end"),
    ("post", "account-codes"),
}
FOR_ALL |= {(verb, name) for name in ("account-authenticator", "account-passkey-new") for verb in ("get", "post")}
FOR_ALL |= {("post", "account-authenticator-remove"), ("get", "confirm-kept")}
ADMINS_OWN = {"people", "groups", "access", "every-key", "settings", "usage", "usage-csv"}
ADMINS_OWN |= {"policy-second", "assistants", "assistant-new"}
ADMINS_OWN |= {"services", "key-rules"}
ADMINS_OWN |= {"support"}


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


@dataclass
class Stage:
    """A furnished room, and one of each thing that an address may name."""

    room: portal.Furnished
    ids: dict[str, Any]


def staged(house: cast.House) -> Stage:
    room = portal.furnished(house)
    ids = {
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
        "person": house.ids["bob"],
        "group": house.team,
        "holder": house.team,
        "replay": traffic.replay_of(house),
        "index": shelves.index_beside(house),
        "entry": glossary.add(house.ada, f"T{uuid.uuid4().hex[:8]}", ["a term"]).pk,
        "kind": "group",
        "key": _a_key(house),
        "what": "days",
        "service": _a_service(house),
        "role": custom_roles.create(house.ada, f"Librarian {uuid.uuid4().hex[:8]}", ["collection.see"]),
        "prompt": prompts.create(house.bob, uuid.uuid4().hex, "What of {that}?").pk,
        "assistant": assistants.compose(house.ada, Draft(uuid.uuid4().hex)).pk,
        "share": sharing.share(house.bob, room.conversation, grants.Holder(group=house.team)).pk,
        "draft": _a_draft(house),
        "rule": "secrets-input",
        "support_access": support.offer(house.ada, "", support.Draft("T-1", "Nothing is read.")),
    }
    others = (
        "session",
        "passkey",
        "case",
        "erasure",
        "hold",
        "opening",
        "search",
        "bundle",
        "target",
        "source",
        "item",
        "question",
        "run",
        "directory",
        "secret",
        "kept",
        "assignment",
        "asked",
        "offer",
        "limit",
    )
    return Stage(room, ids | {name: uuid.uuid4() for name in others})


@pytest.fixture(scope="module")
def stage(shared_house: cast.House, django_db_blocker: Any) -> Stage:
    with django_db_blocker.unblock():
        return staged(shared_house)


@pytest.fixture(scope="module")
def stranger(django_db_blocker: Any) -> cast.House:
    """The neighbour of `stage`."""
    with django_db_blocker.unblock():
        return cast.house(f"n{uuid.uuid4().hex[:12]}")


def address(name: str, stage: Stage) -> str:
    everything = stage.ids | {"number": stage.ids["draft"] if name.startswith("policy") else 1}
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


def _a_service(house: cast.House) -> uuid.UUID:
    """Ada answers for it."""
    return accounts.create(house.ada, accounts.Draft("Reports", "Figures.", house.ids["ada"]))


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
        "document": str(room.document),
        "bin_days": "30",
        "days": "5",
        "answer": "No.",
    }


def tried(client: Client, verb: str, name: str, stage: Stage) -> int:
    body = sent(stage.room)
    if name == "documents" and verb == "post":
        return client.post(address(name, stage), {"files": SimpleUploadedFile("a.md", b"# A\n\ntext")}).status_code
    answered = client.post(address(name, stage), body) if verb == "post" else client.get(address(name, stage))
    return answered.status_code


@pytest.mark.parametrize(("verb", "name"), CASES)
def test_nobody_is_sent_to_sign_in(verb: str, name: str, stage: Stage) -> None:
    response = getattr(Client(), verb)(address(name, stage))
    if name in FRAMED:
        assert response.status_code == 401
        assert b'target="_blank"' in response.content
        return
    assert response.status_code == 302
    assert response["Location"].startswith("/?next=")


@pytest.mark.parametrize(("verb", "name"), CASES)
def test_an_outsider_gets_nothing(verb: str, name: str, stage: Stage) -> None:
    assert tried(portal.signed_in(stage.room.house, "charlie"), verb, name, stage) in {403, 404}


@pytest.mark.parametrize(("verb", "name"), CASES)
def test_the_neighbours_admin_and_officer_find_nothing_there(
    verb: str, name: str, stage: Stage, stranger: cast.House
) -> None:
    is_of_nothing = not next(one for one in routes.urlpatterns if one.name == name).pattern.converters
    if is_of_nothing and name not in ADMINS_OWN | {"ask"}:  # their own room: nothing of this house is named
        return
    for person in ("olga",) if name in ADMINS_OWN else ("ada", "olga"):
        assert tried(portal.signed_in(stranger, person), verb, name, stage) in {403, 404}


def test_whom_it_is_for_gets_it(stage: Stage) -> None:
    """Else the refusals above would prove nothing: it is all there still, after them."""
    bob = portal.signed_in(stage.room.house, "bob")
    for name in ("home", "thread", "answer", "collections", "collection", "documents", "document", "passage"):
        assert bob.get(address(name, stage)).status_code == 200, name


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
