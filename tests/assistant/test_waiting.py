"""A question that waits tells how many are taken before it, whoever asked them, and its wait; and nothing else about them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from assistant import conversations, models
from assistant.conversations import waits
from assistant.models import Status
from assistant.streams import relay
from governance.errors import Busy
from governance.scope import Scope
from tests.assistant import asking
from tests.assistant.backlogs import end, nobody_else_asks, put, take
from tests.assistant.test_answering_ends import change_tenant
from tests.assistant.test_lease import row_of
from tests.cast import House


def first_event(scope: Scope, answer: object) -> tuple[int, str, dict[str, object]]:
    async def ask() -> tuple[int, str, dict[str, object]]:
        events = relay.follow(scope, answer, 0)  # type: ignore[arg-type]
        try:
            return await anext(events)
        finally:
            await events.aclose()

    return asyncio.run(ask())


def test_each_knows_how_many_of_the_organisation_are_taken_before_it(house: House, neighbour: House) -> None:
    asking.ask(neighbour.bob)
    bobs, adas = asking.ask(house.bob), asking.ask(house.ada)
    charlies = asking.ask(house.charlie)
    assert conversations.ahead_of(house.bob, bobs) == 0
    assert conversations.ahead_of(house.ada, adas) == 1
    assert conversations.ahead_of(house.charlie, charlies) == 2
    conversations.cancel(house.bob, bobs.pk)
    assert conversations.ahead_of(house.charlie, charlies) == 1


def test_the_places_are_those_in_which_the_answers_are_then_taken(house: House) -> None:
    nobody_else_asks()
    change_tenant(house, answers_running_max=100)
    asked = [("bob", answer) for answer in put(house, "bob", 5)]
    take(2)
    for name, amount in (("ada", 4), ("charlie", 4), ("olga", 1)):
        asked += [(name, answer) for answer in put(house, name, amount)]
    end(take()[0])  # ada was served, and has none under way; bob has two, and nobody else was ever served
    conversations.cancel(house.charlie, asked[9][1])
    waiting = [(name, row_of(house, answer)) for name, answer in asked]
    places = {
        conversations.ahead_of(house.scope(name), row): row.pk for name, row in waiting if row.status == Status.QUEUED
    }
    assert [held.answer for held in take(len(places))] == [places[place] for place in range(len(places))]


def test_what_waits_for_the_answer_before_it_is_not_counted(house: House) -> None:
    first = asking.ask(house.bob)
    asking.ask(house.bob, conversation=first.conversation_id)
    adas = [asking.ask(house.ada) for _ in range(2)]
    assert conversations.ahead_of(house.ada, adas[1]) == 2  # bob's first and her own


def test_the_place_of_another_persons_question_is_not_told(house: House) -> None:
    asking.ask(house.bob)
    adas = asking.ask(house.ada)
    assert conversations.ahead_of(house.charlie, adas) == 0


def test_the_stream_begins_with_the_position(house: House) -> None:
    asking.ask(house.bob)
    adas = asking.ask(house.ada)
    number, event, state = first_event(house.ada, adas.pk)
    assert (number, event) == (0, "status")
    assert (state["status"], state["position"]) == ("queued", 1)


def test_the_wait_is_reckoned_from_ones_own_last_answers(house: House) -> None:
    for seconds in (2, 4, 90):
        answer = asking.ask(house.ada)
        began = timezone.now()
        with house.ada.transaction():
            models.Answer.objects.filter(pk=answer.pk).update(
                status=models.Status.ANSWERED, started_at=began, finished_at=began + timedelta(seconds=seconds)
            )
    assert waits.an_answer_s(house.ada) == 4
    assert waits.an_answer_s(house.bob) == waits.UNKNOWN_S


def test_the_wait_is_that_of_a_tenant_s_share_and_of_nothing_while_there_is_room(
    house: House, neighbour: House
) -> None:
    nobody_else_asks()
    assert waits.until_begun_s(house.ada, 7) == 0.0
    put(neighbour, "bob", 9)
    take(7)
    assert waits.until_begun_s(house.ada, 0) == 0.0
    take()
    # All that are answered at once are another's: it has every second turn from now on.
    assert waits.until_begun_s(house.ada, 0) == round(waits.UNKNOWN_S / 4, 1)
    assert waits.until_begun_s(house.ada, 3) == waits.UNKNOWN_S
    change_tenant(house, answers_running_max=2)
    assert waits.until_begun_s(house.ada, 3) == waits.UNKNOWN_S * 2
    told = first_event(house.ada, asking.ask(house.ada).pk)[2]
    assert (told["position"], told["wait_s"]) == (0, round(waits.UNKNOWN_S / 2, 1))


def test_a_tenant_that_has_all_to_itself_waits_for_its_own_alone(house: House) -> None:
    nobody_else_asks()
    change_tenant(house, answers_waiting_max=4)
    put(house, "bob", 12)
    take(8)
    assert waits.until_begun_s(house.ada, 7) == waits.UNKNOWN_S
    with pytest.raises(Busy) as refused:
        asking.ask(house.ada)
    assert refused.value.wait_s == round(waits.UNKNOWN_S * 5 / 8, 1)


def test_how_much_others_ask_is_not_told(house: House, neighbour: House) -> None:
    nobody_else_asks()
    put(neighbour, "bob", 9)
    take(8)
    adas = asking.ask(house.ada)
    told = first_event(house.ada, adas.pk)[2]
    put(neighbour, "ada", 30)
    assert first_event(house.ada, adas.pk)[2] == told
