"""Imports of ours stand inside: this file may be read before Django has its settings."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from openai import OpenAI

    from inference.runners.scripted import ScriptedChat
    from tests.cast import House


@pytest.fixture
def shelf(house: House) -> uuid.UUID:
    from tests.assistant import asking

    return asking.shelf(house)


@pytest.fixture
def model(settings: Any, shelf: uuid.UUID) -> ScriptedChat:
    from tests.assistant import asking

    return asking.speak(settings)


@pytest.fixture(scope="module")
def web(django_db_blocker: Any) -> Iterator[str]:
    """It remembers nothing of a test; coming up and going down takes longer than most of them."""
    from tests.assistant import serving

    with django_db_blocker.unblock(), serving.web() as address:
        yield address


@pytest.fixture
def site(web: str) -> Iterator[str]:
    from tests.assistant import serving

    with serving.workers():
        yield web


@pytest.fixture(scope="module")
def shared_key(shared_house: House, django_db_blocker: Any) -> str:
    """Bob's, in a tenant where nothing comes of what is asked: it is refused."""
    from tests.assistant import asking

    with django_db_blocker.unblock():
        asking.shelf(shared_house)
        return shared_house.key("bob")


@pytest.fixture
def silent(settings: Any) -> ScriptedChat:
    from tests.assistant import asking

    return asking.speak(settings)


@pytest.fixture
def bob(site: str, house: House, model: ScriptedChat) -> OpenAI:
    from tests.assistant.v1 import clients

    return clients.of(house, "bob", site)
