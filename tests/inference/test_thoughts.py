"""What a model thinks before it answers is no part of the answer, whoever takes it out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inference.runners.base import ChatRequest, Message
from inference.runners.openai_compatible import OpenAICompatible
from inference.runners.speech import Speech
from inference.runners.thoughts import Thoughts
from tests.inference.model_server import DONE, ModelServer, event, piece

REQUEST = ChatRequest([Message("user", "Why?")], max_tokens=9)
SAID = [
    ("<think>Twenty? </thin No: <think> thirty.</think>\n\nThirty days.", "Thirty days."),
    (" \n<think>\n\n</think>\n\n Thirty days. ", "Thirty days. "),
    ("<think></think>Write <think>…</think> around it.", "Write <think>…</think> around it."),
    ("Write <think>…</think> around it.", "Write <think>…</think> around it."),
    ("  <thinking> is a word.", "  <thinking> is a word."),
    ("<thin", "<thin"),
    (" \n ", " \n "),
    ("", ""),
    ("<think>Twenty? No, it is</think", ""),
]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.mark.parametrize(("written", "answer"), SAID)
def test_thoughts_before_an_answer_are_taken_out_wherever_they_are_cut(written: str, answer: str) -> None:
    for size in range(1, len(written) + 2):
        thoughts = Thoughts()
        told = [thoughts.feed(written[start : start + size]) for start in range(0, len(written), size)]
        assert "".join(told) + thoughts.end() == answer, size


def test_an_answer_without_thoughts_is_let_out_at_once() -> None:
    thoughts = Thoughts()
    assert [thoughts.feed(one) for one in ("Thirty", " days", " <think>")] == ["Thirty", " days", " <think>"]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thoughts_that_a_server_sends_apart_are_counted_and_not_said(server: ModelServer, field: str) -> None:
    thought = [event({"choices": [{"index": 0, "delta": {field: "Hm. "}, "finish_reason": None}]})] * 3
    server.chats(lambda speaker: speaker.say_events([*thought, piece("Yes."), piece(finish="stop"), DONE]))
    speech = Speech(OpenAICompatible(server.base_url).stream(REQUEST), (), 5)
    assert "".join(text for text, _ in speech) == "Yes."
    assert (speech.thoughts, speech.usage.completion_tokens) == (3, 4)


def test_thoughts_in_the_answer_are_counted_and_not_said(server: ModelServer) -> None:
    pieces = [piece(text) for text in ("<th", "ink>Hm.", " So</thi", "nk>", "\n\n", "Yes", ".")]
    server.chats(lambda speaker: speaker.say_events([*pieces, piece(finish="stop"), DONE]))
    speech = Speech(OpenAICompatible(server.base_url).stream(REQUEST), ("Hm",), 5)
    assert "".join(text for text, _ in speech) == speech.written == "Yes."
    assert (speech.thoughts, speech.finish, speech.usage.completion_tokens) == (4, "stop", 7)
