"""Faults as OpenAI's client meets them: its exceptions, the field's name in `param`, and what it tries again."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from governance import grants
from inference.runners.scripted import ScriptedChat
from tests.assistant import asking, portal, serving
from tests.assistant.v1 import clients
from tests.assistant.v1.clients import said
from tests.cast import House
from tests.governance.database import as_superuser, leaves

ASKED: dict[str, Any] = {"model": "chancery", "messages": said(asking.QUESTION)}
CHAT = "/v1/chat/completions"
IMAGE = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]
TOOL = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
CALL = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]


def shape(response: httpx.Response, status: int, code: str, param: str | None = None) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    assert (response.status_code, list(body)) == (status, ["error"]), response.text
    error: dict[str, Any] = body["error"]
    assert {"message", "type", "param", "code"} <= error.keys()
    assert (error["code"], error["param"]) == (code, param)
    assert isinstance(error["message"], str)
    assert error["message"]
    assert response.headers["X-Request-ID"]
    return error


@pytest.fixture
def raw(site: str, shared_key: str, silent: ScriptedChat) -> httpx.Client:
    return serving.caller(site, shared_key)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tools", TOOL),
        ("functions", [{"name": "f"}]),
        ("tool_choice", "required"),
        ("n", 2),
        ("logprobs", True),
        ("top_logprobs", 3),
        ("top_p", 0.5),
        ("response_format", {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}),
        ("response_format", {"type": "json_object"}),
        ("presence_penalty", 1.0),
        ("logit_bias", {"50256": -100}),
        ("modalities", ["text", "audio"]),
        ("reasoning_effort", "low"),
        ("store", True),
    ],
)
def test_what_is_not_supported_is_refused_by_its_name(
    site: str, shared_key: str, silent: ScriptedChat, field: str, value: Any
) -> None:
    with pytest.raises(openai.BadRequestError) as told:
        clients.openai(site, shared_key).chat.completions.create(**ASKED, **{field: value})
    assert (told.value.param, told.value.code, told.value.type) == (
        field,
        "unsupported_parameter",
        "invalid_request_error",
    )
    assert field in told.value.message
    assert silent.requests == []


def test_the_same_fields_with_values_that_ask_for_nothing_are_taken(bob: OpenAI) -> None:
    neutral: dict[str, Any] = {
        "n": 1,
        "top_p": 1.0,
        "tools": [],
        "logprobs": False,
        "response_format": {"type": "text"},
    }
    neutral |= {"presence_penalty": 0.0, "store": False, "logit_bias": {}, "seed": None, "stop": None, "metadata": None}
    assert bob.chat.completions.create(**ASKED, **neutral).choices[0].message.content == asking.RULE


@pytest.mark.parametrize(
    ("sent", "param", "code"),
    [
        ({"surprise": 1}, "surprise", "unknown_parameter"),
        ({"temperature": 2.5}, "temperature", "invalid_value"),
        ({"temperature": "hot"}, "temperature", "invalid_value"),
        ({"temperature": True}, "temperature", "invalid_value"),
        ({"max_tokens": 0}, "max_tokens", "invalid_value"),
        ({"max_completion_tokens": 10**9}, "max_completion_tokens", "invalid_value"),
        ({"max_tokens": 1.5}, "max_tokens", "invalid_value"),
        ({"seed": -1}, "seed", "invalid_value"),
        ({"stop": ["a"] * 5}, "stop", "invalid_type"),
        ({"stop": [""]}, "stop", "invalid_value"),
        ({"stop": 7}, "stop", "invalid_type"),
        ({"stream": "yes"}, "stream", "invalid_type"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "invalid_value"),
        ({"user": 5}, "user", "invalid_type"),
        ({"model": None}, "model", "missing_required_parameter"),
        ({"model": ["chancery"]}, "model", "invalid_type"),
        ({"messages": None}, "messages", "missing_required_parameter"),
        ({"messages": []}, "messages", "invalid_type"),
        ({"messages": "Hello"}, "messages", "invalid_type"),
        ({"messages": ["Hello"]}, "messages[0]", "invalid_type"),
        ({"messages": said("a?") * 201}, "messages", "invalid_value"),
        ({"messages": [{"role": "robot", "content": "a"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "tool", "content": "a", "tool_call_id": "1"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": ["user"], "content": "a"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": {}, "content": "a"}]}, "messages[0].role", "invalid_value"),
        (
            {"messages": [{"role": "user", "content": [{"type": [], "text": "a"}]}]},
            "messages[0].content",
            "unsupported_content",
        ),
        ({"messages": [{"role": "user", "content": IMAGE}]}, "messages[0].content", "unsupported_content"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content", "invalid_type"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "invalid_type"),
        ({"messages": said(" ")}, "messages", "invalid_input"),
        ({"messages": said("x" * 8001)}, "messages", "invalid_input"),
        ({"messages": said("x" * 32001)}, "messages[0].content", "invalid_value"),
        ({"messages": said("x" * 30000) * 4}, "messages", "invalid_value"),
        ({"messages": [*said("a?"), {"role": "assistant", "content": "b"}]}, "messages[1].role", "invalid_value"),
        (
            {"messages": [{"role": "assistant", "content": None, "tool_calls": CALL}, *said("a?")]},
            "messages[0].tool_calls",
            "unsupported_parameter",
        ),
    ],
)
def test_what_cannot_be_understood_is_a_400_with_the_name_of_the_field(
    raw: httpx.Client, silent: ScriptedChat, sent: dict[str, Any], param: str, code: str
) -> None:
    shape(raw.post(CHAT, json=ASKED | sent), 400, code, param)
    assert silent.requests == []


@pytest.mark.parametrize("body", [b"{", b"", b"[1]", b'"text"', b'{"model": NaN}', b"[" * 100_000, b"\xff\xfe"])
def test_a_body_that_is_no_json_object_is_a_400(raw: httpx.Client, body: bytes) -> None:
    shape(raw.post(CHAT, content=body, headers={"Content-Type": "application/json"}), 400, "invalid_json")


def test_a_body_of_another_type_or_too_large_a_one_is_told_in_the_same_shape(raw: httpx.Client) -> None:
    shape(raw.post(CHAT, content=b"a=b", headers={"Content-Type": "text/csv"}), 415, "unsupported")
    large = json.dumps(ASKED | {"user": "x" * 3 * 2**20}).encode()
    shape(raw.post(CHAT, content=large, headers={"Content-Type": "application/json"}), 413, "too_large")
    pieces = (large[at : at + 65536] for at in range(0, len(large), 65536))  # whose length nobody announced
    shape(raw.post(CHAT, content=pieces, headers={"Content-Type": "application/json"}), 413, "too_large")


def test_an_address_and_a_verb_that_there_is_not_are_told_in_the_same_shape(
    raw: httpx.Client, site: str, shared_key: str
) -> None:
    for path in ("/v1/completions", "/v1/", "/v1/files/7", "/v1/chat"):
        shape(raw.post(path, json={}), 404, "unknown_url")
        shape(raw.get(path), 404, "unknown_url")
    shape(raw.get(CHAT), 405, "method_not_allowed")
    shape(raw.delete("/v1/models"), 405, "method_not_allowed")
    with pytest.raises(openai.NotFoundError):
        clients.openai(site, shared_key).responses.create(model="chancery", input="Hello")
    streaming = {"Accept": "text/event-stream"}
    shape(raw.post(CHAT, json={}, headers=streaming), 400, "missing_required_parameter", "model")


@pytest.mark.parametrize("key", ["", "chy_wrong", "sk-anything"])
def test_nobody_and_a_wrong_key_are_an_authentication_error(site: str, silent: ScriptedChat, key: str) -> None:
    raw = serving.caller(site, key)
    for answer in (raw.post(CHAT, json=ASKED), raw.get("/v1/models"), raw.get("/v1/nothing")):
        shape(answer, 401, "invalid_api_key")
    if key:
        with pytest.raises(openai.AuthenticationError):
            clients.openai(site, key).chat.completions.create(**ASKED)
    assert silent.requests == []


def test_a_session_is_no_key_not_even_with_its_token(site: str, house: House, model: ScriptedChat) -> None:
    browser = serving.browser(site, house, "bob")
    shape(browser.post(CHAT, json=ASKED), 401, "invalid_api_key")
    shape(browser.get("/v1/models"), 401, "invalid_api_key")
    assert portal.signed_in(house, "bob").get("/v1/models").status_code == 401
    assert model.requests == []


@pytest.mark.parametrize("scopes", ["read", "search", "policy", "manage", "record", "write"])
def test_a_key_that_was_not_given_asking_does_not_ask_and_that_is_on_the_record(
    site: str, house: House, model: ScriptedChat, scopes: str
) -> None:
    with pytest.raises(openai.PermissionDeniedError) as told:
        clients.of(house, "bob", site, scopes).chat.completions.create(**ASKED)
    assert told.value.code == "insufficient_permissions"
    assert [leaf["facts"]["action"] for leaf in leaves(house, "access.denied")] == ["ask"]
    assert model.requests == []


def test_an_unknown_model_and_collections_one_may_not_read_are_the_same_404_on_the_record(
    bob: OpenAI, house: House, neighbour: House, model: ScriptedChat
) -> None:
    hidden = asking.shelf(house, name="Board")
    for row in grants.listed(house.ada, hidden):
        if row.group_id:
            grants.withdraw(house.ada, hidden, row.pk)
    foreign = asking.shelf(neighbour, name="Theirs")
    told = {}
    for name in ("gpt-4o", "chancery/Board", "chancery/Theirs", "chancery/Nowhere"):
        with pytest.raises(openai.NotFoundError) as fault:
            bob.chat.completions.create(model=name, messages=said(asking.QUESTION))
        told[name] = (fault.value.code, fault.value.param, fault.value.message)
    assert len(set(told.values())) == 1
    ids = set()
    for one in (hidden, foreign, uuid.uuid4()):
        with pytest.raises(openai.NotFoundError) as fault:
            bob.chat.completions.create(model=f"chancery/{one}", messages=said(asking.QUESTION))
        ids.add((fault.value.code, fault.value.param, fault.value.message))
    assert [one[:2] for one in ids] == [("model_not_found", "model")]
    assert len(leaves(house, "access.denied")) == 7
    assert model.requests == []


def test_a_turn_without_documents_is_refused_where_the_tenant_does_not_allow_it(bob: OpenAI, house: House) -> None:
    with as_superuser() as database:
        database.execute("UPDATE tenant SET allows_model_only = false WHERE id = %s", [house.tenant])
    with pytest.raises(openai.BadRequestError) as told:
        bob.chat.completions.create(model="scripted", messages=said("Make it shorter."))
    assert told.value.param == "model"
    assert "scripted" not in [one.id for one in bob.models.list()]


def test_texts_that_postgres_does_not_take_are_taken_without_what_it_does_not(
    site: str, house: House, model: ScriptedChat
) -> None:
    raw = serving.caller(site, house.key("bob"))
    body = json.dumps(ASKED | {"messages": [*said("A\x00B\ud800"), *said(asking.QUESTION)], "user": "\ud800"}).encode()
    told = raw.post(CHAT, content=body, headers={"Content-Type": "application/json"})
    assert told.status_code == 200, told.text


def test_a_fault_of_our_own_is_told_without_its_words(bob: OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant import conversations

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the inside of the house")

    monkeypatch.setattr(conversations, "ask", broken)
    with pytest.raises(openai.InternalServerError) as told:
        bob.chat.completions.create(**ASKED)
    assert (told.value.status_code, told.value.code) == (500, "unexpected")
    assert "inside" not in str(told.value.body)
