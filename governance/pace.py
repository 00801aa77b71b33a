"""How fast something may be asked: a token bucket in Valkey, which all processes share.

The bucket holds a minute's requests and fills evenly. It is kept as one number, the time at which it will be full again (the
"theoretical arrival time" of GCRA, ITU-T I.371): a script of Valkey's reads and writes it in one step by Valkey's own clock, so
that of requests side by side none passes that is one too many, and no machine's clock matters. Emptying Valkey fills all buckets.
"""

from __future__ import annotations

import functools
import math
import uuid
from dataclasses import dataclass

import redis
from django.conf import settings

PERIOD_S = 60
# KEYS: the bucket. ARGV: how many it holds, the microseconds it takes to fill. Gives: passed or not, how many are left, and the
# microseconds until the next one passes, and until it is full.
SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local holds, fills = tonumber(ARGV[1]), tonumber(ARGV[2])
local each = fills / holds
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local after = full + each
local passes = 0
if after - now <= fills + 0.5 then
    passes, full = 1, after
    redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
end
local left = math.max(0, math.floor((fills - (full - now) + 0.5) / each))
local wait = math.max(0, full + each - now - fills)
return {passes, left, math.ceil(wait), math.ceil(full - now)}
"""


@dataclass(frozen=True)
class Taken:
    """`left` pass at once from here on; `wait_s` until one more does, `full_s` until all of `limit` do."""

    passes: bool
    limit: int
    left: int
    wait_s: float
    full_s: float

    @property
    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers-07 has them: in requests and whole seconds."""
        told = {"Limit": self.limit, "Remaining": self.left, "Reset": math.ceil(self.full_s)}
        return {f"RateLimit-{name}": str(value) for name, value in told.items()} | {
            "RateLimit-Policy": f"{self.limit};w={PERIOD_S}"
        }


def take(who: uuid.UUID, per_minute: int) -> Taken:
    """One request of `who`. Raises redis.RedisError where Valkey is away: a limit that nobody keeps is none."""
    passes, left, wait, full = _script()(keys=[f"chancery:pace:{who.hex}"], args=[per_minute, PERIOD_S * 1_000_000])
    return Taken(bool(passes), per_minute, left, wait / 1_000_000, full / 1_000_000)


@functools.cache
def _script() -> redis.commands.core.Script:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    return client.register_script(SCRIPT)
