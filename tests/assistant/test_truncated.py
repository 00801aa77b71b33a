"""A server that reads half of a prompt and answers all the same: what it wrote never stands as an answer."""

from __future__ import annotations

from assistant.models import Status
from assistant.showing import notices
from inference import runners
from inference.runners.openai_compatible import OpenAICompatible
from tests.assistant import asking
from tests.cast import House
from tests.inference.model_server import DONE, ModelServer, piece, usage


def test_what_was_written_from_half_a_prompt_does_not_stand_as_an_answer(house: House) -> None:
    asking.shelf(house)
    for read, status, notice in (
        (12, {Status.INTERRUPTED, Status.FAILED}, notices.CUT_SHORT),
        (900, {Status.ANSWERED}, ""),
    ):
        with ModelServer() as server:
            server.replies["/v1/models"] = lambda speaker: speaker.say_json(
                {"data": [{"id": "half", "max_model_len": 4096}]}
            )
            words = [piece(f"{asking.RULE} "), piece(finish="stop"), usage(read, 20), DONE]
            server.chats(lambda speaker, words=words: speaker.say_events(words))  # type: ignore[misc]
            with runners.instead(OpenAICompatible(server.base_url)):
                row = asking.answered(house.bob)
        assert row.status in status
        assert row.notice == notice
        assert asking.end(house, row.pk)["status"] == row.status
        assert asking.end(house, row.pk).get("fault") == ("truncated" if notice else None)
