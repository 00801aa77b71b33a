"""A question that waits tells how many wait before it, whoever asked them, and nothing else about them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from django.utils import timezone

from assistant import conversations, models
from assistant.conversations import waits
from assistant.streams import relay
from governance.scope import Scope
from tests.assistant import asking
from tests.cast import House


def first_event(scope: Scope, answer: object) -> tuple[int, str, dict[str, object]]:
    async def ask() -> tuple[int, str, dict[str, object]]:
        events = relay.follow(scope, answer, 0)  # type: ignore[arg-type]
        try:
            return await anext(events)
        finally:
            await events.aclose()

    return asyncio.run(ask())


def test_each_knows_how_many_of_the_organisation_wait_before_it(house: House, neighbour: House) -> None:
    asking.ask(neighbour.bob)
    bobs, adas = asking.ask(house.bob), asking.ask(house.ada)
    charlies = asking.ask(house.charlie)
    assert conversations.ahead_of(house.bob, bobs) == 0
    assert conversations.ahead_of(house.ada, adas) == 1
    assert conversations.ahead_of(house.charlie, charlies) == 2
    conversations.cancel(house.bob, bobs.pk)
    assert conversations.ahead_of(house.charlie, charlies) == 1


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
    asking.ask(house.bob)
    adas = asking.ask(house.ada)
    _, _, state = first_event(house.ada, adas.pk)
    assert state["wait_s"] == 2 * waits.UNKNOWN_S  # one before it, and nothing known yet
    for seconds in (2, 4, 90):
        answer = asking.ask(house.ada)
        began = timezone.now()
        with house.ada.transaction():
            models.Answer.objects.filter(pk=answer.pk).update(
                status=models.Status.ANSWERED, started_at=began, finished_at=began + timedelta(seconds=seconds)
            )
    assert waits.an_answer_s(house.ada) == 4
    assert waits.an_answer_s(house.bob) == waits.UNKNOWN_S
    assert waits.until_begun_s(house.ada, 3) == 16
