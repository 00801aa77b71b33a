"""How often something may be tried within a time: counted in the cache, which all processes share."""

from __future__ import annotations

import ipaddress
import time

from django.core.cache import cache

from governance.errors import Busy
from governance.sentence import phrase, sentence

TOO_MANY = phrase("Too many tries. Wait %(minutes)s minutes, then try again.")
LONGEST_S = 3600
REMEMBERED_S = 24 * 3600  # how long it is known how often something was held up


def are_over(what: str, most: int, within_s: int) -> bool:
    """Counts this try, and says whether it is one too many. The time runs from the first."""
    cache.add(what, 0, within_s)
    return cache.incr(what) > most


def wait_s(what: str, most: int, within_s: int) -> int:
    """Counts this try, and says how long to wait where it is one too many: twice as long as the last time, up to an hour."""
    if waits := held_s(what):
        return waits
    if not are_over(what, most, within_s):
        return 0
    cache.add(f"{what}:holds", 0, REMEMBERED_S)
    held: int = min(within_s * 2 ** (min(cache.incr(f"{what}:holds"), 12) - 1), LONGEST_S)
    cache.set(f"{what}:until", time.time() + held, held)
    cache.delete(what)
    return held


def busy(waits_s: int) -> Busy:
    """What whoever is held up is told."""
    return Busy(sentence(TOO_MANY, minutes=-(-waits_s // 60)), wait_s=waits_s)


def held_s(what: str) -> int:
    """How long it is still held up; nothing is counted."""
    until = cache.get(f"{what}:until")
    return max(0, round(until - time.time())) if until else 0


def forget(what: str) -> None:
    cache.delete_many([what, f"{what}:holds", f"{what}:until"])


def place(address: str) -> str:
    """What to count an address under; nothing for this machine itself, behind which everybody may be who comes by a proxy."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if known.is_loopback:
        return ""
    # Whoever has one IPv6 address has its whole network of 64 bits.
    return str(ipaddress.ip_network(f"{address}/64", strict=False)) if known.version == 6 else address
