"""A worker that syncs is killed in the middle of it, again and again: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now

from ingestion import catalog
from ingestion.models import Document, ItemState, Source, SourceItem, SourceRun, Version
from ingestion.sources import registry
from ingestion.sources.drafts import Draft
from tests.cast import House

pytestmark = pytest.mark.faults

FILES, KILLED_AT = 60, (1, 15, 30, 45)
WORKER = """
import sys, uuid, django
django.setup()
from ingestion import tasks
from ingestion.sources import work
tasks.ring = lambda: None
work.work(uuid.UUID(sys.argv[1]), uuid.UUID(sys.argv[2]))
"""


def test_a_worker_that_is_killed_loses_and_doubles_nothing(house: House, tmp_path: Path, settings: Any) -> None:
    for number in range(FILES):
        (tmp_path / f"{number}.txt").write_text(f"Paper {number}.")
    settings.SOURCE_FOLDERS = {house.slug: [str(tmp_path)]}
    collection = catalog.create(house.ada, "Papers").pk
    source = registry.create(house.ada, collection, Draft("Share", "folder", {"path": str(tmp_path)}))
    for killed_at in KILLED_AT:
        worker = start(house, source, tmp_path)
        while brought(house, source) < killed_at and worker.poll() is None:
            time.sleep(0.01)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        with house.system.transaction():  # as if the lease of who died had run out
            Source.objects.filter(pk=source).update(lease_until=Now())
    assert start(house, source, tmp_path).wait(120) == 0
    with house.system.transaction():
        names = Counter(Document.objects.filter(collection=collection).values_list("name", flat=True))
        versions = Version.objects.filter(collection=collection).count()
        states = Counter(SourceItem.objects.filter(source=source).values_list("state", flat=True))
        (run,) = SourceRun.objects.filter(source=source)
    assert names == Counter(f"{number}.txt" for number in range(FILES))
    assert versions == FILES
    assert states == {ItemState.HERE: FILES}
    assert (run.state, run.counts["brought"], run.counts["new"]) == ("done", FILES, FILES)


def start(house: House, source: uuid.UUID, folder: Path) -> subprocess.Popen[bytes]:
    variables = os.environ | {"CHANCERY_SOURCE_FOLDERS": f"{house.slug}={folder}"}
    return subprocess.Popen([sys.executable, "-c", WORKER, str(house.tenant), str(source)], env=variables)


def brought(house: House, source: uuid.UUID) -> int:
    with house.system.transaction():
        return SourceItem.objects.filter(source=source, state=ItemState.HERE).count()
