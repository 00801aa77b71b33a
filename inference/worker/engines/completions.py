"""The OpenAI wire before a writer of one answer at a time: the key, events as they are written, whoever leaves noticed."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from governance.errors import InvalidInput
from inference.worker.engines import answers
from inference.worker.engines.answers import Ask, End, Stop
from inference.worker.relay import EVENTS, left, stopped

log = logging.getLogger(__name__)


class Writer(Protocol):
    window: int  # tokens of prompt and answer together

    def tokens(self, text: str) -> list[int]: ...

    def prompt(self, ask: Ask) -> list[int]:
        """In tokens. Raises InvalidInput where the messages make no prompt."""

    def write(self, prompt: list[int], ask: Ask, stop: Stop) -> Iterator[str | End]:
        """Pieces of text, then the end, which a stopped answer does not reach. Called by one thread alone."""


class Completions:
    """What llama-server offers of the wire, as far as the worker's front uses it."""

    def __init__(self, key: str, alias: str, writer: Writer) -> None:
        self.key, self.alias, self.writer = key, alias, writer
        self.thread = ThreadPoolExecutor(1, "writer")

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/health", self.health),
                Route("/tokenize", self.tokenize, methods=["POST"]),
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
            ]
        )

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def tokenize(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        try:
            return JSONResponse({"tokens": self.writer.tokens(str(json.loads(await request.body())["content"]))})
        except (ValueError, TypeError, KeyError):
            return _error(400, "invalid_request_error", "The body has to be a JSON object with `content`.")

    async def chat(self, request: Request) -> Response | Answering:
        if refused := self._refused(request):
            return refused
        try:
            ask = answers.read(await request.body(), request.headers.get("X-Chancery-Cache", ""))
            prompt = self.writer.prompt(ask)
        except InvalidInput as fault:
            return _error(400, "invalid_request_error", fault.message)
        if len(prompt) >= self.writer.window:
            sizes = {"n_prompt_tokens": len(prompt), "n_ctx": self.writer.window}
            message = f"The prompt is {len(prompt)} tokens long and the window {self.writer.window}."
            return _error(400, "exceed_context_size_error", message, **sizes)
        return Answering(self, prompt, ask)

    def _refused(self, request: Request) -> Response | None:
        sent = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        return (
            None if hmac.compare_digest(sent, self.key.encode()) else _error(401, "authentication_error", "Wrong key.")
        )


class Answering:
    """An ASGI response. A client that leaves stops its answer, be it in the line, its prompt being read, or half written.

    Nothing is sent before the first piece: so long the worker's front tells its client that the prompt is being read.
    """

    def __init__(self, desk: Completions, prompt: list[int], ask: Ask) -> None:
        self.desk, self.prompt, self.ask = desk, prompt, ask
        self.stop = Stop()
        self.pieces: asyncio.Queue[str | End | Exception] = asyncio.Queue()
        self.head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": desk.alias}
        self.has_started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        self.desk.thread.submit(self._write, loop)
        passing = asyncio.ensure_future(self._stream(send) if self.ask.is_stream else self._whole(send))
        leaving = asyncio.ensure_future(left(receive))
        try:
            await asyncio.wait({passing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if passing.done():
                passing.result()
        finally:
            self.stop()
            await stopped(passing, leaving)

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        """In the writer's thread, when those before have ended."""
        if self.stop.is_set:
            return
        try:
            for piece in self.desk.writer.write(self.prompt, self.ask, self.stop):
                loop.call_soon_threadsafe(self.pieces.put_nowait, piece)
        except Exception as fault:
            log.exception("an answer broke off")
            loop.call_soon_threadsafe(self.pieces.put_nowait, fault)

    async def _stream(self, send: Send) -> None:
        delta: dict[str, str] = {"role": "assistant"}
        while isinstance(piece := await self.pieces.get(), str):
            await self._event(send, self._chunk(delta | {"content": piece}))
            delta = {}
        if isinstance(piece, Exception):
            await self._broken(send, piece)
            return
        await self._event(send, self._chunk({}, piece.finish))
        if self.ask.tells_usage:
            await self._event(send, self._chunk() | {"usage": piece.usage()})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    def _chunk(self, delta: dict[str, str] | None = None, finish: str | None = None) -> dict[str, Any]:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        return self.head | {"object": "chat.completion.chunk", "choices": choices}

    async def _event(self, send: Send, event: dict[str, Any]) -> None:
        if not self.has_started:
            self.has_started = True
            headers = [(b"content-type", EVENTS.encode()), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
        body = b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"
        await send({"type": "http.response.body", "body": body, "more_body": True})

    async def _whole(self, send: Send) -> None:
        text = ""
        while isinstance(piece := await self.pieces.get(), str):
            text += piece
        if isinstance(piece, Exception):
            await self._broken(send, piece)
            return
        message = {"role": "assistant", "content": text}
        choices = [{"index": 0, "message": message, "finish_reason": piece.finish}]
        told = self.head | {"object": "chat.completion", "choices": choices, "usage": piece.usage()}
        await _send_whole(send, JSONResponse(told))

    async def _broken(self, send: Send, fault: Exception) -> None:
        """By its kind alone: what a library says in its own words may quote the prompt."""
        message = f"The engine broke off: {type(fault).__name__}."
        if self.has_started:
            await self._event(send, {"error": {"code": 500, "type": "server_error", "message": message}})
            await send({"type": "http.response.body", "body": b""})
        else:
            await _send_whole(send, _error(500, "server_error", message))


async def _send_whole(send: Send, response: Response) -> None:
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": bytes(response.body)})


def _error(status: int, kind: str, message: str, **more: Any) -> JSONResponse:
    return JSONResponse({"error": {"code": status, "type": kind, "message": message} | more}, status)
