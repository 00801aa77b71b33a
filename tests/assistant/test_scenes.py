"""The demo's five scenes against a real web process, and what is said when one of them goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from assistant.demo import scenes
from governance.errors import Unavailable
from ingestion import models, pipeline, tasks
from tests.assistant import asking, serving
from tests.cast import House

CAST = {"ADMIN": "ada", "EMPLOYEE": "bob", "OUTSIDER": "charlie", "OFFICER": "olga"}


@pytest.fixture
def stage(house: House, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The house plays the demo's people; whoever is rung for is worked on at once."""
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(scenes, "TENANT", house.slug)
    for part, name in CAST.items():
        monkeypatch.setattr(scenes, part, house.email(name))
    with ThreadPoolExecutor(1) as pool:

        def take() -> None:
            try:
                with house.system.transaction():
                    waiting = models.Version.objects.filter(status=models.Status.QUEUED).order_by("created_at")
                    due = list(waiting.values_list("pk", flat=True))
                for version in due:
                    pipeline.ingest(house.tenant, version)
            finally:
                connection.close()

        rung = mock.patch.object(tasks, "ring", side_effect=lambda: pool.submit(take))
        with rung, serving.workers(), serving.web() as address:
            yield address


def left(house: House) -> int:
    with house.system.transaction():
        return models.Collection.objects.filter(deleted_at=None).count()


def test_the_five_scenes_end_as_they_claim(house: House, settings: Any, stage: str) -> None:
    model = asking.speak(settings)
    told: list[str] = []
    scenes.play(stage, told.append)
    text = "\n".join(told)
    assert [line.strip()[:2] for line in told if line.startswith("\n")] == ["1.", "2.", "3.", "4.", "5."]
    assert "Visitors park on deck P4" in text
    assert "[1] visitor-parking.md: “" in text
    assert "404 " in text
    assert "blocked: Your message contains a password or key." in text
    assert "opened prompt.received: “" in text
    assert len(model.requests) == 1  # neither the outsider's question nor the password reached it
    assert left(house) == 0


def test_a_scene_that_goes_wrong_says_what_broke_and_leaves_nothing_behind(
    house: House, settings: Any, stage: str
) -> None:
    asking.speak(settings, [Unavailable("down")])
    told: list[str] = []
    with pytest.raises(scenes.SceneBrokeError, match=r"it ended as failed: The model does not answer at the moment\."):
        scenes.play(stage, told.append)
    assert told[-1].strip().startswith("2.")
    assert left(house) == 0
