"""The doorbell, taken down: a test reads by itself, and sees how often it was rung."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from ingestion import documents, pipeline, tasks
from ingestion.documents import uploads
from ingestion.models import Document
from tests.cast import House


@contextmanager
def silent() -> Iterator[list[bool]]:
    """One for each time that it was rung."""
    rung: list[bool] = []
    with mock.patch.object(tasks, "ring", side_effect=lambda: rung.append(True)):
        yield rung


def upload(
    house: House, collection: uuid.UUID, text: str | bytes, name: str = "note.txt", who: str = "ada"
) -> Document:
    """An upload that nobody works on yet."""
    content = text.encode() if isinstance(text, str) else text
    with silent():
        return uploads.upload(house.scope(who), collection, name, io.BytesIO(content))


def ingested(house: House, collection: uuid.UUID, text: str | bytes, name: str = "note.txt") -> Document:
    row = upload(house, collection, text, name)
    ingest(house, row)
    return documents.get(house.system, row.pk)


def ingest(house: House, row: Document) -> None:
    pipeline.ingest(house.tenant, latest(row))


def latest(row: Document) -> uuid.UUID:
    assert row.latest_id is not None
    return row.latest_id
