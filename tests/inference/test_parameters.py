"""Servers that refuse a parameter which others ask to be told: asked again without it, and not told it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from governance.errors import InvalidInput, Unavailable
from inference.runners.base import ChatRequest, Message
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
    server.chats(refusing(server, "max_tokens", "temperature", "seed", "stop"))
    runner = OpenAICompatible(server.base_url)
    with pytest.raises(Unavailable, match="Unsupported parameter"):
        list(runner.stream(REQUEST))
    assert len(server.asked) == 4
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
