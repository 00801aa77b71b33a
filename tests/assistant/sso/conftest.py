from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.assistant.sso import journeys
    from tests.assistant.sso.hostile import Hostile
    from tests.cast import House


@pytest.fixture(autouse=True)
def _loopback_is_listed(settings: Any) -> None:
    settings.SSO_INTERNAL_HOSTS = ["127.0.0.1", "localhost"]


@pytest.fixture
def idp() -> Iterator[Hostile]:
    from tests.assistant.sso import hostile

    made = hostile.Hostile()
    yield made
    made.close()


@pytest.fixture
def other_idp() -> Iterator[Hostile]:
    from tests.assistant.sso import hostile

    made = hostile.Hostile()
    yield made
    made.close()


@pytest.fixture
def door(house: House, idp: Hostile) -> journeys.Door:
    from tests.assistant.sso import journeys

    return journeys.door(house, idp)
