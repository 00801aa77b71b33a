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


@pytest.fixture
def site() -> Iterator[str]:
    from tests.assistant import serving

    with serving.web() as address, serving.workers():
        yield address


@pytest.fixture
def bob(site: str, house: House, model: ScriptedChat) -> OpenAI:
    from tests.assistant.v1 import clients

    return clients.of(house, "bob", site)
