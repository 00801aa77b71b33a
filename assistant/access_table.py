"""Who has been given what, row by row: roles, and grants on collections. For admins all of it, for a manager their own."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from assistant.rights import manages_any as manages_any
from governance import access, models, pages
from governance.actions import Action
from governance.errors import InvalidInput
from governance.grants import REQUEST, Held
from governance.pages import Page, Part
from governance.requests import deciding
from governance.requests.deciding import Behind
from governance.roles import Level
from governance.scope import Scope
from ingestion.models import Collection

HEAD = (
    "kind", "holder_kind", "holder", "holder_id", "what", "denies", "collection", "collection_id", "since", "until", "by",
    "source", "has_ended", "asked_at", "approved_by",
)  # fmt: skip
CSV_MOST = 100_000


@dataclass(frozen=True)
class Wanted:
    """What is not named does not matter. Of a person: what they hold themselves, and what their groups hold."""

    person: uuid.UUID | None = None
    group: uuid.UUID | None = None
    collection: uuid.UUID | None = None

    def __bool__(self) -> bool:
        return any((self.person, self.group, self.collection))


@dataclass(frozen=True)
class Row:
    id: uuid.UUID
    is_grant: bool
    holder: uuid.UUID
    holder_name: str
    is_group: bool
    what: str  # a level, a built-in role, or the name of one of the tenant's own
    since: datetime
    until: datetime | None
    by: uuid.UUID | None
    by_name: str
    source: str = "manual"
    denies: bool = False
    is_custom: bool = False
    collection: uuid.UUID | None = None
    collection_name: str = ""
    asked: Behind | None = None  # where it was asked for

    @property
    def held(self) -> Held:
        return Held(Level[self.what.upper()], self.denies, self.until)

    @property
    def has_ended(self) -> bool:
        return self.until is not None and self.until <= timezone.now()

    def told(self) -> dict[str, Any]:
        """Of the API, and a line of the spreadsheet in the order of HEAD."""
        return {
            "kind": "grant" if self.is_grant else "role",
            "holder_kind": "group" if self.is_group else "person",
            "holder": self.holder_name,
            "holder_id": self.holder,
            "what": self.what,
            "denies": self.denies,
            "collection": self.collection_name or None,
            "collection_id": self.collection,
            "since": self.since.isoformat(),
            "until": self.until.isoformat() if self.until else None,
            "by": self.by_name or None,
            "source": self.source,
            "has_ended": self.has_ended,
            "asked_at": self.asked.asked_at.isoformat() if self.asked else None,
            "approved_by": ", ".join(self.asked.by) if self.asked else None,
        }


def page(scope: Scope, wanted: Wanted, number: int = 1) -> Page[Row]:
    """Roles first, then grants, the newest first. Raises Forbidden for those who manage nothing."""
    _require(scope)
    with scope.transaction():
        parts = _parts(scope, wanted)
        total = sum(part.count() for part in parts)
        number = pages.there(number, total)
        return Page(_cut(scope, parts, (number - 1) * pages.SIZE, pages.SIZE), number, total)


def onward(scope: Scope, wanted: Wanted, cursor: str, most: int) -> tuple[Part[Row], int]:
    """As `page`, from where the cursor ended; and how many there are in all. Raises Forbidden, InvalidInput."""
    _require(scope)
    first, _, place = cursor.partition(".")
    if cursor and first not in {"0", "1", "2"}:
        raise InvalidInput(pages.STRANGE)
    with scope.transaction():
        parts = _parts(scope, wanted)
        total, found, next_ = sum(part.count() for part in parts), list[Any](), None
        for number in range(int(first or 0), len(parts)):
            if len(found) == most:
                next_ = f"{number}."
                break
            got = pages.onward(parts[number], ("-created_at", "pk"), place, most - len(found))
            found, place = [*found, *got.rows], ""
            if got.next:
                next_ = f"{number}.{got.next}"
                break
        return Part(_rows(scope, found), next_), total


def every(scope: Scope, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """All of them, CSV_MOST at the most, as `Row.told`. Raises Forbidden."""
    _require(scope)
    with scope.transaction():
        rows = _cut(scope, _parts(scope, wanted), 0, CSV_MOST)
    return (row.told() for row in rows)


def _require(scope: Scope) -> None:
    if not access.decide(scope, Action.PEOPLE_MANAGE).allowed and not manages_any(scope):
        access.require(scope, Action.COLLECTION_MANAGE)


def _parts(scope: Scope, wanted: Wanted) -> list[QuerySet[Any]]:
    of = _holders(wanted)
    parts: list[QuerySet[Any]] = []
    if access.decide(scope, Action.PEOPLE_MANAGE).allowed and wanted.collection is None:
        built_in = models.RoleAssignment.objects.select_related("person").order_by("-created_at", "pk")
        if wanted.group:
            built_in = built_in.none()
        if wanted.person:
            built_in = built_in.filter(person=wanted.person)
        own = models.CustomRoleAssignment.objects.select_related("person", "group", "role").filter(of)
        parts += [built_in, own.order_by("-created_at", "pk")]
    managed = access.access_filter(scope, Action.COLLECTION_MANAGE, "resource")
    # What belongs to something above, such as the files of one's conversation, is nobody's to give.
    shelves = Collection.objects.filter(bound_to=None)
    given = models.Grant.objects.filter(managed, of, resource__in=shelves.values("pk"))
    if wanted.collection:
        given = given.filter(resource=wanted.collection)
    parts.append(given.select_related("person", "group").order_by("-created_at", "pk"))
    return parts


def _holders(wanted: Wanted) -> Q:
    found = Q()
    if wanted.person:
        groups = models.Membership.objects.filter(person=wanted.person).values("group")
        found &= Q(person=wanted.person) | Q(group__in=groups)
    if wanted.group:
        found &= Q(group=wanted.group)
    return found


def _cut(scope: Scope, parts: Sequence[QuerySet[Any]], start: int, size: int) -> list[Row]:
    found: list[Any] = []
    for part in parts:
        amount = part.count()
        if start < amount and len(found) < size:
            found += list(part[start : start + size - len(found)])
        start = max(0, start - amount)
    return _rows(scope, found)


def _rows(scope: Scope, found: Iterable[Any]) -> list[Row]:
    found = list(found)
    names = _names(by for one in found if (by := _by(one)))
    shelves = {one.resource_id for one in found if isinstance(one, models.Grant)}
    collections = dict(Collection.objects.filter(pk__in=shelves).values_list("pk", "name"))
    asked_for = [one.pk for one in found if isinstance(one, models.Grant) and one.source == REQUEST]
    asked = deciding.behind(scope, asked_for) if asked_for else {}
    return [_row(one, names, collections, asked) for one in found]


def _row(
    one: Any, names: dict[uuid.UUID, str], collections: dict[uuid.UUID, str], asked: dict[uuid.UUID, Behind]
) -> Row:
    group, by = getattr(one, "group", None), _by(one)
    basics: dict[str, Any] = {
        "id": one.pk,
        "holder": group.pk if group else one.person_id,
        "holder_name": str(group or one.person),
        "is_group": bool(group),
        "since": one.created_at,
        "until": one.ends_at,
        "by": by,
        "by_name": names.get(by, "") if by else "",
    }
    if isinstance(one, models.Grant):
        about: dict[str, Any] = {"collection": one.resource_id, "collection_name": collections.get(one.resource_id, "")}
        level = Level(one.level).name.lower()
        about |= {"source": one.source, "asked": asked.get(one.pk)}
        return Row(is_grant=True, what=level, denies=one.denies, **about, **basics)
    is_custom = isinstance(one, models.CustomRoleAssignment)
    return Row(is_grant=False, what=str(one.role), is_custom=is_custom, **basics)


def _by(one: Any) -> uuid.UUID | None:
    by: uuid.UUID | None = one.granted_by if isinstance(one, models.Grant) else one.given_by
    return by


def _names(people: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    return {person.pk: str(person) for person in models.Person.objects.filter(pk__in=set(people))}
