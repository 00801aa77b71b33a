"""Who may not, at /mcp: without a key, with one of another tenant, of somebody without a grant, ended, or too narrow."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from mcp import ClientSession, McpError
from pydantic import AnyUrl

from assistant import models
from governance import keys
from inference.runners.base import ChatRequest
from inference.runners.scripted import ScriptedChat
from ingestion.models import Chunk
from tests.assistant import asking, serving
from tests.assistant.mcp.speaking import call, called, message, said, spoken
from tests.cast import House
from tests.governance.database import leaves


def test_without_a_key_that_counts_nothing_is_said(site: str, house: House, shelf: uuid.UUID) -> None:
    key = house.key("bob")
    keys.revoke(house.bob, keys.mine(house.bob)[0].pk)
    session = serving.browser(site, house, "bob")  # a signed-in browser is no key
    for client in (serving.caller(site), serving.caller(site, "chy_wrong"), serving.caller(site, key), session):
        for sent in (message("initialize"), message("tools/list"), call("search", query="days abroad")):
            told = client.post("/mcp", json=sent)
            assert told.status_code == 401
            assert told.headers["WWW-Authenticate"].startswith("Bearer")
            assert told.json()["error"]["data"]["code"] == "not_signed_in"
    assert leaves(house, "search.performed") == []
    with pytest.raises(BaseExceptionGroup) as fault:
        called(site, "chy_wrong", "list_collections")
    assert fault.group_contains(httpx.HTTPStatusError, match="401")


def test_not_theirs_and_not_there_are_one_answer(
    site: str, house: House, neighbour: House, shelf: uuid.UUID, model: ScriptedChat
) -> None:
    with house.system.transaction():
        chunk = Chunk.objects.filter(tenant_id=house.tenant, collection_id=shelf).values_list("pk", flat=True)[0]

    async def look(client: ClientSession) -> dict[str, set[str]]:
        listed, found = await client.call_tool("list_collections"), await client.call_tool("search", {"query": "days"})
        assert (listed.structuredContent, found.structuredContent) == ({"collections": []}, {"passages": []})
        told: dict[str, set[str]] = {"search": set(), "ask": set(), "read": set()}
        for name in ("Handbook", str(shelf), str(uuid.uuid4()), "No such thing"):
            for tool, words in (("search", {"query": "days"}), ("ask", {"question": asking.QUESTION})):
                result = await client.call_tool(tool, {**words, "collections": [name]})
                assert result.isError
                told[tool].add(f"{said(result)} {result.meta}")
        for uri in (f"chancery://passages/{chunk}", f"chancery://passages/{uuid.uuid4()}", "file:///etc/passwd"):
            with pytest.raises(McpError) as fault:
                await client.read_resource(AnyUrl(uri))
            told["read"].add(f"{fault.value.error.code} {fault.value.error.message}")
        return told

    for outsider in (house, neighbour):
        told = spoken(site, outsider.key("charlie"), look)
        assert {what: len(answers) for what, answers in told.items()} == {"search": 1, "ask": 1, "read": 1}
        assert {leaf["client"] for leaf in leaves(outsider, "access.denied")} == {"mcp"}
    assert model.requests == []


def test_a_key_is_offered_what_its_scopes_are_good_for_and_refused_the_rest(
    site: str, house: House, shelf: uuid.UUID, model: ScriptedChat
) -> None:
    async def names(client: ClientSession) -> list[str]:
        return [one.name for one in (await client.list_tools()).tools]

    for scopes, offered in (("read", []), ("search", ["search", "list_collections"]), ("record", [])):
        key = house.key("bob", scopes)
        assert spoken(site, key, names) == offered
        told = called(site, key, "ask", question=asking.QUESTION)
        assert told.isError
        assert "scopes" in said(told)
    assert leaves(house, "prompt.received") == []
    assert {leaf["facts"]["action"] for leaf in leaves(house, "access.denied")} == {"ask"}


def slowly(_: ChatRequest) -> Iterator[str]:
    patience = threading.Event()
    for _beat in range(int(serving.PATIENCE_S / 0.02)):
        patience.wait(0.02)
        yield "Twenty working days a year may be spent abroad. "
    raise AssertionError("nobody stopped it")


def ended(house: House) -> models.Answer:
    until = time.monotonic() + serving.PATIENCE_S
    while time.monotonic() < until:
        with house.system.transaction():
            row = models.Answer.objects.filter(person=house.ids["bob"]).first()
        if row and row.is_final:
            return row
        threading.Event().wait(0.05)
    raise AssertionError("it never ended")


def test_a_key_that_is_revoked_meanwhile_hears_no_more_and_is_told_so(
    site: str, house: House, shelf: uuid.UUID, settings: Any
) -> None:
    asking.speak(settings, slowly)
    key = house.key("bob")
    is_revoked = threading.Event()

    async def ask(client: ClientSession) -> Any:
        async def heard(progress: float, total: float | None, message: str | None) -> None:
            if message and "Twenty" in message and not is_revoked.is_set():
                is_revoked.set()
                threading.Thread(target=serving.done_with, args=(revoke,)).start()

        return await client.call_tool("ask", {"question": asking.QUESTION}, progress_callback=heard)

    def revoke() -> None:
        keys.revoke(house.bob, keys.mine(house.bob)[0].pk)

    told = spoken(site, key, ask)
    assert told.isError
    assert "may no longer read" in said(told)
    assert is_revoked.is_set()
    ended(house)


def test_a_client_that_leaves_stops_its_answer(site: str, house: House, shelf: uuid.UUID, settings: Any) -> None:
    asking.speak(settings, slowly)
    headers = {"Accept": "application/json, text/event-stream"}
    sent = call("ask", question=asking.QUESTION)
    sent["params"]["_meta"] = {"progressToken": "p"}
    with serving.caller(site, house.key("bob")).stream("POST", "/mcp", json=sent, headers=headers) as response:
        assert next(line for line in response.iter_lines() if "Twenty" in line)
    row = ended(house)
    assert row.status == models.Status.CANCELLED
    assert "answer.cancelled" in asking.record(house, row.pk)
