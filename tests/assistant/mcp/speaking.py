"""The protocol's own client, and messages sent by hand where it would not send them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from tests.assistant import serving

Told = TypeVar("Told")


def spoken(address: str, key: str, do: Callable[[ClientSession], Awaitable[Told]]) -> Told:
    """A session from its first message to its last."""

    async def session() -> Told:
        headers = {"Authorization": f"Bearer {key}"}
        async with (
            httpx.AsyncClient(headers=headers, timeout=serving.PATIENCE_S, **serving.PLAIN) as http,
            streamable_http_client(f"{address}/mcp", http_client=http) as (reads, writes, _),
            ClientSession(reads, writes) as client,
        ):
            await client.initialize()
            return await do(client)

    return asyncio.run(session())


def called(address: str, key: str, tool: str, **arguments: Any) -> Any:
    return spoken(address, key, lambda client: client.call_tool(tool, arguments))


def said(result: Any) -> str:
    return "".join(one.text for one in result.content)


def message(method: str, id_: object = 1, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}


def call(tool: str, **arguments: Any) -> dict[str, Any]:
    return message("tools/call", name=tool, arguments=arguments)
