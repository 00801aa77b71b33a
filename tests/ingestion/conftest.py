from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cast import House

SCRIPTED = {
    "chat": {"BACKEND": "inference.runners.scripted.ScriptedChat"},
    "embedding": {"BACKEND": "inference.runners.scripted.ScriptedEmbedder"},
}


@pytest.fixture(autouse=True)
def _scripted_runners(settings: Any, tmp_path: Any) -> None:
    """Vectors from shared words alone, and a storage of the test's own."""
    settings.CHANCERY_RUNNERS = SCRIPTED
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    """Ada's, which the team may read."""
    from governance import grants
    from governance.roles import Level
    from ingestion import catalog

    made = catalog.create(house.ada, "Travel").pk
    grants.give(house.ada, made, grants.Holder(group=house.team), Level.READ)
    return made
