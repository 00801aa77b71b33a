"""How an answer may end that is none: the exceptions of OpenAI's client, what it tries again, and leaving, which stops it."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI

from assistant import models
from assistant.models import Status
from assistant.streams import doorbell, relay
from assistant.v1 import following
from governance import keys, people
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Busy, RecordUnavailable, Unavailable
from governance.grants import Holder
from inference.runners.base import Away, ChatRequest
from inference.runners.scripted import ScriptedChat
from ingestion import documents
from ingestion.documents import restrictions
from tests.assistant import asking, serving
from tests.assistant.v1 import clients
from tests.assistant.v1.clients import said
from tests.cast import House
from tests.governance.database import as_superuser, leaves

ASKED: dict[str, Any] = {"model": "chancery", "messages": said(asking.QUESTION)}


def test_over_the_bound_it_is_a_rate_limit_with_the_wait_in_its_header(bob: OpenAI, house: House) -> None:
    with as_superuser() as database:
        database.execute("UPDATE tenant SET answers_per_person_max = 1 WHERE id = %s", [house.tenant])
    waiting = asking.ask(house.bob)
    with pytest.raises(openai.RateLimitError) as told:
        bob.chat.completions.create(**ASKED)
    assert told.value.code == "rate_limit_exceeded"
    assert int(told.value.response.headers["Retry-After"]) >= 1
    assert told.value.body["chancery"]["position"] == 1  # type: ignore[index]
    assert asking.seen(house.bob, waiting.pk).status == Status.QUEUED


@pytest.mark.parametrize("streams", [False, True])
def test_a_spent_quota_is_a_rate_limit_that_is_not_tried_again(
    site: str, house: House, model: ScriptedChat, streams: bool
) -> None:
    with as_superuser() as database:
        database.execute("UPDATE tenant SET tokens_per_day = 10 WHERE id = %s", [house.tenant])
    with pytest.raises(openai.RateLimitError) as told:
        clients.openai(site, house.key("bob"), retries=2).chat.completions.create(**ASKED, stream=streams)
    assert (told.value.code, told.value.type) == ("insufficient_quota", "insufficient_quota")
    assert (leaves(house, "prompt.received"), len(leaves(house, "prompt.refused"))) == ([], 1)
    assert model.requests == []


@pytest.mark.parametrize("streams", [False, True])
def test_a_model_that_is_down_is_a_503_which_the_client_tries_again(
    site: str, house: House, settings: Any, shelf: uuid.UUID, streams: bool
) -> None:
    asking.speak(settings, [Away("connection refused"), asking.RULE])
    with pytest.raises(openai.InternalServerError) as told:
        clients.of(house, "bob", site).chat.completions.create(**ASKED, stream=streams)
    assert (told.value.status_code, told.value.code) == (503, "unavailable")
    assert told.value.response.headers["Retry-After"] == "5"
    asking.speak(settings, [Away("connection refused"), asking.RULE])
    again = clients.openai(site, house.key("bob"), retries=1)
    assert clients.heard(again, streams=streams, **ASKED).text == asking.RULE


@pytest.mark.parametrize("streams", [False, True])
def test_a_model_that_breaks_off_is_an_error_and_no_half_answer(bob: OpenAI, settings: Any, streams: bool) -> None:
    def speech(_: ChatRequest) -> Iterator[str]:
        yield "Twenty working days a year may be spent abroad. Longer "
        raise Unavailable("broke off")

    asking.speak(settings, speech)
    if not streams:
        with pytest.raises(openai.InternalServerError) as whole:
            bob.chat.completions.create(**ASKED)
        assert whole.value.code == "answer_interrupted"
        return
    heard: list[str] = []
    stream = bob.chat.completions.create(**ASKED, stream=True)
    with pytest.raises(openai.APIError) as told:
        heard.extend(chunk.choices[0].delta.content or "" for chunk in stream)
    assert told.value.code == "answer_interrupted"
    assert "".join(heard).strip() == "Twenty working days a year may be spent abroad."


@pytest.mark.parametrize("streams", [False, True])
def test_a_model_over_its_bound_is_a_rate_limit_with_its_own_wait_and_in_our_words(
    bob: OpenAI, settings: Any, streams: bool
) -> None:
    asking.speak(settings, [Busy("Rate limit reached in organization org-house.", wait_s=20)])
    with pytest.raises(openai.RateLimitError) as told:
        bob.chat.completions.create(**ASKED, stream=streams)
    assert (told.value.code, told.value.response.headers["Retry-After"]) == ("rate_limit_exceeded", "20")
    assert told.value.body["chancery"]["wait_s"] == 20  # type: ignore[index]
    assert "org-house" not in told.value.response.text


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize(("says", "status"), [(asking.RULE, "interrupted"), ("", "failed")])
def test_what_a_filter_of_the_models_server_stopped_ends_as_such_and_is_not_tried_again(
    bob: OpenAI, settings: Any, monkeypatch: pytest.MonkeyPatch, streams: bool, says: str, status: str
) -> None:
    asking.end_by(monkeypatch, "content_filter")
    model = asking.speak(settings, [says])
    told = clients.heard(bob.with_options(max_retries=2), streams=streams, **ASKED)
    assert (told.finish, told.beside["status"]) == ("content_filter", status)
    notice = told.beside["notice"]
    assert notice.startswith("A filter of the model server")
    assert told.text.startswith("Twenty working days" if says else notice)
    assert len(model.requests) == 1


@pytest.mark.parametrize("streams", [False, True])
def test_an_answer_that_failed_for_good_is_not_tried_again(bob: OpenAI, settings: Any, streams: bool) -> None:
    model = asking.speak(settings, lambda _: "")
    with pytest.raises(openai.InternalServerError) as told:
        bob.with_options(max_retries=2).chat.completions.create(**ASKED, stream=streams)
    assert (told.value.status_code, told.value.code) == (500, "answer_failed")
    assert len(model.requests) == 1


def test_a_question_over_the_window_is_a_context_length_error(bob: OpenAI, settings: Any) -> None:
    asking.speak(settings, window=120)
    with pytest.raises(openai.BadRequestError) as told:
        bob.chat.completions.create(**ASKED)
    assert (told.value.code, told.value.param) == ("context_length_exceeded", "messages")


def endless(_: ChatRequest) -> Iterator[str]:
    yield "Twenty working days a year may be spent abroad. Longer "
    yield from silent(_)


def silent(_: ChatRequest) -> Iterator[str]:
    """Blanks, which deliver nothing, until somebody hangs up."""
    patience = threading.Event()
    for _beat in range(int(serving.PATIENCE_S / 0.01)):
        patience.wait(0.01)
        yield " "
    raise AssertionError("nobody hung up")


def only_answer(house: House) -> models.Answer:
    with house.system.transaction():
        return models.Answer.objects.get(person=house.ids["bob"])


def ended(house: House) -> models.Answer:
    """The one answer, once it has its end: the worker hears of a stop a moment later."""
    patience, until = threading.Event(), time.monotonic() + serving.PATIENCE_S
    while time.monotonic() < until:
        row = only_answer(house)
        if row.is_final:
            return row
        patience.wait(0.05)
    raise AssertionError("it never ended")


def test_leaving_a_stream_cancels_the_answer_and_that_is_recorded(bob: OpenAI, settings: Any, house: House) -> None:
    asking.speak(settings, endless)
    stream = bob.chat.completions.create(**ASKED, stream=True)
    heard = ""
    for chunk in stream:
        heard += chunk.choices[0].delta.content or ""
        if heard:
            break
    stream.close()
    row = ended(house)
    assert row.status == Status.CANCELLED
    assert {"answer.cancelled", "answer.finished"} <= set(asking.record(house, row.pk))
    assert "".join(asking.recorded_texts(house, row.pk)) == heard
    used = asking.reservation(house, row.pk).used
    assert used is not None
    assert used > 0


@pytest.mark.parametrize("streams", [False, True])
def test_leaving_before_the_first_word_cancels_it_too(
    site: str, house: House, settings: Any, shelf: uuid.UUID, streams: bool
) -> None:
    asking.speak(settings, silent)
    hasty = clients.of(house, "bob", site).with_options(timeout=3.0)
    with pytest.raises(openai.APITimeoutError):
        hasty.chat.completions.create(**ASKED, stream=streams)
    row = ended(house)
    assert row.status == Status.CANCELLED
    # The blanks that had come are told of too.
    assert asking.record(house, row.pk)[-3:] == ["answer.cancelled", "answer.withheld", "answer.finished"]


def test_a_stream_opens_before_the_first_word_where_that_takes_long_and_is_left_then(
    bob: OpenAI, settings: Any, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "OPENS_WITHIN_S", 0.2)
    asking.speak(settings, silent)
    stream = bob.chat.completions.create(**ASKED, stream=True)
    first = next(iter(stream))
    assert first.choices[0].delta.role == "assistant"
    stream.close()
    assert ended(house).status == Status.CANCELLED


def test_an_answer_that_takes_too_long_is_stopped_and_told_as_unavailable(
    bob: OpenAI, settings: Any, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "WAIT_MOST_S", 0.5)
    asking.speak(settings, silent)
    with pytest.raises(openai.InternalServerError) as told:
        bob.chat.completions.create(**ASKED)
    assert told.value.status_code == 503
    assert ended(house).status == Status.CANCELLED


def end_key(house: House, token: str, shelf: uuid.UUID) -> None:
    caller = keys.resolve(token)
    assert caller is not None
    assert caller.key is not None
    keys.revoke(caller, caller.key)


def keep_back(house: House, token: str, shelf: uuid.UUID) -> None:
    (document,) = documents.ids(house.ada, shelf)
    restrictions.restrict(house.ada, document, [Holder(person=house.ids["ada"])])


LOSSES: dict[str, Callable[[House, str, uuid.UUID], object]] = {
    "the key is revoked": end_key,
    "the person is switched off": lambda house, *_: people.switch_off(house.ada, house.ids["bob"]),
    "the document is kept from them": keep_back,
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_right_that_is_lost_in_mid_answer_ends_the_stream_with_an_error_and_no_whole_answer(
    bob: OpenAI, settings: Any, house: House, shelf: uuid.UUID, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    monkeypatch.setattr(doorbell, "REVIEWED_S", 0.05)
    asking.speak(settings, endless)
    stream = iter(bob.chat.completions.create(**ASKED, stream=True))
    heard = [next(stream), next(stream)]
    LOSSES[loss](house, bob.api_key, shelf)
    with pytest.raises(openai.APIError) as told:
        heard.extend(stream)
    assert told.value.code == "insufficient_permissions"
    assert [one.choices[0].finish_reason for one in heard] == [None] * len(heard)
    assert ended(house).status == Status.CANCELLED


def test_a_stream_that_was_open_too_long_ends_with_an_error(
    bob: OpenAI, settings: Any, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow = relay.follow

    async def briefly(*asked: Any) -> AsyncIterator[Any]:
        async for event in follow(*asked):
            yield event
            if event[1] == "segment":
                raise TimeoutError

    monkeypatch.setattr(relay, "follow", briefly)
    asking.speak(settings, endless)
    with pytest.raises(openai.APIError) as told:
        list(bob.chat.completions.create(**ASKED, stream=True))
    assert told.value.code == "unavailable"
    assert ended(house).status == Status.CANCELLED


def test_an_answer_that_another_call_stops_ends_with_what_was_said(
    bob: OpenAI, settings: Any, house: House, site: str
) -> None:
    asking.speak(settings, endless)
    stream = iter(bob.chat.completions.create(**ASKED, stream=True))
    answer = clients.beside(next(stream).choices[0])["answer"]
    next(stream)
    api = serving.caller(site, bob.api_key)
    assert api.post(f"/api/v1/answers/{answer}/cancel").status_code == 200
    last = list(stream)[-1].choices[0]
    assert (last.finish_reason, clients.beside(last)["status"]) == ("stop", "cancelled")


@pytest.mark.parametrize("streams", [False, True])
def test_where_the_record_cannot_be_written_nothing_is_said(
    bob: OpenAI, settings: Any, house: House, streams: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = events.record

    def fails_at_a_segment(scope: Any, action: Event, **told: Any) -> uuid.UUID:
        if action == Event.SEGMENT_DELIVERED:
            raise RecordUnavailable("The record cannot be written.")
        return written(scope, action, **told)

    monkeypatch.setattr(events, "record", fails_at_a_segment)
    with pytest.raises(openai.APIError) as told:
        clients.heard(bob, streams=streams, **ASKED)
    assert told.value.code == "record_unavailable"
    assert "answer.segment" not in asking.record(house, only_answer(house).pk)
