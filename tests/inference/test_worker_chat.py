"""What a request's body may ask of the engine, and what of it the worker keeps to itself."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from inference.worker import chat
from inference.worker.engines.base import Address
from inference.worker.front import Front
from inference.worker.queue import FairQueue
from inference.worker.reading import Reader
from inference.worker.slots import SlotDoor

SEVERAL = [
    b'{"messages": [], "n": 2}',
    b'{"messages": [], "n": [2]}',
    b'{"messages": [], "n": "2"}',
    b'{"messages": [], "n_cmpl": 2}',
    b'{"messages": [], "n": 1, "n_cmpl": 3}',
    b'{"messages": [], "n_cmpl": {"at": "once"}}',
]
NOT_TO_BE_SENT = [
    b'{"messages": [], "temperature": NaN}',
    b'{"messages": [], "temperature": -Infinity}',
    b'{"messages": [], "temperature": 1e999}',
    b'{"messages": [{"role": "user", "content": "half of a \\ud83d"}]}',
    b'{"half of a \\ude00": 1}',
    b'{"messages": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
]


def _answer(body: bytes) -> httpx.Response:
    """Of a worker whose engine is up, as far as it knows, and answers nothing."""

    async def ask() -> httpx.Response:
        front = Front("key", {"id": "m"}, FairQueue(1, 1, 1), engine=Address("http://127.0.0.1:1", "key"))
        transport, headers = httpx.ASGITransport(front.app()), {"Authorization": "Bearer key"}
        async with httpx.AsyncClient(transport=transport, base_url="http://w", headers=headers) as client:
            answer = await client.post("/v1/chat/completions", content=body)
        await front.client.aclose()
        assert (front.queue.running, front.queue.depth) == (0, 0)
        return answer

    return asyncio.run(ask())


@pytest.mark.parametrize("body", SEVERAL)
def test_who_asks_for_several_answers_is_refused_by_whichever_word(body: bytes) -> None:
    answer = _answer(body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_input")
    assert "One answer at a time" in answer.text


@pytest.mark.parametrize("told", [b"", b', "n": 1', b', "n": null, "n_cmpl": null', b', "n_cmpl": 1'])
def test_one_answer_may_be_asked_for_in_as_many_words(told: bytes) -> None:
    assert _answer(b'{"messages": []' + told + b"}").status_code == 503  # by the engine, which is not there


@pytest.mark.parametrize("body", NOT_TO_BE_SENT)
def test_what_could_not_be_sent_on_is_refused_as_no_json(body: bytes) -> None:
    answer = _answer(body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_input")


def test_which_slot_it_gets_and_what_it_goes_on_from_is_not_the_clients_to_say() -> None:
    body = b'{"messages": [], "id_slot": 3, "n_cache_reuse": 1, "cache_prompt": true}'
    assert chat.read(body, "a/b", "", "", 60.0).told == {"messages": [], "cache_prompt": True}
    assert chat.read(body, "a/b", "", "", 60.0, is_alone=True).told == {"messages": [], "cache_prompt": False}


@pytest.mark.parametrize(("status", "is_kept"), [(200, True), (200, False), (400, True)])
def test_a_slot_that_another_had_is_read_anew_and_the_reader_told_when_the_engine_is_at_it(
    status: int, *, is_kept: bool
) -> None:
    async def ask() -> None:
        asked = list[dict[str, Any]]()

        def serve(request: httpx.Request) -> httpx.Response:
            body = json.loads(request.content)
            if request.url.path == "/apply-template":
                return httpx.Response(200, json={"prompt": body["messages"][0]["content"]})
            if request.url.path == "/tokenize":
                return httpx.Response(200, json={"tokens": [ord(letter) for letter in body["content"]]})
            asked.append(body)
            return httpx.Response(status, text="data: [DONE]\n\n")

        engine, queue = Address("http://e", "key"), FairQueue(1, 1, 1)
        async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as client:
            reader = Reader(SlotDoor(client, lambda: engine), 1, 1 << 20)
            await reader.held.tidy()  # a new engine's slots are empty
            reader.held.slots[0].is_empty = False
            told = b'{"stream": true, "messages": [{"role": "user", "content": "What is there to be read?"}]}'
            asking = chat.read(told, "a/b", "", "", 60.0, is_kept=is_kept)
            one = chat.Chat(asking, queue.enter("a/b"), queue, reader, client, lambda: engine, 2048)
            await one.open()
            assert [(body["id_slot"], body["cache_prompt"]) for body in asked] == [(0, False)]
            assert one.reading is not None
            assert (one.reading.begun.is_set(), one.reading.read) == ((True, 24) if status == 200 else (False, 0))
            one.leave()
            assert one.reading.begun.is_set()
            assert (queue.typical_s < 10.0) == (status == 200 and is_kept)
            reader.close()

    asyncio.run(ask())
