"""A question that is asked while the answer before it is still being written: it waits for its end, and is told it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.utils import timezone

from assistant import answering, conversations, models
from assistant.answering import delivery, lease
from assistant.models import Status
from inference.runners.base import ChatRequest
from tests.assistant import asking, portal, serving
from tests.assistant.test_branches import TWO, told
from tests.assistant.test_lease import claimed, piece, row_of
from tests.assistant.test_waiting import first_event
from tests.cast import House

FIRST, NEXT = "How many working days may be spent abroad?", "And how many days a year abroad?"


def pair(house: House) -> tuple[models.Answer, models.Answer]:
    """A question, and one that goes on from it; nobody works on either."""
    first = asking.ask(house.bob, FIRST)
    return first, asking.ask(house.bob, NEXT, conversation=first.conversation_id)


def test_a_follow_up_waits_for_the_answer_before_it_without_a_lease_or_an_attempt(house: House, settings: Any) -> None:
    asking.shelf(house)
    model = asking.speak(settings, [TWO] * 2)
    first, follow_up = pair(house)
    answering.answer(house.tenant, follow_up.pk)
    assert model.requests == []
    row = row_of(house, follow_up.pk)
    assert (row.status, row.attempts, row.lease_until, row.started_at) == (Status.QUEUED, 0, None, None)
    with asking.unrung() as rung:
        answering.answer(house.tenant, first.pk)
    assert rung == [follow_up.pk]
    answering.answer(house.tenant, follow_up.pk)
    assert told(model) == [FIRST, NEXT]
    assert asking.seen(house.bob, follow_up.pk).status == Status.ANSWERED


def test_workers_that_have_both_at_once_answer_them_in_turn(house: House, settings: Any) -> None:
    asking.shelf(house)
    begun, goes_on = threading.Event(), threading.Event()

    def speech(request: ChatRequest) -> Iterator[str]:
        begun.set()
        assert goes_on.wait(serving.PATIENCE_S)
        yield TWO

    model = asking.speak(settings, speech)
    with serving.workers() as crew:
        first = conversations.ask(house.bob, FIRST)
        assert begun.wait(serving.PATIENCE_S)
        follow_up = conversations.ask(house.bob, NEXT, conversation=first.conversation_id)
        passed_over = crew.runs[follow_up.pk]
        passed_over.result(serving.PATIENCE_S)  # it was looked at, and nobody is held by it
        assert row_of(house, follow_up.pk).status == Status.QUEUED
        goes_on.set()
        crew.runs[first.pk].result(serving.PATIENCE_S)
        assert crew.runs[follow_up.pk] is not passed_over
        crew.runs[follow_up.pk].result(serving.PATIENCE_S)
    assert asking.seen(house.bob, follow_up.pk).status == Status.ANSWERED
    assert told(model) == [FIRST, NEXT]


def test_whatever_ends_an_answer_lets_the_next_one_go_on(house: House) -> None:
    stopped, after_it = pair(house)
    with asking.unrung() as rung:
        conversations.cancel(house.bob, stopped.pk)
    assert rung == [after_it.pk]
    claimed(house, after_it.pk)
    broken, after_that = pair(house)
    held = claimed(house, broken.pk)
    delivery.Delivery(house.bob, broken.pk, held.token).send(piece("A part. "))
    asking.expire(house, broken.pk)
    assert lease.claim(house.tenant, after_that.pk) is None  # its worker has died, and it is still to be ended
    with asking.unrung() as rung:
        answering.answer(house.tenant, broken.pk)
    assert row_of(house, broken.pk).status == Status.INTERRUPTED
    assert rung == [after_that.pk]
    claimed(house, after_that.pk)


def test_what_stands_beside_each_other_waits_for_the_same_and_not_for_one_another(house: House) -> None:
    first, one = pair(house)
    other = asking.ask(house.bob, NEXT, conversation=first.conversation_id)
    with house.system.transaction():
        models.Answer.objects.filter(pk=other.pk).update(after=first)
    held = claimed(house, first.pk)
    assert [lease.claim(house.tenant, each.pk) for each in (one, other)] == [None, None]
    with asking.unrung() as rung:
        delivery.finish(house.bob, first.pk, held.token, Status.ANSWERED)
    assert set(rung) == {one.pk, other.pk}
    claimed(house, one.pk)
    claimed(house, other.pk)


def test_the_sweep_rings_for_a_follow_up_whose_ring_was_lost(house: House) -> None:
    first, follow_up = pair(house)
    held = claimed(house, first.pk)
    with asking.unrung():  # and nobody hears it
        delivery.finish(house.bob, first.pk, held.token, Status.ANSWERED)
    with house.system.transaction():
        models.Answer.objects.filter(pk=follow_up.pk).update(created_at=timezone.now() - timedelta(seconds=4))
    assert asking.due(house) == {follow_up.pk}
    claimed(house, follow_up.pk)


def test_a_follow_up_that_goes_with_the_question_before_it_is_not_begun_first(house: House) -> None:
    first, follow_up = pair(house)
    with asking.unrung() as rung:
        again = conversations.ask(house.bob, FIRST, replaces=first.pk)
    assert rung == [again.pk]
    assert row_of(house, follow_up.pk).status == Status.CANCELLED


def test_whoever_waits_is_told_what_for(house: House) -> None:
    first, follow_up = pair(house)
    held = claimed(house, first.pk)
    _, _, state = first_event(house.bob, follow_up.pk)
    assert (state["status"], state["after"]) == ("queued", str(first.pk))
    page = portal.signed_in(house, "bob").get(f"/c/{first.conversation_id}").text
    assert 'data-after="Waiting for the answer before it"' in page
    with asking.unrung():
        delivery.finish(house.bob, first.pk, held.token, Status.ANSWERED)
    _, _, state = first_event(house.bob, follow_up.pk)
    assert state["status"] == "queued"
    assert "after" not in state
