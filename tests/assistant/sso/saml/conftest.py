from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.assistant.sso.saml.idp import Provider
    from tests.assistant.sso.saml.ways import Door
    from tests.cast import House


@pytest.fixture
def provider() -> Iterator[Provider]:
    from tests.assistant.sso.saml.idp import Provider

    made = Provider()
    yield made
    made.close()


@pytest.fixture
def saml_door(house: House, provider: Provider) -> Door:
    from tests.assistant.sso.saml import ways

    return ways.door(house, provider)
