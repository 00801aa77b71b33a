"""The order in which prompts are read, what is read once for many, and what never is."""

from __future__ import annotations

import asyncio
import errno

import httpx
import pytest

from inference.worker import kept
from inference.worker.engines.base import Address
from inference.worker.slots import Reading, State
from tests.inference.desk import Desk, prompt_of, run, settled


def test_a_prompt_is_read_in_chunks_up_to_its_last_token() -> None:
    async def meet(desk: Desk) -> None:
        reading = await desk.read(prompt_of(0, 600))
        assert [(begin, end) for _, begin, end in desk.engine.reads] == [(0, 200), (200, 400), (400, 599)]
        assert reading.cached == 0

    run(meet)


def test_a_short_prompt_does_not_stand_behind_a_long_one() -> None:
    async def meet(desk: Desk) -> None:
        desk.engine.gate.clear()
        desk.ask("long", prompt_of(0, 5000))
        await settled()  # its first chunk is being read
        desk.ask("short", prompt_of(9000, 50))
        desk.engine.gate.set()
        while len(desk.ended) < 2:
            await asyncio.sleep(0)
        assert desk.ended == ["short", "long"]
        assert [end for _, _, end in desk.engine.reads][:2] == [278, 49]  # right after the chunk under way

    run(meet)


def test_short_prompts_are_read_together_as_far_as_they_go_into_a_step() -> None:
    async def meet(desk: Desk) -> None:
        desk.engine.gate.clear()
        asked = [desk.ask(str(number), prompt_of(1000 * number, 100)) for number in range(3)]
        await settled()
        assert [reading.slot is not None for reading, _ in asked] == [True, True, False]
        desk.engine.gate.set()
        await asyncio.gather(*(task for _, task in asked))
        assert desk.ended == ["0", "1", "2"]
        assert [(begin, end) for _, begin, end in desk.engine.reads] == [(0, 99)] * 3

    run(meet)


def test_what_short_prompts_have_in_common_is_read_once() -> None:
    async def meet(desk: Desk) -> None:
        asked = [desk.ask(str(number), prompt_of(0, 60, tail=number + 1)) for number in range(2)]
        apart, task = desk.ask("another", prompt_of(0, 60, tail=1), key="another")
        await asyncio.gather(task, *(task for _, task in asked))
        assert [reading.cached for reading, _ in asked] == [0, 60]
        assert apart.cached == 0  # read beside the first, and by a key of its own
        assert [(begin, end) for _, begin, end in desk.engine.reads] == [(0, 109), (0, 109), (60, 109)]

    run(meet)


@pytest.mark.parametrize(("length", "before_answer"), [(150, 0), (300, 1)])
def test_a_short_rest_is_kept_with_its_answer_alone(length: int, before_answer: int) -> None:
    async def meet(desk: Desk) -> None:
        reading, task = desk.ask("", prompt_of(0, length))
        await task
        assert len(desk.reader.held.keeping.rows) == before_answer
        desk.reader.leave(reading)
        await settled()
        assert [len(one.tokens) for one in desk.reader.held.keeping.rows] == [length - 1]

    run(meet)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_fault_of_one_read_beside_another_is_its_own(is_first: bool) -> None:
    async def meet(desk: Desk) -> None:
        read = desk.engine.read

        async def fail(
            slot: int, prompt: list[int], *, is_anew: bool = False, begun: asyncio.Event | None = None
        ) -> int:
            if (prompt[0] == 0) == is_first:
                raise httpx.ReadError("away")
            return await read(slot, prompt, is_anew=is_anew, begun=begun)

        desk.engine.read = fail  # type: ignore[method-assign]
        told = await asyncio.gather(
            *(desk.ask(str(number), prompt_of(1000 * number, 100))[1] for number in range(2)), return_exceptions=True
        )
        assert [isinstance(one, httpx.ReadError) for one in told] == [is_first, not is_first]

    run(meet)


def test_one_who_has_waited_gets_ahead_of_shorter_ones() -> None:
    async def meet(desk: Desk) -> None:
        desk.engine.gate.clear()
        _, first = desk.ask("under way", prompt_of(0, 150))
        patient, _ = desk.ask("patient", prompt_of(1000, 250))
        desk.ask("short", prompt_of(2000, 200))
        await settled()
        patient.arrived -= 10.0
        desk.engine.gate.set()
        await first
        while len(desk.ended) < 3:
            await asyncio.sleep(0)
        assert desk.ended == ["under way", "patient", "short"]

    run(meet)


def test_prompts_that_begin_alike_are_read_once_and_all_go_on_from_there() -> None:
    async def meet(desk: Desk) -> None:
        asked = [desk.ask(str(number), prompt_of(0, 400, tail=number + 1)) for number in range(4)]
        await asyncio.gather(*(task for _, task in asked))
        read = sum(end - begin for _, begin, end in desk.engine.reads)
        assert read == 449 + 3 * 49
        assert sorted(reading.cached for reading, _ in asked) == [0, 400, 400, 400]
        assert len({reading.slot.number for reading, _ in asked if reading.slot}) == 4

    run(meet)


def test_of_two_that_came_in_one_moment_the_first_is_read_to_its_end_before_the_other_goes_on_from_it() -> None:
    async def meet(desk: Desk) -> None:
        desk.engine.gate.clear()
        first, one = desk.ask("first", prompt_of(0, 900, tail=1))
        await settled()  # its first chunk is being read
        second, other = desk.ask("second", prompt_of(0, 900, tail=2))
        second.arrived = first.arrived + 1e-7
        await settled()
        desk.engine.gate.set()
        await asyncio.gather(one, other)
        assert (first.cached, second.cached) == (0, 900)

    run(meet)


def test_a_short_prompt_goes_on_from_what_a_long_one_has_read_by_then() -> None:
    async def meet(desk: Desk) -> None:
        desk.engine.gate.clear()
        desk.ask("long", prompt_of(0, 5000))
        await settled()
        desk.engine.gate.set()
        while len(desk.engine.reads) < 3:
            await asyncio.sleep(0)
        short, task = desk.ask("short", prompt_of(0, 700, tail=1))
        await task
        assert "long" not in desk.ended
        assert short.cached >= 256
        while "long" not in desk.ended:
            await asyncio.sleep(0)

    run(meet)


def test_what_another_key_has_read_is_read_anew_in_whichever_slot() -> None:
    async def meet(desk: Desk) -> None:
        cached, begun = [], []
        for key in ("one", "another", "one", "another", "third"):
            before = len(desk.engine.reads)
            cached.append((await desk.read(prompt_of(0, 300), key)).cached)
            begun.append([begin for _, begin, _ in desk.engine.reads[before:]][:1])
        assert cached == [0, 0, 299, 299, 0]
        # The engine would have gone on from whatever lay in the slot: nothing of another's did.
        assert begun == [[0], [0], [], [], [0]]

    run(meet, slots=1)


def test_a_conversation_goes_on_where_it_stood_though_many_others_came_between() -> None:
    async def meet(desk: Desk) -> None:
        first = await desk.read(prompt_of(0, 500))
        assert first.slot is not None
        for number in range(20):
            await desk.read(prompt_of(10_000 * (number + 1), 300), f"key {number}")
        again = await desk.read([*prompt_of(0, 500), *range(70_000, 70_060)])
        assert again.cached == 499

    run(meet, slots=2)


def test_what_was_written_is_known_for_the_next_question() -> None:
    async def meet(desk: Desk) -> None:
        prompt = prompt_of(0, 100)
        reading, task = desk.ask("", prompt)
        slot = await task
        desk.engine.slots[slot] = [*prompt, *range(80_000, 80_100)]  # the engine has written
        desk.reader.leave(reading)
        await settled()
        again = await desk.read([*prompt, *range(80_000, 80_100), 5, 6, 7])
        assert again.cached == 200

    run(meet, slots=1)


def test_a_client_that_leaves_while_it_is_read_frees_the_slot_and_what_was_read_is_kept() -> None:
    async def meet(desk: Desk) -> None:
        desk.engine.gate.clear()
        _, task = desk.ask("", prompt_of(0, 1000))
        await settled()
        desk.engine.gate.set()
        while len(desk.engine.reads) < 2:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await settled()
        assert {slot.state for slot in desk.reader.held.slots} == {State.IDLE}
        assert len(desk.engine.reads) <= 3
        assert (await desk.read(prompt_of(0, 1000))).cached >= 500

    run(meet, slots=1)


@pytest.mark.parametrize("ticks", range(0, 24, 3))
def test_whenever_a_client_leaves_no_slot_is_lost(ticks: int) -> None:
    async def meet(desk: Desk) -> None:
        await desk.read(prompt_of(0, 300))
        await desk.read(prompt_of(5000, 300), "another")
        reading, task = desk.ask("", prompt_of(0, 700))
        for _ in range(ticks):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            desk.reader.leave(reading)
        await settled()
        assert [slot.state for slot in desk.reader.held.slots] == [State.IDLE]
        assert desk.reader.waiting == []

    run(meet, slots=1)


def test_a_fault_of_the_engine_is_told_and_the_next_one_is_read() -> None:
    async def meet(desk: Desk) -> None:
        desk.engine.fault = httpx.ReadError("away")
        with pytest.raises(httpx.ReadError):
            await desk.read(prompt_of(0, 300))
        desk.engine.fault = None
        desk.engine.address = Address("http://e", "new")  # started again
        desk.engine.slots = [[]]
        assert (await desk.read(prompt_of(0, 300))).cached == 0
        assert (await desk.read(prompt_of(0, 300))).cached == 299

    run(meet, slots=1)


def test_after_an_engines_new_start_what_was_kept_is_brought_back() -> None:
    async def meet(desk: Desk) -> None:
        await desk.read(prompt_of(0, 300))
        desk.engine.address, desk.engine.slots = Address("http://e", "new"), [[]]
        assert (await desk.read(prompt_of(0, 300))).cached == 299
        assert desk.engine.slots[0][:299] == list(range(299))

    run(meet, slots=1)


def test_what_cannot_be_kept_is_read_again_and_does_no_harm() -> None:
    async def meet(desk: Desk) -> None:
        async def fail(*_: object) -> tuple[int, int]:
            raise httpx.ReadError("full")

        desk.engine.save = fail  # type: ignore[method-assign,assignment]
        assert (await desk.read(prompt_of(0, 300))).cached == 0
        assert (await desk.read(prompt_of(0, 300), "another")).cached == 0
        assert [begin for _, begin, _ in desk.engine.reads] == [0, 150, 0, 150]

    run(meet, slots=1)


def test_where_no_more_files_can_be_opened_what_was_read_is_not_kept_and_the_next_one_is_read() -> None:
    async def meet(desk: Desk) -> None:
        def refuse() -> str:
            raise OSError(errno.EMFILE, "Too many open files")

        reading, task = desk.ask("", prompt_of(0, 300))
        await task
        desk.reader.held.keeping.shelf.take = refuse  # type: ignore[method-assign]
        desk.reader.leave(reading)  # what was written would be kept now
        await settled()
        for key in ("another", "third"):
            assert (await asyncio.wait_for(desk.read(prompt_of(0, 300), key), 5)).cached == 0
        assert [slot.state for slot in desk.reader.held.slots] == [State.IDLE]

    run(meet, slots=1)


def test_a_request_that_keeps_nothing_gets_an_empty_slot() -> None:
    async def meet(desk: Desk) -> None:
        await desk.read(prompt_of(0, 300))
        reading, task = desk.ask("", [])
        assert desk.engine.slots[await task] == []
        desk.reader.leave(reading)
        await settled()
        assert len(desk.reader.held.keeping.rows) == 1

    run(meet, slots=1)


def test_what_was_given_up_while_its_slot_still_held_it_is_kept_anew() -> None:
    async def meet(desk: Desk) -> None:
        reading, task = desk.ask("", prompt_of(0, 300))
        slot = desk.reader.held.slots[await task]
        kept = slot.kept
        assert kept is not None
        desk.reader.held.keeping.drop(kept)
        desk.reader.leave(reading)
        await settled()
        assert (await desk.read(prompt_of(0, 300, tail=1))).cached >= 299
        assert all(one is not kept for one in desk.reader.held.keeping.rows)

    run(meet, slots=2)


def test_a_slot_that_answered_alone_is_emptied_for_the_next_key() -> None:
    async def meet(desk: Desk) -> None:
        reading = Reading("one", kept.tokens([]), True)
        number = await desk.reader.read(reading)
        desk.engine.slots[number] = prompt_of(0, 300)  # the engine has read it by itself
        desk.reader.leave(reading)
        await settled()
        assert (await desk.read(prompt_of(0, 300), "another")).cached == 0
        assert [begin for _, begin, _ in desk.engine.reads] == [0, 150]

    run(meet, slots=1)


def test_the_wait_that_is_told_counts_what_is_read_before() -> None:
    async def meet(desk: Desk) -> None:
        desk.engine.gate.clear()
        desk.reader.pace.rate = 100.0
        first, _ = desk.ask("first", prompt_of(0, 100))
        second, _ = desk.ask("second", prompt_of(1000, 500))
        await settled()
        assert desk.reader.expected_s(first) == pytest.approx(1.0, abs=0.1)
        assert desk.reader.expected_s(second) == pytest.approx(6.0, abs=0.1)
        desk.engine.gate.set()

    run(meet)
