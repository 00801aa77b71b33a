"""What a directory sent, as what is kept: names in the schemas' case, values in their types, and nothing else. Only computes.

Entra writes `active` as a text and a manager as its bare id; some write one of several without its list. They are understood.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from assistant.scim.errors import Rejected
from assistant.scim.schemas import Attribute, Kind

TEXT_LONGEST = 1_000
EXTERNAL_ID_LONGEST = 255
SEVERAL_MOST = 20_000


def resource(kind: Kind, sent: Any) -> dict[str, Any]:
    """Of a whole resource. What is ours to say is left out, as the RFC has it. Raises Rejected."""
    if not isinstance(sent, dict):
        raise Rejected("A resource is a JSON object.", "invalidSyntax")
    kept: dict[str, Any] = {}
    for name, value in sent.items():
        schema = next((one for one in kind.extensions if one.lower() == name.lower()), None)
        if schema is None:
            kept |= _known(partial(kind.attribute, ""), {name: value})
        elif not isinstance(value, dict):
            raise Rejected("An extension is a JSON object.", "invalidValue")
        elif inside := _known(partial(kind.attribute, schema), value):
            kept[schema] = inside
    return kept


def external_id(kept: dict[str, Any]) -> str:
    """Raises Rejected."""
    external: str = kept.get("externalId", "")
    if len(external) > EXTERNAL_ID_LONGEST:
        raise Rejected(f"An externalId has at most {EXTERNAL_ID_LONGEST} characters.", "invalidValue")
    return external


def _known(find: Callable[[str], Attribute | None], sent: dict[str, Any]) -> dict[str, Any]:
    """What there is an attribute for that is not ours, and is not empty."""
    kept = {}
    for name, value in sent.items():
        attribute = find(name)
        if attribute is not None and not attribute.is_ours and (found := typed(attribute, value)) is not None:
            kept[attribute.name] = found
    return kept


def typed(attribute: Attribute, value: Any) -> Any:
    """The value as it is kept; None where there is none. Raises Rejected with invalidValue."""
    if not attribute.is_many:
        return _one(attribute, value)
    several = value if isinstance(value, list) else [] if value in (None, "") else [value]
    if len(several) > SEVERAL_MOST:
        raise Rejected(f"{attribute.name} takes at most {SEVERAL_MOST} values.", "invalidValue")
    found = [one for one in (_one(attribute, each) for each in several) if one is not None]
    return _primary_once(found) or None


def _one(attribute: Attribute, value: Any) -> Any:
    if value is None or value == "":
        return None
    if attribute.type == "complex":
        return _complex(attribute, value)
    if attribute.type == "boolean":
        return _boolean(attribute, value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > TEXT_LONGEST or not is_whole(value):
        raise Rejected(f"{attribute.name} is a text of at most {TEXT_LONGEST} characters.", "invalidValue")
    return value


def is_whole(text: str) -> bool:
    """Whether Postgres keeps it: JSON can write half of a character, and a null."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def _complex(attribute: Attribute, value: Any) -> dict[str, Any] | None:
    if isinstance(value, str):
        value = {"value": value}
    if not isinstance(value, dict):
        raise Rejected(f"{attribute.name} is a JSON object.", "invalidValue")
    return _known(attribute.part, value) or None


def _boolean(attribute: Attribute, value: Any) -> bool:
    known = {"true": True, "false": False}
    if isinstance(value, str) and value.strip().lower() in known:
        return known[value.strip().lower()]
    if not isinstance(value, bool):
        raise Rejected(f"{attribute.name} is true or false.", "invalidValue")
    return value


def _primary_once(found: list[Any]) -> list[Any]:
    """The last that says so is the primary one (RFC 7643, section 2.4)."""
    primary = [place for place, one in enumerate(found) if isinstance(one, dict) and one.get("primary")]
    return [one | {"primary": False} if place in primary[:-1] else one for place, one in enumerate(found)]
