"""How, and when, whoever holds a session last proved who they are. Kept in the session, which only this server writes."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.sessions.backends.base import SessionBase

PLACE = "strength"
FRESH_S = 15 * 60  # dangerous acts want a proof that is no older


@dataclass(frozen=True)
class Strength:
    """`mfa` is None where nobody says so. `at` is in seconds since 1970. `acr` and `amr` are a provider's words, if any."""

    method: str
    mfa: bool | None
    at: float
    acr: str = ""
    amr: tuple[str, ...] = ()


def note(
    session: SessionBase,
    method: str,
    *,
    mfa: bool | None,
    at: float | None = None,
    acr: str = "",
    amr: Iterable[str] = (),
) -> None:
    """`at` is when it was proven, where that was elsewhere and earlier: a provider's auth_time."""
    now = time.time()
    told = {"method": method, "mfa": mfa, "at": min(now if at is None else at, now)}
    session[PLACE] = told | {"acr": acr, "amr": list(amr)}


def of(session: SessionBase) -> Strength | None:
    kept = session.get(PLACE)
    if not kept:
        return None
    return Strength(kept["method"], kept["mfa"], kept["at"], kept.get("acr", ""), tuple(kept.get("amr", ())))


def is_fresh(session: SessionBase, within_s: int = FRESH_S) -> bool:
    known = of(session)
    return known is not None and time.time() - known.at <= within_s
