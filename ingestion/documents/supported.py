"""Documents as a support person sees them: of collections that were opened to them, and every look on the tenant's record.

A support person reads no table. What they see comes through doors of Postgres that ask what is open at that moment; what is
narrower than its collection, kept back by the policy or in the bin is not there for them.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.dateparse import parse_datetime

from governance import access, pages
from governance.actions import Action
from governance.pages import Page
from governance.roles import SupportLevel
from governance.scope import Scope
from governance.support import looks
from governance.support.looks import Opened

SIZE = 20


@dataclass(frozen=True)
class Shelf:
    """A collection that was opened, with how many documents there are, wait, and failed."""

    id: uuid.UUID
    name: str
    documents: int
    waiting: int
    failed: int
    paused_at: datetime | None


@dataclass(frozen=True)
class Line:
    """A document in a list, as its last upload stands. `size` in bytes."""

    id: uuid.UUID
    name: str
    number: int
    media_type: str
    size: int
    status: str
    stage: str
    error_code: str
    uploaded_at: datetime
    ended_at: datetime | None
    chunks: int


@dataclass(frozen=True)
class Upload:
    """One upload and how its reading went. `marks` are (stage, when, note); `skipped` is how many files within were not taken."""

    number: int
    media_type: str
    size: int
    status: str
    stage: str
    attempts: int
    error_code: str
    error: str
    remedy: str
    pages: int | None
    chunks: int
    flags: list[str]
    uploaded_at: datetime | None
    ended_at: datetime | None
    skipped: int
    marks: list[tuple[str, datetime | None, str]]


@dataclass(frozen=True)
class File:
    """A document's case file without a word of it; `text` where reading was opened."""

    id: uuid.UUID
    name: str
    collection: uuid.UUID
    collection_name: str
    created_at: datetime
    current: int  # the version that readers see; 0 where there is none
    uploads: list[Upload]
    text: Page[Passage] | None


@dataclass(frozen=True)
class Passage:
    ordinal: int
    headings: list[str]
    locator: dict[str, Any]
    text: str


def shelves(opened: Opened) -> list[Shelf]:
    """Of no more than their names and numbers; none where only settings were opened."""
    if not access.decide(opened.scope, Action.SUPPORT_DOCUMENTS).allowed:
        return []
    return [Shelf(*row) for row in _rows(opened.scope, "support_shelves()")]


def listed(opened: Opened, collection: uuid.UUID, number: int, size: int = pages.SIZE) -> tuple[Shelf, Page[Line]]:
    """Raises NotFound, for what is there and not opened too."""
    _require(opened, Action.SUPPORT_DOCUMENTS, collection)
    with opened.scope.transaction():
        shelf = next((one for one in shelves(opened) if one.id == collection), None)
        if shelf is None:
            raise access.unseen(Action.SUPPORT_DOCUMENTS, "collection", collection, looks.GONE)
        number = pages.there(number, shelf.documents, size)
        looks.note(opened, "documents", collection=collection, page=number)
        rows = _rows(opened.scope, "support_documents(%s, %s, %s)", collection, (number - 1) * size, size)
    return shelf, Page([Line(*row[:-1]) for row in rows], number, shelf.documents, size)


def get(opened: Opened, document: uuid.UUID, number: int = 1, size: int = SIZE) -> File:
    """Its case file, and its text from page `number` on where reading was opened. Raises NotFound."""
    access.require(opened.scope, Action.SUPPORT_DOCUMENTS)
    with opened.scope.transaction():
        found = _rows(opened.scope, "support_document(%s)", document)
        if not found:
            raise access.unseen(Action.SUPPORT_DOCUMENTS, "document", document, looks.GONE)
        one, name, collection, shelf, by, made, current, versions = found[0]
        facts = {"document": one, "collection": collection, "of": by, "version": current}
        looks.note(opened, "document", **facts)
        text = _text(opened, one, number, size, facts) if opened.level >= SupportLevel.READING and current else None
    return File(
        one, name, collection, shelf, made, current, [_upload(told) for told in json.loads(versions or "[]")], text
    )


def _text(opened: Opened, document: uuid.UUID, number: int, size: int, facts: dict[str, Any]) -> Page[Passage]:
    """What readers see of it, and no more."""
    access.require(opened.scope, Action.COLLECTION_READ, facts["collection"])
    rows = _rows(opened.scope, "support_passages(%s, %s, %s)", document, (max(number, 1) - 1) * size, size)
    if not rows:
        number = 1
        rows = _rows(opened.scope, "support_passages(%s, %s, %s)", document, 0, size)
    if rows:
        looks.note(opened, "text", page=number, **facts)
    total = rows[0][-1] if rows else 0
    told = [Passage(row[0], json.loads(row[1]), json.loads(row[2]), row[3]) for row in rows]
    return Page(told, number, total, size)


def _upload(told: dict[str, Any]) -> Upload:
    plain = {name: told[name] for name in Upload.__dataclass_fields__ if name in told}
    plain |= {name: _time(told[name]) for name in ("uploaded_at", "ended_at")}
    marks = [(mark["stage"], _time(mark["at"]), mark.get("note", "")) for mark in told["timeline"]]
    return Upload(**plain, marks=marks)


def _time(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None


def _require(opened: Opened, action: Action, collection: uuid.UUID) -> None:
    """What was not opened is not there, whether it is or not."""
    if not access.decide(opened.scope, action, collection).allowed:
        raise access.unseen(action, "collection", collection, looks.GONE)


def _rows(scope: Scope, call: str, *values: Any) -> list[Any]:
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM chancery.{call}", values)
        return list(cursor.fetchall())
