"""What is held and kept between two steps: nothing that is to be gone on from is lost, and no slot."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from inference.worker import kept
from inference.worker.engines.base import Address
from inference.worker.slots import Reading, Slot, State
from tests.inference.desk import Desk, prompt_of, run, settled

TWO_KEPT = 3600  # bytes, beside which a third one of 400 tokens does not fit


def _under_way(desk: Desk, prompt: list[int]) -> Slot:
    """A slot that has read so much for somebody who waits between two chunks. The others' have been written over."""
    for slot in desk.reader.held.slots:
        slot.forget()
    slot.key, slot.state, slot.tokens, slot.is_empty = "one", State.READING, kept.tokens(prompt), False
    desk.engine.slots[slot.number] = list(prompt)
    return slot


def test_what_one_is_to_go_on_from_is_not_given_up_for_what_is_kept_for_the_next() -> None:
    async def meet(desk: Desk) -> None:
        held = desk.reader.held
        await desk.read(prompt_of(0, 300))
        await desk.read(prompt_of(5000, 300))
        _under_way(desk, prompt_of(20_000, 400))
        first = Reading("one", kept.tokens(prompt_of(0, 299, tail=1)))
        second = Reading("one", kept.tokens(prompt_of(20_000, 400, tail=2)))
        for reading in (first, second):
            await held.place(reading)
        assert [one.tokens[0] for one in held.keeping.rows] == [0, 20_000]  # one had to go
        for reading in (first, second):
            await held.bring(reading)
        assert (first.cached, second.cached) == (299, 400)

    run(meet, most=TWO_KEPT)


def test_where_what_it_was_to_go_on_from_has_been_taken_up_by_a_longer_one_it_goes_on_from_that() -> None:
    async def meet(desk: Desk) -> None:
        held = desk.reader.held
        await desk.read(prompt_of(0, 300))
        (shorter,) = held.keeping.rows
        _under_way(desk, prompt_of(0, 400))
        first = Reading("one", kept.tokens(prompt_of(0, 299, tail=1)))
        second = Reading("one", kept.tokens(prompt_of(0, 400, tail=2)))
        for reading in (first, second):
            await held.place(reading)
        assert first.source is shorter
        (longer,) = held.keeping.rows
        for reading in (first, second):
            await held.bring(reading)
        assert first.source is second.source is longer
        assert (first.cached, second.cached) == (299, 400)

    run(meet)


def test_of_what_nobody_is_to_go_on_from_nothing_is_kept_and_its_slot_is_emptied() -> None:
    async def meet(desk: Desk) -> None:
        await desk.read(prompt_of(0, 300), key=kept.COMMON)  # as what every prompt begins with is
        rows, reading = list(desk.reader.held.keeping.rows), Reading("own", kept.tokens(prompt_of(0, 299, tail=1)))
        reading.is_kept = False
        await desk.reader.read(reading)
        assert reading.cached == 299
        desk.reader.leave(reading)
        await settled()
        assert desk.reader.held.keeping.rows == rows
        assert reading.slot is not None
        assert not len(reading.slot.tokens)
        assert desk.engine.slots[reading.slot.number] == []
        # Whoever has the slot next is kept as ever.
        for begin in (10_000, 20_000, 30_000, 40_000):
            await desk.read(prompt_of(begin, 300))
        assert len(desk.reader.held.keeping.rows) == 5

    run(meet)


def test_of_several_that_were_left_one_is_kept_after_the_other() -> None:
    async def meet(desk: Desk) -> None:
        save, under_way = desk.engine.save, 0

        async def watched(slot: int, name: str) -> tuple[int, int]:
            nonlocal under_way
            under_way += 1
            assert under_way == 1
            await asyncio.sleep(0)
            under_way -= 1
            return await save(slot, name)

        asked = [desk.ask("", prompt_of(1000 * number, 100)) for number in range(3)]
        await asyncio.gather(*(task for _, task in asked))
        desk.engine.save = watched  # type: ignore[method-assign]
        for reading, _ in asked:
            desk.reader.leave(reading)
        await settled()
        assert len(desk.reader.held.keeping.rows) == 3
        assert {slot.state for slot in desk.reader.held.slots} == {State.IDLE}

    run(meet)


def test_a_slot_that_was_left_before_the_engine_came_to_it_is_emptied_when_the_engine_is_done_with_it() -> None:
    async def meet(desk: Desk) -> None:
        await desk.read(prompt_of(0, 300), "another")
        reading, task = desk.ask("", prompt_of(5000, 150), is_streamed=True)
        await task
        erase, done = desk.engine.erase, asyncio.Event()

        async def put_off(slot: int) -> None:
            await done.wait()
            await erase(slot)

        desk.engine.erase = put_off  # type: ignore[method-assign]
        desk.reader.leave(reading)
        await settled()
        assert [slot.state for slot in desk.reader.held.slots] == [State.LEFT]
        done.set()
        await settled()
        assert [slot.state for slot in desk.reader.held.slots] == [State.IDLE]
        assert desk.engine.slots == [[]]
        late = desk.engine.slots[0] = prompt_of(7000, 100)  # of the call that was broken off: it comes only now
        other, task = desk.ask("", [*late, 1, 2], "another", is_streamed=True)
        await task
        assert other.is_anew

    run(meet, slots=1)


@pytest.mark.parametrize("fault", [httpx.ReadError("away"), ValueError("no JSON")])
def test_a_slot_that_cannot_be_emptied_is_given_back_and_read_anew(fault: Exception) -> None:
    async def meet(desk: Desk) -> None:
        async def fail(slot: int) -> None:
            raise fault

        await desk.read(prompt_of(0, 300), "another")
        reading, task = desk.ask("", prompt_of(0, 150), is_streamed=True)
        await task
        desk.engine.erase = fail  # type: ignore[method-assign]
        desk.reader.leave(reading)
        await settled()
        assert [(slot.state, slot.is_empty) for slot in desk.reader.held.slots] == [(State.IDLE, False)]
        following, task = desk.ask("", prompt_of(0, 150), is_streamed=True)
        await asyncio.wait_for(task, 5)
        assert (following.cached, following.is_anew) == (0, True)

    run(meet, slots=1)


def test_what_a_new_engine_was_asked_for_already_does_not_pass_for_nothing() -> None:
    async def meet(desk: Desk) -> None:
        reading, task = desk.ask("", prompt_of(0, 150), is_streamed=True)
        await task
        desk.engine.address = Address("http://e", "new")  # started again, and asked before anybody looked
        await desk.begin(reading)
        await desk.read(prompt_of(9000, 50), "beside")  # somebody looks
        desk.reader.leave(reading)
        await settled()
        assert reading.slot is not None
        assert desk.engine.slots[reading.slot.number] == []

    run(meet, slots=2)


@pytest.mark.parametrize(
    "fault", [KeyError("n_saved"), ValueError("no JSON"), httpx.ReadError("full"), OSError("no more files")]
)
def test_whatever_goes_wrong_in_keeping_the_slot_is_given_back_and_so_is_the_place(
    fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def meet(desk: Desk) -> None:
        async def fail(slot: int, name: str) -> tuple[int, int]:
            taken.append(name)
            raise fault

        def give_back(name: str) -> None:
            given_back.append(name)

        taken, given_back = list[str](), list[str]()
        reading, task = desk.ask("", prompt_of(0, 150))
        await task
        desk.engine.save = fail  # type: ignore[method-assign]
        desk.reader.held.keeping.shelf.give_back = give_back  # type: ignore[method-assign]
        desk.reader.leave(reading)
        await settled()
        assert [slot.state for slot in desk.reader.held.slots] == [State.IDLE]
        assert given_back == taken != []
        assert (await asyncio.wait_for(desk.read(prompt_of(0, 150), "another"), 5)).cached == 0
        assert "could not be kept" in caplog.text

    run(meet, slots=1)
