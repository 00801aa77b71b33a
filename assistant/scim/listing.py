"""Lists of resources: filtered, sorted and paged (RFC 7644, section 3.4.2).

What Postgres can find by itself, it does: a directory looks people up by userName or externalId before each change. Anything
else of the grammar is asked of each resource.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import QuerySet

from assistant.scim import filters, matching, showing
from assistant.scim.errors import Rejected
from assistant.scim.filters import All, Compare, Filter, Not, Path, Present, Within
from assistant.scim.schemas import Kind
from governance.identity.directories import entries
from governance.models import DirectoryEntry
from governance.scope import Scope

COUNT = 100
COUNT_MOST = 500
SCANNED_MOST = 50_000
_COLUMNS = {
    "person": {"username": "user_name__iexact", "externalid": "external_id", "id": "person"},
    "group": {"displayname": "group__name__iexact", "externalid": "external_id", "id": "group"},
}


class Room(Protocol):
    """assistant.scim.users or .groups."""

    KIND: Kind
    NOUN: str

    def shown(self, scope: Scope, rows: Any, root: str, names: frozenset[str] | None) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class Asked:
    """`start` counts from 1."""

    filter: Filter | None = None
    sort_by: Path | None = None
    is_descending: bool = False
    start: int = 1
    count: int = COUNT
    attributes: tuple[Path, ...] = ()
    excluded: tuple[Path, ...] = ()

    @property
    def names(self) -> frozenset[str] | None:
        """The attributes that are looked at or shown, in lower case; None are all."""
        if self.attributes:
            shown = {path.name.lower() for path in self.attributes}
        elif any(path.name.lower() in {"members", "groups"} and not path.sub for path in self.excluded):
            shown = {"members", "groups"} - {path.name.lower() for path in self.excluded}
        else:
            return None
        looked = {path.name.lower() for path in _paths(self.filter)} | {
            self.sort_by.name.lower() if self.sort_by else ""
        }
        return frozenset(shown | looked)


def asked(kind: Kind, given: dict[str, Any]) -> Asked:
    """From a query, or from the body of a /.search. Raises Rejected."""
    attributes, excluded = _several(kind, given.get("attributes")), _several(kind, given.get("excludedAttributes"))
    if attributes and excluded:
        raise Rejected("attributes and excludedAttributes exclude each other.", "invalidValue")
    wanted, sort_by = given.get("filter"), given.get("sortBy")
    for one in (wanted, sort_by):
        if one is not None and not isinstance(one, str):
            raise Rejected("filter and sortBy are texts.", "invalidValue")
    return Asked(
        filters.parse(wanted, kind.schemas) if wanted else None,
        filters.path_of(sort_by, kind.schemas) if sort_by else None,
        str(given.get("sortOrder", "")).lower() == "descending",
        max(1, _number(given.get("startIndex"), 1)),
        min(COUNT_MOST, max(0, _number(given.get("count"), COUNT))),
        attributes,
        excluded,
    )


def answer(scope: Scope, room: Room, wanted: Asked, root: str) -> dict[str, Any]:
    """One page, as a ListResponse."""
    with scope.transaction():
        rows = _narrowed(entries.entries(scope, room.NOUN), room.NOUN, wanted.filter)
        first, last = wanted.start - 1, wanted.start - 1 + wanted.count
        if wanted.filter is None and wanted.sort_by is None:
            total = rows.count()
            page = room.shown(scope, rows[first:last], root, wanted.names)
        else:
            found = _found(scope, room, rows, wanted, root)
            total, page = len(found), found[first:last]
    told = [showing.chosen(one, wanted.attributes, wanted.excluded) for one in page]
    return showing.listed(told, total, wanted.start)


def _found(scope: Scope, room: Room, rows: QuerySet[DirectoryEntry], wanted: Asked, root: str) -> list[dict[str, Any]]:
    if rows.count() > SCANNED_MOST:
        raise Rejected("That asks too much of a directory this large. Filter by userName or externalId.", "tooMany")
    found = [
        one
        for one in room.shown(scope, rows, root, wanted.names)
        if wanted.filter is None or matching.matches(one, wanted.filter)
    ]
    if wanted.sort_by:
        path = wanted.sort_by
        found.sort(key=lambda one: matching.sort_key(one, path)[1], reverse=wanted.is_descending)
        found.sort(key=lambda one: matching.sort_key(one, path)[0])  # what has no value comes last either way
    return found


def _narrowed(rows: QuerySet[DirectoryEntry], noun: str, wanted: Filter | None) -> QuerySet[DirectoryEntry]:
    """Fewer rows, none of which the filter would have passed over: it is asked of the rest all the same."""
    terms = wanted.of if isinstance(wanted, All) else (wanted,)
    for one in terms:
        if not isinstance(one, Compare) or one.operator != "eq" or not isinstance(one.value, str) or one.path.sub:
            continue
        column = _COLUMNS[noun].get(one.path.name.lower())
        if column == noun:
            try:
                rows = rows.filter(**{column: uuid.UUID(one.value)})
            except ValueError:
                return rows.none()
        elif column:
            rows = rows.filter(**{column: one.value})
    return rows


def _paths(of: Filter | None) -> Iterator[Path]:
    match of:
        case Compare(path, _, _) | Present(path):
            yield path
        case Within(path, _):
            yield path
        case Not(inside):
            yield from _paths(inside)
        case All(several) | filters.Any(several):
            for one in several:
                yield from _paths(one)


def _several(kind: Kind, given: Any) -> tuple[Path, ...]:
    names = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else []
    if len(names) > 100 or not all(isinstance(one, str) for one in names):
        raise Rejected("Attributes are at most 100 names.", "invalidValue")
    return tuple(filters.path_of(one.strip(), kind.schemas, "invalidValue") for one in names if one.strip())


def _number(given: Any, otherwise: int) -> int:
    """What is no number is as if it were not there; one below the least is the least (section 3.4.2.4)."""
    try:
        return int(str(given)[:12]) if given is not None else otherwise
    except ValueError:
        return otherwise
