"""What was extracted from a document, chunk by chunk: to be read and searched by people, whatever a search would find.

Of what readers see, by whoever may read; of an upload that is not, or not yet, theirs to see, by whoever runs the
collection. What the policy keeps back Postgres shows to those alone.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import QuerySet

from governance import access, pages
from governance.actions import Action
from governance.errors import InvalidInput, NotFound
from governance.pages import Page, Part
from governance.scope import Scope
from governance.sentence import phrase
from ingestion import documents
from ingestion.models import Chunk, Document, Version

SIZE = 20
_GONE = phrase("There is no such version of this document.")


@dataclass(frozen=True)
class Wanted:
    """Which chunks: of version `number` (None: what readers see), with all of `words`; from the page that holds `chunk`."""

    number: int | None = None
    words: str = ""
    page: int = 1
    chunk: uuid.UUID | None = None


@dataclass(frozen=True)
class Extract:
    """`version` is None where nothing is ready. `total` are the chunks there are, on the page or not, found or not."""

    version: Version | None
    page: Page[Chunk]
    total: int


@dataclass(frozen=True)
class Onward:
    """`total` are the chunks there are, `found` those that hold the words."""

    version: Version | None
    total: int
    found: int


def found(scope: Scope, document: uuid.UUID, wanted: Wanted, size: int = SIZE) -> Extract:
    """In the document's order. Raises NotFound, Forbidden."""
    row = documents.get(scope, document)
    with scope.transaction():
        version = _version(scope, row, wanted.number)
        if version is None:
            return Extract(None, Page([], 1, 0, size), 0)
        chunks = Chunk.objects.filter(tenant_id=scope.tenant, version_id=version.pk).order_by("ordinal")
        number = _holding(chunks, wanted.chunk, size) or wanted.page
        return Extract(version, pages.cut(_with(chunks, wanted.words), number, size), chunks.count())


def onward(
    scope: Scope, document: uuid.UUID, number: int | None, words: str, cursor: str, most: int
) -> tuple[Onward, Part[Chunk]]:
    """As `found`, from where the cursor ended: of the version that it was of. Raises NotFound, Forbidden, InvalidInput."""
    row = documents.get(scope, document)
    with scope.transaction():
        version = _version(scope, row, number)
        if version is None:
            return Onward(None, 0, 0), Part([], None)
        of, _, place = cursor.partition(".")
        if cursor and of != str(version.number):
            raise InvalidInput(pages.STRANGE)
        chunks = Chunk.objects.filter(tenant_id=scope.tenant, version_id=version.pk)
        holding = _with(chunks, words)
        part = pages.onward(holding, ("ordinal",), place, most)
        next_ = f"{version.number}.{part.next}" if part.next else None
        return Onward(version, chunks.count(), holding.count()), Part(part.rows, next_)


def _version(scope: Scope, row: Document, number: int | None) -> Version | None:
    if number is None or (row.current is not None and row.current.number == number):
        current: Version | None = row.current
        return current
    access.require(scope, Action.COLLECTION_MANAGE, row.collection_id)
    version = Version.objects.filter(document=row, number=number).first()
    if version is None:
        raise NotFound(_GONE)
    return version


def _holding(chunks: QuerySet[Chunk], chunk: uuid.UUID | None, size: int) -> int | None:
    ordinal = chunks.filter(id=chunk).values_list("ordinal", flat=True).first() if chunk else None
    return None if ordinal is None else chunks.filter(ordinal__lt=ordinal).count() // size + 1


def _with(chunks: QuerySet[Chunk], words: str) -> QuerySet[Chunk]:
    for word in words.split():
        chunks = chunks.filter(text__icontains=word)
    return chunks
