"""One hundred recorded questions, and the doorbell taken down: a test works by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from unittest import mock

import pytest

if TYPE_CHECKING:
    from tests.cast import House

# Before Django is set up nothing of ours can be imported here: see the conftest above.


@pytest.fixture(autouse=True)
def unrung() -> Iterator[mock.Mock]:
    from governance.policy.replay import tasks

    with mock.patch.object(tasks, "ring") as ring:
        yield ring


@pytest.fixture
def period(house: House) -> tuple[datetime, datetime]:
    """One hundred recorded questions, and one before them that is not of the period."""
    from governance.policy import versions
    from tests.governance import traffic

    traffic.publish(house)
    traffic.ask(house.bob, f"Too early for {traffic.FALCON}", versions.in_force(house.system))
    since = datetime.now(UTC)
    traffic.record(house, 1)
    traffic.erase(house, "charlie")
    return since, datetime.now(UTC)
