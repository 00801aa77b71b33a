"""One worker at a time: who has an answer, who takes it over, and what the one who lost it may still do."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from assistant import answering, conversations, models
from assistant.answering import delivery, lease
from assistant.models import Status
from governance.policy.engine import Verdict
from governance.policy.rules import Action
from governance.policy.streaming import Piece
from inference.runners.base import ChatRequest
from tests.assistant import asking
from tests.cast import House

PATIENCE_S = 60.0


def piece(text: str) -> Piece:
    return Piece(text, text, Verdict(Action.ALLOW, (), text, ""))


def claimed(house: House, answer: uuid.UUID) -> lease.Claim:
    held = lease.claim(house.tenant, answer)
    assert held is not None
    return held


def row_of(house: House, answer: uuid.UUID) -> models.Answer:
    with house.system.transaction():
        return models.Answer.objects.get(pk=answer)


def test_a_claim_takes_a_waiting_answer_and_says_how_long_it_holds(house: House) -> None:
    asked = asking.ask(house.bob)
    before = timezone.now()
    held = claimed(house, asked.pk)
    row = row_of(house, asked.pk)
    assert (row.status, row.attempts, row.lease) == (Status.RUNNING, 1, held.token)
    assert row.lease_until is not None
    assert before + lease.LEASE <= row.lease_until <= timezone.now() + lease.LEASE
    assert (held.attempt, held.delivered, held.person) == (1, False, house.ids["bob"])


def test_what_another_has_what_has_ended_and_what_there_is_not_cannot_be_claimed(
    house: House, neighbour: House
) -> None:
    held, ended = asking.ask(house.bob).pk, asking.ask(house.bob).pk
    claimed(house, held)
    conversations.cancel(house.bob, ended)
    for tenant, answer in ((house.tenant, held), (house.tenant, ended), (house.tenant, uuid.uuid4())):
        assert lease.claim(tenant, answer) is None
    waiting = asking.ask(house.bob).pk
    assert lease.claim(neighbour.tenant, waiting) is None
    assert row_of(house, waiting).status == Status.QUEUED


def test_a_row_that_another_is_taking_at_this_moment_is_skipped_and_not_waited_for(house: House) -> None:
    asked = asking.ask(house.bob).pk

    def beside() -> lease.Claim | None:
        try:
            return lease.claim(house.tenant, asked)
        finally:
            connection.close()

    with house.system.transaction(), ThreadPoolExecutor(1) as pool:
        models.Answer.objects.select_for_update().get(pk=asked)
        assert pool.submit(beside).result(PATIENCE_S) is None
    assert lease.claim(house.tenant, asked) is not None


def test_a_lease_that_ran_out_is_taken_over_under_a_new_token(house: House) -> None:
    asked = asking.ask(house.bob).pk
    first = claimed(house, asked)
    started = row_of(house, asked).started_at
    asking.expire(house, asked)
    second = claimed(house, asked)
    assert second.token != first.token
    assert second.attempt == 2
    assert row_of(house, asked).started_at == started


def test_whoever_lost_the_lease_delivers_nothing_and_ends_nothing(house: House) -> None:
    asked = asking.ask(house.bob).pk
    first = claimed(house, asked)
    asking.expire(house, asked)
    claimed(house, asked)
    state, told = row_of(house, asked), asking.record(house, asked)
    late = delivery.Delivery(house.bob, asked, first.token)
    with pytest.raises(lease.LeaseLost):
        late.send(piece("Too late."))
    with pytest.raises(lease.LeaseLost):
        delivery.finish(house.bob, asked, first.token, Status.ANSWERED)
    with pytest.raises(lease.LeaseLost), house.system.transaction():
        lease.extend(asked, first.token)
    now = row_of(house, asked)
    assert (now.lease, now.lease_until, now.status) == (state.lease, state.lease_until, Status.RUNNING)
    assert list(asking.seen(house.bob, asked).segments.all()) == []
    assert (asking.record(house, asked), asking.streamed(asked)) == (told, [])


def test_a_lease_is_pushed_on_by_each_segment(house: House) -> None:
    asked = asking.ask(house.bob).pk
    held = claimed(house, asked)
    asking.expire(house, asked)  # late, but nobody has taken it over
    before = timezone.now()
    delivery.Delivery(house.bob, asked, held.token).send(piece("In time."))
    until = row_of(house, asked).lease_until
    assert until is not None
    assert until >= before + lease.LEASE


def test_an_ended_answer_cannot_be_ended_again(house: House) -> None:
    asked = asking.ask(house.bob).pk
    held = claimed(house, asked)
    delivery.finish(house.bob, asked, held.token, Status.ANSWERED)
    with pytest.raises(lease.LeaseLost):
        delivery.finish(house.bob, asked, held.token, Status.FAILED)
    assert row_of(house, asked).status == Status.ANSWERED
    assert asking.end(house, asked)["status"] == "answered"


def test_the_watch_notices_stop_and_calls_what_ends_the_work(house: House) -> None:
    asked = asking.ask(house.bob).pk
    rung = threading.Event()
    with lease.Watch(claimed(house, asked)) as watch:
        watch.attach(rung.set)
        conversations.cancel(house.bob, asked)
        assert rung.wait(PATIENCE_S)
        assert (watch.is_cancelled, watch.is_lost) == (True, False)


def test_the_watch_notices_that_another_took_over(house: House) -> None:
    asked = asking.ask(house.bob).pk
    first = claimed(house, asked)
    asking.expire(house, asked)
    claimed(house, asked)
    rung = threading.Event()
    with lease.Watch(first) as watch:
        watch.attach(rung.set)
        assert rung.wait(PATIENCE_S)
        assert (watch.is_cancelled, watch.is_lost) == (False, True)


def test_stop_that_came_before_there_was_anything_to_stop_is_not_forgotten(house: House) -> None:
    asked = asking.ask(house.bob).pk
    held = claimed(house, asked)
    conversations.cancel(house.bob, asked)
    with lease.Watch(held) as watch:
        watch.join(PATIENCE_S)  # it ends by itself, once it has seen Stop
        rung = threading.Event()
        watch.attach(rung.set)
        assert rung.is_set()


def test_the_watch_keeps_the_lease_while_the_model_thinks(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "HEARTBEAT_S", 0.0)
    asked = asking.ask(house.bob).pk
    held = claimed(house, asked)
    asking.expire(house, asked)
    patience = threading.Event()
    with lease.Watch(held):
        for _ in range(int(PATIENCE_S / 0.01)):
            until = row_of(house, asked).lease_until
            if until is not None and until > timezone.now():
                break
            patience.wait(0.01)
    assert lease.claim(house.tenant, asked) is None


def test_a_run_that_was_overtaken_in_the_middle_stops_without_a_trace(house: House, settings: Any) -> None:
    asking.shelf(house)

    def speech(_: ChatRequest) -> Iterator[str]:
        asking.expire(house, asked)
        taken.append(claimed(house, asked))
        yield "Twenty working days a year may be spent abroad. Longer stays need consent. "

    asking.speak(settings, speech)
    asked, taken = asking.ask(house.bob).pk, list[lease.Claim]()
    answering.answer(house.tenant, asked)
    row = asking.seen(house.bob, asked)
    assert (row.status, row.lease, asking.said(row)) == (Status.RUNNING, taken[0].token, "")
    assert "answer.finished" not in asking.record(house, asked)
    assert asking.streamed(asked) == []


def test_called_twice_or_by_two_at_once_an_answer_is_written_once(house: House, settings: Any) -> None:
    asking.shelf(house)
    model = asking.speak(settings)
    asked = [asking.ask(house.bob).pk for _ in range(2)]
    start = threading.Barrier(4)

    def work(answer: uuid.UUID) -> None:
        start.wait(PATIENCE_S)
        try:
            answering.answer(house.tenant, answer)
        finally:
            connection.close()  # a thread that ends with one takes it from the pool for good

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, asked * 2))
    for one in asked:
        answering.answer(house.tenant, one)
        row = asking.seen(house.bob, one)
        assert (row.status, row.attempts, asking.said(row)) == (Status.ANSWERED, 1, asking.RULE)
        told = asking.record(house, one)
        assert told.count("answer.finished") == 1
        assert told.count("answer.segment") == row.segments.count() == len(asking.streamed(one))
    assert len(model.requests) == 2


def test_the_sweep_finds_what_was_left_behind_and_nothing_that_is_held(house: House) -> None:
    left, held, fresh = (asking.ask(house.bob).pk for _ in range(3))
    claimed(house, left)
    claimed(house, held)
    asking.expire(house, left)
    with house.system.transaction():
        soon = timezone.now() + timedelta(hours=1)
        models.Answer.objects.filter(pk=fresh).update(created_at=soon)
        models.Answer.objects.filter(pk=held).update(lease_until=soon)
    assert asking.due(house) == {left}
    with house.system.transaction():
        models.Answer.objects.filter(pk=fresh).update(created_at=timezone.now() - timedelta(seconds=4))
    assert asking.due(house) == {left, fresh}
