"""Failed sign-ins from one address, whoever they were for: one machine must not try a password on everybody."""

from __future__ import annotations

from django.http import HttpRequest

from assistant.middleware import addresses
from assistant.sign_in import tries

FAILURES = 50
WITHIN_S = 300


def held_s(request: HttpRequest) -> int:
    place = tries.place(addresses.of(request))
    return tries.held_s(_key(place)) if place else 0


def count(request: HttpRequest) -> None:
    place = tries.place(addresses.of(request))
    if place:
        tries.wait_s(_key(place), FAILURES, WITHIN_S)


def _key(place: str) -> str:
    return f"sign-in-from:{place}"
