"""Cases: what officers put together about one matter, with notes, a hold on it, and a bundle to take away.

A note is an event whose payload holds it, so that it can be neither changed nor denied; the title is sealed as payloads are,
under the tenant's own key. A case shows nothing that the record would not: its answers stay masked until they are opened.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Unpack

from django.db.models import Count, QuerySet
from django.utils import timezone

from governance import access, models, pages
from governance.actions import Action
from governance.audit import envelope, reading, rows, selection
from governance.audit.officers import custody, folders
from governance.audit.officers.models import Case, CaseItem
from governance.audit.rows import Recorded
from governance.audit.selection import Filters
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput, NotFound
from governance.pages import Page, Part
from governance.scope import Scope
from governance.sentence import sentence

TITLE_LONGEST = 200
NOTE_LONGEST = 5000
QUERY_LONGEST = 2000
ITEMS_MOST = 500
LOOKED_MOST = 20_000  # events, to find the answers that filters leave
NOTES_SHOWN = 500


@dataclass(frozen=True)
class Titled:
    row: Case
    title: str
    amount: int = 0


@dataclass(frozen=True)
class Note:
    """`text` is empty where retention has let it go."""

    event: uuid.UUID
    at: datetime
    by: uuid.UUID | None
    text: str


@dataclass(frozen=True)
class Item:
    """`asked` is the first event of the answer, masked; None where the record no longer has one."""

    interaction: uuid.UUID
    added_at: datetime
    added_by: uuid.UUID | None
    asked: Recorded | None


@dataclass(frozen=True)
class Whole:
    row: Case
    title: str
    items: list[Item]
    notes: list[Note]
    hold: models.Hold | None


def create(scope: Scope, title: str, query: str = "") -> Case:
    """`query` is an address of filters: ids, times and names of choices. Raises Forbidden and InvalidInput."""
    access.require(scope, Action.RECORD_READ)
    said = _text(title, TITLE_LONGEST)
    row = Case(tenant_id=scope.tenant, created_by=scope.actor, query=query[:QUERY_LONGEST])
    row.sealed = envelope.seal(scope.tenant, scope.tenant, row.pk, {"title": said}).ciphertext
    with scope.transaction():
        row.save(force_insert=True)
        folders.record(scope, Event.CASE_OPENED, row, payload={"title": said})
    return row


def found(scope: Scope, number: int, *, is_closed: bool = False) -> Page[Titled]:
    """Newest first. Raises Forbidden."""
    access.require(scope, Action.RECORD_READ)
    with scope.transaction():
        page = pages.cut(_those(is_closed=is_closed).order_by("-created_at", "pk"), number)
        return Page(_titled(scope, page.rows), page.number, page.total, page.size)


def onward(scope: Scope, cursor: str, most: int, *, is_closed: bool) -> tuple[Part[Titled], int]:
    """As `found`, from where the cursor ended; and how many there are in all. Raises Forbidden, InvalidInput."""
    access.require(scope, Action.RECORD_READ)
    with scope.transaction():
        rows = _those(is_closed=is_closed)
        page = pages.onward(rows, ("-created_at", "pk"), cursor, most)
        return Part(_titled(scope, page.rows), page.next), rows.count()


def _those(*, is_closed: bool) -> QuerySet[Case]:
    return Case.objects.filter(closed_at__isnull=not is_closed).annotate(amount=Count("items"))


def _titled(scope: Scope, found: Iterable[Case]) -> list[Titled]:
    return [Titled(row, folders.title(scope, row), row.amount) for row in found]  # type: ignore[attr-defined]


def get(scope: Scope, case: uuid.UUID) -> Whole:
    """With its answers, masked, and its notes; that it was read is recorded. Raises Forbidden and NotFound."""
    access.require(scope, Action.RECORD_READ)
    with scope.transaction():
        row = folders.row_of(case)
        items = _items(list(CaseItem.objects.filter(case=case).order_by("created_at", "pk")))
        wanted = {"resource": str(case), "action": str(Event.CASE_NOTED)}
        notes = [_note(scope, found) for found in rows.read(wanted, NOTES_SHOWN)]
        reading.note(scope, {"case": str(case)}, items=len(items), notes=len(notes))
        return Whole(row, folders.title(scope, row), items, notes[::-1], custody.standing_hold(row))


def add(scope: Scope, case: uuid.UUID, interactions: Iterable[uuid.UUID]) -> int:
    """How many were not in it before. Raises Forbidden, NotFound (an answer or the case), InvalidInput, Conflict."""
    access.require(scope, Action.RECORD_READ)
    wanted = list(dict.fromkeys(interactions))
    with scope.transaction():
        row = folders.open_row(case)
        there = set(CaseItem.objects.filter(case=case).values_list("interaction", flat=True))
        new = [one for one in wanted if one not in there]
        if len(there) + len(new) > ITEMS_MOST:
            raise InvalidInput(sentence("A case holds at most %(most)s answers. Narrow the filters.", most=ITEMS_MOST))
        for one in new:
            if not rows.read({"interaction": str(one)}, 1):
                raise NotFound("The record knows of no such interaction.")
        CaseItem.objects.bulk_create(
            CaseItem(tenant_id=scope.tenant, case=row, interaction=one, added_by=scope.actor) for one in new
        )
        for one in new:
            folders.record(scope, Event.CASE_CHANGED, row, interaction=one, facts={"added": one})
        if new:
            custody.follow(scope, row, [*there, *new])
    return len(new)


def add_found(scope: Scope, case: uuid.UUID, **filters: Unpack[Filters]) -> int:
    """Every answer that the filters leave. How many were not in it before. Raises as `add` does."""
    access.require(scope, Action.RECORD_READ)
    wanted = selection.chosen(filters)
    with scope.transaction():
        return add(scope, case, _interactions(wanted))


def take_out(scope: Scope, case: uuid.UUID, interaction: uuid.UUID) -> None:
    """Raises Forbidden, NotFound and Conflict."""
    access.require(scope, Action.RECORD_READ)
    with scope.transaction():
        row = folders.open_row(case)
        if custody.standing_hold(row):
            raise Conflict("What is on hold stays in the case. Lift the hold first.")
        taken, _ = CaseItem.objects.filter(case=case, interaction=interaction).delete()
        if taken:
            folders.record(scope, Event.CASE_CHANGED, row, interaction=interaction, facts={"taken_out": interaction})


def note(scope: Scope, case: uuid.UUID, text: str) -> uuid.UUID:
    """The event that holds it. Raises Forbidden, NotFound, InvalidInput and Conflict."""
    access.require(scope, Action.RECORD_READ)
    said = _text(text, NOTE_LONGEST)
    with scope.transaction():
        return folders.record(scope, Event.CASE_NOTED, folders.open_row(case), payload={"text": said})


def close(scope: Scope, case: uuid.UUID) -> None:
    """A hold that was placed for it stays until it is lifted. Raises Forbidden, NotFound and Conflict."""
    access.require(scope, Action.RECORD_READ)
    with scope.transaction():
        row = folders.open_row(case)
        row.closed_at = timezone.now()
        row.save(update_fields=["closed_at"])
        folders.record(scope, Event.CASE_CLOSED, row)


def reopen(scope: Scope, case: uuid.UUID) -> None:
    """Raises Forbidden and NotFound."""
    access.require(scope, Action.RECORD_READ)
    with scope.transaction():
        row = folders.row_of(case, is_locked=True)
        if row.closed_at is not None:
            row.closed_at = None
            row.save(update_fields=["closed_at"])
            folders.record(scope, Event.CASE_REOPENED, row)


def holding(scope: Scope, interaction: uuid.UUID) -> list[Titled]:
    """The cases that an answer is in. Raises Forbidden."""
    access.require(scope, Action.RECORD_READ)
    with scope.transaction():
        held = Case.objects.filter(items__interaction=interaction).order_by("-created_at")
        return [Titled(row, folders.title(scope, row)) for row in held]


def _items(held: list[CaseItem]) -> list[Item]:
    if not held:
        return []
    wanted = {"interactions": [str(one.interaction) for one in held], "action": str(Event.PROMPT_RECEIVED)}
    asked = {row.recorded.interaction: row.recorded for row in rows.read(wanted, 2 * ITEMS_MOST)}
    return [Item(one.interaction, one.created_at, one.added_by, asked.get(one.interaction)) for one in held]


def _note(scope: Scope, row: rows.Row) -> Note:
    payload = rows.opened(scope, row).payload or {}
    return Note(row.recorded.id, row.recorded.recorded_at, row.recorded.actor, payload.get("text", ""))


def _interactions(wanted: selection.Wanted) -> Iterator[uuid.UUID]:
    """Newest first, as far as LOOKED_MOST events say, and one more than a case holds."""
    place: dict[str, str] = {}
    seen: set[uuid.UUID] = set()
    for _ in range(LOOKED_MOST // reading.LIMIT_MAX):
        found = [row.recorded for row in rows.read(wanted | place, reading.LIMIT_MAX)]
        for event in found:
            if event.interaction and event.interaction not in seen and len(seen) <= ITEMS_MOST:
                seen.add(event.interaction)
                yield event.interaction
        if len(found) < reading.LIMIT_MAX or len(seen) > ITEMS_MOST:
            return
        place = selection.place(selection.cursor(found[-1].recorded_at, found[-1].id), side="before")


def _text(given: str, longest: int) -> str:
    said = given.replace("\x00", "").strip()
    if not 1 <= len(said) <= longest:
        raise InvalidInput(sentence("Write something, in at most %(most)s characters.", most=longest))
    return said
