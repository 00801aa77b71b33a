"""Asking over the API: waited for or streamed, fetched, stopped, judged, and refused in one shape."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from assistant import conversations, models
from governance.audit.tree import heads
from governance.audit.tree.verifier import Checkpoint, leaf_hash, root_by_inclusion
from governance.policy import versions
from inference.runners.scripted import ScriptedChat
from ingestion import catalog
from tests.assistant import asking, serving
from tests.cast import House
from tests.governance import sealing
from tests.governance.database import as_superuser, leaves

URL = "/api/v1/answers"
NOBODY = uuid.uuid4()
ENDLESS = "x" * (conversations.LONGEST_QUESTION + 1)


@pytest.fixture
def shelf(house: House) -> uuid.UUID:
    return asking.shelf(house)


@pytest.fixture
def model(settings: Any, shelf: uuid.UUID) -> ScriptedChat:
    return asking.speak(settings)


@pytest.fixture(scope="module")
def web(django_db_blocker: Any) -> Iterator[str]:
    """It remembers nothing of a test; coming up and going down takes longer than most of them."""
    with django_db_blocker.unblock(), serving.web() as address:
        yield address


@pytest.fixture
def site(web: str) -> Iterator[str]:
    with serving.workers():
        yield web


@pytest.fixture
def api(site: str, house: House, model: ScriptedChat) -> httpx.Client:
    return serving.caller(site, house.key("bob"))


def fault(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The one shape of an error, whose request has the number that the header tells."""
    body: dict[str, Any] = response.json()
    assert (response.status_code, list(body)) == (status, ["error"]), response.text
    error: dict[str, Any] = body["error"]
    assert {"code", "message", "request_id"} <= error.keys()
    assert error["code"] == code
    assert error["request_id"] == response.headers["X-Request-ID"]
    assert error["message"]
    return error


def test_an_answer_that_is_waited_for_comes_whole_with_its_citations_receipt_and_place_on_the_record(
    api: httpx.Client, house: House, shelf: uuid.UUID
) -> None:
    told = api.post(URL, json={"question": asking.QUESTION, "collections": [str(shelf)]}).json()
    assert set(told) == {
        *(
            "id",
            "conversation",
            "status",
            "notice",
            "text",
            "citations",
            "segments",
            "receipt",
            "times",
            "usage",
            "policy",
            "audit",
        ),
        *("model", "variants", "is_shown", "label"),
    }
    assert (told["status"], told["notice"], told["text"]) == ("answered", "", asking.RULE)
    citation, other = told["citations"]
    assert set(citation) == {"marker", "document_id", "document_name", "chunk_id", "quote", "locator", "label"}
    assert [one["marker"] for one in told["citations"]] == [1, 1]  # one passage, two of its sentences
    assert citation["quote"] != other["quote"]
    assert all(one["quote"] in asking.RULE for one in told["citations"])
    assert [one["markers"] for one in told["segments"]] == [[1], [1]]
    assert "".join(one["text"] for one in told["segments"]) == told["text"]
    assert told["receipt"]["kept"][0]["chunk"] == citation["chunk_id"]
    assert told["policy"] == versions.in_force(house.bob).stamp.as_json()
    assert told["audit"]["interaction"] == told["id"]
    assert told["audit"]["policy"] == told["policy"]
    events = told["audit"]["events"]
    assert (events[0]["action"], events[-1]["action"]) == ("prompt.received", "answer.finished")
    assert {event["proof"] for event in events} == {None}  # no signed head covers them yet
    (received,) = leaves(house, "prompt.received", uuid.UUID(told["id"]))
    assert received["facts"]["client"] == "api"
    assert received["actor"]["key"]
    assert api.get(f"{URL}/{told['id']}").json() == told
    sealing.seal(house)
    for event in api.get(f"{URL}/{told['id']}").json()["audit"]["events"]:
        proof, leaf = event["proof"], base64.b64decode(event["leaf_data"])
        head = Checkpoint.parse(proof["note"])
        head.require(heads.sealer(house.tenant) or pytest.fail("the sealer's key is not known"))
        path = [base64.b64decode(one) for one in proof["path"]]
        assert root_by_inclusion(leaf_hash(leaf), proof["leaf_index"], head.size, path) == head.root
        assert (proof["tree_size"], base64.b64decode(proof["leaf_hash"])) == (head.size, leaf_hash(leaf))
        facts = json.loads(leaf)["facts"]
        assert event["action"] != "policy.decided" or facts["policy"] == told["policy"]


def test_a_streamed_answer_tells_the_same_in_events(api: httpx.Client) -> None:
    with api.stream("POST", URL, json={"question": asking.QUESTION, "stream": True}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        told = [event for event in serving.events(response.iter_lines()) if event.name]
    assert serving.text(told) == asking.RULE
    assert {event.name for event in told} == {"status", "segment", "citation", "done"}
    done = told[-1]
    assert (done.name, done.data["status"], done.data["is_final"]) == ("done", "answered", True)
    whole = api.get(f"{URL}/{done.data['id']}").json()
    cited = [event.data for event in told if event.name == "citation"]
    assert [one.pop("ordinal") for one in cited] == [0, 1]
    assert cited == whole["citations"]
    numbers = [event.number for event in told]
    assert numbers == sorted(numbers)


def test_a_conversation_goes_on_and_the_model_is_shown_what_was_said(api: httpx.Client, model: ScriptedChat) -> None:
    first = api.post(URL, json={"question": asking.QUESTION}).json()
    again = {"question": asking.QUESTION, "conversation": first["conversation"]}
    second = api.post(URL, json=again).json()
    assert second["conversation"] == first["conversation"]
    assert [message.content for message in model.requests[1].messages[1:3]] == [asking.QUESTION, asking.RULE]
    assert api.post(URL, json={"question": asking.QUESTION}).json()["conversation"] != first["conversation"]


def test_refused_and_blocked_are_answers_with_a_status_and_not_faults(api: httpx.Client) -> None:
    refused = api.post(URL, json={"question": asking.OFF_TOPIC})
    blocked = api.post(URL, json={"question": "my password is Tr0ub4dor&3x-Kassel"})
    for response, status in ((refused, "refused"), (blocked, "blocked")):
        told = response.json()
        assert (response.status_code, told["status"], told["text"], told["citations"]) == (200, status, "", [])
        assert told["notice"]
    streamed = api.post(URL, json={"question": "my password is Tr0ub4dor&3x-Kassel", "stream": True})
    (done,) = (event for event in serving.events(streamed.text.splitlines()) if event.name)
    assert (done.name, done.data["status"]) == ("done", "blocked")


def test_a_turn_without_documents_is_refused_where_the_tenant_does_not_allow_it(
    api: httpx.Client, house: House
) -> None:
    asked = {"question": "Make it shorter.", "model_only": True}
    for allowed in (False, True):
        with as_superuser() as database:
            database.execute("UPDATE tenant SET allows_model_only = %s WHERE id = %s", [allowed, house.tenant])
        told = api.post(URL, json=asked)
        if allowed:
            assert (told.json()["status"], told.json()["citations"]) == ("answered", [])
            assert [one["is_supported"] for one in told.json()["segments"]] == [None]
        else:
            fault(told, 400, "invalid_input")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "question"),
        ({"question": "  "}, "question"),
        ({"question": ENDLESS}, "8000"),
        ({"question": "a?", "collections": ["nonsense"]}, "UUID"),
        ({"question": "a?", "collections": "all"}, "collections"),
        ({"question": "a?", "conversation": "seven"}, "conversation"),
        ({"question": "a?", "conversation": 7}, "conversation"),
        ({"question": "a?", "stream": "perhaps"}, "stream"),
        ([1], ""),
    ],
)
def test_what_cannot_be_understood_is_a_400_that_names_it(
    site: str, shared_house: House, body: Any, named: str
) -> None:
    api = serving.caller(site, shared_house.key("bob"))
    assert named in fault(api.post(URL, json=body), 400, "invalid_input")["message"]


def test_a_body_that_is_no_json_and_a_verb_that_there_is_not_are_told_in_the_same_shape(api: httpx.Client) -> None:
    fault(api.post(URL, content=b"{", headers={"Content-Type": "application/json"}), 400, "invalid_input")
    fault(api.post(URL, content=b"a=b", headers={"Content-Type": "text/csv"}), 415, "unsupported")
    fault(api.put(URL, json={}), 405, "method_not_allowed")


@pytest.mark.parametrize("streams", [True, False])
def test_unknown_and_foreign_things_are_the_same_404(
    api: httpx.Client, house: House, neighbour: House, streams: bool
) -> None:
    hidden = catalog.create(house.ada, "Board").pk
    foreign = catalog.create(neighbour.ada, "Theirs").pk
    theirs = asking.ask(house.charlie).conversation_id
    for field, ids in (("collections", [hidden, foreign, NOBODY]), ("conversation", [theirs, NOBODY])):
        messages = set()
        for one in ids:
            sent = [str(one)] if field == "collections" else str(one)
            response = api.post(URL, json={"question": asking.QUESTION, "stream": streams, field: sent})
            messages.add(fault(response, 404, "not_found")["message"])
        assert len(messages) == 1
    with house.system.transaction():
        assert models.Answer.objects.filter(person=house.ids["bob"]).count() == 0


def test_another_persons_answer_cannot_be_fetched_stopped_or_judged(
    api: httpx.Client, house: House, neighbour: House, site: str
) -> None:
    answer = asking.ask(house.bob).pk
    outsiders = [serving.caller(site, house.key("charlie")), serving.caller(site, neighbour.key("bob"))]
    for who in outsiders:
        for one in (answer, NOBODY):
            fault(who.get(f"{URL}/{one}"), 404, "not_found")
            fault(who.post(f"{URL}/{one}/cancel"), 404, "not_found")
            fault(who.post(f"{URL}/{one}/feedback", json={"value": 1}), 404, "not_found")
    row = asking.seen(house.bob, answer)
    assert (row.cancel_requested_at, row.feedback) == (None, None)


def test_nobody_and_a_wrong_key_are_a_401(site: str, house: House, model: ScriptedChat) -> None:
    for who in (serving.caller(site), serving.caller(site, "chy_wrong")):
        fault(who.post(URL, json={"question": asking.QUESTION}), 401, "not_signed_in")
        fault(who.get(f"{URL}/{NOBODY}"), 401, "not_signed_in")
    assert model.requests == []


@pytest.mark.parametrize("scopes", ["read", "search", "policy", "manage", "record", "write"])
def test_a_key_that_was_not_given_asking_neither_asks_nor_reads_answers(
    site: str, house: House, model: ScriptedChat, scopes: str
) -> None:
    answer = asking.ask(house.bob).pk
    narrow = serving.caller(site, house.key("bob", scopes))
    fault(narrow.post(URL, json={"question": asking.QUESTION}), 403, "forbidden")
    fault(narrow.get(f"{URL}/{answer}"), 403, "forbidden")
    fault(narrow.post(f"{URL}/{answer}/cancel"), 403, "forbidden")
    fault(narrow.post(f"{URL}/{answer}/feedback", json={"value": 1}), 403, "forbidden")
    assert asking.seen(house.bob, answer).cancel_requested_at is None
    assert model.requests == []


def test_a_key_for_asking_is_enough(site: str, house: House, model: ScriptedChat) -> None:
    told = serving.caller(site, house.key("bob", "ask")).post(URL, json={"question": asking.QUESTION}).json()
    assert (told["status"], told["text"]) == ("answered", asking.RULE)


def test_over_the_bound_it_is_a_429_with_place_and_wait(api: httpx.Client, house: House) -> None:
    with as_superuser() as database:
        database.execute("UPDATE tenant SET answers_per_person_max = 1 WHERE id = %s", [house.tenant])
    asking.ask(house.bob)
    response = api.post(URL, json={"question": asking.QUESTION})
    error = fault(response, 429, "busy")
    assert (error["position"], error["wait_s"] > 0) == (1, True)
    assert re.fullmatch(r"[1-9]\d*", response.headers["Retry-After"])


def test_stop_and_feedback_may_be_said_twice(api: httpx.Client, house: House) -> None:
    answer = asking.ask(house.bob).pk
    told = [api.post(f"{URL}/{answer}/cancel") for _ in range(2)]
    assert [(one.status_code, one.json()["status"]) for one in told] == [(200, "cancelled")] * 2
    assert asking.record(house, answer).count("answer.cancelled") == 1
    assert asking.record(house, answer).count("answer.finished") == 1
    for _ in range(2):
        assert api.post(f"{URL}/{answer}/feedback", json={"value": -1, "reason": "too short"}).status_code == 204
    assert asking.seen(house.bob, answer).feedback == -1
    fault(api.post(f"{URL}/{answer}/feedback", json={"value": 2}), 400, "invalid_input")


def test_stop_of_an_answer_that_has_ended_changes_nothing(api: httpx.Client, house: House) -> None:
    told = api.post(URL, json={"question": asking.QUESTION}).json()
    before = asking.record(house, uuid.UUID(told["id"]))
    assert api.post(f"{URL}/{told['id']}/cancel").json() == told
    assert asking.record(house, uuid.UUID(told["id"])) == before
