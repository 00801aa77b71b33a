"""The leaf: what is hashed, what it commits to, and what cannot be made to pass for one."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

import pytest
import rfc8785
from django.db import DatabaseError, ProgrammingError

from governance import keys
from governance.audit import envelope, events, keyring
from governance.audit.vocabulary import Event
from governance.errors import RecordUnavailable
from governance.roles import Level, Role
from governance.scope import Scope
from tests.cast import House
from tests.governance.database import append, numbers, stored


def test_a_leaf_is_canonical_and_says_who_did_what(house: House) -> None:
    resource, interaction = uuid.uuid4(), uuid.uuid4()
    scope = keys.resolve(house.key("bob", "ask"), request_id="r-1")
    assert scope is not None
    event = events.record(
        scope,
        Event.DOCUMENT_READ,
        resource=("document", resource),
        interaction=interaction,
        facts={"pages": 3, "a": 0.1},
    )
    leaf, ciphertext = stored(house, event)
    told = json.loads(leaf)
    assert rfc8785.dumps(told) == leaf
    assert told.pop("at").endswith("+00:00")
    accepted = told.pop("accepted")
    assert accepted.pop("at").endswith("+00:00")
    assert accepted.keys() == {"number", "writer"}
    assert told == {
        "v": 3,
        "id": str(event),
        "tenant": str(house.tenant),
        "action": "document.read",
        "actor": {"kind": "person", "id": str(house.ids["bob"]), "key": str(scope.key)},
        "roles": ["employee"],
        "groups": [str(house.team)],
        "session": None,
        "client": None,
        "request": "r-1",
        "resource": {"kind": "document", "id": str(resource)},
        "interaction": str(interaction),
        "facts": {"pages": 3, "a": 0.1},
    }
    assert ciphertext is None


def test_a_leaf_commits_to_its_payload(house: House) -> None:
    event = events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "Wie lange? 🙂"})
    leaf, ciphertext = stored(house, event)
    assert ciphertext is not None
    said = json.loads(leaf)["payload"]
    assert said.keys() == {"subject", "sha256", "commitment"}
    assert said["subject"] == str(house.ids["bob"])
    assert said["sha256"] == hashlib.sha256(ciphertext).hexdigest()
    assert envelope.unseal(house.tenant, house.ids["bob"], event, ciphertext) == {"text": "Wie lange? 🙂"}
    assert hashlib.sha256(rfc8785.dumps({"text": "Wie lange? 🙂"})).hexdigest() != said["commitment"]


def test_the_same_words_twice_cannot_be_told_from_the_leaves(house: House) -> None:
    said = [
        json.loads(stored(house, events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "same"}))[0])[
            "payload"
        ]
        for _ in range(2)
    ]
    assert said[0]["commitment"] != said[1]["commitment"]
    assert said[0]["sha256"] != said[1]["sha256"]


def test_a_payload_opens_for_its_own_event_only(house: House) -> None:
    event = events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "mine"})
    _, ciphertext = stored(house, event)
    assert ciphertext is not None
    for tenant, subject, other in (
        (house.tenant, house.ids["bob"], uuid.uuid4()),
        (house.tenant, house.ids["ada"], event),
        (uuid.uuid4(), house.ids["bob"], event),
    ):
        with pytest.raises(keyring.KeyGone):
            envelope.unseal(tenant, subject, other, ciphertext)


def test_erasure_takes_the_words_and_leaves_the_leaf(house: House) -> None:
    event = events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "mine"})
    before = stored(house, event)
    assert before[1] is not None
    assert keyring.ring().destroy(house.tenant, house.ids["bob"]) is True
    assert keyring.ring().destroy(house.tenant, house.ids["bob"]) is False

    with pytest.raises(keyring.KeyGone):
        envelope.unseal(house.tenant, house.ids["bob"], event, before[1])
    assert stored(house, event) == before
    assert json.loads(before[0])["payload"]["sha256"] == hashlib.sha256(before[1]).hexdigest()


def test_a_key_that_was_destroyed_is_not_made_anew(house: House) -> None:
    first = events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "old"})
    keyring.ring().destroy(house.tenant, house.ids["bob"])
    with pytest.raises(RecordUnavailable):
        events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "new"})
    old = stored(house, first)[1]
    assert old is not None
    with pytest.raises(keyring.KeyGone):
        envelope.unseal(house.tenant, house.ids["bob"], first, old)
    assert set(keyring.ring().destroyed(house.tenant)) == {house.ids["bob"]}


def test_another_tenants_leaf_is_refused(house: House, neighbour: House) -> None:
    leaf, _ = stored(neighbour, events.record(neighbour.bob, Event.SIGNED_OUT))
    forged = rfc8785.dumps(json.loads(leaf) | {"id": str(uuid.uuid4())})
    before = numbers(neighbour.tenant)
    for scope in (house.bob, house.system):
        with pytest.raises(ProgrammingError, match="another tenant"), scope.transaction():
            append(forged)
    with pytest.raises(ProgrammingError, match="another tenant"):
        append(forged)
    assert numbers(neighbour.tenant) == before


def test_inside_a_tenant_the_installations_log_cannot_be_written(house: House) -> None:
    leaf = rfc8785.dumps(
        {"id": str(uuid.uuid4()), "tenant": str(events.INSTALLATION), "action": "x", "at": "2026-01-01"}
    )
    with pytest.raises(ProgrammingError, match="another tenant"), house.bob.transaction():
        append(leaf)


@pytest.mark.parametrize("ciphertext", [None, b"something else"])
def test_a_payload_that_is_not_the_leafs_own_is_refused(house: House, ciphertext: bytes | None) -> None:
    leaf, _ = stored(house, events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "mine"}))
    forged = rfc8785.dumps(json.loads(leaf) | {"id": str(uuid.uuid4())})
    with pytest.raises(DatabaseError, match="hash of its payload"), house.bob.transaction():
        append(forged, ciphertext)


def test_a_payload_that_no_leaf_speaks_of_is_refused(house: House) -> None:
    leaf, _ = stored(house, events.record(house.bob, Event.SIGNED_OUT))
    extras: list[dict[str, Any]] = [{}, {"payload": {}}, {"payload": None}]
    for extra in extras:
        forged = rfc8785.dumps(json.loads(leaf) | {"id": str(uuid.uuid4())} | extra)
        with pytest.raises(DatabaseError, match="hash of its payload"), house.bob.transaction():
            append(forged, b"smuggled")


def test_facts_of_every_kind_become_plain_json(house: House) -> None:
    one = uuid.uuid4()
    facts: dict[str, Any] = {
        "set": frozenset({"b", "a"}),
        "id": one,
        "enum": Level.READ,
        "role": Role.EMPLOYEE,
        "none": None,
        "third": 1 / 3,
        "nested": [{"x": (1, 2)}],
        "surrogate": "\ud800",
    }
    told = json.loads(stored(house, events.record(house.bob, Event.SIGNED_IN, facts=facts))[0])["facts"]
    assert told == {
        "set": ["a", "b"],
        "id": str(one),
        "enum": 1,
        "role": "employee",
        "none": None,
        "third": 0.333333,
        "nested": [{"x": [1, 2]}],
        "surrogate": "?",
    }


def test_a_system_scopes_payload_is_under_the_tenants_key(house: House) -> None:
    event = events.record(Scope.system(house.tenant), Event.DOCUMENT_READY, payload={"name": "Travel.pdf"})
    assert json.loads(stored(house, event)[0])["payload"]["subject"] == str(house.tenant)
