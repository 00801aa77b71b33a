"""One message as it was sent, and what is sent back."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from assistant.mcp.errors import BadRequest
from assistant.v1.fields import Fields, clean
from governance.scope import Scope

LONGEST_ID = 200
Id = str | int


@dataclass(frozen=True)
class Message:
    """`id` is None for what wants no answer: a notification, or a client's answer to what we never ask."""

    method: str = ""
    id: Id | None = None
    params: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, request: HttpRequest) -> Message:
        """Raises BadRequest, or what `Fields.read` raises of the body."""
        sent = Fields.read(request).left
        if sent.get("jsonrpc") != "2.0":
            raise BadRequest('A message says `"jsonrpc": "2.0"`, and there is one at a time.')
        if "method" not in sent and ("result" in sent or "error" in sent):
            return cls()
        method, params = sent.get("method"), sent.get("params", {})
        if not isinstance(method, str) or not isinstance(params, dict):
            raise BadRequest("A message has a method, which is a text, and params, which are an object.")
        return cls(method, _id(sent.get("id")), params)

    @property
    def progress(self) -> Id | None:
        """By what the client knows our progress again; None where it wants none."""
        meta = self.params.get("_meta")
        return _id(meta.get("progressToken")) if isinstance(meta, dict) else None


@dataclass(frozen=True)
class Call:
    """A message that wants an answer, and who asks; `streams` says whether the client reads events."""

    request: HttpRequest
    caller: Scope
    message: Message
    streams: bool

    @property
    def request_id(self) -> str:
        return getattr(self.request, "request_id", "")

    def result(self, result: dict[str, Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": self.message.id, "result": result}

    def text(self, name: str) -> str:
        """A parameter that has to be there. Raises BadRequest."""
        value = self.message.params.get(name)
        if not isinstance(value, str) or not value:
            raise BadRequest(f"{self.message.method} needs {name}, which is a text.")
        return clean(value)


def notification(method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def encode(_: int, event: str, data: dict[str, Any]) -> bytes:
    """One server-sent event. It has no id: a stream that broke off is asked for anew."""
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False, default=str)}\n\n".encode()


def _id(sent: Any) -> Id | None:
    if sent is None:
        return None
    if isinstance(sent, bool) or not isinstance(sent, str | int) or len(str(sent)) > LONGEST_ID:
        raise BadRequest(f"An id is a text or a whole number, of at most {LONGEST_ID} characters.")
    return clean(sent) if isinstance(sent, str) else sent
