"""An answer's stream in Valkey: what makes delivery prompt. The rows are what makes it sure.

Nothing here may fail an answer: with Valkey gone the relay reads rows, a little later.
"""

from __future__ import annotations

import functools
import json
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import redis
from django.conf import settings

from governance.errors import Unavailable

log = logging.getLogger(__name__)

KEPT_S = 3600
STANDS_S = 15  # a worker says every five seconds where a request stands
REWRITE_PATIENCE_S = 5.0
DOORBELL = "chancery:answers"  # the stream has one more segment
CHANGES = "chancery:answers:changed"  # the row has changed: it runs, it has ended, it is held up


def key(answer: uuid.UUID) -> str:
    return f"chancery:answer:{answer.hex}"


def line_key(answer: uuid.UUID) -> str:
    return f"{key(answer)}:line"


def publish(answer: uuid.UUID, number: int, message: dict[str, Any]) -> None:
    """Add segment `number` (from 1) and ring. The same number twice is refused by Valkey, and that is well."""
    try:
        with client().pipeline(transaction=False) as pipe:
            pipe.xadd(key(answer), {"m": json.dumps(message)}, id=f"{number}-0")
            pipe.expire(key(answer), KEPT_S)
            pipe.publish(DOORBELL, answer.hex)
            pipe.execute(raise_on_error=False)
    except redis.RedisError as fault:
        log.warning("the stream of answer %s is not reachable: %s", answer, fault)


def stand(answer: uuid.UUID, told: Mapping[str, object] | None, *, rings: bool) -> None:
    """Where it stands in its model's line; nothing once it stands there no more, or its worker does not say so any longer."""
    try:
        with client().pipeline(transaction=False) as pipe:
            if told is None:
                pipe.delete(line_key(answer))
            else:
                pipe.set(line_key(answer), json.dumps(told), ex=STANDS_S)
            if rings:
                pipe.publish(CHANGES, answer.hex)
            pipe.execute(raise_on_error=False)
    except redis.RedisError as fault:
        log.warning("where answer %s stands cannot be told: %s", answer, fault)


def forget(answers: Sequence[uuid.UUID]) -> int:
    """Remove the streams of these, and have Valkey write its log anew without them. Returns how many there were.

    Raises Unavailable where Valkey does not answer, or is at its log for too long to begin it anew.
    """
    try:
        gone = sum(int(client().delete(*map(key, answers[at : at + 500]))) for at in range(0, len(answers), 500))
        _write_log_anew()
    except redis.RedisError as fault:
        raise Unavailable("Valkey does not answer.") from fault
    return gone


def _write_log_anew() -> None:
    """One that is being written may hold what has gone since it was begun: it is waited for."""
    until = time.monotonic() + REWRITE_PATIENCE_S
    while True:
        try:
            client().bgrewriteaof()
            return
        except redis.ResponseError as fault:
            if "in progress" not in str(fault):  # it keeps none, or is not asked to by us
                return
            if time.monotonic() > until:
                raise
        time.sleep(0.02)


def wake(answer: uuid.UUID) -> None:
    ring(CHANGES, answer)


def ring(channel: str, answer: uuid.UUID) -> None:
    try:
        client().publish(channel, answer.hex)
    except redis.RedisError as fault:
        log.warning("%s does not ring for answer %s: %s", channel, answer, fault)


@functools.cache
def client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=1, max_connections=16)
