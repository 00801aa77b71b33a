from __future__ import annotations

from collections.abc import Iterator

import pytest

from governance.errors import InvalidInput
from inference import prompts
from inference.runners.base import ChatRequest, Message
from inference.runners.scripted import ScriptedChat, ScriptedEmbedder


def request(text: str = "Why?", **options: object) -> ChatRequest:
    return ChatRequest([Message("user", text)], **({"max_tokens": 50} | options))  # type: ignore[arg-type]


def said(runner: ScriptedChat, asked: ChatRequest) -> str:
    return "".join(delta.text for delta in runner.stream(asked))


def test_replies_come_in_their_order_and_requests_are_remembered() -> None:
    runner = ScriptedChat(["One.", "Two,\n  indented."])
    first, second = request("a"), request("b")
    assert [said(runner, first), said(runner, second)] == ["One.", "Two,\n  indented."]
    assert runner.requests == [first, second]


def test_a_script_that_has_ended_says_so() -> None:
    with pytest.raises(LookupError, match="no reply for request 1"):
        said(ScriptedChat([]), request())


def test_a_function_sees_the_request_and_may_stream_or_raise() -> None:
    def script(asked: ChatRequest) -> Iterator[str]:
        yield asked.messages[-1].content
        raise ValueError("in the middle")

    deltas = iter(ScriptedChat(script).stream(request("Why?")))
    assert next(deltas).text == "Why?"
    with pytest.raises(ValueError, match="in the middle"):
        next(deltas)


def test_without_a_script_it_quotes_the_first_excerpt() -> None:
    prompt = prompts.answer("How long?", [prompts.Excerpt(1, "Handbook", "page 3", "Leave is 28 days.\nAsk early.")])
    assert said(ScriptedChat(), ChatRequest(prompt.messages, max_tokens=50)) == "Leave is 28 days.\nAsk early."


def test_without_a_script_or_an_excerpt_it_repeats_the_question() -> None:
    assert said(ScriptedChat(), request("Shorter, please.")) == "Shorter, please."


def test_an_answer_ends_at_its_limit_and_says_so() -> None:
    *pieces, last = ScriptedChat(["one two three"]).stream(request(max_tokens=2))
    assert [delta.text for delta in pieces] == ["one ", "two "]
    assert last.finish == "length"


def test_an_answer_ends_before_a_stop_word() -> None:
    assert said(ScriptedChat(["one two###three"]), request(stop=["###"])) == "one two"


def test_a_prompt_over_the_window_is_refused_with_both_numbers() -> None:
    with pytest.raises(InvalidInput, match=r"has 12 tokens; the model reads 10"):
        said(ScriptedChat(["Never."], window=10), request("word " * 12))


def test_vectors_are_the_same_in_every_process() -> None:
    vector = ScriptedEmbedder(dimensions=16).embed(["salt Salt, pepper"], "passage")[0]
    found = {place: float(value) for place, value in enumerate(vector) if value}
    assert found == pytest.approx({0: 0.4472, 5: 0.8944}, abs=1e-3)
