"""One interaction, masked, and opened for a while."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from governance import assignments
from governance.audit import events, interactions, keyring
from governance.audit.vocabulary import Event
from governance.errors import Forbidden, InvalidInput, NotFound
from governance.roles import Role
from tests.cast import House
from tests.governance.database import leaves

WHY = "Complaint of the works council"


def asked(house: House) -> uuid.UUID:
    interaction = uuid.uuid4()
    events.record(house.bob, Event.PROMPT_RECEIVED, interaction=interaction, payload={"text": "my salary is 91000"})
    events.record(house.bob, Event.SEGMENT_DELIVERED, interaction=interaction, payload={"text": "It is well paid."})
    events.record(house.bob, Event.ANSWER_FINISHED, interaction=interaction, facts={"status": "answered"})
    return interaction


def test_it_is_whole_in_order_and_masked(house: House) -> None:
    interaction = asked(house)
    asked(house)
    found = interactions.get(house.olga, interaction)
    assert [event.action for event in found.events] == ["prompt.received", "answer.segment", "answer.finished"]
    assert (found.words, found.is_open, found.is_cut) == ({}, False, False)
    assert "91000" not in repr(found)
    interactions.get(house.olga, interaction)
    (read,) = leaves(house, "record.read")
    assert read["facts"] == {"interaction": str(interaction), "events": 3}


def test_opening_opens_every_word_for_that_officer_alone(house: House) -> None:
    interaction = asked(house)
    assignments.give(house.system, house.ids["ada"], Role.COMPLIANCE_OFFICER)
    interactions.open_words(house.olga, interaction, WHY, "C-17")

    found = interactions.get(house.olga, interaction)
    said = [found.words[event.id].payload for event in found.events if event.id in found.words]
    assert said == [
        {"text": "my salary is 91000"},
        {"text": "It is well paid."},
        {"reason": WHY, "case": "C-17"},
    ]
    assert not interactions.get(house.ada, interaction).is_open
    (told,) = leaves(house, "record.opened")
    assert told["interaction"] == str(interaction)
    assert told["facts"]["payloads"] == 2
    assert WHY not in repr(told)


def test_it_closes_by_itself_and_at_once_when_told_to(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    interaction = asked(house)
    interactions.open_words(house.olga, interaction, WHY)
    interactions.close_words(house.olga, interaction)
    interactions.close_words(house.olga, interaction)
    assert not interactions.get(house.olga, interaction).is_open
    assert len(leaves(house, "record.closed")) == 1

    monkeypatch.setattr(interactions, "OPEN_FOR", timedelta(0))
    interactions.open_words(house.olga, interaction, WHY)
    found = interactions.get(house.olga, interaction)
    assert (found.is_open, found.words) == (False, {})


def test_what_is_open_stays_open_for_nobody_who_lost_the_role(house: House) -> None:
    from governance import models

    interaction = asked(house)
    interactions.open_words(house.olga, interaction, WHY)
    with house.system.transaction():
        models.RoleAssignment.objects.filter(person=house.ids["olga"]).delete()
    for attempt in (
        lambda: interactions.get(house.olga, interaction),
        lambda: interactions.open_words(house.olga, interaction, WHY),
        lambda: interactions.close_words(house.olga, interaction),
    ):
        with pytest.raises(Forbidden):
            attempt()


@pytest.mark.parametrize(("reason", "case"), [("", ""), ("short", ""), ("x" * 501, ""), (WHY, "x" * 81)])
def test_opening_takes_a_reason_and_a_case_that_is_no_essay(house: House, reason: str, case: str) -> None:
    interaction = asked(house)
    with pytest.raises(InvalidInput):
        interactions.open_words(house.olga, interaction, reason, case)
    assert leaves(house, "record.opened") == []


def test_there_is_nothing_for_the_neighbours_or_of_a_number_that_is_not_there(house: House, neighbour: House) -> None:
    interaction = asked(house)
    for scope, number in ((neighbour.olga, interaction), (house.olga, uuid.uuid4())):
        for attempt in (interactions.get, interactions.close_words):
            with pytest.raises(NotFound):
                attempt(scope, number)
        with pytest.raises(NotFound):
            interactions.open_words(scope, number, WHY)


def test_what_was_erased_says_so(house: House) -> None:
    interaction = asked(house)
    keyring.ring().destroy(house.tenant, house.ids["bob"])
    interactions.open_words(house.olga, interaction, WHY)
    found = interactions.get(house.olga, interaction)
    assert [found.words[e.id].is_erased for e in found.events if e.id in found.words] == [True, True, False]
