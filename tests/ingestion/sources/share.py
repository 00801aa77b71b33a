"""A folder of this server that a collection is kept up to date from, and a place that does what a test says."""

from __future__ import annotations

import io
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingestion import catalog
from ingestion.connectors import folder
from ingestion.connectors.base import Change, Connector, Item
from ingestion.documents import uploads
from ingestion.models import Document, SourceItem, SourceRun
from ingestion.sources import registry, work
from ingestion.sources.drafts import Draft
from tests.cast import House
from tests.ingestion import bells


class Share:
    """A folder on this server that Ada's collection is kept up to date from."""

    def __init__(self, house: House, path: Path) -> None:
        self.house, self.path = house, path
        path.mkdir(exist_ok=True)
        self.collection = catalog.create(house.ada, f"Papers {uuid.uuid4().hex[:6]}").pk
        self.source = registry.create(house.ada, self.collection, self.draft())

    def draft(self, **changed: Any) -> Draft:
        told: dict[str, Any] = {
            "name": "Share",
            "kind": "folder",
            "settings": {"path": str(self.path)},
            "every_minutes": 60,
        }
        return Draft(**(told | changed))

    def put(self, name: str, text: str) -> None:
        (self.path / name).parent.mkdir(exist_ok=True, parents=True)
        (self.path / name).write_text(text)
        at = time.time_ns() + len(text) * 10**9
        os.utime(self.path / name, ns=(at, at))

    def sync(self) -> SourceRun:
        """One run to its end, by the worker's own way."""
        if self.state.row.wanted == "":
            registry.ask(self.house.ada, self.collection, self.source)
        return self.go_on()

    def go_on(self) -> SourceRun:
        with bells.silent():
            work.work(self.house.tenant, self.source)
        return registry.history(self.house.ada, self.collection, self.source)[0]

    @property
    def state(self) -> registry.State:
        return registry.get(self.house.ada, self.collection, self.source)

    def documents(self) -> dict[str, Document]:
        with self.house.system.transaction():
            return {
                row.name: row for row in Document.objects.filter(collection=self.collection).select_related("latest")
            }

    def item(self, name: str) -> SourceItem:
        with self.house.system.transaction():
            return SourceItem.objects.get(source=self.source, name=name)

    def text(self, name: str) -> str:
        latest = self.documents()[name].latest
        assert latest
        from ingestion.documents import files

        with files.open_stored(latest.path) as file:
            return str(file.read().decode())


class Faulty(Connector):
    """Lists two, and does with each what the test says."""

    fields = folder.Folder.fields
    reads: dict[str, Any]
    end: list[Change]

    def changes(self, cursor: str) -> Iterator[Change]:
        yield from [Item(name, name, "1") for name in sorted(self.reads)]
        yield from self.end

    def read(self, item: Item) -> io.BytesIO:
        found = self.reads[item.key]
        if isinstance(found, Exception):
            raise found
        return io.BytesIO(found)

    def probe(self) -> str:
        return "fine"


def by_hand(share: Share, name: str, text: str) -> None:
    with bells.silent():
        uploads.upload(share.house.ada, share.collection, name, io.BytesIO(text.encode()))
