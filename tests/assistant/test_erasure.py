"""A person is erased: found nowhere that is live, unreadable in what is old, and the record stands as it stood."""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import rfc8785
from django.core.management import call_command
from django.test import Client

from assistant import conversations, models
from assistant.conversations import threads
from assistant.streams import stream
from governance import groups, invitations, keys, people
from governance import models as governed
from governance.audit import envelope, events, keyring, reading
from governance.audit.lifecycle import erasure, holds
from governance.audit.lifecycle.models import ErasureStatus as Status
from governance.audit.vocabulary import Event
from governance.errors import RecordUnavailable, Unavailable
from tests import cast
from tests.assistant import asking, portal, traces
from tests.cast import House
from tests.governance.database import as_superuser, leaves
from tests.governance.sealing import seal


@pytest.fixture
def marker() -> str:
    return f"quagga{uuid.uuid4().hex[:12]}"


def erased(house: House, name: str = "bob") -> governed.Erasure:
    made = erasure.request(house.scope(name))
    return erasure.approve(house.ada, made.pk)


def planted(house: House, marker: str, settings: Any) -> models.Answer:
    """Bob's traces: his name and address, what he asked and was told, titles, feedback, keys, identity, session, note."""
    asking.shelf(house, strictness="lenient")  # what no passage says is delivered too
    asking.speak(settings, lambda _: f"Twenty working days a year may be spent abroad, {marker}.")
    bob = house.ids["bob"]
    portal.signed_in(house, "bob")
    people.change(house.ada, bob, email=f"bob.{marker}@{house.slug}.example", name=f"Bob {marker}")
    row = asking.answered(house.bob)
    assert marker in asking.said(row)
    asking.answered(house.bob, f"I am {marker}.", conversation=row.conversation_id, is_model_only=True)
    threads.rename(house.bob, row.conversation_id, f"About {marker}")
    conversations.give_feedback(house.bob, row.pk, -1, f"Said {marker}")
    keys.issue(house.bob, bob, f"Key of {marker}", ["ask"], 1)
    invitations.issue(house.ada, bob)
    with house.ada.transaction():
        of = {"tenant_id": house.tenant, "person_id": bob}
        governed.Identity.objects.create(**of, issuer="https://login.example", subject=marker)
    for session in _sessions_of(bob):
        session["seen"] = marker
        session.save()
    return row


def _sessions_of(person: uuid.UUID) -> Iterator[Any]:
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session

    for row in Session.objects.iterator():
        if row.get_decoded().get("_auth_user_id") == str(person):
            yield SessionStore(row.pk)


def copy_of_payloads(house: House, person: uuid.UUID) -> list[tuple[dict[str, Any], bytes]]:
    """(leaf, ciphertext), as an old backup has them."""
    with as_superuser() as database:
        rows = database.execute(
            "SELECT e.leaf, p.ciphertext FROM audit.event e JOIN audit.payload p ON p.event_id = e.id"
            " WHERE e.tenant_id = %s AND e.subject_id = %s ORDER BY e.recorded_at",
            [house.tenant, person],
        ).fetchall()
    return [(json.loads(bytes(leaf)), bytes(ciphertext)) for leaf, ciphertext in rows]


def unsealed(house: House, copies: list[tuple[dict[str, Any], bytes]], ring: Any = None) -> int:
    """How many of them can be read with today's keyring."""
    opened = 0
    with mock.patch.object(keyring, "ring", return_value=ring or keyring.ring()):
        for leaf, ciphertext in copies:
            try:
                envelope.unseal(house.tenant, uuid.UUID(leaf["payload"]["subject"]), uuid.UUID(leaf["id"]), ciphertext)
            except keyring.KeyGone:
                continue
            opened += 1
    return opened


def record_of(house: House) -> list[tuple[Any, ...]]:
    with as_superuser() as database:
        return database.execute(
            "SELECT l.index, l.hash, l.chain, e.id, e.leaf, sha256(p.ciphertext) FROM audit.leaf l"
            " JOIN audit.event e ON e.tenant_id = l.tenant_id AND e.id = l.event_id"
            " LEFT JOIN audit.payload p ON p.tenant_id = e.tenant_id AND p.event_id = e.id"
            " WHERE l.tenant_id = %s ORDER BY l.index",
            [house.tenant],
        ).fetchall()


def test_the_marker_is_found_nowhere_that_is_live(
    house: House, marker: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    row = planted(house, marker, settings)
    erasure.request(house.bob, f"I, {marker}, have not made up my mind.")
    erasure.withdraw(house.bob)
    holds.lift(
        house.olga, holds.place(house.olga, f"A claim of {marker}.", about=house.ids["bob"]), "The claim was settled."
    )
    made = erasure.request(house.bob, f"I, {marker}, leave.")
    before = traces.of(marker)
    tables = ("person", "conversation", "answer", "segment", "api_key", "identity", "erasure", "hold")
    assert {f"table public.{name}" for name in tables} <= set(before)
    assert "sessions" in before
    assert f"valkey {stream.key(row.pk)}" in before
    old = copy_of_payloads(house, house.ids["bob"])
    assert len(old) > 5
    assert unsealed(house, old) == len(old)
    seal(house)
    leaves_before = record_of(house)

    done = erasure.approve(house.olga, made.pk)

    assert done.status == Status.ERASED
    assert traces.of(marker) == []
    assert marker not in caplog.text
    seal(house)
    leaves_after = record_of(house)
    assert leaves_after[: len(leaves_before)] == leaves_before
    assert len(leaves_after) > len(leaves_before)
    assert unsealed(house, old) == 0
    fresh = keyring.FileKeyring(settings.RECORD_KEYRING["OPTIONS"]["folder"])
    assert unsealed(house, old, fresh) == 0


def test_a_guess_cannot_be_tried_against_what_is_left(house: House) -> None:
    """The commitment's salt went with the key: it stood inside the ciphertext."""
    events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "yes"})
    leaf, ciphertext = copy_of_payloads(house, house.ids["bob"])[-1]
    key = keyring.ring().key(house.tenant, house.ids["bob"])
    assert key not in ciphertext
    erased(house)
    guess = rfc8785.dumps({"text": "yes"})
    for salt in (b"", ciphertext[:32], ciphertext[12:44], bytes(32)):
        assert hashlib.sha256(salt + guess).hexdigest() != leaf["payload"]["commitment"]


def test_a_keyring_put_back_from_an_old_copy_opens_nothing_either(house: House, settings: Any) -> None:
    events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "mine"})
    old = copy_of_payloads(house, house.ids["bob"])
    path = Path(settings.RECORD_KEYRING["OPTIONS"]["folder"]) / house.tenant.hex / f"{house.ids['bob'].hex}.key"
    kept = path.read_bytes()
    erased(house)
    assert not path.exists()
    path.write_bytes(kept)
    assert unsealed(house, old, keyring.FileKeyring(str(path.parent.parent))) == 0
    path.unlink()


def test_nothing_more_is_written_of_whoever_was_erased(house: House) -> None:
    bob = house.bob
    erased(house)
    with pytest.raises(RecordUnavailable):
        events.record(bob, Event.PROMPT_RECEIVED, payload={"text": "from a worker that was late"})


def test_the_person_is_nobody_afterwards(house: House) -> None:
    client, key = portal.signed_in(house, "bob"), house.key("bob", "ask")
    groups.add(house.ada, groups.create(house.ada, "Choir"), house.ids["bob"])
    erased(house)
    assert client.get("/c/").status_code == 302
    assert keys.resolve(key) is None
    sent = {"email": house.email("bob"), "password": cast.PASSWORD}
    assert Client().post(f"/t/{house.slug}/", sent).status_code == 401
    row = people.get(house.ada, house.ids["bob"])
    assert (row.pk, row.is_active, row.has_usable_password()) == (house.ids["bob"], False, False)
    assert row.name.startswith("Erased person")
    assert row.email.endswith("@erased.invalid")
    with house.system.transaction():
        assert not governed.Membership.objects.filter(person=row.pk).exists()


def test_the_neighbours_and_the_colleagues_are_left_alone(house: House, neighbour: House, settings: Any) -> None:
    asking.shelf(house)
    asking.speak(settings, lambda _: "Twenty working days a year may be spent abroad.")
    groups.add(house.ada, house.team, house.ids["charlie"])
    others = asking.answered(house.charlie)
    asking.answered(house.bob)
    events.record(neighbour.bob, Event.PROMPT_RECEIVED, payload={"text": "mine"})
    erased(house)
    assert asking.said(asking.seen(house.charlie, others.pk))
    assert asking.streamed(others.pk)
    copies = copy_of_payloads(house, house.ids["charlie"]) + copy_of_payloads(neighbour, neighbour.ids["bob"])
    assert unsealed(house, copies[:-1]) == len(copies) - len(copy_of_payloads(neighbour, neighbour.ids["bob"]))
    assert people.get(neighbour.ada, neighbour.ids["bob"]).name == "Bob"


def test_the_certificate_lists_every_store_and_the_record_holds_its_hash(
    house: House, marker: str, settings: Any
) -> None:
    planted(house, marker, settings)
    seal(house)
    done = erased(house)
    told = done.certificate
    assert {one["store"] for one in told["stores"]} == {
        "sign-in", "rights", "usage", "requests", "account", "sessions", "streams", "conversations",
    }  # fmt: skip
    amounts = {one["removed"]: one["amount"] for one in told["stores"]}
    expected = {"answers": 2, "conversations": 1, "keys": 1, "identities": 1, "streams": 2, "sessions": 1}
    assert amounts | expected == amounts
    assert amounts["segments"] >= 2
    assert amounts["memberships"] == 1
    assert amounts["reservations"] == 2
    assert told["record"]["events"] > 5
    assert told["record"]["size"] > 5
    assert told["approved_by"] == str(house.ids["ada"])
    assert told["person"] == told["requested_by"] == str(house.ids["bob"])
    (leaf,) = leaves(house, "person.erased")
    assert leaf["id"] == str(done.event)
    assert leaf["facts"]["certificate"] == hashlib.sha256(rfc8785.dumps(told)).hexdigest()
    names = [one["action"] for one in leaves(house, "erasure")]
    assert names == ["erasure.requested", "erasure.approved"]


def test_whoever_dies_in_between_is_followed(house: House, marker: str, settings: Any) -> None:
    planted(house, marker, settings)
    made = erasure.request(house.bob)
    with mock.patch.object(stream, "forget", side_effect=Unavailable("Valkey does not answer.")):
        assert erasure.approve(house.ada, made.pk).status == Status.APPROVED
    assert "table public.answer" in traces.in_tables(marker)  # rolled back; the key is gone already
    assert erasure.sweep([house.tenant]) == 1
    assert traces.of(marker) == []
    assert erasure.sweep([house.tenant]) == 0


def test_a_restored_database_is_told_who_was_erased(house: House, marker: str, settings: Any) -> None:
    row = planted(house, marker, settings)
    erased(house)
    with as_superuser() as database:  # as the backup had it
        database.execute(
            "UPDATE person SET name = %s, is_active = true, erased_at = NULL WHERE id = %s", [marker, house.ids["bob"]]
        )
        database.execute("DELETE FROM erasure WHERE tenant_id = %s", [house.tenant])
    with house.bob.transaction():
        mine = {"tenant_id": house.tenant, "person_id": house.ids["bob"]}
        again = models.Conversation.objects.create(**mine, title=f"About {marker}")
        models.Answer.objects.create(pk=row.pk, **mine, conversation=again, question=marker)
    assert traces.of(marker)
    call_command("replay_erasures")
    assert traces.of(marker) == []
    erasures = leaves(house, "person.erased")
    assert [leaf["facts"]["replayed"] for leaf in erasures] == [False, True]
    call_command("replay_erasures")
    assert len(leaves(house, "person.erased")) == 2


def test_the_officer_is_told_that_the_words_are_gone(house: House) -> None:
    event = events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "mine"})
    erased(house)
    opened = reading.opened(house.olga, event, "looking at what is gone")
    assert (opened.payload, opened.is_erased) == (None, True)
