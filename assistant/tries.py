"""How often something may be tried within a time: counted in the cache, which all processes share."""

from __future__ import annotations

from django.core.cache import cache


def are_over(what: str, most: int, within_s: int) -> bool:
    """Counts this try, and says whether it is one too many. The time runs from the first."""
    cache.add(what, 0, within_s)
    return cache.incr(what) > most


def forget(what: str) -> None:
    cache.delete(what)
