from __future__ import annotations

from typing import Any

import pytest

SCRIPTED = {
    "chat": {"BACKEND": "inference.runners.scripted.ScriptedChat"},
    "embedding": {"BACKEND": "inference.runners.scripted.ScriptedEmbedder"},
}


@pytest.fixture(autouse=True)
def _scripted_runners(settings: Any, tmp_path: Any) -> None:
    """Vectors from shared words alone, and a storage of the test's own."""
    settings.CHANCERY_RUNNERS = SCRIPTED
    settings.MEDIA_ROOT = tmp_path
