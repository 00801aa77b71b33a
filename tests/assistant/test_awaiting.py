"""A question whose model is away for now waits for it: it holds no thread, says so, can be stopped, and has its bound."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone, translation

from assistant import answering, conversations, models
from assistant.answering import awaiting, lease, retrieval
from assistant.api import answers
from assistant.models import Status
from assistant.showing import notices, wording
from governance.errors import Busy, Unavailable
from inference.runners.base import Away, ChatRequest, RunnerState, Truncated
from inference.runners.scripted import Reply, ScriptedChat
from tests.assistant import asking, backlogs
from tests.assistant.test_waiting import first_event
from tests.cast import House

SENTENCE = "Twenty working days a year may be spent abroad. "
LOADING = Away("The model server answered 503: The model is loading.")
BROKE_OFF = Away("The engine broke off.", was_read=True)
IN_LINE = Busy("The model is busy.", position=9, wait_s=12.5)


@pytest.fixture(autouse=True)
def shelf(house: House) -> uuid.UUID:
    return asking.shelf(house)


def tried(house: House, row: models.Answer) -> models.Answer:
    """Once more, as soon as it may be."""
    with house.system.transaction():
        past = timezone.now() - timedelta(seconds=1)
        models.Answer.objects.filter(pk=row.pk, lease_until__isnull=False).update(lease_until=past)
    answering.answer(house.tenant, row.pk)
    return asking.seen(house.bob, row.pk)


def away(state: bool = True) -> Any:
    """What the model's server tells of itself meanwhile."""
    told = RunnerState("m", "", "", "", 8192, is_ready=not state, detail="It is loading.", is_away=state)
    return mock.patch.object(ScriptedChat, "probe", return_value=told)


def later(house: House, row: models.Answer, **passed: int) -> None:
    """As if it had been asked, and put back where it was, so much earlier."""
    with house.system.transaction():
        found = models.Answer.objects.filter(pk=row.pk)
        found.update(created_at=row.created_at - timedelta(**passed))
        found.filter(lease_until__isnull=False).update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("fault", [LOADING, BROKE_OFF, IN_LINE])
def test_a_question_whose_model_is_away_waits_and_is_answered_once_it_is_back(
    house: House, settings: Any, fault: Exception
) -> None:
    backlogs.nobody_else_asks()
    asking.speak(settings, [fault, asking.RULE])
    row = asking.answered(house.bob)
    told = notices.MODEL_BUSY_AWAITED if fault is IN_LINE else notices.MODEL_AWAITED
    assert (row.status, row.notice, row.lease, row.started_at) == (Status.QUEUED, told, None, None)
    assert "answer.finished" not in asking.record(house, row.pk)
    assert asking.reservation(house, row.pk).used is None
    assert lease.take() is None  # not yet
    assert asking.due(house) == set()
    row = tried(house, row)
    assert (row.status, asking.said(row), row.notice) == (Status.ANSWERED, asking.RULE, "")
    assert row.times["away"] >= 0
    assert asking.end(house, row.pk)["times"]["away"] == row.times["away"]
    kept = asking.reservation(house, row.pk)
    assert kept.used is not None
    assert 0 < kept.used < kept.reserved


def test_while_the_model_is_still_away_nothing_is_searched_again(house: House, settings: Any) -> None:
    asking.speak(settings, [LOADING, asking.RULE])
    row = asking.answered(house.bob)
    with away(), mock.patch.object(retrieval, "look_up") as searched:
        row = tried(house, row)
    assert (row.status, row.notice) == (Status.QUEUED, notices.MODEL_AWAITED)
    assert not searched.called
    with away(False):
        row = tried(house, row)
    assert (row.status, asking.said(row)) == (Status.ANSWERED, asking.RULE)


def test_a_wait_of_minutes_costs_no_attempt_and_is_told_apart_from_the_queue(house: House, settings: Any) -> None:
    asking.speak(settings, [*[LOADING] * 9, asking.RULE])
    row = asking.answered(house.bob)
    later(house, row, minutes=5)
    for _ in range(9):
        row = tried(house, row)
    assert (row.status, row.attempts) == (Status.ANSWERED, 1)
    assert row.times["away"] >= 5 * 60_000 > row.times["queue"]


def test_no_prompt_takes_an_engine_down_more_often_than_any_fault_is_tried(house: House, settings: Any) -> None:
    model = asking.speak(settings, [BROKE_OFF] * 9)
    row = asking.answered(house.bob)
    while not row.is_final:
        row = tried(house, row)
    assert (row.status, row.notice, len(model.requests)) == (Status.FAILED, notices.MODEL_AWAY, lease.ATTEMPTS)


def test_it_does_not_wait_for_ever(house: House, settings: Any) -> None:
    asking.speak(settings, [LOADING, LOADING])
    row = asking.answered(house.bob)
    later(house, row, seconds=int(awaiting.MOST.total_seconds()) + 1)
    with away():
        assert asking.due(house) == {row.pk}
    row = tried(house, row)
    assert (row.status, row.fault, row.notice) == (Status.FAILED, "unavailable", notices.MODEL_AWAY)
    assert asking.reservation(house, row.pk).used == 0


def test_the_sweep_rings_for_it_once_the_model_is_back_and_asks_each_model_once(house: House, settings: Any) -> None:
    asking.speak(settings, [LOADING, LOADING])
    rows = [asking.answered(house.bob) for _ in range(2)]
    waiting = {row.pk for row in rows}
    never_begun = asking.ask(house.bob)
    for row in [*rows, never_begun]:
        later(house, row, seconds=4)
    with away() as probe:
        assert asking.due(house) == {never_begun.pk}
    assert probe.call_count == 1
    with away(False):
        assert asking.due(house) == waiting | {never_begun.pk}


def test_who_finds_the_model_away_before_it_is_asked_waits_too(house: House, settings: Any) -> None:
    model = asking.speak(settings)
    with away():
        row = asking.answered(house.bob)
    assert (row.status, row.notice, model.requests) == (Status.QUEUED, notices.MODEL_AWAITED, [])
    assert tried(house, row).status == Status.ANSWERED


def test_stop_ends_what_waits_for_its_model_at_once(house: House, settings: Any) -> None:
    asking.speak(settings, [LOADING])
    row = asking.answered(house.bob)
    stopped = conversations.cancel(house.bob, row.pk)
    assert (stopped.status, stopped.notice) == (Status.CANCELLED, notices.STOPPED)
    assert asking.reservation(house, row.pk).used == 0
    assert tried(house, row).status == Status.CANCELLED
    assert asking.record(house, row.pk)[-2:] == ["answer.cancelled", "answer.finished"]


def test_a_stop_in_the_moment_in_which_the_model_goes_is_not_forgotten(house: House, settings: Any) -> None:
    def speech(_: ChatRequest) -> Iterator[str]:
        conversations.cancel(house.bob, row.pk)
        raise LOADING

    asking.speak(settings, speech)
    row = asking.ask(house.bob)
    answering.answer(house.tenant, row.pk)
    row = asking.seen(house.bob, row.pk)
    assert (row.status, row.notice) == (Status.CANCELLED, notices.STOPPED)
    assert asking.record(house, row.pk).count("answer.finished") == 1


def test_the_stream_of_who_waits_says_so(house: House, settings: Any) -> None:
    asking.speak(settings, [LOADING])
    row = asking.answered(house.bob)
    _, event, state = first_event(house.bob, row.pk)
    assert (event, state["status"], state["notice"]) == ("status", "queued", notices.MODEL_AWAITED)
    for notice in (notices.MODEL_AWAITED, notices.MODEL_BUSY_AWAITED):
        with translation.override("de"):
            assert wording.translated(notice) != notice


def test_a_call_of_the_api_waits_with_it(house: House, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asking.speak(settings, [LOADING])
    row = asking.answered(house.bob, client="api")
    monkeypatch.setattr(answers, "WAIT_MOST_S", 0.5)
    with pytest.raises(Unavailable, match="still under way"):
        answers.settled(house.bob, row.pk)


@pytest.mark.parametrize(
    "fault",
    [
        Unavailable("The model server refuses our key."),
        Truncated("The model server read 9 tokens of a prompt of 90 or more."),
        Busy("Rate limit reached."),
    ],
)
def test_what_no_wait_mends_ends_at_once(house: House, settings: Any, fault: Reply) -> None:
    asking.speak(settings, [fault])
    assert asking.answered(house.bob).status == Status.FAILED


@pytest.mark.parametrize("client", sorted(conversations.KEEPERS))
def test_a_client_that_has_no_way_back_is_told_at_once(house: House, settings: Any, client: str) -> None:
    asking.speak(settings, [LOADING])
    row = asking.answered(house.bob, client=client)
    assert (row.status, row.fault, row.notice) == (Status.FAILED, "unavailable", notices.MODEL_AWAY)


def test_what_has_begun_to_be_delivered_is_not_begun_again(house: House, settings: Any) -> None:
    def speech(_: ChatRequest) -> Iterator[str]:
        yield f"{SENTENCE}Longer "
        raise BROKE_OFF

    asking.speak(settings, speech)
    row = asking.answered(house.bob)
    assert (row.status, asking.said(row)) == (Status.INTERRUPTED, SENTENCE)


def test_a_model_that_is_not_set_up_here_any_more_keeps_nothing_waiting(house: House, settings: Any) -> None:
    asking.speak(settings, [LOADING])
    settings.CHANCERY_CHATS = [settings.CHANCERY_RUNNERS["chat"] | {"NAME": "further"}]
    row = asking.ask(house.bob, model="further")
    with away():
        answering.answer(house.tenant, row.pk)
    row = asking.seen(house.bob, row.pk)
    assert row.status == Status.QUEUED
    settings.CHANCERY_CHATS = []
    later(house, row, seconds=4)
    assert asking.due(house) == {row.pk}
    assert tried(house, row).status == Status.FAILED
