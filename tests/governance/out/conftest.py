from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def receivers_are_listed(settings: pytest.FixtureRequest) -> None:
    """The receivers of these tests stand on this machine, as an operator's own would stand in their network."""
    settings.FORWARD_INTERNAL_HOSTS = ["127.0.0.1", "localhost"]  # type: ignore[attr-defined]
    settings.FORWARD_TARGETS = {}  # type: ignore[attr-defined]
