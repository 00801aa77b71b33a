"""Whether a resource matches a filter, and what it is sorted by. Only computes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any as Anything

from assistant.scim.filters import All, Any, Compare, Filter, Not, Path, Present, Within
from assistant.scim.filters import Value as Wanted

Resource = dict[str, Anything]
# RFC 7643: these are compared letter by letter; everything else folds case.
EXACT = frozenset({"id", "externalid", "$ref", "version", "location", "resourcetype"})
_ORDERED: dict[str, Callable[[Anything, Anything], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_WITHIN: dict[str, Callable[[str, str], bool]] = {
    "co": lambda text, part: part in text,
    "sw": str.startswith,
    "ew": str.endswith,
}


def matches(resource: Resource, wanted: Filter) -> bool:
    match wanted:
        case All(of):
            return all(matches(resource, one) for one in of)
        case Any(of):
            return any(matches(resource, one) for one in of)
        case Not(of):
            return not matches(resource, of)
        case Present(path):
            return any(_is_there(value) for value in values(resource, path))
        case Within(path, of):
            found = values(resource, path)
            return any(matches(one if isinstance(one, dict) else {"value": one}, of) for one in found)
        case Compare():
            return _compares(resource, wanted)


def values(resource: Resource, path: Path) -> list[Anything]:
    """What stands there: none, one, or the elements of what has several. Names fold case."""
    extension = get(resource, path.schema) if path.schema else None
    if path.schema and extension is None and path.schema not in resource.get("schemas", ()):
        return []
    here = resource if extension is None else extension
    found = list(_flat(get(here, path.name) if path.name else here))
    if not path.sub:
        return found
    return [value for one in found if isinstance(one, dict) for value in _flat(get(one, path.sub))]


def get(resource: Anything, name: str) -> Anything:
    """What stands under the name, in whatever case; None where nothing does, or where nothing could."""
    if not isinstance(resource, dict):
        return None
    return next((value for key, value in resource.items() if key.lower() == name.lower()), None)


def sort_key(resource: Resource, path: Path) -> tuple[bool, Anything]:
    """Of several the primary one, or the first. What has no value comes last."""
    found = values(resource, path)
    primary = [one for one in found if isinstance(one, dict) and one.get("primary")]
    value = (primary or found or [None])[0]
    if isinstance(value, dict):
        value = value.get("value")
    return (value is None, _folded(path, value) if isinstance(value, str) else str(value if value is not None else ""))


def _compares(resource: Resource, wanted: Compare) -> bool:
    found = [one.get("value") if isinstance(one, dict) else one for one in values(resource, wanted.path)]
    found = [one for one in found if one is not None]
    if wanted.operator == "ne":
        return not _equals_any(found, wanted)
    if wanted.operator == "eq":
        return _equals_any(found, wanted)
    return any(_orders(one, wanted) for one in found)


def _equals_any(found: list[Anything], wanted: Compare) -> bool:
    if wanted.value is None:
        return not any(_is_there(one) for one in found)
    return any(_equals(one, wanted) for one in found)


def _equals(value: Anything, wanted: Compare) -> bool:
    if isinstance(value, bool):
        return value is _truth(wanted.value)
    if isinstance(value, str) and isinstance(wanted.value, str):
        return _folded(wanted.path, value) == _folded(wanted.path, wanted.value)
    return not isinstance(wanted.value, bool) and bool(value == wanted.value)


def _orders(value: Anything, wanted: Compare) -> bool:
    if wanted.operator in _WITHIN:
        both = isinstance(value, str) and isinstance(wanted.value, str)
        return both and _WITHIN[wanted.operator](_folded(wanted.path, value), _folded(wanted.path, str(wanted.value)))
    left, right = _comparable(wanted.path, value), _comparable(wanted.path, wanted.value)
    return type(left) is type(right) and _ORDERED[wanted.operator](left, right)


def _comparable(path: Path, value: Anything) -> Anything:
    """Times as times, numbers as numbers, texts as they are compared."""
    if isinstance(value, str):
        return _time(value) or _folded(path, value)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _time(text: str) -> datetime | None:
    if len(text) < len("2026-01-01T00:00:00") or "T" not in text.upper():
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _truth(value: Wanted) -> Wanted:
    """Some directories write it as a text."""
    return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


def _folded(path: Path, text: str) -> str:
    return text if (path.sub or path.name).lower() in EXACT else text.casefold()


def _flat(value: Anything) -> Iterator[Anything]:
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value


def _is_there(value: Anything) -> bool:
    return value not in (None, "", [], {})
