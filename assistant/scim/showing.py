"""Resources as they are answered with: what frames them, which of their attributes, and in lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from assistant.scim.filters import Path
from assistant.scim.schemas import Kind
from governance.models import DirectoryEntry

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ALWAYS = ("schemas", "id")


def resource(kind: Kind, row: DirectoryEntry, kept: dict[str, Any], root: str) -> dict[str, Any]:
    """`root` is the address that everything of the directory stands under."""
    one = row.kept
    return {
        "schemas": [kind.schema, *(schema for schema in kind.extensions if schema in kept)],
        "id": str(one),
        **kept,
        "meta": {
            "resourceType": kind.name,
            "created": _time(row.created_at),
            "lastModified": _time(row.changed_at),
            "location": f"{root}{kind.endpoint}/{one}",
            "version": version(row),
        },
    }


def version(row: DirectoryEntry) -> str:
    """A weak entity tag (RFC 7232): what is not kept is not told apart."""
    return f'W/"{row.number}"'


def listed(resources: list[dict[str, Any]], total: int, start: int) -> dict[str, Any]:
    told: dict[str, Any] = {"schemas": [LIST], "totalResults": total}
    return told | {"startIndex": start, "itemsPerPage": len(resources), "Resources": resources}


def chosen(told: dict[str, Any], attributes: Iterable[Path], excluded: Iterable[Path]) -> dict[str, Any]:
    """Those that were asked for, or all but some. What says which resource it is comes always (RFC 7644, section 3.9)."""
    wanted = list(attributes)
    if wanted:
        left: dict[str, Any] = {name: told[name] for name in ALWAYS if name in told}
        for path in wanted:
            _take(told, left, path)
        return left
    left = dict(told)
    for path in excluded:
        _leave_out(left, path)
    return left


def _take(told: dict[str, Any], left: dict[str, Any], path: Path) -> None:
    inside, into = told, left
    if path.schema in told:
        if not path.name:
            left[path.schema] = told[path.schema]
            return
        inside, into = told[path.schema], left.setdefault(path.schema, {})
    name = _key(inside, path.name)
    if name is None:
        return
    if not path.sub:
        into[name] = inside[name]
        return
    of = inside[name]
    if isinstance(of, list):
        before = into.get(name) or [{} for _ in of]
        into[name] = [old | _only(one, path.sub) for old, one in zip(before, of, strict=True)]
    elif isinstance(of, dict):
        into[name] = into.get(name, {}) | _only(of, path.sub)


def _leave_out(left: dict[str, Any], path: Path) -> None:
    here = left
    if path.schema in left and path.schema:
        if not path.name:
            del left[path.schema]
            return
        here = left[path.schema] = dict(left[path.schema])
    name = _key(here, path.name)
    if name is None or name in ALWAYS:
        return
    if not path.sub:
        del here[name]
    elif isinstance(here[name], list):
        here[name] = [_without(one, path.sub) for one in here[name]]
    elif isinstance(here[name], dict):
        here[name] = _without(here[name], path.sub)


def _only(of: dict[str, Any], sub: str) -> dict[str, Any]:
    name = _key(of, sub)
    return {} if name is None else {name: of[name]}


def _without(of: dict[str, Any], sub: str) -> dict[str, Any]:
    return {name: value for name, value in of.items() if name.lower() != sub.lower()}


def _key(of: dict[str, Any], name: str) -> str | None:
    return next((key for key in of if key.lower() == name.lower()), None)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
