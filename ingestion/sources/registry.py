"""Sources as those see and change them who manage the collection by a grant.

Whoever sets a source up brings documents in, sees what they are called and deletes them: it takes the rights to do all three.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils import timezone

from governance import access
from governance.actions import Action
from governance.audit import events, keyring
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion import catalog
from ingestion.documents import files
from ingestion.models import Discarded, ItemState, Source, SourceItem, SourceRun, SourceState
from ingestion.sources import credentials, drafts, ending, grounds, runs
from ingestion.sources.drafts import Draft
from ingestion.sources.runs import KIND, SYNC

MOST = 20
TROUBLED = (ItemState.FAILED, ItemState.REFUSED, ItemState.CHANGED, ItemState.LEFT, ItemState.KEPT)
GONE = phrase("There is no such source, or you may not see it.")
WRITE_AGAIN = phrase("The address or the user is another one: write the password or key again.")


@dataclass(frozen=True)
class State:
    """A source with what it has brought. `documents` are here, `waiting` are to be read, `troubled` need a look."""

    row: Source
    last: SourceRun | None
    documents: int
    waiting: int
    troubled: int


def require(scope: Scope, collection: uuid.UUID) -> None:
    """Raises NotFound, Forbidden."""
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    access.require(scope, Action.COLLECTION_READ, collection)
    access.require(scope, Action.DOCUMENT_WRITE, collection)
    catalog.get(scope, collection)


def are_theirs(scope: Scope, collection: uuid.UUID) -> bool:
    """Whether this scope may have to do with the collection's sources."""
    needed = (Action.COLLECTION_MANAGE, Action.COLLECTION_READ, Action.DOCUMENT_WRITE)
    return all(access.decide(scope, one, collection).allowed for one in needed)


def listed(scope: Scope, collection: uuid.UUID) -> list[State]:
    """By name. Raises NotFound, Forbidden."""
    require(scope, collection)
    with scope.transaction():
        return [_state(row) for row in Source.objects.filter(collection=collection).order_by("name")]


def get(scope: Scope, collection: uuid.UUID, source: uuid.UUID) -> State:
    """Raises NotFound, Forbidden."""
    require(scope, collection)
    with scope.transaction():
        return _state(found(collection, source))


def found(collection: uuid.UUID, source: uuid.UUID, *, lock: bool = False) -> Source:
    """In the caller's transaction, who is allowed already. Raises NotFound."""
    rows = Source.objects.filter(pk=source, collection=collection)
    row = (rows.select_for_update() if lock else rows).first()
    if row is None:
        raise access.unseen(Action.COLLECTION_MANAGE, KIND, source, GONE)
    return row


def create(scope: Scope, collection: uuid.UUID, draft: Draft, archive: IO[Any] | None = None) -> uuid.UUID:
    """Looked at for the first time within seconds. `archive` is an uploaded ZIP.

    Raises NotFound, Forbidden, InvalidInput, Conflict, TooLarge.
    """
    require(scope, collection)
    draft = drafts.checked(draft, grounds.of(scope))
    row = Source(tenant_id=scope.tenant, pk=uuid.uuid4(), collection_id=collection, created_by=scope.actor)
    row.kind, row.wanted, row.wanted_by = draft.kind, SYNC, scope.actor
    _write(row, draft)
    row.archive = _kept(scope, draft.kind, archive)
    credentials.lock(row, draft.secrets)
    try:
        with scope.transaction(), transaction.atomic():
            if Source.objects.filter(collection=collection).count() >= MOST:
                raise Conflict(sentence("A collection has at most %(most)s sources.", most=MOST))
            row.save(force_insert=True)
            facts = {"collection": collection, "kind": row.kind, "every_minutes": row.every_minutes}
            events.record(scope, Event.SOURCE_CREATED, resource=(KIND, row.pk), facts=facts, payload=_told(row))
    except IntegrityError:
        raise Conflict("There is a source of that name already.") from None
    return row.pk


def change(
    scope: Scope, collection: uuid.UUID, source: uuid.UUID, draft: Draft, archive: IO[Any] | None = None
) -> None:
    """Its kind stays. A run that is under way begins anew. Raises NotFound, Forbidden, InvalidInput, Conflict, TooLarge."""
    require(scope, collection)
    draft = drafts.checked(draft, grounds.of(scope))
    try:
        with scope.transaction(), transaction.atomic():
            row = found(collection, source, lock=True)
            if draft.kind != row.kind:
                raise InvalidInput("A source's kind stays what it is. Add another one.", param="kind")
            before, held = _told(row), opened(row, draft)
            is_other = row.settings != draft.settings or archive is not None
            _write(row, draft)
            credentials.lock(row, held)
            if archive is not None:
                if row.archive:
                    Discarded.objects.create(tenant_id=row.tenant_id, path=row.archive, collection=collection)
                row.archive = _kept(scope, row.kind, archive)
            if is_other:
                runs.stop(scope, row)
                row.cursor = ""
            row.save()
            after = _told(row)
            what = [name for name, value in after.items() if value != before[name]]
            what += ["credentials"] if any(draft.secrets.values()) else []
            _record(scope, row, what, {"before": before, "after": after})
    except IntegrityError:
        raise Conflict("There is a source of that name already.") from None


def opened(row: Source, draft: Draft) -> dict[str, str]:
    """The secrets that hold from here on: those that are new, else those before, unless they would go to somebody else."""
    try:
        before = credentials.opened(row)
    except keyring.KeyGone:
        before = {}
    new = {name: value for name, value in draft.secrets.items() if value}
    kept = {name: value for name, value in before.items() if name not in new}
    if kept and drafts.is_elsewhere(row.settings, draft.settings):
        raise InvalidInput(WRITE_AGAIN, param=next(iter(kept)))
    return kept | new


def ask(scope: Scope, collection: uuid.UUID, source: uuid.UUID, what: str = SYNC) -> None:
    """Have it looked at now: `sync`, or `look` for a drift report. Raises NotFound, Forbidden, Conflict."""
    require(scope, collection)
    with scope.transaction():
        row = found(collection, source, lock=True)
        if row.state == SourceState.ENDING or (what == SYNC and row.state == SourceState.ASKING):
            raise Conflict("This source waits for an answer first, or is being removed.")
        if row.run is not None:
            raise Conflict("It is being looked at just now.")
        row.wanted, row.wanted_by = what, scope.actor
        row.save(update_fields=["wanted", "wanted_by"])
        _record(scope, row, [runs.LOOK if what == runs.LOOK else "run"])


def pause(scope: Scope, collection: uuid.UUID, source: uuid.UUID) -> None:
    """Nothing is brought or deleted from now on. Raises NotFound, Forbidden, Conflict."""
    require(scope, collection)
    with scope.transaction():
        row = found(collection, source, lock=True)
        if row.state != SourceState.ACTIVE:
            raise Conflict("It is paused already, or waits for an answer.")
        row.state, row.wanted = SourceState.PAUSED, ""
        runs.stop(scope, row)
        row.save()
        _record(scope, row, ["paused"])


def resume(scope: Scope, collection: uuid.UUID, source: uuid.UUID) -> None:
    """Raises NotFound, Forbidden, Conflict."""
    require(scope, collection)
    with scope.transaction():
        row = found(collection, source, lock=True)
        if row.state != SourceState.PAUSED:
            raise Conflict("It is not paused.")
        row.state, row.wanted, row.wanted_by = SourceState.ACTIVE, SYNC, scope.actor
        row.failures = 0
        row.save()
        _record(scope, row, ["resumed"])


def answer(scope: Scope, collection: uuid.UUID, source: uuid.UUID, *, removes: bool) -> None:
    """What is to become of documents of which more than half are gone at the source: deleted, or kept and no longer followed.

    Raises NotFound, Forbidden, Conflict.
    """
    require(scope, collection)
    with scope.transaction():
        row = found(collection, source, lock=True)
        if row.state != SourceState.ASKING:
            raise Conflict("Nothing is asked.")
        row.state, row.may_remove, row.keeps = SourceState.ACTIVE, removes, not removes
        row.wanted, row.wanted_by, row.question = SYNC, scope.actor, 0
        row.save()
        _record(scope, row, ["removes" if removes else "keeps"])


def delete(scope: Scope, collection: uuid.UUID, source: uuid.UUID, *, documents: bool) -> None:
    """With the documents that it brought, which takes a while, or without. Raises NotFound, Forbidden."""
    require(scope, collection)
    with scope.transaction():
        row = found(collection, source, lock=True)
        runs.stop(scope, row)
        if not documents:
            ending.forget(scope, row, documents="kept")
            return
        row.state, row.wanted = SourceState.ENDING, ""
        row.save()
        _record(scope, row, ["ending"])


def history(scope: Scope, collection: uuid.UUID, source: uuid.UUID) -> list[SourceRun]:
    """The newest first. Raises NotFound, Forbidden."""
    require(scope, collection)
    with scope.transaction():
        return list(SourceRun.objects.filter(source=found(collection, source)).order_by("-created_at")[: runs.KEPT])


def drifted(scope: Scope, collection: uuid.UUID, source: uuid.UUID) -> SourceRun | None:
    """The last look that left a report, or the one that is under way. Raises NotFound, Forbidden."""
    require(scope, collection)
    with scope.transaction():
        looks = SourceRun.objects.filter(source=found(collection, source), what=runs.LOOK)
        return looks.order_by("-created_at").first()


def _write(row: Source, draft: Draft) -> None:
    row.name, row.settings = draft.name, dict(draft.settings)
    if row.every_minutes != draft.every_minutes:
        row.every_minutes = draft.every_minutes
        row.next_run_at = timezone.now() if draft.every_minutes else None


def _kept(scope: Scope, kind: str, archive: IO[Any] | None) -> str:
    if archive is None:
        return ""
    if kind != "zip":
        raise InvalidInput("Only a ZIP archive is uploaded.", param="archive")
    return files.store(scope.tenant, archive).path


def _told(row: Source) -> dict[str, Any]:
    return {
        "name": row.name,
        "settings": row.settings,
        "every_minutes": row.every_minutes,
        "archive": bool(row.archive),
    }


def _record(scope: Scope, row: Source, what: list[str], payload: dict[str, Any] | None = None) -> None:
    facts = {"collection": row.collection_id, "kind": row.kind, "what": what}
    events.record(
        scope, Event.SOURCE_CHANGED, resource=(KIND, row.pk), facts=facts, payload=payload or {"name": row.name}
    )


def _state(row: Source) -> State:
    counted = SourceItem.objects.filter(source=row).aggregate(
        documents=Count("pk", filter=Q(document__isnull=False)),
        waiting=Count("pk", filter=Q(state__in=(ItemState.DUE, ItemState.GOING))),
        troubled=Count("pk", filter=Q(state__in=TROUBLED)),
    )
    return State(row, SourceRun.objects.filter(source=row).order_by("-created_at").first(), **counted)
