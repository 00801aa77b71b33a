"""A model server of the tests' own: HTTP on loopback, and it speaks as it is told."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

KEY = "a-key-of-tests"
LONGEST_WAIT_S = 30  # for something that always comes; a test that reaches it has failed


@dataclass(frozen=True)
class Asked:
    path: str
    headers: Mapping[str, str]
    body: Any


class Speaker(BaseHTTPRequestHandler):
    """One exchange; what to say stands in the server's `replies`, by path."""

    server: _Server

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, body: Any) -> None:
        owner = self.server.owner
        owner.asked.append(Asked(self.path, dict(self.headers), body))
        reply = owner.replies.get(self.path)
        if reply is None:
            self.say_json({"error": {"message": "no such path"}}, 404)
        else:
            reply(self)

    def say_json(self, body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.say_bytes(json.dumps(body).encode(), status, {"Content-Type": "application/json"} | dict(headers or {}))

    def say_bytes(self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def say_events(self, chunks: Iterable[bytes]) -> None:
        """A stream that ends with the connection."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(chunk)
            self.wfile.flush()

    def wait_for_hang_up(self) -> None:
        """Say nothing until the other side has closed its end."""
        self.connection.settimeout(LONGEST_WAIT_S)
        self.server.owner.is_waiting.set()
        with contextlib.suppress(ConnectionResetError):  # a way to hang up, too
            if self.connection.recv(1):
                return
        self.server.owner.saw_hang_up.set()

    def log_message(self, *_: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: ModelServer


@dataclass
class ModelServer:
    replies: dict[str, Callable[[Speaker], None]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    is_waiting: threading.Event = field(default_factory=threading.Event)
    saw_hang_up: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), Speaker)
        self._server.owner = self
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def base_url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._server.server_port}/v1"

    def chats(self, reply: Callable[[Speaker], None]) -> None:
        self.replies["/v1/chat/completions"] = reply


def event(chunk: object) -> bytes:
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


def piece(text: str | None = None, finish: str | None = None) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}]})


def usage(prompt: int, completion: int, cached: int = 0) -> bytes:
    told = {"prompt_tokens": prompt, "completion_tokens": completion}
    return event({"choices": [], "usage": told | {"prompt_tokens_details": {"cached_tokens": cached}}})


DONE = b"data: [DONE]\n\n"
