"""The pages of a document as pictures: what a citation opens, drawn in a limited process from the bytes as uploaded.

A look is recorded as the hand-out of the file is, but once: the same person's looks at the same version within ten minutes are
one event, which names the page that came first. Turning the pages must not bury the record (ADR 0007).
"""

from __future__ import annotations

import base64
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import transaction

from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Busy, NotFound
from governance.scope import Scope
from governance.sentence import phrase
from ingestion import documents, formats
from ingestion.documents import files
from ingestion.models import Document, Version
from ingestion.parsers.limited import sandbox
from ingestion.parsers.limited.sandbox import Limits

MEDIA_TYPE = "image/webp"
AGAIN_S = 600
AT_ONCE = 2  # a process; whoever comes then waits for PATIENCE_S
PATIENCE_S = 20.0
LIMITS = Limits(output=16 << 20, cpu_s=20, wall_s=30.0)
GONE = phrase("There is no such page, or you may not see it.")
_free = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Look:
    """Somebody who may is about to see page `number` of a version. `tag` changes where the picture would."""

    version: Version
    number: int

    @property
    def tag(self) -> str:
        return f'"{self.version.pk.hex}-{self.number}"'


def pages(document: Document) -> int:
    """How many pages of what readers see can be shown as pictures: 0 where it has none."""
    version = document.current
    return version.pages or 0 if version is not None and version.media_type in formats.DRAWN else 0


def look(scope: Scope, document: uuid.UUID, number: int) -> Look:
    """It is recorded. Raises NotFound, also where the document has no such page."""
    row = documents.get(scope, document)
    version = row.current
    if version is None or not 1 <= number <= pages(row):
        raise NotFound(GONE)
    _record(scope, row, version, number)
    return Look(version, number)


def draw(seen: Look) -> bytes:
    """In MEDIA_TYPE. Raises ParseFailed where it cannot be drawn, Busy, and NotFound where the file is gone."""
    version = seen.version
    order = {"media_type": version.media_type, "page": seen.number}
    with _turn(), files.on_disk(version.path) as path:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            raise NotFound(GONE) from None
        with file:
            return sandbox.ask("draw", [file], order, LIMITS, _drawn, lambda picture, _: picture)


def _drawn(told: dict[str, Any]) -> bytes:
    return base64.b64decode(told["drawn"], validate=True)


@contextmanager
def _turn() -> Iterator[None]:
    if not _free.acquire(timeout=PATIENCE_S):
        raise Busy(phrase("Too many pages are being drawn. Try again in a moment."))
    try:
        yield
    finally:
        _free.release()


def _record(scope: Scope, row: Document, version: Version, number: int) -> None:
    """What is remembered of a look may be lost with the cache: then it is recorded once more."""
    known = f"look:{scope.tenant.hex}:{scope.actor}:{scope.key}:{version.pk.hex}"
    if scope.actor is not None and cache.get(known):
        return
    with scope.transaction():
        facts = {"version": version.pk, "collection": row.collection_id, "page": number}
        resource = (documents.KIND, row.pk)
        events.record(scope, Event.DOCUMENT_READ, resource=resource, facts=facts, payload={"name": row.name})
        transaction.on_commit(lambda: cache.set(known, True, AGAIN_S), robust=True)
