"""The wire of an engine that writes one answer at a time, before a writer that does as it is told."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.types import Message

from governance.errors import InvalidInput
from inference.worker.engines import answers
from inference.worker.engines.answers import Ask, End, Settling, Stop
from inference.worker.engines.completions import Completions

HELLO = {"messages": [{"role": "user", "content": "Hello"}]}
DONE = End("stop", 3, 2, 1)


class Scripted:
    """`script` is what it writes; None in it waits until the answer is stopped."""

    window = 100

    def __init__(self, *script: str | End | Exception | None) -> None:
        self.script = script
        self.begun = threading.Event()
        self.stopped = threading.Event()

    def tokens(self, text: str) -> list[int]:
        return list(text.encode())

    def prompt(self, ask: Ask) -> list[int]:
        return self.tokens(ask.messages[0]["content"])

    def write(self, prompt: list[int], ask: Ask, stop: Stop) -> Iterator[str | End]:
        self.begun.set()
        for piece in self.script:
            if isinstance(piece, Exception):
                raise piece
            if piece is None:
                while not stop.is_set:
                    threading.Event().wait(0.01)
                self.stopped.set()
                return
            yield piece


def _post(writer: Scripted, body: Any, path: str = "/v1/chat/completions", *, key: str = "key") -> httpx.Response:
    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(Completions(key="key", alias="m", writer=writer).app())
        async with httpx.AsyncClient(transport=transport, base_url="http://e") as client:
            return await client.post(path, json=body, headers={"Authorization": f"Bearer {key}"})

    return asyncio.run(post())


def test_an_answer_is_streamed_piece_by_piece_and_counted_where_that_is_asked() -> None:
    told = _post(
        Scripted("Good ", "day\u2028", DONE), HELLO | {"stream": True, "stream_options": {"include_usage": True}}
    )
    *events, done, rest = told.text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    first, second, end, usage = (json.loads(event.removeprefix("data: ")) for event in events)
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": "Good "}
    assert second["choices"][0]["delta"] == {"content": "day\u2028"}
    assert end["choices"][0]["finish_reason"] == "stop"
    assert usage["usage"]["prompt_tokens_details"] == {"cached_tokens": 1}
    assert usage["choices"] == []


def test_an_answer_in_one_piece_is_put_together() -> None:
    told = _post(Scripted("Good ", "day", DONE), HELLO).json()
    assert told["choices"][0] == {
        "index": 0,
        "message": {"role": "assistant", "content": "Good day"},
        "finish_reason": "stop",
    }
    assert told["usage"]["total_tokens"] == 5


def test_a_fault_before_the_first_piece_is_a_500_and_after_it_an_event() -> None:
    fault = RuntimeError("what was asked")
    for is_stream in (True, False):
        told = _post(Scripted(fault), HELLO | {"stream": is_stream})
        assert (told.status_code, told.json()["error"]["message"]) == (500, "The engine broke off: RuntimeError.")
    told = _post(Scripted("Good ", fault), HELLO | {"stream": True})
    assert told.text.endswith('"message": "The engine broke off: RuntimeError."}}\n\n')


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([1], "no chat request"),
        ({}, "no chat request"),
        ({"messages": []}, "no chat request"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "no chat request"),
        (HELLO | {"temperature": "hot"}, "no chat request"),
        (HELLO | {"tools": [{}]}, "has no tools"),
        (HELLO | {"response_format": {"type": "json_object"}}, "has no response_format"),
    ],
)
def test_what_it_cannot_do_is_refused(body: Any, words: str) -> None:
    told = _post(Scripted(DONE), body)
    assert told.status_code == 400
    assert words in told.json()["error"]["message"]


def test_a_prompt_that_leaves_no_room_is_refused_with_both_numbers() -> None:
    told = _post(Scripted(DONE), {"messages": [{"role": "user", "content": "a" * 100}]})
    error = told.json()["error"]
    assert (told.status_code, error["type"]) == (400, "exceed_context_size_error")
    assert (error["n_prompt_tokens"], error["n_ctx"]) == (100, 100)


def test_the_key_opens_and_nothing_else_does() -> None:
    assert _post(Scripted(DONE), {"content": "ab"}, "/tokenize").json() == {"tokens": [97, 98]}
    assert _post(Scripted(DONE), {}, "/tokenize").status_code == 400
    for path in ("/tokenize", "/v1/chat/completions"):
        assert _post(Scripted(DONE), HELLO, path, key="another").status_code == 401


@pytest.mark.parametrize("script", [(None,), ("Good ", None)])
def test_whoever_leaves_stops_the_writing_and_the_next_one_is_answered(script: tuple[str | None, ...]) -> None:
    """Before the first piece, and after it."""

    async def meet() -> None:
        writer = Scripted(*script)
        desk = Completions("key", "m", writer)
        gone = asyncio.Event()
        body = json.dumps(HELLO | {"stream": True}).encode()
        arriving: list[Message] = [{"type": "http.request", "body": body}]

        async def receive() -> Message:
            if arriving:
                return arriving.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            pass

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/chat/completions",
            "query_string": b"",
            "headers": [(b"authorization", b"Bearer key")],
        }
        asking = asyncio.ensure_future(desk.app()(scope, receive, send))
        await asyncio.to_thread(writer.begun.wait, 60)
        gone.set()
        await asking
        assert await asyncio.to_thread(writer.stopped.wait, 60)
        writer.script = ("Well", DONE)
        transport = httpx.ASGITransport(desk.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://e") as client:
            told = await client.post("/v1/chat/completions", json=HELLO, headers={"Authorization": "Bearer key"})
        assert told.json()["choices"][0]["message"]["content"] == "Well"

    asyncio.run(meet())


def test_samplers_have_llama_servers_defaults_and_take_what_is_asked() -> None:
    ask = answers.read(json.dumps(HELLO).encode())
    assert (ask.sampling["temp"], ask.sampling["top_k"]) == (0.8, 40)
    assert (ask.most, ask.stop, ask.seed) == (None, (), None)
    ask = answers.read(json.dumps(HELLO | {"temperature": 0, "stop": "x", "seed": 5, "max_tokens": 3}).encode())
    assert (ask.sampling["temp"], ask.stop, ask.seed, ask.most) == (0, ("x",), 5, 3)
    with pytest.raises(InvalidInput):
        answers.read(b"not JSON")


def test_no_piece_holds_half_a_character_or_the_beginning_of_a_stop_word() -> None:
    settling = Settling(["END", "NDX"])
    pieces = [settling.add(bytes([byte])) for byte in "aéE".encode()]
    assert pieces == ["a", "", "é", ""]
    assert settling.add(b"Nb") == "ENb"
    assert settling.add(b"cEN") == "c"
    assert settling.add(b"", is_last=True) == "EN"


def test_text_before_a_stop_word_is_all_that_is_left_of_a_piece() -> None:
    settling = Settling(["END", "d"])
    assert settling.add(b"abc E") == "abc "
    assert settling.add(b"ND and more") == ""
    assert settling.is_stopped


def test_what_never_becomes_a_character_is_shown_as_such_at_the_end() -> None:
    settling = Settling([])
    assert settling.add(b"a\xc3") == "a"
    assert settling.add(b"", is_last=True) == "\ufffd"
