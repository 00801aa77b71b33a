"""The append function is broken, in the database itself: nothing may reach anyone, over the portal or the API."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from assistant import answering, models
from assistant.models import Status
from assistant.streams import stream
from governance.errors import RecordUnavailable
from inference.runners.scripted import ScriptedChat
from tests.assistant import asking, serving
from tests.cast import House
from tests.governance.database import as_superuser

TRIES = 25  # over each of portal and API
SIGNATURE = "audit.append(bytea,bytea)"
CANNOT = "The record cannot be written"
CANARY = "Twenty"  # the first word of whatever the model would say


@contextmanager
def broken(*actions: str) -> Iterator[None]:
    """Appending raises, for these events or for all; the function's owner and grants stay as they are."""
    which = f"convert_from(event_leaf, 'UTF8')::jsonb->>'action' IN {(*actions, '')}" if actions else "true"
    fault = f"BEGIN\n IF {which} THEN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END IF;"
    with as_superuser() as database:
        found = database.execute("SELECT pg_get_functiondef(%s::regprocedure)", [SIGNATURE]).fetchone()
        assert found is not None
        whole = str(found[0])
        assert "BEGIN\n" in whole
        database.execute(whole.replace("BEGIN\n", fault, 1).encode())
        try:
            yield
        finally:
            database.execute(whole.encode())


@pytest.fixture
def model(house: House, settings: Any) -> ScriptedChat:
    asking.shelf(house)
    with as_superuser() as database:
        database.execute(
            "UPDATE tenant SET answers_per_person_max = 100, answers_waiting_max = 100 WHERE id = %s", [house.tenant]
        )
    return asking.speak(settings)


@pytest.fixture(scope="module")
def site(django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock(), serving.web() as address:
        yield address


@pytest.fixture
def crew() -> Iterator[serving.Workers]:
    with serving.workers() as crew:
        yield crew


@pytest.fixture
def portal(site: str, house: House) -> httpx.Client:
    return serving.browser(site, house, "bob")


@pytest.fixture
def api(site: str, house: House) -> httpx.Client:
    return serving.caller(site, house.key("bob"))


def post(api: httpx.Client, *, streams: bool) -> httpx.Response:
    return api.post("/api/v1/answers", json={"question": asking.QUESTION, "stream": streams})


def answers(house: House) -> list[uuid.UUID]:
    with house.system.transaction():
        return list(models.Answer.objects.order_by("created_at").values_list("pk", flat=True))


def segments(house: House) -> int:
    with house.system.transaction():
        return models.Segment.objects.count()


def in_valkey() -> int:
    return sum(1 for _ in stream.client().scan_iter("chancery:answer:*"))


def all_work_again(house: House, portal: httpx.Client, api: httpx.Client, crew: serving.Workers) -> None:
    portal.post("/c/ask", data={"question": asking.QUESTION})
    portals = answers(house)[-1]
    assert serving.text(serving.followed(portal, f"/a/{portals}/stream")) == asking.RULE
    waited = post(api, streams=False).json()
    assert (waited["status"], waited["text"]) == ("answered", asking.RULE)
    told = list(serving.events(post(api, streams=True).text.splitlines()))
    assert (serving.text(told), told[-1].data["status"]) == (asking.RULE, "answered")


def test_with_every_append_refused_fifty_questions_bring_no_token(
    house: House, model: ScriptedChat, portal: httpx.Client, api: httpx.Client, crew: serving.Workers
) -> None:
    there = in_valkey()
    with broken():
        for attempt in range(TRIES):
            page = portal.post("/c/ask", data={"question": asking.QUESTION})
            told = post(api, streams=attempt % 2 == 0)
            assert (page.status_code, told.status_code) == (503, 503)
            assert CANNOT in page.text
            assert told.json()["error"]["code"] == "record_unavailable"
            assert CANNOT in told.json()["error"]["message"]
            assert CANARY not in page.text + told.text
    assert (answers(house), segments(house), crew.runs, model.requests) == ([], 0, {}, [])
    assert in_valkey() == there
    all_work_again(house, portal, api, crew)


def test_with_segments_refused_fifty_answers_that_were_begun_bring_no_token(
    house: House, model: ScriptedChat, portal: httpx.Client, api: httpx.Client, crew: serving.Workers
) -> None:
    there = in_valkey()
    with broken("answer.segment"):
        received = ""
        for attempt in range(TRIES):
            assert portal.post("/c/ask", data={"question": asking.QUESTION}).status_code == 302
            received += until_told(portal, "GET", f"/a/{answers(house)[-1]}/stream")
            if attempt % 2:
                body = {"question": asking.QUESTION, "stream": True}
                received += until_told(api, "POST", "/api/v1/answers", json=body)
            else:
                waited = post(api, streams=False)
                assert (waited.status_code, waited.json()["error"]["code"]) == (503, "record_unavailable")
                received += waited.text
        begun = answers(house)
        assert all(isinstance(crew.fault(answer), RecordUnavailable) for answer in begun)
        pages = [portal.get(f"/a/{answer}").text for answer in begun]
    assert (len(begun), len(model.requests)) == (2 * TRIES, 2 * TRIES)  # the model wrote, and nobody heard
    assert received.count(CANNOT) == 2 * TRIES
    assert all(CANNOT in page for page in pages)
    assert CANARY not in received + "".join(pages)
    assert (segments(house), in_valkey()) == (0, there)
    assert all(asking.record(house, answer)[-1] == "retrieval.performed" for answer in begun)
    again(house, begun[:4])
    assert [asking.seen(house.bob, answer).status for answer in begun[:4]] == [Status.ANSWERED] * 4
    assert [asking.said(asking.seen(house.bob, answer)) for answer in begun[:4]] == [asking.RULE] * 4
    all_work_again(house, portal, api, crew)


def until_told(client: httpx.Client, method: str, path: str, **sent: Any) -> str:
    """What was received of a stream up to and with the word that the record cannot be written."""
    received = ""
    with client.stream(method, path, **sent) as response:
        assert response.status_code == 200
        for text in response.iter_text():
            received += text
            if CANNOT in received:
                return received
    raise AssertionError(f"it ended without a word: {received}")


def again(house: House, left: list[uuid.UUID]) -> None:
    """What the sweep does once their leases have run out."""
    for answer in left:
        asking.expire(house, answer)
        answering.answer(house.tenant, answer)


def test_with_the_end_refused_an_answer_does_not_end_and_its_part_is_kept(
    house: House, model: ScriptedChat, portal: httpx.Client, api: httpx.Client, crew: serving.Workers
) -> None:
    with broken("answer.finished"):
        portal.post("/c/ask", data={"question": asking.QUESTION})
        first = answers(house)[-1]
        heard = until_told(portal, "GET", f"/a/{first}/stream")
        waited = post(api, streams=False)
        assert (waited.status_code, waited.json()["error"]["code"]) == (503, "record_unavailable")
        left = answers(house)
        assert all(isinstance(crew.fault(answer), RecordUnavailable) for answer in left)
        assert [asking.seen(house.bob, answer).status for answer in left] == [Status.RUNNING] * 2
        with pytest.raises(RecordUnavailable):
            again(house, left)
    assert serving.text(serving.events(heard.splitlines())) == asking.RULE
    again(house, left)
    for answer in left:
        row = asking.seen(house.bob, answer)
        assert (row.status, asking.said(row)) == (Status.INTERRUPTED, asking.RULE)
        assert asking.recorded_texts(house, answer) == [one.text for one in row.segments.all()]
        assert asking.end(house, answer)["status"] == "interrupted"
        # What the model read and wrote was known before the end could not be recorded, and is not forgotten.
        kept = asking.reservation(house, answer)
        assert kept.used is not None
        assert kept.used > len(asking.RULE.split())
        assert kept.used != kept.reserved
    assert len(model.requests) == 2
    all_work_again(house, portal, api, crew)


@pytest.mark.parametrize("action", ["policy.decided", "retrieval.performed"])
def test_without_the_record_of_what_was_found_and_judged_no_model_is_asked(
    house: House, model: ScriptedChat, action: str
) -> None:
    asked = asking.ask(house.bob)
    with broken(action), pytest.raises(RecordUnavailable):
        answering.answer(house.tenant, asked.pk)
    row = asking.seen(house.bob, asked.pk)
    assert (row.status, row.receipt, row.passages, model.requests) == (Status.RUNNING, {}, [], [])
    again(house, [asked.pk])
    assert asking.said(asking.seen(house.bob, asked.pk)) == asking.RULE


def test_what_is_told_meanwhile_is_gone_when_the_answer_is_worked_on_again(house: House, model: ScriptedChat) -> None:
    asked = asking.ask(house.bob)
    with broken("answer.segment"), pytest.raises(RecordUnavailable):
        answering.answer(house.tenant, asked.pk)
    assert asking.seen(house.bob, asked.pk).notice.startswith(CANNOT)
    again(house, [asked.pk])
    assert asking.seen(house.bob, asked.pk).notice == ""


def test_an_outage_of_the_record_uses_up_no_attempts(house: House, model: ScriptedChat) -> None:
    asked = asking.ask(house.bob)
    with broken("answer.segment"):
        for _ in range(5):
            with pytest.raises(RecordUnavailable):
                again(house, [asked.pk])
    again(house, [asked.pk])
    row = asking.seen(house.bob, asked.pk)
    assert (row.status, asking.said(row)) == (Status.ANSWERED, asking.RULE)
