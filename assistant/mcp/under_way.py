"""Which answer a call waits for: a host's Stop names the call alone, and leaves the stream open.

In Valkey, so that any web process may hear of the stop. A call is known by its key, its session where the client keeps to
one, and its id: hosts count their calls from the same number, and two of them may hold one key. Nobody else's key finds it.
With Valkey gone a stop is not heard, as it was before; leaving the stream is.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import uuid

import redis
from django.http import HttpRequest

from assistant.mcp.messages import Call, Id
from assistant.streams import relay, stream
from assistant.v1 import following
from assistant.v1.fields import clean
from governance.scope import Scope

log = logging.getLogger(__name__)

SESSION = "Mcp-Session-Id"


def session() -> str:
    """A new one's name, and all there is of it: nothing is kept under it."""
    return secrets.token_urlsafe(24)


def note(call: Call, answer: uuid.UUID) -> None:
    """Until it has ended, or nothing waits for it any more."""
    try:
        stream.client().set(_key(call.request, call.caller, call.message.id), answer.hex, ex=int(relay.OPEN_MOST_S))
    except redis.RedisError as fault:
        log.warning("answer %s cannot be stopped by its call: %s", answer, fault)


def forget(call: Call, answer: uuid.UUID) -> None:
    """A client that keeps to no session may have asked anew under the same id: that one stays."""
    key = _key(call.request, call.caller, call.message.id)
    try:
        if stream.client().get(key) == answer.hex.encode():
            stream.client().delete(key)
    except redis.RedisError as fault:
        log.warning("the call of answer %s is forgotten later: %s", answer, fault)


def stop(request: HttpRequest, caller: Scope, wanted: object) -> None:
    """Of a call that is not theirs, or not under way, nothing is told: it may have ended meanwhile."""
    if isinstance(wanted, bool) or not isinstance(wanted, str | int):
        return
    try:
        named = clean(wanted) if isinstance(wanted, str) else wanted  # as the call's own id was read
        found = stream.client().get(_key(request, caller, named))
    except redis.RedisError as fault:
        log.warning("a call could not be stopped: %s", fault)
        return
    if isinstance(found, bytes):
        following.stop(caller, uuid.UUID(found.decode()))


def _key(request: HttpRequest, caller: Scope, call: Id | None) -> str:
    """7 and "7" are two ids."""
    named = f"{request.headers.get(SESSION, '')}\n{call!r}".encode(errors="replace")
    return f"chancery:mcp:{caller.tenant.hex}:{caller.key}:{hashlib.sha256(named).hexdigest()}"
