"""A recording proxy before the model worker: what the app asked, and when the engine wrote each piece of the answer.

The model worker runs with `--stamps`, which tell in the stream at what monotonic time the engine's bytes came. That
clock is the machine's, so any process may compare with it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

TIMEOUT = httpx.Timeout(600.0, connect=5.0)
STARTED_MOST_S = 10.0


@dataclass
class Tape:
    """One answer as the engine wrote it. `pieces` are (monotonic seconds, text); `share` is the asker's."""

    share: str
    body: dict[str, Any]
    pieces: list[tuple[float, str]] = field(default_factory=list)
    usage: dict[str, Any] = field(default_factory=dict)
    ended: float = 0.0  # when the engine said why it stopped
    _rest: bytes = b""
    _stamp: float = 0.0

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.pieces)

    def hear(self, block: bytes) -> None:
        *lines, self._rest = (self._rest + block).split(b"\n")
        for line in lines:
            if line.startswith(b": emitted "):
                self._stamp = float(line.removeprefix(b": emitted "))
            elif line.startswith(b"data: {"):
                self._note(json.loads(line.removeprefix(b"data: ")))

    def emitted(self, place: int) -> float:
        """When the engine wrote the character before `place`."""
        for stamp, text in self.pieces:
            place -= len(text)
            if place <= 0:
                return stamp
        raise LookupError("beyond the end of the tape")

    def _note(self, chunk: dict[str, Any]) -> None:
        self.usage = chunk.get("usage") or self.usage
        for choice in chunk.get("choices") or ():
            if text := choice.get("delta", {}).get("content"):
                self.pieces.append((self._stamp, text))
            if choice.get("finish_reason"):
                self.ended = self._stamp


class Recorder:
    """Serves `port` on loopback in a thread of its own, before the server at `upstream` (without /v1).

    While `reads_anew` is set, the engine is asked to read each prompt as one that it has not seen.
    """

    reads_anew = False

    def __init__(self, port: int, upstream: str) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.upstream = upstream
        self.tapes: list[Tape] = []
        self._client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, limits=httpx.Limits(max_connections=None))
        app = Starlette(routes=[Route("/{path:path}", self._pass, methods=["GET", "POST"])])
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run, name="tape", daemon=True)

    def __enter__(self) -> Recorder:
        self._thread.start()
        until = time.monotonic() + STARTED_MOST_S
        while not self._server.started and time.monotonic() < until:
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()

    def take(self) -> list[Tape]:
        """The tapes since the last time."""
        taken, self.tapes = self.tapes, []
        return taken

    async def _pass(self, request: Request) -> Response:
        body = await request.body()
        if self.reads_anew and request.url.path.endswith("/chat/completions"):
            body = json.dumps(json.loads(body) | {"cache_prompt": False}).encode()
        kept = {name: value for name, value in request.headers.items() if name not in {"host", "content-length"}}
        asked = self._client.build_request(
            request.method, f"{self.upstream}{request.url.path}", content=body, headers=kept
        )
        answer = await self._client.send(asked, stream=True)
        tape = None
        if request.url.path.endswith("/chat/completions"):
            tape = Tape(request.headers.get("x-chancery-share", ""), json.loads(body))
            self.tapes.append(tape)
        kind = answer.headers.get("content-type", "")
        return StreamingResponse(_relayed(answer, tape), answer.status_code, media_type=kind)


async def _relayed(answer: httpx.Response, tape: Tape | None) -> AsyncIterator[bytes]:
    try:
        async for block in answer.aiter_raw():
            yield block
            if tape is not None:  # once it has gone on: what is measured does not wait for the measuring
                tape.hear(block)
    finally:
        await answer.aclose()
