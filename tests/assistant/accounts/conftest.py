from __future__ import annotations

from dataclasses import dataclass

import pytest


@dataclass
class Clock:
    """What authenticator apps and the server go by."""

    now: float = 1_800_000_000.0

    def time(self) -> float:
        return self.now

    def tick(self, steps: int = 1) -> None:
        self.now += steps * 30


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    from governance.accounts import totp  # it is read before Django knows its settings

    made = Clock()
    monkeypatch.setattr(totp, "time", made)
    return made
