"""A collection's set, asked: by somebody's word, or by itself once the collection has changed and come to rest.

A run goes on in short stretches, each under a lease of its own, so that a worker that dies leaves a run that another takes up.
Its questions are asked with the rights of whoever began it, of this collection alone.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import asdict
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from assistant.evaluation import figures, files, narrowed, sets
from assistant.evaluation.figures import Change
from assistant.evaluation.rows import Row, Run
from assistant.models import RunState, SetAsked, SetQuestion, SetRun
from governance import access
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput, NotFound
from governance.scope import Scope
from governance.sentence import phrase
from inference import runners
from ingestion import catalog, indexes
from ingestion.models import Document

KEPT = 50  # runs of a collection; older ones go
_GONE = phrase("There is no such run.")
_AT_ONCE = phrase("The set is being asked already. Wait for it, or stop it.")
_EMPTY = phrase("There is no question in this set.")


def start(scope: Scope, collection: uuid.UUID, *, answers: bool = False, is_automatic: bool = False) -> SetRun:
    """Raises NotFound, Forbidden, InvalidInput for an empty set, Conflict while a run is under way."""
    if answers:
        access.require(scope, Action.ASK)
    if not sets.listed(scope, collection):
        raise InvalidInput(_EMPTY)
    state = runners.chat().probe() if answers else None
    with scope.transaction():
        sets.one_at_a_time(collection)  # who erases a document meanwhile waits, and finds them in the run, too
        wanted = sets.listed(scope, collection)
        told = [sets.line(one) for one in wanted]
        made = {
            "embedder": indexes.live(scope),
            "model": state.model if state else "",
            "model_sha256": state.sha256 if state else "",
            "digest": hashlib.sha256(repr(told).encode()).hexdigest(),
        }
        row = SetRun(
            tenant_id=scope.tenant,
            collection_id=collection,
            started_by=scope.person,
            key=scope.key,
            has_answers=answers,
            is_automatic=is_automatic,
            content=content(collection),
            made=made,
            total=len(told),
        )
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise Conflict(_AT_ONCE) from None
        SetAsked.objects.bulk_create(
            SetAsked(tenant_id=scope.tenant, run=row, number=n, line=line, kept_for=one.kept_for)
            for n, (one, line) in enumerate(zip(wanted, told, strict=True))
        )
        facts = {"questions": row.total, "answers": answers, "automatic": is_automatic}
        events.record(
            scope, Event.EVALUATION_STARTED, resource=(catalog.KIND, collection), facts=facts | {"run": row.pk}
        )
    return row


def stop(scope: Scope, collection: uuid.UUID, run: uuid.UUID) -> SetRun:
    """What was asked so far stays. Raises NotFound, Forbidden."""
    get(scope, collection, run)
    with scope.transaction():
        row = SetRun.objects.select_for_update().get(pk=run)
        if row.state == RunState.RUNNING:
            close(scope, row, RunState.STOPPED)
    return row


def close(scope: Scope, row: SetRun, state: RunState, error: str = "") -> None:
    """In the caller's transaction, which holds the row."""
    row.state, row.error, row.ended_at, row.lease, row.answer = state, error[:500], timezone.now(), None, None
    row.figures = {one.key: [one.mean.value, one.mean.low, one.mean.high] for one in figures.of(read(scope, row).rows)}
    row.save()
    beyond = (
        SetRun.objects.filter(collection=row.collection_id).order_by("-created_at").values_list("pk", flat=True)[KEPT:]
    )
    SetRun.objects.filter(pk__in=list(beyond)).delete()
    facts = {"run": row.pk, "state": str(state), "questions": row.done, "of": row.total}
    events.record(scope, Event.EVALUATION_ENDED, resource=(catalog.KIND, row.collection_id), facts=facts)


def history(scope: Scope, collection: uuid.UUID) -> list[SetRun]:
    """The newest first. Raises NotFound, Forbidden."""
    sets.require(scope, collection)
    with scope.transaction():
        found = SetRun.objects.filter(collection=collection).order_by("-created_at")
        return list(found[:KEPT])


def get(scope: Scope, collection: uuid.UUID, run: uuid.UUID) -> SetRun:
    """Raises NotFound, Forbidden."""
    sets.require(scope, collection)
    with scope.transaction():
        row = SetRun.objects.filter(collection=collection, pk=run).first()
    if row is None:
        raise NotFound(_GONE)
    return row


def before(scope: Scope, row: SetRun) -> SetRun | None:
    """The last one that was over before it began and asked for as much: what a change is measured against."""
    with scope.transaction():
        done = SetRun.objects.filter(collection=row.collection_id, state=RunState.DONE, has_answers=row.has_answers)
        return done.filter(created_at__lt=row.created_at).order_by("-created_at").first()


def read(scope: Scope, row: SetRun) -> Run:
    """What came of the questions that were asked so far; without what is kept from the caller by now."""
    with scope.transaction():
        came = SetAsked.objects.filter(run=row, told__isnull=False).order_by("number")
        return Run(row.made, narrowed.of(scope, row.collection_id).came(came.only("told", "kept_for")))


def changes(scope: Scope, former: SetRun, row: SetRun) -> list[Change]:
    """Of the questions that both asked in the same words: an id may have been given to another one since."""
    with scope.transaction():
        then, now = questions(scope, former), questions(scope, row)
        same = {key for key, text in now.items() if then.get(key) == text}
        old, new = ([one for one in read(scope, run).rows if one.id in same] for run in (former, row))
    return figures.changes(old, new)


def questions(scope: Scope, row: SetRun) -> dict[str, str]:
    """As they were asked, by their ids."""
    with scope.transaction():
        lines = narrowed.of(scope, row.collection_id).asked(
            SetAsked.objects.filter(run=row).defer("told").order_by("number")
        )
        return {line["id"]: line["question"] for line in lines}


def put_down(run: uuid.UUID, number: int, came: Row) -> None:
    """What came of a question. In the caller's transaction."""
    SetAsked.objects.filter(run=run, number=number).update(told=kept(came))


def kept(row: Row) -> dict[str, Any]:
    return files.plain(asdict(row))


def told(row: Row) -> dict[str, Any]:
    """For who reads it: without what it is only known by here."""
    found = kept(row)
    if found["answered"] is not None:
        del found["answered"]["stands_on"]
    return found


def content(collection: uuid.UUID) -> str:
    """A digest of which versions readers see and what is asked. In the caller's transaction."""
    shown = Document.objects.filter(collection=collection, deleted_at=None).exclude(current=None)
    asked = SetQuestion.objects.filter(collection=collection)
    told = [
        *shown.order_by("pk").values_list("current_id", flat=True),
        *asked.order_by("pk").values_list("pk", flat=True),
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()
