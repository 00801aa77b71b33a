"""Where a document stands: pace, heartbeat, place in line, and how long each stage took."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from unittest import mock

import pytest
from django.utils import timezone

from governance.errors import NotFound, Unavailable
from inference.runners.scripted import ScriptedEmbedder
from ingestion import catalog, documents
from ingestion.documents import standing, uploads
from ingestion.line import leases, pauses
from ingestion.models import Status, Version
from tests.cast import House
from tests.ingestion import bells, ingests


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Travel").pk


def at(seconds_ago: float) -> str:
    return (timezone.now() - timedelta(seconds=seconds_ago)).isoformat()


def test_the_time_left_is_counted_from_what_the_stage_itself_has_done() -> None:
    now = timezone.now()
    version = Version(
        status=Status.PROCESSING,
        stage="embed",
        done=60,
        total=100,
        lease_until=now + leases.LEASE - timedelta(seconds=3),
        timeline=[{"stage": "embed", "at": at(20), "note": "", "already": 40}],
    )
    told = standing.at_work(version)
    assert told is not None
    assert told.left_s == pytest.approx(40, rel=0.2)  # 20 in 20 s, and 40 to go
    assert told.beat_s == pytest.approx(3, abs=2)
    version.done = 40
    told = standing.at_work(version)
    assert told is not None
    assert told.left_s is None  # nothing done yet tells no pace
    version.status = Status.READY
    assert standing.at_work(version) is None


def test_who_waits_in_line_is_told_how_many_are_before_it_and_not_which(house: House, collection: uuid.UUID) -> None:
    hidden = catalog.create(house.ada, "Hidden").pk
    for n in range(2):
        bells.upload(house, hidden, f"text {n}", f"{n}.txt")
    bells.ingested(house, collection, "ready already", "ready.txt")
    mine = bells.upload(house, collection, "mine", "mine.txt")
    bells.upload(house, collection, "after it", "after.txt")
    told = standing.of(house.ada, documents.get(house.ada, mine.pk))
    assert told is not None
    assert told.before == 1  # lanes take turns: the first of those who came before, not their second
    assert told.waits_s is not None
    assert standing.of(house.ada, bells.ingested(house, collection, "x", "x.txt")) is None


def test_a_pause_is_said(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    pauses.pause(house.ada, collection)
    told = standing.of(house.ada, documents.get(house.ada, row.pk))
    assert told is not None
    assert (told.before, told.why) == (None, pauses.PAUSED)


def test_a_part_that_is_away_is_named_with_since_when(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    with mock.patch.object(ScriptedEmbedder, "embed", side_effect=Unavailable("The embedding model does not answer.")):
        bells.ingest(house, row)
    told = standing.of(house.ada, documents.get(house.ada, row.pk))
    assert told is not None
    assert told.why == "The embedding model does not answer."
    assert told.waits_s is not None
    assert told.before is None


def test_each_stage_tells_how_long_it_took_and_what_became_of_it(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, "# A\n\nA hotel.\n\n# B\n\nA train.", "a.md")
    version = ingests.version(house, row)
    steps = {step.stage: step for step in standing.steps(version)}
    assert list(steps) == [*ingests.CAME, "parse", "chunk", "policy", "embed", "index", "ready"]
    assert steps["received"].figures["size"] == version.size
    assert steps["hashed"].figures["sha256"] == version.sha256
    assert steps["parse"].figures["characters"] > 10
    assert steps["chunk"].figures["chunks"] == version.chunks
    assert [step.took_s is None for step in steps.values()] == [False] * 8 + [True]
    assert all(step.took_s >= 0 for step in steps.values() if step.took_s is not None)
    assert version.queued_at is not None
    assert version.ended_at is not None
    assert version.queued_at <= version.ended_at


def test_a_batch_is_what_came_while_something_was_on_its_way(house: House, collection: uuid.UUID) -> None:
    hours = [timedelta(hours=n) for n in range(6)]
    rows = [bells.upload(house, collection, f"text {n}", f"{n}.txt") for n in range(6)]
    now = timezone.now()

    def came(row: int, queued: timedelta, ended: timedelta | None) -> None:
        values = {"queued_at": now - queued, "ended_at": None if ended is None else now - ended}
        status = Status.QUEUED if ended is None else Status.READY
        with house.system.transaction():
            Version.objects.filter(document=rows[row]).update(status=status, **values)

    came(0, hours[5], hours[4])  # yesterday's, done before anything else came
    came(1, hours[3], hours[2])
    came(2, hours[3] - timedelta(minutes=5), hours[1])  # both overlap with the next ones
    came(3, hours[2], timedelta(seconds=100))
    came(4, hours[2], timedelta(seconds=50))
    came(5, hours[2], None)
    told = standing.batch(house.ada, collection)
    assert (told.done, told.total) == (4, 5)
    assert told.left_s == pytest.approx(standing.FRESH_S / 2, rel=0.1)  # two in the last five minutes, one to go
    came(5, hours[2], hours[0])
    told = standing.batch(house.ada, collection)
    assert (told.done, told.total, told.left_s) == (5, 5, None)
    assert standing.batch(house.ada, catalog.create(house.ada, "Empty").pk) == standing.Batch(0, 0, None)
    with pytest.raises(NotFound):
        standing.batch(house.charlie, collection)


def test_names_keep_their_folders_where_they_come_from_one(house: House, collection: uuid.UUID) -> None:
    with bells.silent():
        for path in ("trip/a/readme.txt", "trip\\b\\readme.txt", "../..//trip/./c/readme.txt"):
            uploads.take(house.ada, collection, path, io.BytesIO(path.encode()), in_folder=True)
        same = uploads.take(
            house.ada, collection, "trip/a/readme.txt", io.BytesIO(b"trip/a/readme.txt"), in_folder=True
        )
        changed = uploads.take(house.ada, collection, "trip/a/readme.txt", io.BytesIO(b"other"), in_folder=True)
    names = [row.name for row in documents.listed(house.ada, collection)]
    assert names == ["trip/a/readme.txt", "trip/b/readme.txt", "trip/c/readme.txt"]
    assert (same.outcome, changed.outcome) == ("unchanged", "changed")
    assert changed.document.pk == same.document.pk
    file, name = documents.open_file(house.ada, changed.document.pk)
    with file:
        assert (file.read(), name) == (b"other", "readme.txt")
