from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from governance.audit import events, keyring, reading
from governance.audit.vocabulary import Event
from governance.errors import Forbidden, InvalidInput, NotFound
from tests.cast import House

WHY = "Complaint 17 of the works council"


def ask(house: House, text: str = "What is the notice period?") -> tuple[uuid.UUID, uuid.UUID]:
    """(event, interaction) of a prompt of Bob's."""
    interaction = uuid.uuid4()
    event = events.record(house.bob, Event.PROMPT_RECEIVED, interaction=interaction, payload={"text": text})
    return event, interaction


def test_the_officer_reads_events_masked(house: House) -> None:
    event, interaction = ask(house, "my salary is 91000")
    (found,) = reading.listed(house.olga, interaction=interaction).events

    assert (found.id, found.action, found.actor) == (event, "prompt.received", house.ids["bob"])
    assert (found.actor_kind, found.roles, found.has_payload) == ("person", ["employee"], True)
    assert "91000" not in repr(found)
    assert json.loads(base64.b64decode(found.leaf_data))["id"] == str(event)


def test_reading_is_itself_recorded_with_what_was_asked_for(house: House) -> None:
    _, interaction = ask(house)
    reading.listed(house.olga, interaction=interaction)
    (read, *_) = reading.listed(house.olga, action="record.read").events
    assert read.actor == house.ids["olga"]
    assert read.facts == {"interaction": str(interaction), "events": 1}


def test_each_filter_keeps_what_it_names(house: House) -> None:
    event, _ = ask(house)
    resource = uuid.uuid4()
    made = events.record(house.ada, Event.COLLECTION_CREATED, resource=("collection", resource))
    now = datetime.now(UTC)

    assert [e.id for e in reading.listed(house.olga, person=house.ids["bob"]).events] == [event]
    assert [e.id for e in reading.listed(house.olga, resource=resource).events] == [made]
    assert [e.id for e in reading.listed(house.olga, action="collection.created").events] == [made]
    assert [e.id for e in reading.listed(house.olga, action="prompt").events] == [event]
    assert reading.listed(house.olga, since=now + timedelta(hours=1)).events == []
    assert reading.listed(house.olga, until=now - timedelta(hours=1)).events == []


def test_pages_go_back_to_the_beginning_without_a_gap_or_a_repetition(house: House) -> None:
    made = [ask(house)[0] for _ in range(7)]
    seen, cursor, pages = [], None, 0
    while True:
        page = reading.listed(house.olga, action="prompt", cursor=cursor, limit=3)
        seen += [event.id for event in page.events]
        cursor, pages = page.next, pages + 1
        if cursor is None:
            break
    assert seen == made[::-1]
    assert pages == 3


@pytest.mark.parametrize("cursor", ["x", "////", "AAAA", base64.b64encode(b"2026-01-01 nothing").decode(), "ä"])
def test_a_cursor_that_was_never_given_out_is_refused(house: House, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        reading.listed(house.olga, cursor=cursor)


@pytest.mark.parametrize("action", ["Bob Miller", "%", "prompt.", "prompt.%"])
def test_a_free_text_cannot_be_put_on_the_record_as_a_filter(house: House, action: str) -> None:
    with pytest.raises(InvalidInput, match="no such event"):
        reading.listed(house.olga, action=action)


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_a_page_has_a_size(house: House, limit: int) -> None:
    with pytest.raises(InvalidInput):
        reading.listed(house.olga, limit=limit)


@pytest.mark.parametrize("name", ["ada", "bob", "charlie"])
def test_whoever_is_no_officer_is_refused(house: House, name: str) -> None:
    event, _ = ask(house)
    scope = house.scope(name)
    for read in (
        lambda: reading.listed(scope),
        lambda: reading.one(scope, event),
        lambda: reading.opened(scope, event, WHY),
    ):
        with pytest.raises(Forbidden):
            read()


@pytest.mark.parametrize(("name", "rows"), [("ada", 0), ("bob", 0), ("charlie", 0), ("olga", 1)])
def test_the_database_asks_for_the_role_as_well(house: House, name: str, rows: int) -> None:
    event, _ = ask(house)
    with house.scope(name).transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM audit.read(%s::jsonb, 10)", [json.dumps({"id": str(event)})])
        assert len(cursor.fetchall()) == rows


def test_a_key_without_the_record_scope_reads_nothing(house: House) -> None:
    from governance import keys

    narrow = keys.resolve(house.key("olga", "ask"))
    wide = keys.resolve(house.key("olga", "record"))
    assert narrow is not None
    assert wide is not None
    with pytest.raises(Forbidden):
        reading.listed(narrow)
    reading.listed(wide)
    (read, *_) = reading.listed(house.olga, action="record.read", limit=1).events
    assert read.key == wide.key


def test_another_tenants_officer_finds_nothing(house: House, neighbour: House) -> None:
    event, interaction = ask(house)
    assert reading.listed(neighbour.olga, interaction=interaction).events == []
    with pytest.raises(NotFound):
        reading.one(neighbour.olga, event)
    with pytest.raises(NotFound):
        reading.opened(neighbour.olga, event, WHY)


def test_one_event_is_read_masked_and_that_is_recorded(house: House) -> None:
    event, _ = ask(house)
    assert reading.one(house.olga, event).id == event
    (read,) = reading.listed(house.olga, action="record.read").events
    assert read.facts == {"event": str(event)}


def test_opening_shows_the_words_and_records_the_reason(house: House) -> None:
    event, interaction = ask(house)
    opened = reading.opened(house.olga, event, f"  {WHY} ")
    assert opened.payload == {"text": "What is the notice period?"}
    assert not opened.is_erased

    (newest, first) = reading.listed(house.olga, interaction=interaction).events
    assert (first.id, newest.action) == (event, "record.opened")
    assert newest.facts == {"event": str(event), "is_erased": False}
    assert reading.opened(house.olga, newest.id, WHY).payload == {"reason": WHY}


@pytest.mark.parametrize("reason", ["", "because", "   short   "])
def test_opening_takes_a_reason(house: House, reason: str) -> None:
    event, interaction = ask(house)
    with pytest.raises(InvalidInput, match="why"):
        reading.opened(house.olga, event, reason)
    assert [e.id for e in reading.listed(house.olga, interaction=interaction).events] == [event]


def test_an_erased_payload_says_so_and_an_absent_one_does_not(house: House) -> None:
    event, _ = ask(house)
    bare = events.record(house.ada, Event.COLLECTION_CHANGED)
    assert keyring.ring().destroy(house.tenant, house.ids["bob"])

    opened = reading.opened(house.olga, event, WHY)
    assert (opened.payload, opened.is_erased, opened.recorded.has_payload) == (None, True, True)
    without = reading.opened(house.olga, bare, WHY)
    assert (without.payload, without.is_erased, without.recorded.has_payload) == (None, False, False)
