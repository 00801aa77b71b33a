"""What is not bounded takes for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

LIMIT_S = 30.0


@pytest.fixture
def bounded() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < LIMIT_S
