"""Whose question is next: tenants and people take turns, a tenant's bound holds, and nothing that waits is left behind."""

from __future__ import annotations

import queue
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from assistant import answering, conversations, models, tasks
from assistant.answering import lease
from assistant.models import Status
from governance.scope import Scope
from inference.runners.base import ChatRequest
from tests import cast
from tests.assistant import asking
from tests.assistant.backlogs import end, nobody_else_asks, put, served, take
from tests.assistant.test_answering_ends import change_tenant
from tests.assistant.test_lease import row_of
from tests.cast import House
from tests.governance.database import as_role

PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def _nobody_else_asks() -> None:
    nobody_else_asks()


def test_what_is_taken_is_claimed_under_its_own_tenant_and_for_as_long_as_a_claim_holds(
    house: House, neighbour: House
) -> None:
    (asked,) = put(house, "bob", 1)
    (held,) = take()
    row = row_of(house, asked)
    assert held.scope == Scope.system(house.tenant)
    assert (held.answer, held.person, held.attempt, held.delivered) == (asked, house.ids["bob"], 1, False)
    assert (row.status, row.attempts, row.lease, row.notice) == (Status.RUNNING, 1, held.token, "")
    assert row.started_at is not None
    assert row.lease_until is not None
    assert lease.LEASE * 0.9 < row.lease_until - row.started_at < lease.LEASE * 1.1
    assert take() == []
    with neighbour.system.transaction():
        assert not models.Answer.objects.filter(pk=asked).exists()


def test_forty_that_wait_of_one_tenant_do_not_hold_up_another_s_one(house: House, neighbour: House) -> None:
    put(house, "bob", 40)
    running = take(8)
    (single,) = put(neighbour, "bob", 1)
    end(running[0])
    (following,) = take()
    assert (following.scope.tenant, following.answer) == (neighbour.tenant, single)


def test_nor_where_one_alone_is_answered_at_a_time(house: House, neighbour: House) -> None:
    put(house, "bob", 40)
    served(3)
    (single,) = put(neighbour, "bob", 1)
    assert [held.answer for held in served(1)] == [single]


@pytest.mark.parametrize("at_once", [1, 2, 8])
def test_tenants_with_backlogs_are_taken_in_turns(house: House, neighbour: House, at_once: int) -> None:
    third = cast.house(f"t{uuid.uuid4().hex[:12]}")
    put(house, "bob", 30)
    put(neighbour, "bob", 20)
    put(third, "ada", 10)
    running, order = take(at_once), list[uuid.UUID]()
    order += [held.scope.tenant for held in running]
    for _ in range(22):
        end(running.pop(0))
        running += take()
        order.append(running[-1].scope.tenant)
    for first in range(0, 21, 3):
        assert len(set(order[first : first + 3])) == 3, order


def test_a_person_s_many_questions_do_not_hold_up_a_colleague(house: House) -> None:
    put(house, "bob", 10)
    running = take(2)
    (adas,) = put(house, "ada", 1)
    assert [held.answer for held in take()] == [adas]
    charlies = put(house, "charlie", 2)
    assert [held.answer for held in take(2)] == charlies
    end(running[0])
    assert [held.person for held in take()] == [house.ids["bob"]]


def test_people_take_turns_where_their_tenant_has_one_at_a_time(house: House) -> None:
    change_tenant(house, answers_running_max=1)
    put(house, "bob", 3)
    put(house, "ada", 2)
    assert [held.person for held in served(5)] == [house.ids[name] for name in ("bob", "ada", "bob", "ada", "bob")]


def test_a_tenant_at_its_bound_is_passed_over(house: House, neighbour: House) -> None:
    change_tenant(house, answers_running_max=2)
    put(house, "bob", 5)
    held = take(3)
    assert len(held) == 2
    put(neighbour, "bob", 9)
    assert [one.scope.tenant for one in take(9)] == [neighbour.tenant] * 8
    end(held[0])
    assert [one.scope.tenant for one in take(2)] == [house.tenant]


def test_whom_a_dead_worker_held_is_taken_up_and_counts_no_more(house: House) -> None:
    change_tenant(house, answers_running_max=1)
    asked = put(house, "bob", 2)
    (first,) = take()
    asking.expire(house, first.answer)
    (again,) = take()
    assert (again.answer, again.attempt, again.token != first.token) == (asked[0], 2, True)
    assert take() == []


def test_a_follow_up_is_passed_over_until_the_answer_before_it_has_ended(house: House) -> None:
    first, behind, other = put(house, "bob", 3)
    with house.system.transaction():
        models.Answer.objects.filter(pk=behind).update(after=first)
    running = take(3)
    assert [held.answer for held in running] == [first, other]
    end(running[0])
    assert [held.answer for held in take()] == [behind]


def test_a_row_that_another_changes_at_this_moment_is_passed_over(house: House) -> None:
    first, second = put(house, "bob", 2)

    def beside() -> lease.Claim | None:
        try:
            return lease.take()
        finally:
            connection.close()

    with house.system.transaction(), ThreadPoolExecutor(1) as pool:
        models.Answer.objects.select_for_update().get(pk=first)
        held = pool.submit(beside).result(PATIENCE_S)
    assert held is not None
    assert held.answer == second


def test_what_whoever_asked_answers_by_themselves_is_left_to_them(house: House) -> None:
    with asking.unrung() as rung:
        row = conversations.ask(house.bob, "Once?", is_rung=False)
    assert (rung, take(), asking.due(house)) == ([], [], set())
    assert lease.claim(house.tenant, row.pk) is not None


@contextmanager
def bells(threads: int) -> Iterator[Callable[[], None]]:
    """Celery without Celery: rings that name nothing lie in one line, and threads hear them. What comes, waits until none lies
    there and nobody is at work.
    """
    line: queue.SimpleQueue[bool] = queue.SimpleQueue()
    left, changed = [0], threading.Condition()

    def ring(*_: object, **__: object) -> None:
        with changed:
            left[0] += 1
        line.put(True)

    def hear() -> None:
        while line.get():
            try:
                tasks.answer()
            finally:
                connection.close()
                with changed:
                    left[0] -= 1
                    changed.notify_all()

    def quiet() -> None:
        with changed:
            assert changed.wait_for(lambda: not left[0], PATIENCE_S)

    with mock.patch.object(tasks.answer, "apply_async", ring), ThreadPoolExecutor(threads) as pool:
        hands = [pool.submit(hear) for _ in range(threads)]
        try:
            yield quiet
        finally:
            for _ in hands:
                line.put(False)
    for hand in hands:
        hand.result(PATIENCE_S)


def test_the_bound_holds_with_many_threads_and_all_is_answered_without_the_sweep(
    house: House, neighbour: House, settings: Any
) -> None:
    bounds = {house.tenant: 2, neighbour.tenant: 3}
    for one in (house, neighbour):
        change_tenant(one, answers_running_max=bounds[one.tenant], answers_per_person_max=40)
    running, most, lock, all_asked = Counter[str](), Counter[str](), threading.Lock(), threading.Event()

    def speech(request: ChatRequest) -> Iterator[str]:
        tenant = request.share.partition("/")[0]
        with lock:
            running[tenant] += 1
            most[tenant] = max(most[tenant], running[tenant])
        assert all_asked.wait(PATIENCE_S)  # rings meanwhile find no room
        with lock:
            running[tenant] -= 1
        yield "Twenty days."

    asking.speak(settings, speech)
    with bells(8) as quiet:
        asked = [
            (who, conversations.ask(who, "How many?", is_model_only=True).pk)
            for _ in range(6)
            for who in (house.bob, house.ada, neighbour.bob)
        ]
        all_asked.set()
        quiet()
    assert [asking.seen(who, answer).status for who, answer in asked] == [Status.ANSWERED] * len(asked)
    assert most == {str(tenant): bound for tenant, bound in bounds.items()}
    for who, answer in asked:
        assert asking.seen(who, answer).attempts == 1


def test_a_ring_that_found_the_bound_reached_is_made_good_as_an_answer_ends(house: House, settings: Any) -> None:
    change_tenant(house, answers_running_max=1)
    asking.speak(settings, ["Twenty days."] * 2)
    first, second = (asking.ask(house.bob, is_model_only=True).pk for _ in range(2))
    held = lease.take()
    assert held is not None
    answering.answer_next()  # heard, and there is no room
    assert row_of(house, second).status == Status.QUEUED
    with asking.unrung() as rung:
        answering._attend(held)
    assert rung == [second]
    assert row_of(house, first).status == Status.ANSWERED


def test_a_message_of_an_earlier_version_is_a_ring_like_any(house: House, settings: Any) -> None:
    asking.speak(settings, ["Twenty days."])
    asked = asking.ask(house.bob, is_model_only=True).pk
    tasks.answer(str(house.tenant), str(uuid.uuid4()))
    assert row_of(house, asked).status == Status.ANSWERED


def test_the_sweep_rings_for_what_nobody_was_rung_for(house: House) -> None:
    put(house, "bob", 3)
    with house.system.transaction():
        models.Answer.objects.filter(status=Status.QUEUED).update(created_at="2026-01-01T00:00:00Z")
    for lying, rings in ((0, 3), (2, 1), (9, 0)):
        with mock.patch("assistant.operators.health.broker", return_value={"answers": lying}), asking.unrung() as rung:
            tasks.sweep()
        assert len(rung) == rings
    with mock.patch("assistant.operators.health.broker", return_value={}), asking.unrung() as rung:
        tasks.sweep()  # while the broker is away
    assert len(rung) == 3


def test_nobody_but_the_application_may_take(house: House) -> None:
    asked = put(house, "bob", 1)
    with as_role("chancery_sealer") as database, pytest.raises(Exception, match="permission denied"):
        database.execute("SELECT * FROM chancery.take_answer(%s, '15 seconds')", [uuid.uuid4()])
    assert row_of(house, asked[0]).status == Status.QUEUED
