"""A model that thinks first, and a server that refuses what it is told: what its person, the record and a replay see."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import pytest

from assistant import replaying
from assistant.models import Status
from assistant.showing import notices
from inference import runners
from inference.runners.openai_compatible import OpenAICompatible
from tests.assistant import asking
from tests.cast import House
from tests.inference.model_server import DONE, ModelServer, Speaker, event, piece, usage

THOUGHT = event({"choices": [{"index": 0, "delta": {"reasoning_content": "Hm. "}, "finish_reason": None}]})


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        models = {"data": [{"id": "thinker", "max_model_len": 8192}]}
        running.replies["/v1/models"] = lambda speaker: speaker.say_json(models)
        with runners.instead(OpenAICompatible(running.base_url)):
            yield running


def says(server: ModelServer, events: Sequence[bytes], finish: str) -> None:
    server.chats(lambda speaker: speaker.say_events([*events, piece(finish=finish), usage(900, 40), DONE]))


@pytest.mark.parametrize("events", [[THOUGHT] * 4, [piece("<think>"), piece("Hm. ")], []])
@pytest.mark.parametrize("stop", [[], ["END"]])
def test_a_model_that_thinks_up_to_its_greatest_length_is_the_operators_matter(
    house: House, server: ModelServer, caplog: pytest.LogCaptureFixture, events: list[bytes], stop: list[str]
) -> None:
    asking.shelf(house)
    says(server, events, "length")
    with caplog.at_level(logging.WARNING):
        row = asking.answered(house.bob, sampler={"stop": stop} if stop else {})
    assert (row.status, row.notice) == (Status.FAILED, notices.THOUGHT_ALONE)
    assert [f"answer {row.pk}" in line and "thinking" in line for line in caplog.messages] == [True]


def test_a_model_that_ends_by_itself_and_says_nothing_may_be_asked_in_other_words(
    house: House, server: ModelServer
) -> None:
    asking.shelf(house)
    says(server, [THOUGHT], "stop")
    row = asking.answered(house.bob)
    assert (row.status, row.notice) == (Status.FAILED, notices.NOTHING_WRITTEN)


def test_thoughts_are_neither_delivered_nor_recorded(house: House, server: ModelServer) -> None:
    asking.shelf(house)
    says(server, [piece(text) for text in ("<thi", "nk>Zebras? No.</th", "ink>\n\n", asking.RULE)], "stop")
    row = asking.answered(house.bob)
    assert (row.status, asking.said(row).strip()) == (Status.ANSWERED, asking.RULE)
    assert "".join(asking.recorded_texts(house, row.pk)).strip() == asking.RULE


def test_what_a_server_refuses_to_be_told_is_not_claimed_and_no_changed_sampler(
    house: House, server: ModelServer
) -> None:
    asking.shelf(house)

    def reply(speaker: Speaker) -> None:
        for name in ("temperature", "seed", "stop"):
            if name in server.asked[-1].body:
                speaker.say_json({"error": {"message": "Unsupported parameter", "param": name}}, 400)
                return
        speaker.say_events([piece(f"{asking.RULE} END, and more"), piece(finish="stop"), DONE])

    server.chats(reply)
    row = asking.answered(house.bob, sampler={"temperature": 0.7, "seed": 5, "stop": ["END"]})
    assert row.status == Status.ANSWERED
    assert row.capsule["sampler"].keys() == {"max_tokens"}
    assert row.capsule["left_out"] == asking.end(house, row.pk)["left_out"] == ["seed", "stop", "temperature"]
    assert row.capsule["usage"]["counted_by"] == "prompt and pieces"
    assert "more" not in asking.said(row)
    again = replaying.replay(house.bob, row.pk)
    assert "sampler" not in {str(one.ingredient) for one in again.changed}


def test_other_fields_beside_a_request_are_a_changed_sampler(house: House, server: ModelServer) -> None:
    asking.shelf(house)
    says(server, [piece(asking.RULE)], "stop")
    quick = {"chat_template_kwargs": {"enable_thinking": False, "effort": "low"}}
    with runners.instead(OpenAICompatible(server.base_url, extra_body=quick)):
        row = asking.answered(house.bob)
    assert len(row.capsule["sampler"]["beside"]) == 64
    with runners.instead(
        OpenAICompatible(
            server.base_url, extra_body={"chat_template_kwargs": {"effort": "low", "enable_thinking": False}}
        )
    ):
        assert "sampler" not in {str(one.ingredient) for one in replaying.replay(house.bob, row.pk).changed}
    for other in ({}, {"chat_template_kwargs": {"enable_thinking": True}}):
        with runners.instead(OpenAICompatible(server.base_url, extra_body=other)):
            assert "sampler" in {str(one.ingredient) for one in replaying.replay(house.bob, row.pk).changed}


def test_what_a_server_takes_by_now_and_refused_then_is_a_changed_sampler(house: House, server: ModelServer) -> None:
    asking.shelf(house)

    def reply(speaker: Speaker) -> None:
        if "seed" in server.asked[-1].body:
            speaker.say_json({"error": {"message": "Unsupported parameter", "param": "seed"}}, 400)
        else:
            speaker.say_events([piece(asking.RULE), piece(finish="stop"), DONE])

    server.chats(reply)
    row = asking.answered(house.bob)
    assert row.capsule["left_out"] == ["seed"]
    says(server, [piece(asking.RULE)], "stop")
    with runners.instead(OpenAICompatible(server.base_url)):  # another process, which has learnt nothing yet
        again = replaying.replay(house.bob, row.pk)
    assert "sampler" in {str(one.ingredient) for one in again.changed}
