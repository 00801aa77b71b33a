"""What is taken of a request's body before anybody has asked whose it is.

Django keeps the whole body on disk before the first line of ours runs. What is larger than `BODY_MAX_BYTES`, or finds no room on
the disk, is let go as it comes, and the request is answered with the reason.
"""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable, MutableMapping
from typing import IO, Any

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest

from governance import disk
from governance.errors import ChanceryError, TooLarge, Unavailable
from governance.sentence import phrase, sentence

TOO_LARGE = phrase("This request is larger than the limit of %(limit)s MiB. Send less at a time.")
_KEY = "chancery.refused"
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class Bounded(ASGIHandler):
    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        await super().handle(scope, _Body(scope, receive), send)

    async def read_body(self, receive: Any) -> IO[bytes]:
        try:
            body: IO[bytes] = await super().read_body(receive)
            return body
        except OSError as fault:
            if not disk.is_full(fault):
                raise
            receive.refuse(Unavailable(disk.NO_ROOM))
            return io.BytesIO()


def refused(request: HttpRequest) -> ChanceryError | None:
    """Why its body was not taken; what there is of the body then means nothing."""
    fault: ChanceryError | None = getattr(request, "scope", {}).get(_KEY)
    return fault


class _Body:
    """Hands on what comes, up to the limit; then the body has ended, and what still comes is dropped."""

    def __init__(self, scope: Any, receive: Receive) -> None:
        self._scope, self._receive = scope, receive
        self._left = settings.BODY_MAX_BYTES
        self._is_refused = False

    def refuse(self, fault: ChanceryError) -> None:
        self._is_refused, self._scope[_KEY] = True, fault

    async def __call__(self) -> Message:
        if self._is_refused:
            return await self._rest()
        if self._declared() > settings.BODY_MAX_BYTES:
            return self._ended()
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        return message if self._left >= 0 else self._ended()

    def _declared(self) -> int:
        said = dict(self._scope["headers"]).get(b"content-length", b"")
        return int(said) if said.isdigit() and len(said) < 20 else 0

    def _ended(self) -> Message:
        self.refuse(TooLarge(sentence(TOO_LARGE, limit=settings.BODY_MAX_BYTES // 2**20)))
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _rest(self) -> Message:
        while (message := await self._receive())["type"] == "http.request":
            pass
        return message
