from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cast import House
    from tests.governance.service_accounts.programs import Program


@pytest.fixture
def made(house: House) -> Program:
    from tests.governance.service_accounts.programs import program  # it is read before Django knows its settings

    return program(house, "ask", "read")
