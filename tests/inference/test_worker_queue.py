"""The queue before the engine: bounded, and one of each share in turn."""

from __future__ import annotations

import pytest

from governance.errors import Busy
from inference.worker.queue import FairQueue, Place


def _served(queue: FairQueue, running: Place, waiting: dict[str, Place]) -> list[str]:
    """The names in the order in which one slot takes them."""
    order, waiting = [], dict(waiting)
    while waiting:
        queue.leave(running)
        name, running = next((name, place) for name, place in waiting.items() if place.admitted.is_set())
        del waiting[name]
        order.append(name)
    queue.leave(running)
    return order


def test_as_many_run_as_there_are_slots() -> None:
    queue = FairQueue(2, most=9, most_a_share=9)
    first, second, third = (queue.enter("a") for _ in range(3))
    assert [place.admitted.is_set() for place in (first, second, third)] == [True, True, False]
    queue.leave(second)
    assert third.admitted.is_set()
    assert (queue.running, queue.depth) == (2, 0)


def test_how_long_answers_take_is_learnt_from_those_alone_that_were_written() -> None:
    queue = FairQueue(1, most=9, most_a_share=9)
    for is_typical in (False, True):
        before = queue.typical_s
        place = queue.enter("a")
        place.is_typical = is_typical
        queue.leave(place)
        assert (queue.typical_s < before) == is_typical


def test_one_share_that_asks_much_does_not_keep_the_others_waiting() -> None:
    queue = FairQueue(1, most=9, most_a_share=9)
    running = queue.enter("much")
    waiting = {
        name: queue.enter(name.rstrip("0123456789")) for name in ("much1", "much2", "much3", "little1", "other1")
    }
    positions = {name: queue.position(place) for name, place in waiting.items()}
    assert _served(queue, running, waiting) == ["much1", "little1", "other1", "much2", "much3"]
    assert positions == {"much1": 1, "little1": 2, "other1": 3, "much2": 4, "much3": 5}
    assert (queue.running, queue.depth) == (0, 0)


def test_who_has_fewer_under_way_comes_first_until_both_have_as_many() -> None:
    queue = FairQueue(4, most=9, most_a_share=9)
    running = [queue.enter(f"a/{number}") for number in range(4)]
    more = [queue.enter(f"a/more {number}") for number in range(2)]
    few = [queue.enter(f"b/{number}") for number in range(3)]
    assert [queue.position(one) for one in (*few, *more)] == [1, 2, 5, 3, 4]
    queue.leave(running[0])
    queue.leave(running[1])
    assert [one.admitted.is_set() for one in (*few, *more)] == [True, True, False, False, False]
    queue.leave(running[2])
    assert [one.admitted.is_set() for one in (*few, *more)] == [True, True, False, True, False]
    queue.leave(few[0])
    assert few[2].admitted.is_set()


def test_one_long_answer_does_not_keep_its_tenant_from_a_second_for_ever() -> None:
    queue = FairQueue(2, most=9, most_a_share=9)
    queue.enter("a/long")
    running, behind = queue.enter("b/1"), queue.enter("a/waits")
    for number in range(2, 5):
        following = queue.enter(f"b/{number}")
        queue.leave(running)
        assert following.admitted.is_set()
        running = following
    behind.came -= 31.0
    last = queue.enter("b/last")
    assert (queue.position(behind), queue.position(last)) == (1, 2)
    queue.leave(running)
    assert behind.admitted.is_set()


def test_inside_a_tenant_nobody_is_served_twice_before_everybody_was_once() -> None:
    queue = FairQueue(1, most=9, most_a_share=9)
    running = queue.enter("a/eager")
    asked = {"eager": "a/eager", "eager2": "a/eager", "other": "a/other", "third": "a/third", "b": "b/one"}
    waiting = {name: queue.enter(share) for name, share in asked.items()}
    positions = {name: queue.position(place) for name, place in waiting.items()}
    assert _served(queue, running, waiting) == ["other", "b", "third", "eager", "eager2"]
    assert positions == {"other": 1, "b": 2, "third": 3, "eager": 4, "eager2": 5}


def test_the_shortest_goes_first_until_somebody_has_waited_long() -> None:
    for is_late in (False, True):
        queue = FairQueue(1, most=9, most_a_share=9)
        running = queue.enter("a/x")
        sizes = {"long": 8000, "short": 50, "middle": 400}
        waiting = {name: queue.enter(f"a/{name}", size) for name, size in sizes.items()}
        if is_late:
            waiting["long"].came -= 31.0
        first = ["long"] if is_late else []
        assert _served(queue, running, waiting) == first + ["short", "middle"] + (["long"] if not is_late else [])


def test_who_leaves_the_line_lets_the_next_move_up() -> None:
    queue = FairQueue(1, most=9, most_a_share=9)
    running = queue.enter("a")
    impatient, patient = queue.enter("b"), queue.enter("c")
    assert queue.position(patient) == 2
    queue.leave(impatient)
    assert (queue.position(patient), queue.depth) == (1, 1)
    queue.leave(running)
    assert patient.admitted.is_set()
    assert queue.position(patient) == 0


def test_over_its_bound_the_queue_tells_place_and_wait() -> None:
    queue = FairQueue(1, most=2, most_a_share=9)
    for share in ("a", "b", "c"):
        queue.enter(share)
    with pytest.raises(Busy) as caught:
        queue.enter("d")
    assert caught.value.position == 3
    assert caught.value.wait_s == pytest.approx(30.0)
    assert queue.depth == 2


def test_a_share_has_a_bound_of_its_own() -> None:
    queue = FairQueue(1, most=9, most_a_share=1)
    queue.enter("a")
    queue.enter("a")
    with pytest.raises(Busy):
        queue.enter("a")
    assert queue.position(queue.enter("b")) == 2


def test_who_leaves_the_line_makes_room_in_it() -> None:
    queue = FairQueue(1, most=1, most_a_share=1)
    queue.enter("a")
    queue.leave(queue.enter("a"))
    assert queue.position(queue.enter("a")) == 1


def test_who_leaves_as_it_is_admitted_hands_the_slot_on() -> None:
    queue = FairQueue(1, most=9, most_a_share=9)
    running, impatient, patient = (queue.enter(share) for share in ("a", "b", "c"))
    queue.leave(running)
    assert impatient.admitted.is_set()
    queue.leave(impatient)
    assert patient.admitted.is_set()
    assert (queue.running, queue.depth) == (1, 0)


def test_one_that_is_to_run_alone_waits_for_its_turn_and_lets_nobody_run_beside_it() -> None:
    queue = FairQueue(2, most=9, most_a_share=9)
    first, second = queue.enter("a/x"), queue.enter("a/y")
    alone = queue.enter("a/z", is_alone=True)
    later = queue.enter("b/x")
    queue.leave(first)
    assert not alone.admitted.is_set(), "somebody still runs"
    assert not later.admitted.is_set(), "those who come later do not keep it waiting for ever"
    queue.leave(second)
    assert alone.admitted.is_set()
    assert not later.admitted.is_set()
    assert queue.running == 1
    newcomer = queue.enter("c/x")
    queue.leave(alone)
    assert later.admitted.is_set()
    assert newcomer.admitted.is_set()


def test_whoever_asks_for_the_lane_again_and_again_does_not_starve_the_others() -> None:
    queue = FairQueue(2, most=99, most_a_share=99)
    running = [queue.enter("a/x", is_alone=True)]
    waiting = [queue.enter("a/x", is_alone=True) for _ in range(5)] + [queue.enter("b/y") for _ in range(5)]
    order: list[str] = []
    while running:
        queue.leave(running.pop(0))
        for place in [one for one in waiting if one.admitted.is_set()]:
            waiting.remove(place)
            running.append(place)
            order.append("alone" if place.is_alone else "beside")
        assert len(running) == 1 or not any(one.is_alone for one in running)
    assert order == ["beside", "beside", "alone", "beside", "beside", "alone", "beside", *["alone"] * 3]
    assert (queue.running, queue.depth) == (0, 0)


def test_one_that_gives_up_its_place_in_the_lane_shuts_nobody_out() -> None:
    queue = FairQueue(2, most=9, most_a_share=9)
    running = queue.enter("a/x")
    alone, later = queue.enter("a/y", is_alone=True), queue.enter("b/x")
    assert not later.admitted.is_set()
    queue.leave(alone)
    assert later.admitted.is_set()
    assert queue.enter("c/x").admitted.is_set() is False
    queue.leave(running)
    assert (queue.running, queue.depth) == (2, 0)


def test_while_one_waits_to_run_alone_newcomers_get_the_slots_that_are_free_until_it_is_its_turn() -> None:
    queue = FairQueue(4, most=9, most_a_share=9)
    alone, other = queue.enter("a/x", is_alone=True), queue.enter("b/x")
    queue.leave(alone)
    again = queue.enter("a/x", is_alone=True)
    assert other.admitted.is_set()
    assert not again.admitted.is_set()
    beside = [queue.enter(f"{tenant}/y") for tenant in "cde"]
    assert [place.admitted.is_set() for place in beside] == [True] * 3
    queue.leave(beside.pop())
    later = queue.enter("f/y")
    assert not later.admitted.is_set(), "as many have been served beside as there are slots"
    for place in [other, *beside]:
        queue.leave(place)
    assert again.admitted.is_set()
    queue.leave(again)
    assert (later.admitted.is_set(), queue.running, queue.depth) == (True, 1, 0)


def test_a_queue_that_is_full_of_who_wait_to_run_alone_refuses_nobody_a_free_slot() -> None:
    queue = FairQueue(2, most=1, most_a_share=1)
    alone, other = queue.enter("a/x", is_alone=True), queue.enter("b/x")
    queue.leave(alone)
    assert not queue.enter("a/x", is_alone=True).admitted.is_set()
    assert queue.enter("c/x").admitted.is_set()
    with pytest.raises(Busy):
        queue.enter("d/x")
    assert (other.admitted.is_set(), queue.running, queue.depth) == (True, 2, 1)


def test_who_was_served_in_a_rush_that_is_over_is_not_put_back_for_it_in_the_next() -> None:
    queue = FairQueue(1, most=9, most_a_share=9)
    rush = [queue.enter(f"a/{name}") for name in ("first", "second", "third")]
    for place in rush:
        queue.leave(place)
    assert not queue.turns
    running = queue.enter("b/x")
    waiting = {name: queue.enter(f"a/{name}") for name in ("first", "newcomer")}
    assert _served(queue, running, waiting) == ["first", "newcomer"]


def test_who_gives_up_as_the_last_of_a_rush_ends_it_and_those_who_run_have_had_their_turn() -> None:
    queue = FairQueue(2, most=9, most_a_share=9)
    served, eager = queue.enter("a/served"), queue.enter("a/eager")
    impatient = queue.enter("a/impatient")
    queue.leave(served)
    assert impatient.admitted.is_set()
    other = queue.enter("b/x")
    last = queue.enter("a/last")
    queue.leave(last)
    queue.leave(impatient)
    assert other.admitted.is_set()
    assert queue.turns["a"] == {"a/eager": 1}
    waiting = {name: queue.enter(f"a/{name}") for name in ("eager", "served")}
    assert _served(queue, other, waiting) == ["served", "eager"]
    queue.leave(eager)
    assert queue.running == 0
    assert not queue.turns
