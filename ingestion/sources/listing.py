"""What the place holds, against what was brought: who is new, changed, renamed or gone. Nothing is read yet, or deleted."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import OuterRef, Subquery

from governance.sentence import phrase
from ingestion import media_types
from ingestion.connectors.base import KEY_MAX, MARK_MAX, Change, Connector, Gone, Item, Reached, SourceDown
from ingestion.documents import document_names
from ingestion.models import Document, ItemState, Source, SourceItem, SourceRun, SourceState
from ingestion.sources import runs
from ingestion.sources.runs import Run

AT_ONCE = 200
CUT = phrase("The list broke off before its end.")
WAS_KEPT = phrase("It is gone at the source, and was kept here.")
BY_HAND = (ItemState.LEFT, ItemState.CHANGED)  # wait for somebody's word, whatever the place does


@dataclass
class Known:
    """One row, as far as it is compared."""

    id: uuid.UUID
    mark: str
    taken_mark: str
    name: str
    place: str
    state: str
    document: uuid.UUID | None


@dataclass
class _Seen:
    keys: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    end: Reached | None = None


def known(source: uuid.UUID) -> dict[str, Known]:
    """By key. In a transaction."""
    there = Document.objects.filter(pk=OuterRef("document")).values("pk")  # and not in the bin
    rows = SourceItem.objects.filter(source=source).annotate(there=Subquery(there))
    columns = ("key", "pk", "mark", "taken_mark", "name", "place", "state", "there")
    return {key: Known(*told) for key, *told in rows.values_list(*columns)}


def fitting(changes: Iterator[Change]) -> Iterator[Change]:
    """Each with a mark and a name that fit into a row, and without what has no usable key."""
    for one in changes:
        if not isinstance(one, Item):
            yield one
        elif one.key and len(one.key.encode("utf-8", "replace")) <= KEY_MAX and "\0" not in one.key + one.place:
            name = media_types.clean_name(one.name) if one.name else ""
            mark = one.mark.replace("\0", "")[:MARK_MAX] or "-"
            yield Item(one.key, name, mark, one.size, one.place, one.folder.replace("\0", ""))


def compare(run: Run, place: Connector, cursor: str) -> None:
    """Raises SourceDown, SourceRefuses, LeaseLostError."""
    with run.claimed.scope.transaction():
        before = known(run.claimed.pk)
    seen, batch = _Seen(), list[Item]()
    connection.close()  # a place may take minutes: somebody else may have the connection meanwhile
    for one in fitting(place.changes(cursor)):
        if isinstance(one, Reached):
            seen.end = one
        elif isinstance(one, Gone):
            seen.gone.add(one.key)
        elif one.key not in seen.keys:
            seen.keys.add(one.key)
            batch.append(one)
            if len(batch) >= AT_ONCE:
                _note(run, before, batch)
                batch = []
    if seen.end is None:
        raise SourceDown(CUT)
    _note(run, before, batch)
    _close(run, before, seen, seen.end)


def _note(run: Run, before: dict[str, Known], batch: list[Item]) -> None:
    made, counted = list[SourceItem](), {"listed": len(batch), "new": 0, "changed": 0, "renamed": 0}
    with run.claimed.held() as source:
        for item in batch:
            row = before.get(item.key)
            if row is None:
                made.append(_made(source, item))
                counted["new"] += 1
            elif row.mark != item.mark or row.state in {ItemState.KEPT, ItemState.GOING}:
                counted["changed"] += _changed(row, item)
            if row and item.name and (row.name, row.place) != (item.name, item.place):
                counted["renamed"] += _renamed(run, row, item)
        SourceItem.objects.bulk_create(made)
        runs.count(run, **counted)
    connection.close()


def _made(source: Source, item: Item) -> SourceItem:
    return SourceItem(
        tenant_id=source.tenant_id,
        collection_id=source.collection_id,
        source=source,
        key=item.key,
        name=item.name or media_types.clean_name(item.key),
        place=item.place,
        folder=item.folder,
        size=item.size,
        mark=item.mark,
    )


def _changed(row: Known, item: Item) -> int:
    """Back where it was, or to be read anew. 1 where it is."""
    is_due = row.state not in BY_HAND and (item.mark != row.taken_mark or row.document is None)
    state = ItemState.DUE if is_due else row.state if row.state in BY_HAND else ItemState.HERE
    SourceItem.objects.filter(pk=row.id).update(
        mark=item.mark, size=item.size, state=state, attempts=0, retry_at=None, error="", remedy=""
    )
    return int(is_due)


def _renamed(run: Run, row: Known, item: Item) -> int:
    SourceItem.objects.filter(pk=row.id).update(name=item.name, place=item.place, folder=item.folder)
    if row.document is None or row.name == item.name:
        return 0
    facts: dict[str, object] = {"source": run.claimed.pk}
    return int(document_names.change(run.claimed.scope, row.document, item.name, item.folder, facts))


def _close(run: Run, before: dict[str, Known], seen: _Seen, end: Reached) -> None:
    """Decide of what is gone. More than half at once waits for somebody's word, and the cursor stays where it was."""
    missing = (set(before) - seen.keys) if end.is_whole else seen.gone & set(before)
    rows = [before[key] for key in missing if before[key].state != ItemState.KEPT]
    empty = [row.id for row in rows if row.document is None]
    going = [row.id for row in rows if row.document is not None]
    with run.claimed.held() as source:
        held = SourceItem.objects.filter(source=source, document__isnull=False).exclude(state=ItemState.KEPT).count()
        SourceItem.objects.filter(pk__in=empty).delete()
        if going and len(going) * 2 > held and not (source.may_remove or source.keeps):
            source.state, source.question = SourceState.ASKING, len(going)
        else:
            state, said = (ItemState.KEPT, WAS_KEPT) if source.keeps else (ItemState.GOING, "")
            SourceItem.objects.filter(pk__in=going).update(state=state, error=said)
            source.cursor, source.question = end.cursor, 0
        SourceRun.objects.filter(pk=run.id).update(is_listed=True, note=end.note[:500])
