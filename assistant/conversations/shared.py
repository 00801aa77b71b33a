"""A conversation as somebody reads it whom it is shared with. Its person's rights are not theirs.

Of every answer only that is shown which stands on documents that this reader may read now. A sentence with a source they may
not read is withheld. So is one without a source, where the model had such a document before it, in this answer or in an
earlier turn of the line: it may say the same in other words. What is withheld is neither named nor counted to them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext

from assistant import models
from assistant.conversations import quoting
from assistant.showing import places
from governance import access
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.models import Person
from governance.scope import Scope
from governance.sentence import phrase
from ingestion import documents

MOST = 200
KIND = "conversation"
# One whose title is the words of a question that its reader is not shown, where they are shown none.
UNNAMED = phrase("A conversation")


@dataclass(frozen=True)
class Shared:
    conversation: uuid.UUID
    title: str
    owner_id: uuid.UUID
    until: datetime
    owner: str = ""


@dataclass(frozen=True)
class Said:
    """A sentence as this reader sees it, or, without text, the place of some that they do not. Named as a segment's fields;
    `ordinal` counts what this reader sees.
    """

    ordinal: int
    text: str
    citations: tuple[dict[str, Any], ...]
    is_supported: bool | None
    support: str = ""

    @property
    def is_withheld(self) -> bool:
        return not self.text


@dataclass(frozen=True)
class Turn:
    id: uuid.UUID
    question: str
    status: str
    asked_at: datetime
    is_model_only: bool
    model: str
    said: tuple[Said, ...]

    @property
    def is_partial(self) -> bool:
        return any(one.is_withheld for one in self.said)

    @property
    def label(self) -> dict[str, Any] | None:
        """The highest of the sources that this reader sees; what is withheld from them is not told of."""
        marks = [one["label"] for said in self.said for one in said.citations if one.get("label")]
        return max(marks, key=lambda mark: int(mark["rank"]), default=None)

    @property
    def sources(self) -> list[quoting.Source]:
        return quoting.sources([one for one in self.said if not one.is_withheld], places.name)


@dataclass(frozen=True)
class _Row:
    id: uuid.UUID
    question: str
    status: str
    asked_at: datetime
    documents: frozenset[uuid.UUID]
    is_model_only: bool
    model: str


def with_me(scope: Scope) -> list[Shared]:
    """What others share with this person, or with a group they are in; the latest first."""
    return _with_me(scope, MOST, None)


def _with_me(scope: Scope, most: int, wanted: uuid.UUID | None) -> list[Shared]:
    access.require(scope, Action.ASK)
    with scope.transaction():
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM chancery.shared_with_me(%s, %s)", [most, wanted])
            found = [Shared(*row) for row in cursor.fetchall()]
        names = {row.pk: str(row) for row in Person.objects.filter(pk__in={one.owner_id for one in found})}
    return [replace(one, title=one.title or gettext(UNNAMED), owner=names.get(one.owner_id, "")) for one in found]


def read(scope: Scope, conversation: uuid.UUID) -> tuple[Shared, list[Turn]]:
    """As this reader may see it now; that they read it is recorded. Raises NotFound."""
    found = _with_me(scope, 1, conversation)
    if not found:
        raise access.unseen(Action.ASK, KIND, conversation, "There is no such conversation.")
    with scope.transaction():
        turns, withheld = _turns(scope, conversation)
        facts = {"owner": found[0].owner_id, "answers": len(turns), "withheld": withheld}
        events.record(scope, Event.CONVERSATION_READ, resource=(KIND, conversation), facts=facts)
    return found[0], turns


def citation(
    scope: Scope, conversation: uuid.UUID, answer: uuid.UUID, ordinal: int, chunk: uuid.UUID
) -> dict[str, Any]:
    """How a sentence that they may see cites a passage; empty where it does not. `ordinal` is its number for this reader."""
    with scope.transaction():
        turns, _withheld = _turns(scope, conversation)
    said = (one for turn in turns if turn.id == answer for one in turn.said if one.ordinal == ordinal)
    return next((dict(cited) for one in said for cited in one.citations if cited["chunk_id"] == str(chunk)), {})


def _turns(scope: Scope, conversation: uuid.UUID) -> tuple[list[Turn], int]:
    """In the caller's transaction. And how many sentences are withheld."""
    rows, segments = _rows(conversation), _segments(conversation)
    cited = {_document(one) for said in segments.values() for segment in said for one in segment.citations}
    may = documents.readable(scope, {one for row in rows for one in row.documents} | cited)
    turns, withheld, is_tainted = [], 0, False
    for row in rows:
        is_tainted = is_tainted or not row.documents <= may
        passes = [_passes(one, may, is_tainted=is_tainted) for one in segments.get(row.id, ())]
        withheld += passes.count(False)
        said = tuple(_renumbered(_joined(segments.get(row.id, ()), passes)))
        turns.append(Turn(row.id, row.question, row.status, row.asked_at, row.is_model_only, row.model, said))
    return turns, withheld


def _passes(segment: Said, may: set[uuid.UUID], *, is_tainted: bool) -> bool:
    if not segment.citations:
        return not is_tainted
    return all(_document(one) in may for one in segment.citations)


def _joined(segments: Sequence[Said], passes: Sequence[bool]) -> Iterator[Said]:
    """Of sentences withheld in a row, one place: how many they are is not told."""
    was_withheld = False
    for segment, may in zip(segments, passes, strict=True):
        if may:
            yield segment
        elif not was_withheld:
            yield Said(segment.ordinal, "", (), None)
        was_withheld = not may


def _renumbered(said: Iterator[Said]) -> Iterator[Said]:
    """The numbers of sentences and of sources without gaps, which would tell of those that are missing."""
    numbers: dict[str, int] = {}
    for ordinal, one in enumerate(said):
        cited = [c | {"marker": numbers.setdefault(c["chunk_id"], len(numbers) + 1)} for c in one.citations]
        yield replace(one, ordinal=ordinal, citations=tuple(cited))


def _document(citation: dict[str, Any]) -> uuid.UUID:
    return uuid.UUID(citation["document_id"])


def _rows(conversation: uuid.UUID) -> list[_Row]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.shared_answers(%s)", [conversation])
        found = cursor.fetchall()
    return [
        _Row(pk, question, status, at, _given(passages), is_model_only, model or "")
        for pk, question, status, at, passages, is_model_only, model in found
        if status in models.FINAL
    ]


def _given(passages: str) -> frozenset[uuid.UUID]:
    """The documents that the model had before it."""
    return frozenset(uuid.UUID(one["document"]) for one in json.loads(passages))


def _segments(conversation: uuid.UUID) -> dict[uuid.UUID, list[Said]]:
    found: dict[uuid.UUID, list[Said]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.shared_segments(%s)", [conversation])
        for answer, ordinal, text, citations, is_supported, support in cursor.fetchall():
            cited = tuple(json.loads(citations))
            found.setdefault(answer, []).append(Said(ordinal, text, cited, is_supported, support))
    return found
