"""Thousands of readers of server-sent events in one loop: bare sockets, so that what is measured is the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

OPEN_MOST_S = 120.0


@dataclass
class Block:
    """One event as it came: `raw` are its bytes with the blank line."""

    at: float
    raw: bytes

    @property
    def name(self) -> str:
        return self._field(b"event: ").decode()

    @property
    def data(self) -> bytes:
        return self._field(b"data: ")

    @property
    def number(self) -> int:
        return int(self._field(b"id: ") or 0)

    def _field(self, name: bytes) -> bytes:
        return next((line.removeprefix(name) for line in self.raw.split(b"\n") if line.startswith(name)), b"")


@dataclass
class Stream:
    """`status` is HTTP's; of an answer that is no stream `body` is what came."""

    status: int
    headers: dict[str, str]
    reader: asyncio.StreamReader
    body: bytes = b""
    blocks: list[Block] = field(default_factory=list)

    async def events(self) -> AsyncIterator[Block]:
        """Comments are left out."""
        rest = b""
        async for chunk in self._chunks():
            at = time.monotonic()
            *whole, rest = (rest + chunk).split(b"\n\n")
            for raw in whole:
                if not raw.startswith(b":"):
                    yield Block(at, raw + b"\n\n")

    async def _chunks(self) -> AsyncIterator[bytes]:
        while True:
            size = int(await self.reader.readline() or b"0", 16)
            if not size:
                return
            yield (await self.reader.readexactly(size + 2))[:-2]


@asynccontextmanager
async def opened(
    address: tuple[str, int], path: str, headers: dict[str, str], sent: bytes | None = None
) -> AsyncIterator[Stream]:
    """Closed at once when left, in mid-event too."""
    reader, writer = await asyncio.open_connection(*address, limit=2**20)
    try:
        verb = "GET" if sent is None else "POST"
        told = {"Host": f"{address[0]}:{address[1]}", "Connection": "close"} | headers
        if sent is not None:
            told |= {"Content-Length": str(len(sent))}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        writer.write(f"{verb} {path} HTTP/1.1\r\n{head}\r\n".encode() + (sent or b""))
        yield await asyncio.wait_for(_answered(reader), OPEN_MOST_S)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _answered(reader: asyncio.StreamReader) -> Stream:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:]) if name}
    stream = Stream(int(head[0].split()[1]), headers, reader)
    if "content-length" in headers:
        stream.body = await reader.readexactly(int(headers["content-length"]))
    return stream


async def until(holds: Callable[[], bool], most_s: float, what: str) -> None:
    end = time.monotonic() + most_s
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not come about in {most_s:.0f} s.")
        await asyncio.sleep(0.05)
