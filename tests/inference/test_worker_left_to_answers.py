"""The last chunks of a streamed prompt are read with its answer: when, and what of whoever leaves or fails meanwhile."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from inference.worker.slots import State
from tests.inference.desk import Desk, prompt_of, run, settled


def test_a_short_prompt_is_read_with_its_streamed_answer_and_the_next_one_while_the_engine_is_at_that() -> None:
    async def meet(desk: Desk) -> None:
        first, task = desk.ask("first", prompt_of(0, 100), is_streamed=True)
        desk.ask("next", prompt_of(1000, 200))
        await task
        await settled()
        assert (desk.engine.reads, desk.ended) == ([], ["first"])
        await desk.begin(first)
        assert [(begin, end) for _, begin, end in desk.engine.reads] == [(0, 99), (0, 199)]
        assert desk.ended == ["first", "next"]

    run(meet)


def test_the_last_chunk_of_a_long_one_is_read_with_its_answer_where_others_wait() -> None:
    async def meet(desk: Desk) -> None:
        long, task = desk.ask("long", prompt_of(0, 500), is_streamed=True)
        desk.ask("next", prompt_of(1000, 900))
        await task
        assert [(begin, end) for _, begin, end in desk.engine.reads] == [(0, 250)]
        await desk.begin(long)
        assert desk.engine.reads[1] == (0, 250, 499)
        desk.reader.leave(long)
        while len(desk.ended) < 2:
            await asyncio.sleep(0)
        assert sorted(len(one.tokens) for one in desk.reader.held.keeping.rows) == [499, 899]

    run(meet)


def test_the_last_chunk_is_left_to_the_answer_while_the_engine_is_at_the_one_before() -> None:
    async def meet(desk: Desk) -> None:
        desk.engine.step.clear()
        long, task = desk.ask("long", prompt_of(0, 500), is_streamed=True)
        desk.ask("next", prompt_of(1000, 900))
        await task
        assert desk.engine.reads == []
        assert not long.is_anew
        desk.engine.step.set()
        await settled()
        await desk.begin(long)
        assert [(begin, end) for _, begin, end in desk.engine.reads][:2] == [(0, 250), (250, 499)]
        assert long.slot is not None
        assert len(long.slot.tokens) == 499

    run(meet)


def test_who_comes_before_the_engine_is_at_the_last_chunk_but_one_is_read_next_where_that_is_shorter() -> None:
    async def meet(desk: Desk) -> None:
        desk.engine.gate.clear()
        desk.ask("long", prompt_of(0, 500), is_streamed=True)
        desk.ask("longest", prompt_of(1000, 900))
        await settled()
        desk.ask("short", prompt_of(3000, 50))
        desk.engine.gate.set()
        while len(desk.ended) < 2:
            await asyncio.sleep(0)
        assert [end for _, _, end in desk.engine.reads][:2] == [250, 49]
        assert desk.ended == ["short", "long"]

    run(meet)


def test_a_chunk_of_who_left_is_broken_off_and_awaited_before_the_slot_is_settled() -> None:
    async def meet(desk: Desk) -> None:
        desk.engine.step.clear()
        long, task = desk.ask("long", prompt_of(0, 500), is_streamed=True)
        desk.ask("next", prompt_of(1000, 900))
        await task
        slot = long.slot
        desk.reader.leave(long)
        while len(desk.ended) < 2:
            await asyncio.sleep(0)
        assert slot is not None
        assert slot.state is State.IDLE
        assert [end for _, _, end in desk.engine.reads] == [225, 450, 675, 899]  # nothing of the one that left

    run(meet)


def test_who_leaves_before_the_engine_came_to_the_last_chunk_but_one_holds_nobody_up() -> None:
    async def meet(desk: Desk) -> None:
        desk.engine.gate.clear()
        _, task = desk.ask("long", prompt_of(0, 500), is_streamed=True)
        _, following = desk.ask("next", prompt_of(1000, 900))
        await settled()
        task.cancel()
        await settled()
        desk.engine.gate.set()
        await following
        assert [end for _, _, end in desk.engine.reads] == [225, 450, 675, 899]

    run(meet)


@pytest.mark.parametrize("has_begun", [True, False])
def test_where_the_last_chunk_but_one_is_not_read_the_next_prompt_is(has_begun: bool) -> None:
    async def meet(desk: Desk) -> None:
        (desk.engine.step if has_begun else desk.engine.gate).clear()
        long, task = desk.ask("long", prompt_of(0, 500), is_streamed=True)
        _, following = desk.ask("next", prompt_of(1000, 900))
        await settled()
        desk.engine.fault = httpx.ReadError("the engine broke off")
        desk.engine.step.set()
        desk.engine.gate.set()
        if has_begun:
            await task
            await settled()
            desk.reader.leave(long)  # whose answer fails as well
        else:
            with pytest.raises(httpx.ReadError):
                await task
        desk.engine.fault = None
        await following
        assert [end for _, _, end in desk.engine.reads] == [225, 450, 675, 899]

    run(meet)


def test_a_long_one_that_nobody_waits_behind_is_kept_before_its_answer() -> None:
    async def meet(desk: Desk) -> None:
        _, task = desk.ask("long", prompt_of(0, 500), is_streamed=True)
        await task
        assert [len(one.tokens) for one in desk.reader.held.keeping.rows] == [499]
        assert (await desk.read(prompt_of(0, 400, tail=1))).cached == 400

    run(meet)


def test_one_that_others_are_to_go_on_from_is_read_to_its_end_first() -> None:
    async def meet(desk: Desk) -> None:
        asked = [desk.ask(str(number), prompt_of(0, 200, tail=number + 1), is_streamed=True) for number in range(2)]
        await asyncio.gather(*(task for _, task in asked))
        assert [(begin, end) for _, begin, end in desk.engine.reads] == [(0, 249)]
        assert [reading.cached for reading, _ in asked] == [0, 200]

    run(meet)


def test_what_a_slot_held_is_not_taken_for_what_was_never_read_into_it() -> None:
    async def meet(desk: Desk) -> None:
        await desk.read(prompt_of(0, 300), "another")
        reading, task = desk.ask("", prompt_of(5000, 150), is_streamed=True)
        await task
        assert reading.is_anew  # of what the other has read nothing may be gone on from
        desk.reader.leave(reading)  # before the engine came to it
        await settled()
        assert [one.key for one in desk.reader.held.keeping.rows] == ["another"]
        assert desk.engine.slots == [[]]
        again, task = desk.ask("", prompt_of(5000, 150), is_streamed=True)
        await task
        assert again.cached == 0
        await desk.begin(again)
        desk.reader.leave(again)
        await settled()
        assert (await desk.read(prompt_of(5000, 160))).cached == 149

    run(meet, slots=1)


@pytest.mark.parametrize(("is_left", "most_s"), [(True, 3600.0), (False, 0.01)])
def test_an_answer_that_does_not_begin_holds_nobody_up(
    is_left: bool, most_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def meet(desk: Desk) -> None:
        first, task = desk.ask("first", prompt_of(0, 100), is_streamed=True)
        _, following = desk.ask("next", prompt_of(1000, 200))
        await task
        if is_left:
            desk.reader.leave(first)
        await following
        assert desk.ended == ["first", "next"]

    monkeypatch.setattr("inference.worker.reading.BEGIN_S", most_s)
    run(meet)
