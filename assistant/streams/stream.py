"""An answer's stream in Valkey: what makes delivery prompt. The rows are what makes it sure.

Nothing here may fail an answer: with Valkey gone the relay reads rows, a little later.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import uuid
from collections.abc import Sequence
from typing import Any

import redis
from django.conf import settings

from governance.errors import Unavailable

log = logging.getLogger(__name__)

KEPT_S = 3600
DOORBELL = "chancery:answers"  # the stream has one more segment
CHANGES = "chancery:answers:changed"  # the row has changed: it runs, it has ended, it is held up


def key(answer: uuid.UUID) -> str:
    return f"chancery:answer:{answer.hex}"


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


def forget(answers: Sequence[uuid.UUID]) -> int:
    """Remove the streams of these, and have Valkey write its log anew without them. Returns how many there were.

    Raises Unavailable where Valkey does not answer.
    """
    try:
        gone = sum(int(client().delete(*map(key, answers[at : at + 500]))) for at in range(0, len(answers), 500))
        with contextlib.suppress(redis.ResponseError):  # it does so already, or is not asked to by us
            client().bgrewriteaof()
    except redis.RedisError as fault:
        raise Unavailable("Valkey does not answer.") from fault
    return gone


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
