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
