"""The question set that a collection keeps: whoever manages it writes the questions, and asks them again after a change."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from django.db import connection
from django.utils import timezone

from assistant.evaluation import narrowed, questions
from assistant.evaluation.questions import Question
from assistant.models import SetQuestion, SetRun
from governance import access
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput, NotFound
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion import catalog

QUESTIONS_MOST = 500
LINE_MOST = 20_000  # characters
_GONE = phrase("There is no such question in this set.")
_TAKEN = phrase("Choose other ids: one of these is taken.")
_FIELDS = {"key": 100, "kind": 60, "language": 20}


def require(scope: Scope, collection: uuid.UUID) -> None:
    """Questions and facts say what the documents do: they are for who manages the collection and may read it.

    Raises NotFound, Forbidden.
    """
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    access.require(scope, Action.COLLECTION_READ, collection)
    catalog.get(scope, collection)


def are_theirs(scope: Scope, collection: uuid.UUID) -> bool:
    needed = (Action.COLLECTION_MANAGE, Action.COLLECTION_READ)
    return all(access.decide(scope, one, collection).allowed for one in needed)


def listed(scope: Scope, collection: uuid.UUID) -> list[SetQuestion]:
    """In the order of their ids; without those about documents that are kept from the caller. Raises NotFound, Forbidden."""
    require(scope, collection)
    with scope.transaction():
        kept = narrowed.of(scope, collection)
        return kept.shown(SetQuestion.objects.filter(collection=collection).order_by("key"))


def lines(scope: Scope, collection: uuid.UUID) -> list[dict[str, Any]]:
    """As docs/evaluation.md has them, which `manage.py evaluate` reads. Raises NotFound, Forbidden."""
    return [line(row) for row in listed(scope, collection)]


def line(row: SetQuestion) -> dict[str, Any]:
    told: dict[str, Any] = {"id": row.key, "question": row.question}
    told |= {"documents": row.documents} if row.documents else {}
    told |= {"facts": row.facts} if row.facts else {}
    told |= {"unanswerable": True} if not row.is_answerable else {}
    return told | {name: getattr(row, name) for name in ("kind", "language") if getattr(row, name)}


def add(scope: Scope, collection: uuid.UUID, told: dict[str, Any]) -> SetQuestion:
    """One question, in place of one that has its id; without an id it is given a number.

    Raises NotFound, Forbidden, InvalidInput.
    """
    require(scope, collection)
    with scope.transaction():
        one_at_a_time(collection)
        if not str(told.get("id") or "").strip():
            there = set(SetQuestion.objects.filter(collection=collection).values_list("key", flat=True))
            told = told | {"id": next(str(n) for n in range(1, QUESTIONS_MOST + 2) if str(n) not in there)}
        (made,) = _put(scope, collection, [_written(told)])
    return made


def put(scope: Scope, collection: uuid.UUID, text: str) -> int:
    """JSON lines: each is added, or takes the place of the one with its id. How many there were.

    All or none of them. Raises NotFound, Forbidden, InvalidInput, which names the line.
    """
    require(scope, collection)
    return len(_put(scope, collection, text.split("\n")))  # what parts lines elsewhere may stand inside a question


def replace(scope: Scope, collection: uuid.UUID, told: Sequence[dict[str, Any]]) -> int:
    """The whole set anew. Raises NotFound, Forbidden, InvalidInput."""
    require(scope, collection)
    return len(_put(scope, collection, [_written(one) for one in told], is_whole=True))


def drop(scope: Scope, collection: uuid.UUID, question: uuid.UUID) -> None:
    """Raises NotFound, Forbidden."""
    require(scope, collection)
    with scope.transaction():
        one_at_a_time(collection)
        if question not in {row.pk for row in listed(scope, collection)}:
            raise NotFound(_GONE)
        SetQuestion.objects.filter(collection=collection, pk=question).delete()
        _record(scope, collection, dropped=1)


def _written(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False)


def one_at_a_time(collection: uuid.UUID) -> None:
    """Until the commit, and before anything else of the set is locked, as `chancery.leave_sets` does: of two who add at once
    each sees what the other was given as a number, and nobody writes anew what is just being kept for fewer people.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 5))", [str(collection)])


def _put(scope: Scope, collection: uuid.UUID, lines: Sequence[str], *, is_whole: bool = False) -> list[SetQuestion]:
    rows = [_row(scope, collection, one, told) for one, told in _checked(lines)]
    keys = {row.key for row in rows}
    with scope.transaction():
        one_at_a_time(collection)
        there = SetQuestion.objects.filter(collection=collection)
        seen = listed(scope, collection)
        if there.filter(key__in=keys).exclude(pk__in=[row.pk for row in seen]).exists():
            raise InvalidInput(_TAKEN)  # by a question about a document that is kept from them
        gone = [row.pk for row in seen if is_whole or row.key in keys]
        dropped, _ = there.filter(pk__in=gone).delete()
        for row in rows:
            row.kept_for = _kept_for(row, seen)
        SetQuestion.objects.bulk_create(rows)
        if there.count() > QUESTIONS_MOST:
            raise InvalidInput(sentence("A set holds at most %(most)s questions.", most=QUESTIONS_MOST))
        _record(scope, collection, written=len(rows), dropped=dropped)
    return rows


def _kept_for(row: SetQuestion, seen: Sequence[SetQuestion]) -> list[dict[str, Any]]:
    """In other words it still says what a document said that is erased: it is for no more people than what said so before."""
    alike = [one for one in seen if one.kept_for and (one.key == row.key or set(one.documents) & set(row.documents))]
    marks = list[dict[str, Any]]()
    for mark in chain.from_iterable(one.kept_for for one in alike):
        if mark not in marks:
            marks.append(mark)
    return marks


def _checked(lines: Sequence[str]) -> list[tuple[Question, dict[str, Any]]]:
    """Each with what was written, in which the facts stand as they came."""
    for number, text in enumerate(lines, 1):
        if len(text) > LINE_MOST:
            raise InvalidInput(sentence("Line %(line)s: %(why)s.", line=number, why="it is too long"))
    found = questions.read(lines)  # counts the empty ones, so that it names a line as an editor does
    return list(zip(found, (json.loads(text) for text in lines if text.strip()), strict=True))


def _row(scope: Scope, collection: uuid.UUID, one: Question, told: dict[str, Any]) -> SetQuestion:
    row = SetQuestion(
        tenant_id=scope.tenant,
        collection_id=collection,
        key=one.id,
        question=one.question,
        documents=sorted(one.documents),
        facts=list(told.get("facts") or ()),
        is_answerable=one.is_answerable,
        kind=one.kind,
        language=one.language,
    )
    for name, most in _FIELDS.items():
        if len(getattr(row, name)) > most:
            raise InvalidInput(
                sentence("%(id)s: %(name)s has at most %(most)s characters.", id=row.key[:40], name=name, most=most)
            )
    return row


def _record(scope: Scope, collection: uuid.UUID, **counts: int) -> None:
    # Of a question that was taken out no row is left to tell when.
    SetRun.objects.filter(collection=collection).update(changed_at=timezone.now())
    events.record(scope, Event.QUESTIONS_CHANGED, resource=(catalog.KIND, collection), facts=counts)


def read(kept: Iterable[dict[str, Any]]) -> list[Question]:
    """Lines that were checked as they came in."""
    return questions.read(json.dumps(one) for one in kept)
