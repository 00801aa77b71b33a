"""PATCH (RFC 7644, section 3.5.2), as directories send it: `Add` in capitals, values without a path, members removed by value
or by a filter, an element that is made by naming it. Only computes: a resource and operations in, the resource out.
"""

from __future__ import annotations

import copy
from typing import Any

from assistant.scim import filters, matching, reading
from assistant.scim.errors import Rejected
from assistant.scim.filters import All, Compare, Filter, Path, Target
from assistant.scim.schemas import Attribute, Kind

SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
OPERATIONS_MOST = 1_000
Resource = dict[str, Any]


def apply(kind: Kind, before: Resource, sent: Any) -> Resource:
    """`before` as `reading.resource` keeps it. Raises Rejected, and nothing is changed."""
    after = copy.deepcopy(before)
    for operation in _operations(sent):
        op = str(matching.get(operation, "op") or "").lower()
        if op not in {"add", "replace", "remove"}:
            raise Rejected("An operation's op is add, replace or remove.", "invalidSyntax")
        path, value = matching.get(operation, "path"), matching.get(operation, "value")
        if path is None or path == "":
            _without_path(kind, after, op, value)
        elif isinstance(path, str):
            _change(kind, after, op, filters.parse_target(path, kind.schemas), value)
        else:
            raise Rejected("A path is a text.", "invalidPath")
    return after


def _operations(sent: Any) -> list[dict[str, Any]]:
    found = matching.get(sent, "operations")
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise Rejected("A PATCH holds a list of Operations.", "invalidSyntax")
    if len(found) > OPERATIONS_MOST:
        raise Rejected(f"A PATCH holds at most {OPERATIONS_MOST} operations.", "tooMany")
    return found


def _without_path(kind: Kind, after: Resource, op: str, value: Any) -> None:
    """Each name of the value is a path of its own. What is ours, such as the id that Okta sends along, is passed over."""
    if op == "remove":
        raise Rejected("A remove says what, by its path.", "noTarget")
    if not isinstance(value, dict):
        raise Rejected("An operation without a path has an object as its value.", "invalidValue")
    for name, each in value.items():
        if name.lower() in {"schemas", "id", "meta"}:
            continue
        target = Target(filters.path_of(name, kind.schemas))
        attribute = kind.attribute(target.path.schema, target.path.name)
        if attribute is None or not attribute.is_ours:
            _change(kind, after, op, target, each)


def _change(kind: Kind, after: Resource, op: str, target: Target, value: Any) -> None:
    path = target.path
    if not path.name:
        _extension(kind, after, op, path.schema, value)
        return
    attribute = kind.attribute(path.schema, path.name)
    if attribute is None:
        return  # nothing that is kept here
    if attribute.is_ours or (path.sub and (found := attribute.part(path.sub)) and found.is_ours):
        raise Rejected(f"{path.name} is not to be written.", "mutability")
    if path.schema in kind.extensions:
        inside = after.setdefault(path.schema, {})
        _write(inside, attribute, op, target, value)
        if not inside:
            del after[path.schema]
    else:
        _write(after, attribute, op, target, value)


def _extension(kind: Kind, after: Resource, op: str, schema: str, value: Any) -> None:
    if op == "remove":
        after.pop(schema, None)
        return
    if schema not in kind.extensions or not isinstance(value, dict):
        raise Rejected("An extension is a JSON object.", "invalidValue")
    for name, each in value.items():
        _change(kind, after, op, Target(Path(schema, name)), each)


def _write(here: Resource, attribute: Attribute, op: str, target: Target, value: Any) -> None:
    left: Any
    if attribute.is_many:
        left = _several(attribute, here.get(attribute.name, []), op, target, value)
    elif target.of is not None:
        raise Rejected(f"{attribute.name} has one value, and no filter.", "invalidPath")
    elif target.path.sub:
        left = _with_part(attribute, here.get(attribute.name) or {}, op, target.path.sub, value)
    else:
        left = _single(attribute, here.get(attribute.name), op, value)
    if left in (None, [], {}):
        here.pop(attribute.name, None)
    else:
        here[attribute.name] = left


def _single(attribute: Attribute, before: Any, op: str, value: Any) -> Any:
    """Parts that are not named stay (section 3.5.2.3), but for whom somebody is, which is another one as a whole."""
    if op == "remove":
        return None
    found = reading.typed(attribute, value)
    if isinstance(found, dict) and isinstance(before, dict) and "value" not in found:
        return before | found
    return found


def _with_part(attribute: Attribute, before: Resource, op: str, sub: str, value: Any) -> Resource:
    found = attribute.part(sub)
    if found is None:
        return before
    said = None if op == "remove" else reading.typed(found, value)
    return {name: each for name, each in before.items() if name != found.name} | (
        {found.name: said} if said is not None else {}
    )


def _several(attribute: Attribute, before: list[Any], op: str, target: Target, value: Any) -> list[Any]:
    if target.of is not None or target.path.sub:
        return _some(attribute, before, op, target, value)
    named = reading.typed(attribute, value) or []
    if op == "replace":
        return list(named)
    if op == "add":
        return _added(before, named)
    if value is None:
        return []
    # Entra takes members out by naming them in the value.
    gone = {one.get("value") for one in named}
    return [one for one in before if one.get("value") not in gone]


def _added(before: list[Any], named: list[Any]) -> list[Any]:
    """Those that are there already are not there twice; a new primary one is the only one."""
    left = list(before)
    if any(one.get("primary") for one in named):
        left = [one | {"primary": False} if one.get("primary") else one for one in left]
    there: dict[Any, list[Any]] = {}
    for one in left:
        there.setdefault(one.get("value"), []).append(one)
    for one in named:
        alike = there.setdefault(one.get("value"), [])
        if not any(_same(each, one) for each in alike):
            alike.append(one)
            left.append(one)
    return left


def _same(one: Resource, other: Resource) -> bool:
    """Whether the second says nothing that the first does not."""
    return all(one.get(name) == value for name, value in other.items())


def _some(attribute: Attribute, before: list[Any], op: str, target: Target, value: Any) -> list[Any]:
    """Of the elements that match: one of their parts, or all of them."""
    sub, of = target.path.sub, target.of
    chosen = [of is None or matching.matches(one, of) for one in before]
    if op == "remove":
        left = [
            _with_part(attribute, one, op, sub, None) if is_meant else one
            for one, is_meant in zip(before, chosen, strict=True)
            if sub or not is_meant
        ]
        return [one for one in left if one]
    if not any(chosen):
        return [*before, _made(attribute, of, sub, value)]
    changed = [
        one if not is_meant else _with_part(attribute, one, op, sub, value) if sub else one | _whole(attribute, value)
        for one, is_meant in zip(before, chosen, strict=True)
    ]
    return list(reading.typed(attribute, changed) or [])


def _whole(attribute: Attribute, value: Any) -> Resource:
    found = reading.typed(attribute, value) or [{}]
    return dict(found[0])


def _made(attribute: Attribute, of: Filter | None, sub: str, value: Any) -> Resource:
    """Nothing matched: what the filter says of it, with the value. Raises Rejected where the filter says no such thing."""
    said = _said(of) if of is not None else {}
    if said is None:
        raise Rejected(f"Nothing of {attribute.name} matches the filter.", "noTarget")
    made = {sub: value} if sub else value if isinstance(value, dict) else {"value": value}
    return _whole(attribute, [{**said, **made}])


def _said(of: Filter) -> Resource | None:
    terms = of.of if isinstance(of, All) else (of,)
    told: Resource = {}
    for one in terms:
        if not isinstance(one, Compare) or one.operator != "eq" or one.path.sub:
            return None
        told[one.path.name] = one.value
    return told
