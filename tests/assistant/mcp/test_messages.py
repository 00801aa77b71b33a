"""What is sent amiss, and what a browser or an old client sends: by hand, since the real client does not."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any

from tests.assistant import asking, serving
from tests.assistant.local_homes import ROOT
from tests.assistant.mcp.speaking import call, message
from tests.cast import House
from tests.governance.database import leaves

LONG = "x" * (2 * 2**20)


def test_what_is_no_message_has_a_status_of_its_own(web: str, shared_house: House) -> None:
    client = serving.caller(web, shared_house.key("bob"))
    as_json = {"Content-Type": "application/json"}
    cases: list[tuple[int, int, dict[str, Any]]] = [
        (400, -32700, {"content": b"{", "headers": as_json}),
        (400, -32700, {"content": b"[" * 100_000, "headers": as_json}),
        (400, -32700, {"json": [message("ping")]}),  # a batch
        (400, -32600, {"json": {"id": 1, "method": "ping"}}),
        (400, -32600, {"json": message("ping", {"a": 1})}),
        (400, -32600, {"json": message("ping", True)}),
        (400, -32600, {"json": message("ping", "i" * 300)}),
        (400, -32600, {"json": {"jsonrpc": "2.0", "id": 1, "method": 7}}),
        (400, -32600, {"json": {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}}),
        (400, -32600, {"json": message("ping"), "headers": {"MCP-Protocol-Version": "1999-01-01"}}),
        (415, -32000, {"content": b"{}", "headers": {"Content-Type": "text/plain"}}),
        (413, -32000, {"json": message("ping", padding=LONG)}),
        (403, -32000, {"json": message("ping"), "headers": {"Origin": "https://evil.example"}}),
        (403, -32000, {"json": message("ping"), "headers": {"Origin": "null"}}),
    ]
    for status, number, sent in cases:
        told = client.post("/mcp", **sent)
        assert (told.status_code, told.json()["error"]["code"]) == (status, number), sent
        assert told.json()["id"] is None
        assert told.json()["error"]["data"]["request_id"] == told.headers["X-Request-ID"]
    for verb in ("GET", "DELETE", "PUT"):
        assert client.request(verb, "/mcp").status_code == 405


def test_a_fault_in_a_message_is_an_answer_to_it(web: str, shared_house: House) -> None:
    client = serving.caller(web, shared_house.key("bob"))
    cases = [
        (-32601, message("prompts/list", "a")),
        (-32602, message("tools/call", "b", name="delete_everything")),
        (-32600, message("tools/call", "c")),
        (-32600, message("resources/read", "d", uri=7)),
        (-32002, message("resources/read", "e", uri=f"chancery://passages/{uuid.uuid4()}")),
    ]
    for number, sent in cases:
        told = client.post("/mcp", json=sent)
        assert (told.status_code, told.json()["error"]["code"], told.json()["id"]) == (200, number, sent["id"])
    secret = "hunter2-and-more"
    for arguments in (
        {},
        {"query": ""},
        {"query": "a", "limit": 0},
        {"query": "a", "limit": secret},
        {"query": [secret]},
    ):
        told = client.post("/mcp", json=call("search", **arguments)).json()["result"]
        assert told["isError"] is True
        assert "_meta" in told
        assert secret not in json.dumps(told)
    assert client.post("/mcp", json=call("search", query="a", other=1)).json()["result"]["isError"] is True


def test_what_wants_no_answer_gets_none_and_our_own_pages_may_ask(web: str, shared_house: House) -> None:
    client = serving.caller(web, shared_house.key("bob"))
    for sent in (
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}},
        {"jsonrpc": "2.0", "id": 1, "result": {}},
    ):
        told = client.post("/mcp", json=sent)
        assert (told.status_code, told.content) == (202, b"")
    told = client.post("/mcp", json=message("initialize", protocolVersion="1.0"), headers={"Origin": web})
    assert told.json()["result"]["protocolVersion"] == "2025-11-25"
    assert "Set-Cookie" not in told.headers


def test_whoever_reads_no_events_gets_the_answer_as_json(site: str, house: House, shelf: uuid.UUID, model: Any) -> None:
    client = serving.caller(site, house.key("bob"))
    told = client.post("/mcp", json=call("ask", question=asking.QUESTION), headers={"Accept": "application/json"})
    assert told.headers["Content-Type"] == "application/json"
    assert told.json()["result"]["structuredContent"]["text"] == asking.RULE
    assert len(leaves(house, "prompt.received")) == 1


def test_what_the_page_tells_to_configure_is_what_hosts_read() -> None:
    page = Path(ROOT, "docs", "mcp.md").read_text(encoding="utf-8")
    samples = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    assert len(samples) >= 3
    for sample in samples:
        assert "/mcp" in json.dumps(sample)
        assert "Authorization" in json.dumps(sample)
