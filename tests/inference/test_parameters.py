"""Servers that refuse a parameter which others ask to be told: asked again without it, and not told it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from governance.errors import InvalidInput, Unavailable
from inference.runners.base import ChatRequest, Delta, Message
from inference.runners.openai_compatible import OpenAICompatible
from tests.inference.model_server import DONE, ModelServer, Speaker, piece

REQUEST = ChatRequest([Message("user", "Why?")], max_tokens=9, seed=3, stop=["\n\n"])


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


def refusing(server: ModelServer, *names: str, said: str = "Unsupported parameter") -> Callable[[Speaker], None]:
    def reply(speaker: Speaker) -> None:
        found = next((name for name in names if name in server.asked[-1].body), None)
        if found is None:
            speaker.say_events([piece("Because."), piece(finish="stop"), DONE])
        else:
            speaker.say_json({"error": {"message": said, "param": found, "code": "unsupported_parameter"}}, 400)

    return reply


def test_what_a_server_refuses_is_left_out_and_no_later_question_pays_for_it(server: ModelServer) -> None:
    server.chats(refusing(server, "max_tokens", "temperature", "seed"))
    runner = OpenAICompatible(server.base_url)
    for _ in range(2):
        assert "".join(delta.text for delta in runner.stream(REQUEST)) == "Because."
    assert len(server.asked) == 5
    for asked in server.asked[-2:]:
        assert asked.body["max_completion_tokens"] == 9
        assert asked.body["stop"] == ["\n\n"]
        assert not {"max_tokens", "temperature", "seed"} & asked.body.keys()


def test_a_server_that_refuses_all_of_it_is_given_up_and_nothing_is_learnt(server: ModelServer) -> None:
    server.chats(refusing(server, "max_tokens", "temperature", "seed", "stop", "stream_options"))
    runner = OpenAICompatible(server.base_url)
    with pytest.raises(Unavailable, match="Unsupported parameter"):
        list(runner.stream(REQUEST))
    assert len(server.asked) == 5
    server.chats(refusing(server))
    list(runner.stream(REQUEST))
    assert server.asked[-1].body["max_tokens"] == 9


def test_a_refusal_for_another_reason_is_told_at_once(server: ModelServer) -> None:
    server.chats(refusing(server, "messages", said="No such role"))
    with pytest.raises(Unavailable, match="400: No such role"):
        list(OpenAICompatible(server.base_url).stream(REQUEST))
    over = "max_tokens is too large. This model's maximum context length is 512 tokens and your request has 700 tokens."
    server.chats(refusing(server, "max_tokens", said=over))  # as vLLM says it of a prompt that is too long
    with pytest.raises(InvalidInput, match=r"has 700 tokens; the model reads 512"):
        list(OpenAICompatible(server.base_url).stream(REQUEST))
    assert len(server.asked) == 2


def gemini(names: set[str]) -> tuple[Any, int]:
    said = "\n".join(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.' for name in names)
    return [{"error": {"code": 400, "message": said, "status": "INVALID_ARGUMENT"}}], 400


def mistral(names: set[str]) -> tuple[Any, int]:
    inside = {"stream_options": ["include_usage"]}
    detail = [
        {
            "type": "extra_forbidden",
            "loc": ["body", name, *inside.get(name, ())],
            "msg": "Extra inputs are not permitted",
        }
        for name in names
    ]
    return {"object": "error", "message": {"detail": detail}, "type": "invalid_request_error", "param": None}, 422


def fastapi(names: set[str]) -> tuple[Any, int]:
    return {"detail": mistral(names)[0]["message"]["detail"]}, 422


def strict(server: ModelServer, shape: Callable[[set[str]], tuple[Any, int]], *names: str) -> Callable[[Speaker], None]:
    def reply(speaker: Speaker) -> None:
        if found := set(names) & server.asked[-1].body.keys():
            body, status = shape(found)
            speaker.say_json(body, status)
        else:
            speaker.say_events([piece("Because."), piece(finish="stop"), DONE])

    return reply


@pytest.mark.parametrize("shape", [gemini, mistral, fastapi])
def test_each_way_in_which_servers_name_what_they_refuse_is_understood(
    server: ModelServer, shape: Callable[[set[str]], tuple[Any, int]]
) -> None:
    server.chats(strict(server, shape, "seed", "stream_options"))
    told = list(OpenAICompatible(server.base_url).stream(REQUEST))
    assert told == [Delta("Because.", 1, left_out=("seed",)), Delta("", 0, finish="stop", left_out=("seed",))]
    assert len(server.asked) == 2
    assert server.asked[-1].body.keys() == {"model", "messages", "max_tokens", "temperature", "stop", "stream"}


@pytest.mark.parametrize(
    ("shape", "why"),
    [(gemini, '400: .*Unknown name "messages"'), (mistral, r"422: body\.messages Extra inputs are not permitted$")],
)
def test_what_is_refused_and_cannot_be_left_out_is_told_in_the_servers_words(
    server: ModelServer, shape: Callable[[set[str]], tuple[Any, int]], why: str
) -> None:
    server.chats(strict(server, shape, "messages"))
    with pytest.raises(Unavailable, match=why):
        list(OpenAICompatible(server.base_url).stream(REQUEST))
    assert len(server.asked) == 1


def test_what_has_another_name_elsewhere_has_not_been_left_out(server: ModelServer) -> None:
    server.chats(strict(server, gemini, "max_tokens", "stop"))
    runner = OpenAICompatible(server.base_url)
    assert {delta.left_out for delta in runner.stream(REQUEST)} == {("stop",)}
    unstopped = ChatRequest(REQUEST.messages, max_tokens=9)
    assert {delta.left_out for delta in runner.stream(unstopped)} == {()}, "a request without one has lost none"
