"""A collection to take away: originals, the text as it was read, and all that is known of each document.

    README.txt  collection.json  documents.csv
    documents/00001-name.pdf       as it was uploaded, unless malware was found in it
    text/00001-name.pdf.txt        as it was read, in its order
    about/00001-name.pdf.json      versions, hashes, and each passage with its place in the document
    manifest.json                  SHA-256 and size of each of them

Whoever exports manages the collection and reads it: running one without reading it is not enough. It is recorded before
the first byte leaves. Each document is read as the caller may read it by then, so that a right that was withdrawn ends it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from governance import access, grants, spreadsheet
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import NotFound
from governance.scope import Scope
from ingestion import catalog, documents, search
from ingestion.documents import files
from ingestion.leaving import archive
from ingestion.models import Collection, Version

FORMAT = "chancery collection 1"
PIECE = 2**18
COLUMNS = ("number", "name", "status", "media_type", "size", "sha256", "versions", "uploaded_at", "file", "text")
README = """A collection, exported from Chancery

documents/   each document as it was uploaded; absent where malware was found in it
text/        its text as it was read, in its order; absent where it could not be read
about/       what is known of it: every version with its hash, and each passage with its place in the document
documents.csv, collection.json   the list, and the collection with who may use it
manifest.json   SHA-256 and size of every other file; an archive without it broke off on its way

`manage.py import_collection` reads such an archive into another collection, here or elsewhere.
"""


@dataclass(frozen=True)
class Started:
    """`name` is the file's; `pieces` are its bytes, to be taken once."""

    name: str
    pieces: Iterator[bytes]


def start(scope: Scope, collection: uuid.UUID, renew: Callable[[Scope], Scope] = lambda scope: scope) -> Started:
    """Record that it leaves, and begin. `renew` gives the caller with the rights they have by then.

    Raises NotFound and Forbidden.
    """
    _require(scope, collection)
    with scope.transaction():
        row = catalog.get(scope, collection)
        listed = documents.ids(scope, collection)
        about = _collection(scope, row)
        facts = {"documents": len(listed)}
        event = events.record(
            scope,
            Event.COLLECTION_EXPORTED,
            resource=(catalog.KIND, collection),
            facts=facts,
            payload={"name": row.name},
        )
    name = f"{archive.safe(row.name, 1)[6:] or 'collection'}-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip"
    return Started(name, _pieces(scope, collection, about | {"event": str(event)}, listed, renew))


def _require(scope: Scope, collection: uuid.UUID) -> None:
    for action in (Action.COLLECTION_MANAGE, Action.COLLECTION_READ):
        access.require(scope, action, collection)


def _pieces(
    scope: Scope, collection: uuid.UUID, about: dict[str, Any], listed: list[uuid.UUID], renew: Callable[[Scope], Scope]
) -> Iterator[bytes]:
    """Without a transaction that lasts: whoever takes them slowly holds no connection. Raises NotFound and Forbidden once
    the caller may no longer have it.
    """
    out, lines, gone = archive.Archive(), [], 0
    yield from out.add("README.txt", [README.encode()])
    yield from out.add("collection.json", [_json(about)])
    for number, document in enumerate(listed, 1):
        try:
            now = renew(scope)
            _require(now, collection)
            told = _told(now, document, number)
        finally:
            connection.close()
        if told is None:  # deleted since it was listed
            gone += 1
            continue
        lines.append(told.line)
        if not told.version.is_infected:
            yield from out.add(f"documents/{told.file}", _original(told.version))
        if told.text:
            yield from out.add(f"text/{told.file}.txt", [told.text.encode()])
        yield from out.add(f"about/{told.file}.json", [_json(told.about)])
    yield from out.add("documents.csv", [_csv(lines)])
    yield from out.close({"format": FORMAT, "documents": len(lines), "gone": gone, "event": about["event"]})


@dataclass(frozen=True)
class _Told:
    file: str
    version: Version
    about: dict[str, Any]
    text: str
    line: tuple[object, ...]


def _told(scope: Scope, document: uuid.UUID, number: int) -> _Told | None:
    """None where it is no longer there."""
    with scope.transaction():
        try:
            row = documents.get(scope, document)
        except NotFound:
            return None
        version = row.current or row.latest
        if version is None:
            return None
        versions = list(Version.objects.filter(document=row).order_by("number"))
        passages = search.document_text(scope, document)
    file = archive.safe(row.name, number)
    about = {
        "id": str(row.pk),
        "name": row.name,
        "shown": version.number,
        "within": {"document": str(row.parent_id), "path": row.path} if row.parent_id else None,
        "versions": [_version(one) for one in versions],
        "passages": [
            {
                "ordinal": one.ordinal,
                "headings": list(one.heading_path),
                "locator": dict(one.locator),
                "sha256": one.content_hash,
                "text": one.text,
            }
            for one in passages
        ],
    }
    text = "\n\n".join(one.text for one in passages)
    line = (
        number, row.name, version.status, version.media_type, version.size, version.sha256, len(versions),
        version.created_at.isoformat(), "" if version.is_infected else f"documents/{file}",
        f"text/{file}.txt" if text else "",
    )  # fmt: skip
    return _Told(file, version, about, text, line)


def _original(version: Version) -> Iterator[bytes]:
    with files.open_stored(version.path) as source:
        yield from source.chunks(PIECE)


def _version(one: Version) -> dict[str, Any]:
    return {
        "number": one.number,
        "sha256": one.sha256,
        "size": one.size,
        "media_type": one.media_type,
        "status": one.status,
        "title": one.title,
        "pages": one.pages,
        "passages": one.chunks,
        "uploaded_at": one.created_at.isoformat(),
        "uploaded_by": str(one.uploaded_by) if one.uploaded_by else None,
        "error": one.error_code,
        "timeline": one.timeline,
    }


def _collection(scope: Scope, row: Collection) -> dict[str, Any]:
    given = grants.listed(scope, row.pk)
    return {
        "format": FORMAT,
        "id": str(row.pk),
        "name": row.name,
        "description": row.description,
        "classification": row.classification,
        "created_at": row.created_at.isoformat(),
        "exported_at": datetime.now(UTC).isoformat(),
        "exported_by": str(scope.actor) if scope.actor else None,
        "grants": [
            {
                "person": one.person.email if one.person else None,
                "group": one.group.name if one.group else None,
            }
            | grants.Held.of(one).told()
            for one in given
        ],
    }


def _csv(lines: Iterable[tuple[object, ...]]) -> bytes:
    return "".join(spreadsheet.row(line) for line in (COLUMNS, *lines)).encode("utf-8-sig")


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n").encode()
