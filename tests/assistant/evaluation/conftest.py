"""Imports of ours stand inside: this file may be read before Django has its settings."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from inference.runners.scripted import ScriptedChat
    from tests.cast import House


@pytest.fixture
def shelf(house: House) -> uuid.UUID:
    """Ada's and Bob's to manage."""
    from governance import grants
    from governance.roles import Level
    from ingestion import catalog
    from tests.ingestion import bells

    made = catalog.create(house.ada, "Rules").pk
    bells.ingested(house, made, "Twenty working days a year may be spent abroad.", "abroad.txt")
    grants.give(house.ada, made, grants.Holder(person=house.ids["bob"]), Level.MANAGE)
    return made


@pytest.fixture
def model(settings: Any) -> ScriptedChat:
    from tests.assistant import asking

    return asking.speak(settings)
