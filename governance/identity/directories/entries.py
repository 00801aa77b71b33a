"""What a directory keeps over SCIM: its entries of people and groups, what it may take into its keeping, and how it lets go.

A directory sees its own entries and nobody else. Whom it may take over without being asked, and who must be handed over by an
admin first, is docs/provisioning.md's table, by `people._require_takeable` and `groups._found`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from governance import access, memberships, models, pages
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Changed, Conflict, NotFound
from governance.identity.directories import registry
from governance.memberships import Origin, Source
from governance.models import Standing
from governance.pages import Page
from governance.scope import Scope

Entry = models.DirectoryEntry
_GONE = "There is no such resource."


class Taken(Conflict):
    """Somebody, or a group, is there already. `about` is what an admin could hand over; None where that would not help."""

    code = "uniqueness"

    def __init__(self, message: str, about: uuid.UUID | None = None) -> None:
        super().__init__(message)
        self.about = about


def entries(scope: Scope, kind: str, **wanted: Any) -> QuerySet[Entry]:
    """Those of the scope's directory, of `kind` person or group, oldest first: to be read inside its transaction."""
    access.require(scope, Action.PEOPLE_PROVISION)
    rows = Entry.objects.filter(directory=scope.actor, **{f"{kind}__isnull": False}, **wanted)
    return rows.exclude(standing=Standing.GONE).select_related(kind).order_by("created_at", "pk")


def entry(scope: Scope, kind: str, one: uuid.UUID) -> Entry:
    """By the person's or the group's id. Raises NotFound."""
    with scope.transaction():
        found = entries(scope, kind, **{kind: one}).first()
    if found is None:
        raise NotFound(_GONE)
    return found


def locked(scope: Scope, kind: str, one: uuid.UUID, number: int | None = None) -> Entry:
    """The same inside a transaction, for whoever changes it. Raises NotFound, and Changed where it is not that version."""
    found = entries(scope, kind, **{kind: one}).select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound(_GONE)
    if number is not None and found.number != number:
        raise Changed("It has been changed since. Read it again, and send the change anew.")
    return found


def its(scope: Scope) -> uuid.UUID:
    """The directory that this is the scope of."""
    return scope.person


def known(scope: Scope, people: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these people whom the scope's directory keeps."""
    with scope.transaction():
        return set(entries(scope, "person", person__in=list(people)).values_list("person_id", flat=True))


def keep(scope: Scope, row: Entry, kind: str, how: str) -> None:
    """Put an entry down that is new, or came back. Raises Taken where another directory keeps it, or one was quicker."""
    row.standing = Standing.LIVE
    if not row._state.adding:
        row.number += 1
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Taken("Another directory keeps it, or its userName is taken.") from None
    _record(scope, Event.DIRECTORY_KEPT, row, kind, {"how": how})


def note(scope: Scope, row: Entry, kind: str, changed: list[str]) -> None:
    """Save what was changed, under the next number."""
    row.number += 1
    row.changed = [name[:40] for name in changed][:40]
    row.standing = Standing.LIVE
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Taken("Its userName is taken.") from None
    _record(scope, Event.DIRECTORY_SAID, row, kind, {"changed": row.changed})


def let_go(scope: Scope, row: Entry, kind: str, how: str) -> None:
    """The directory sees it no more. What it said of memberships ends."""
    origin = Origin(Source.SCIM, row.directory_id)
    if kind == "person":
        memberships.end(scope, origin, person=row.person_id)
    else:
        memberships.replace_members(scope, row.group_id, (), origin)  # type: ignore[arg-type]
    row.standing, row.number, row.changed = Standing.GONE, row.number + 1, ["deleted"]
    row.attributes = {}
    row.save()
    _record(scope, Event.DIRECTORY_LET_GO, row, kind, {"how": how})


def hand_over(scope: Scope, directory: uuid.UUID, one: uuid.UUID) -> None:
    """A person or a group that stood in a directory's way is its own to write from now on. Raises Forbidden, NotFound, Conflict.

    By an admin: from here on the directory changes their name and address, and switches them off and on.
    """
    with scope.transaction():
        registry.get(scope, directory)
        row = _offered(scope, directory, one)
        kind = "person" if row.person_id else "group"
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise Conflict("A directory keeps it already.") from None
        models.DirectoryFault.objects.filter(about=one).update(about=None)
        _record(scope, Event.DIRECTORY_KEPT, row, kind, {"how": "handed over"})


def release(scope: Scope, one: uuid.UUID) -> str:
    """The other way: what a directory kept is ours alone again. The person or the group stays; what its word gave ends.

    Returns which of the two it is.
    """
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        row = Entry.objects.select_for_update().filter(Q(person=one) | Q(group=one)).first()
        if row is None:
            raise access.unseen(Action.PEOPLE_MANAGE, "directory_entry", one, "No directory keeps it.")
        kind = "person" if row.person_id else "group"
        let_go(scope, row, kind, "released")
        row.delete()
    return kind


def keeper(scope: Scope, one: uuid.UUID) -> Entry | None:
    """Which directory keeps a person or a group, for an admin; with the directory. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        rows = Entry.objects.filter(Q(person=one) | Q(group=one)).exclude(standing=Standing.GONE)
        return rows.select_related("directory").first()


def _offered(scope: Scope, directory: uuid.UUID, one: uuid.UUID) -> Entry:
    row = Entry(tenant_id=scope.tenant, directory_id=directory, standing=Standing.OFFERED, changed_at=timezone.now())
    person = models.Person.objects.filter(pk=one, erased_at=None, is_service=False).first()
    if person is not None:
        row.person, row.user_name, row.active = person, person.email, person.is_active
        row.attributes = {"displayName": person.name, "emails": [{"value": person.email, "primary": True}]}
        return row
    row.group = models.Group.objects.filter(pk=one).first()
    if row.group is None:
        raise access.unseen(Action.PEOPLE_MANAGE, "person", one, "There is no such person or group.")
    return row


def _record(scope: Scope, event: Event, row: Entry, kind: str, facts: dict[str, Any]) -> None:
    about = row.kept
    assert about is not None  # noqa: S101  for the type checker
    told = {"directory": row.directory_id} | facts
    payload = {"user_name": row.user_name, "external_id": row.external_id} if kind == "person" else None
    subject = row.person_id if kind == "person" else None
    events.record(scope, event, resource=(kind, about), facts=told, payload=payload, subject=subject)


def kept(scope: Scope, directory: uuid.UUID, kind: str, words: str = "", number: int = 1) -> Page[Entry]:
    """A page of the people or groups that a directory keeps, by name, for an admin. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    rows = Entry.objects.filter(directory=directory, **{f"{kind}__isnull": False}).exclude(standing=Standing.GONE)
    if words:
        rows = rows.filter(**{f"{kind}__name__icontains": words})
    with scope.transaction():
        return pages.cut(rows.select_related(kind).order_by(f"{kind}__name", "pk"), number)


def latest(scope: Scope, directory: uuid.UUID, amount: int = 10) -> list[Entry]:
    """What arrived last, newest first, for an admin. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        rows = Entry.objects.filter(directory=directory).select_related("person", "group")
        return list(rows.order_by("-changed_at", "pk")[:amount])
