"""Searching the record for words: found where they are encrypted, told without what stands beside them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from governance import assignments, keys
from governance.audit import events, keyring, reading, words
from governance.audit.vocabulary import Event
from governance.errors import Forbidden, InvalidInput, NotFound
from governance.roles import Role
from tests.cast import House
from tests.governance.database import leaves, payloads

WHY = "Complaint of the works council"


def say(house: House, text: str, name: str = "bob") -> uuid.UUID:
    interaction = uuid.uuid4()
    events.record(house.scope(name), Event.PROMPT_RECEIVED, interaction=interaction, payload={"text": text})
    return interaction


def found(house: House, wanted: str, **filters: object) -> list[words.Match]:
    search = words.begin(house.olga, wanted, WHY, **filters)  # type: ignore[arg-type]
    return words.part(house.olga, search).matches


def test_words_are_found_wherever_they_stand_and_whatever_their_case(house: House) -> None:
    wanted = say(house, "My SALARY is 91,000, and the Straße is long")
    say(house, "Nothing to see")
    assert [match.recorded.interaction for match in found(house, "salary")] == [wanted]
    assert [match.recorded.interaction for match in found(house, 'STRASSE "salary is 91"')] == [wanted]
    assert found(house, "salary nothing") == []
    assert found(house, '"91,000 salary"') == []


def test_what_is_told_is_where_and_never_what_stands_there(house: House) -> None:
    say(house, "ten times: my salary, your salary, and nobody else's")
    (match,) = found(house, "salary")
    assert [(place.name, place.times) for place in match.places] == [("text", 2)]
    assert 0 < match.places[0].at[0] < match.places[0].at[1] < 1
    assert "nobody" not in repr(match)


def test_the_search_is_on_the_record_with_its_words_and_its_reason_unread(house: House) -> None:
    say(house, "my salary is 91000")
    found(house, "salary", person=house.ids["bob"])
    (told,) = leaves(house, "record.searched")
    assert told["facts"]["person"] == str(house.ids["bob"])
    assert told["facts"]["texts"] == 1
    assert "salary" not in repr(told)
    assert payloads(house, "record.searched") == [{"words": "salary", "reason": WHY}]


def test_a_search_finds_neither_itself_nor_an_officers_reasons(house: House) -> None:
    interaction = say(house, "an ordinary text")
    reading.opened(house.olga, reading.listed(house.olga, interaction=interaction).events[0].id, "about the merger")
    assert found(house, "merger") == []
    assert found(house, "merger") == []
    assert len(found(house, "ordinary")) == 1


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [("", WHY), ("x", WHY), ("x" * 201, WHY), (" ".join(["word"] * 11), WHY), ('"  "', WHY), ("salary", "because")],
)
def test_a_search_takes_words_and_a_reason(shared_house: House, wanted: str, reason: str) -> None:
    with pytest.raises(InvalidInput):
        words.begin(shared_house.olga, wanted, reason)
    assert leaves(shared_house, "record.searched") == []


def test_filters_hold_inside_the_search(house: House) -> None:
    mine = say(house, "the salary of Bob")
    say(house, "the salary of Ada", "ada")
    assert [m.recorded.interaction for m in found(house, "salary", person=house.ids["bob"])] == [mine]
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert found(house, "salary", until=yesterday) == []
    assert len(found(house, "salary", since=yesterday)) == 2


def test_it_goes_on_in_parts_and_each_text_is_looked_into_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "A_PART", 3)
    made = [say(house, f"salary number {number}") for number in range(8)][::-1]
    search = words.begin(house.olga, "salary", WHY, action="prompt")
    say(house, "a salary that came later")
    told, cursor, looked = [], "", []
    while True:
        part = words.part(house.olga, search, cursor)
        told += [match.recorded.interaction for match in part.matches]
        looked.append(part.looked)
        if not part.next:
            break
        cursor = part.next
    assert told == made
    assert looked == [3, 6, 8]
    assert len(leaves(house, "record.searched")) == 1


def test_it_stops_at_its_limits_and_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        say(house, f"salary number {number}")
    monkeypatch.setattr(words, "LOOKED_MOST", 3)
    monkeypatch.setattr(words, "A_PART", 2)
    search = words.begin(house.olga, "salary", WHY, action="prompt")
    begun = words.get(house.olga, search)
    assert (begun.texts, begun.is_cut) == (3, True)
    first = words.part(house.olga, search)
    second = words.part(house.olga, search, first.next or "")
    assert (second.looked, second.next) == (3, None)
    monkeypatch.setattr(words, "MATCHES_MOST", 1)
    full = words.part(house.olga, search)
    assert (full.matched, full.next, full.is_full) == (1, None, True)


def test_a_place_to_go_on_from_cannot_be_made_up(house: House) -> None:
    say(house, "salary")
    search = words.begin(house.olga, "salary", WHY)
    for cursor in ("x", "WyJ4Iiwg:1abc:def"):
        with pytest.raises(InvalidInput, match="cursor"):
            words.part(house.olga, search, cursor)


def test_a_search_is_for_whoever_began_it_and_for_a_while(
    house: House, neighbour: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(house, "salary")
    search = words.begin(house.olga, "salary", WHY)
    assignments.give(house.system, house.ids["ada"], Role.COMPLIANCE_OFFICER)
    for scope in (house.ada, neighbour.olga):
        with pytest.raises(NotFound):
            words.part(scope, search)
    keyed = keys.resolve(house.key("olga", "record"))
    assert keyed is not None
    assert len(words.part(keyed, search).matches) == 1
    monkeypatch.setattr(words, "GOES_ON_FOR", timedelta(0))
    with pytest.raises(NotFound, match="time is over"):
        words.part(house.olga, search)


def test_whoever_may_not_open_words_does_not_search_them(house: House) -> None:
    say(house, "salary")
    search = words.begin(house.olga, "salary", WHY)
    for name in ("ada", "bob", "charlie"):
        with pytest.raises(Forbidden):
            words.begin(house.scope(name), "salary", WHY)
        with pytest.raises(Forbidden):
            words.part(house.scope(name), search)


def test_what_was_erased_is_found_no_more(house: House) -> None:
    say(house, "my salary")
    assert len(found(house, "salary")) == 1
    keyring.ring().destroy(house.tenant, house.ids["bob"])
    assert found(house, "salary") == []


def test_a_collection_leads_to_every_answer_that_was_given_a_passage_of_it(house: House) -> None:
    collection, document = uuid.uuid4(), uuid.uuid4()

    def answered(**facts: object) -> uuid.UUID:
        interaction = say(house, "what does it say?")
        events.record(house.bob, Event.RETRIEVED, interaction=interaction, facts=dict(facts))
        events.record(house.bob, Event.ANSWER_FINISHED, interaction=interaction, facts={"status": "answered"})
        return interaction

    given = answered(passages=[{"document": uuid.uuid4(), "collection": collection}])
    withheld = answered(passages=[], withheld=[{"document": uuid.uuid4(), "collection": collection}])
    before = answered(passages=[{"document": document}])  # as it was recorded before the collection was
    answered(collections=[collection], passages=[{"document": uuid.uuid4(), "collection": uuid.uuid4()}])
    events.record(
        house.ada, Event.DOCUMENT_DELETED, resource=("document", document), facts={"collection": str(collection)}
    )
    told = reading.listed(house.olga, touched=collection).events
    assert {event.interaction for event in told} == {given, withheld, before}
    assert {event.action for event in told} == {"prompt.received", "retrieval.performed", "answer.finished"}


def test_a_model_leads_to_every_answer_it_wrote(house: House, neighbour: House) -> None:
    interaction = say(house, "who are you?")
    facts = {"status": "answered", "model": {"name": "qwen2.5-coder:1.5b", "sha256": "ab"}}
    events.record(house.bob, Event.ANSWER_FINISHED, interaction=interaction, facts=facts)
    say(house, "and who answered this?")
    told = reading.listed(house.olga, model="qwen2.5-coder:1.5b").events
    assert {event.interaction for event in told} == {interaction}
    assert len(told) == 2
    assert reading.models(house.olga) == ["qwen2.5-coder:1.5b"]
    assert reading.models(neighbour.olga) == []
    assert reading.listed(house.olga, model="another").events == []
    with pytest.raises(InvalidInput, match="model"):
        reading.listed(house.olga, model="a sentence of somebody's")
    with pytest.raises(Forbidden):
        reading.models(house.bob)
