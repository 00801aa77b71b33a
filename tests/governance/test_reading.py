from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from governance import assignments, keys
from governance.audit import events, keyring, reading
from governance.audit.vocabulary import Event
from governance.errors import Forbidden, InvalidInput, NotFound, TooLarge
from governance.roles import Role
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
def test_a_cursor_that_was_never_given_out_is_refused(shared_house: House, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        reading.listed(shared_house.olga, cursor=cursor)


@pytest.mark.parametrize("action", ["Bob Miller", "%", "prompt.", "prompt.%"])
def test_a_free_text_cannot_be_put_on_the_record_as_a_filter(shared_house: House, action: str) -> None:
    with pytest.raises(InvalidInput, match="no such event"):
        reading.listed(shared_house.olga, action=action)


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


def test_pages_go_forth_again_over_the_same_events(house: House) -> None:
    made = [ask(house)[0] for _ in range(8)][::-1]
    first = reading.listed(house.olga, action="prompt", limit=3)
    second = reading.listed(house.olga, action="prompt", limit=3, cursor=first.next)
    third = reading.listed(house.olga, action="prompt", limit=3, cursor=second.next)
    back = reading.listed(house.olga, action="prompt", limit=3, newer=third.newer)
    top = reading.listed(house.olga, action="prompt", limit=3, newer=back.newer)

    assert [e.id for e in (*first.events, *second.events, *third.events)] == made
    assert back.events == second.events
    assert top.events == first.events
    assert (first.newer, top.newer, third.next) == (None, None, None)
    assert back.next == second.next


def test_looking_again_within_minutes_is_one_reading(house: House) -> None:
    _, interaction = ask(house)
    for _ in range(3):
        reading.listed(house.olga, interaction=interaction)
    reading.listed(house.olga, person=house.ids["bob"])
    reads = reading.listed(house.olga, action="record.read").events
    assert [read.facts for read in reads] == [
        {"person": str(house.ids["bob"]), "events": 1},
        {"interaction": str(interaction), "events": 1},
    ]


def test_the_same_reading_by_key_or_by_somebody_else_is_another(house: House) -> None:
    event, _ = ask(house)
    keyed = keys.resolve(house.key("olga", "record"))
    assert keyed is not None
    assignments.give(house.system, house.ids["ada"], Role.COMPLIANCE_OFFICER)
    for scope in (house.olga, keyed, house.ada, keyed):
        reading.one(scope, event)
    reads = reading.listed(house.olga, action="record.read").events
    assert {(read.actor, read.key is None) for read in reads} == {
        (house.ids["olga"], True),
        (house.ids["olga"], False),
        (house.ids["ada"], True),
    }
    assert len(reads) == 3


def test_events_are_found_by_what_they_came_to(house: House) -> None:
    interaction = uuid.uuid4()
    told: dict[str, tuple[Event, dict[str, object]]] = {
        "redact": (Event.POLICY_DECIDED, {"action": "redact", "stage": "input"}),
        "allow": (Event.POLICY_DECIDED, {"action": "allow", "stage": "input"}),
        "blocked": (Event.ANSWER_FINISHED, {"status": "blocked"}),
        "denied": (Event.ACCESS_DENIED, {"action": "record.read"}),
        "plain": (Event.SEGMENT_DELIVERED, {"was_redacted": False}),
        "cut": (Event.SEGMENT_DELIVERED, {"was_redacted": True}),
    }
    made = {name: events.record(house.bob, event, facts=facts) for name, (event, facts) in told.items()}
    events.record(house.bob, Event.PROMPT_RECEIVED, interaction=interaction)

    def found(*outcomes: str) -> set[uuid.UUID]:
        return {event.id for event in reading.listed(house.olga, outcomes=outcomes).events}

    assert found("redact", "block", "blocked") == {made["redact"], made["blocked"], made["cut"]}
    assert found("denied") == {made["denied"]}
    assert found("allow") == {made["allow"]}
    with pytest.raises(InvalidInput, match="comes to"):
        found("wonderful")


def test_a_document_leads_to_every_answer_that_was_given_it(house: House) -> None:
    document, collection, interaction = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    given = events.record(
        house.bob, Event.RETRIEVED, interaction=interaction, facts={"passages": [{"document": document, "score": 1.0}]}
    )
    asked = events.record(house.bob, Event.PROMPT_RECEIVED, facts={"collections": [collection]})
    ready = events.record(
        house.system, Event.DOCUMENT_READY, resource=("document", document), facts={"collection": collection}
    )
    events.record(house.bob, Event.RETRIEVED, facts={"passages": [{"document": "not an id"}], "collections": []})
    assert [e.id for e in reading.listed(house.olga, mentions=document).events] == [ready, given]
    assert [e.id for e in reading.listed(house.olga, mentions=collection).events] == [ready, asked]


def test_what_concerns_a_person_is_more_than_what_they_did(house: House) -> None:
    bob = house.ids["bob"]
    refused = events.record(house.system, Event.SIGN_IN_REFUSED, payload={"email": "x"}, subject=bob)
    role = events.record(house.ada, Event.ROLE_GIVEN, resource=("person", bob))
    asked, _ = ask(house)
    about = [event.id for event in reading.listed(house.olga, about=bob).events]
    assert about[:3] == [asked, role, refused]
    assert [event.id for event in reading.listed(house.olga, person=bob).events] == [asked]


def test_several_kinds_at_once_and_by_the_events_own_time(house: House) -> None:
    event, _ = ask(house)
    made = events.record(house.ada, Event.COLLECTION_CREATED)
    kinds = ["prompt.received", "collection.created"]
    assert [e.id for e in reading.listed(house.olga, actions=kinds).events] == [made, event]
    (asked,) = reading.listed(house.olga, action="prompt").events
    just_after = asked.at + timedelta(microseconds=1)
    assert [e.id for e in reading.listed(house.olga, actions=kinds, until=just_after, clock="event").events] == [event]
    with pytest.raises(InvalidInput, match="clock"):
        reading.listed(house.olga, clock="sundial")


def test_counting_tells_numbers_and_is_no_reading(house: House) -> None:
    ask(house)
    first = reading.listed(house.olga, action="prompt")
    ask(house)
    ask(house)
    events.record(house.ada, Event.COLLECTION_CREATED)
    assert reading.tallied(house.olga, action="prompt") == {"prompt.received": 3}
    assert reading.tallied(house.olga, action="prompt", newer=first.top) == {"prompt.received": 2}
    assert reading.tallied(house.olga, newer=first.top) == {"prompt.received": 2, "collection.created": 1}
    assert len(reading.listed(house.olga, action="record.read").events) == 1
    with pytest.raises(Forbidden):
        reading.tallied(house.bob)
    with house.bob.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM audit.tally('{}'::jsonb, 10)")
        assert cursor.fetchall() == []


def test_an_export_is_whole_masked_and_on_the_record(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LIMIT_MAX", 2)
    made = [ask(house, "my salary is 91000")[0] for _ in range(5)]
    out = list(reading.exported(house.olga, "csv", action="prompt"))
    assert [event.id for event in out] == made[::-1]
    assert "91000" not in repr(out)
    (told,) = reading.listed(house.olga, action="record.exported", limit=1).events
    assert (told.facts["format"], told.facts["events"], told.facts["action"]) == ("csv", 5, "prompt")
    monkeypatch.setattr(reading, "EXPORTED_MOST", 4)
    with pytest.raises(TooLarge, match="at most 4"):
        reading.exported(house.olga, "csv", action="prompt")
    with pytest.raises(Forbidden):
        reading.exported(house.ada, "csv")
