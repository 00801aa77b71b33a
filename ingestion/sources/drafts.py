"""What somebody writes to set a source up: checked by the fields of its kind, and by what this installation lets it reach."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from governance import naming
from governance.errors import InvalidInput
from governance.fetching import Unreachable
from governance.sentence import sentence
from ingestion.connectors import KINDS, Kind
from ingestion.connectors.base import Field, Ground
from ingestion.connectors.web import origin

NAME_MAX = 80
MINUTES_LEAST, MINUTES_MOST = 5, 60 * 24 * 31
ADDRESSES = ("url", "endpoint")  # what is checked as an address of HTTP
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?")


@dataclass(frozen=True)
class Draft:
    """`every_minutes` is None where it is looked at by hand alone. A secret that is empty stays what it was."""

    name: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    every_minutes: int | None = None


def checked(draft: Draft, ground: Ground) -> Draft:
    """Raises InvalidInput, which names the field."""
    kind = KINDS.get(draft.kind)
    if kind is None:
        raise InvalidInput(sentence("A source is one of: %(known)s.", known=", ".join(KINDS)), param="kind")
    every = draft.every_minutes
    if every is not None and not MINUTES_LEAST <= every <= MINUTES_MOST:
        said = sentence(
            "A source is looked at every %(least)s to %(most)s minutes.", least=MINUTES_LEAST, most=MINUTES_MOST
        )
        raise InvalidInput(said, param="every_minutes")
    name = naming.checked(draft.name)
    if len(name) > NAME_MAX:
        raise InvalidInput(sentence("A source's name has at most %(most)s characters.", most=NAME_MAX), param="name")
    settings, secrets = _fields(kind, draft.settings, ground), _secrets(kind, draft.secrets)
    return Draft(name, kind.name, settings, secrets, every)


def is_elsewhere(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a password would be sent to somebody else than it was written for."""
    places = [name for name in ("host", "security", "user", "access_key") if before.get(name) != after.get(name)]
    moved = [name for name in ADDRESSES if origin(str(before.get(name, ""))) != origin(str(after.get(name, "")))]
    return bool(places or moved)


def _fields(kind: Kind, given: Mapping[str, Any], ground: Ground) -> dict[str, Any]:
    fields = {one.name: one for one in kind.fields if not one.is_secret}
    for name in given:
        if name not in fields:
            raise InvalidInput(sentence("There is no field %(name)s.", name=str(name)[:60]), param=str(name)[:60])
    found = {name: FORMS[one.form](one, given.get(name, one.default)) for name, one in fields.items()}
    for name, one in fields.items():
        if one.required and found[name] in {"", None}:
            raise InvalidInput(sentence("%(field)s is missing.", field=one.label), param=name)
        if found[name]:
            _check_place(name, one, str(found[name]), ground)
    return found


def _check_place(name: str, one: Field, value: str, ground: Ground) -> None:
    if name in ADDRESSES:
        try:
            ground.guard.check(value)
        except Unreachable as fault:
            raise InvalidInput(sentence("The address cannot be used. %(why)s", why=fault.args[0]), param=name) from None
    elif name == "host" and not _HOST.fullmatch(value):
        raise InvalidInput(sentence("%(field)s reads host or host:port.", field=one.label), param=name)
    elif name == "path" and not os.path.isabs(value):
        raise InvalidInput(sentence("%(field)s begins with /.", field=one.label), param=name)


def _secrets(kind: Kind, given: Mapping[str, str]) -> dict[str, str]:
    fields = {one.name: one for one in kind.fields if one.is_secret}
    for name in given:
        if name not in fields:
            raise InvalidInput(sentence("There is no field %(name)s.", name=str(name)[:60]), param=str(name)[:60])
    return {name: _text(one, given.get(name, "")) for name, one in fields.items()}


def _text(one: Field, value: Any) -> str:
    text = str(value if value is not None else "").strip()
    if len(text) > one.most or not text.isprintable():
        raise InvalidInput(
            sentence("%(field)s has at most %(most)s characters, on one line.", field=one.label, most=one.most),
            param=one.name,
        )
    return text


def _number(one: Field, value: Any) -> int:
    text = str(value).strip() or str(one.default)
    if not (text.isascii() and text.isdigit() and len(text) < 9 and one.least <= int(text) <= one.most):
        raise InvalidInput(
            sentence(
                "%(field)s is a number from %(least)s to %(most)s.", field=one.label, least=one.least, most=one.most
            ),
            param=one.name,
        )
    return int(text)


def _choice(one: Field, value: Any) -> str:
    if value not in {name for name, _ in one.choices}:
        known = ", ".join(name for name, _ in one.choices)
        raise InvalidInput(sentence("%(field)s is one of: %(known)s.", field=one.label, known=known), param=one.name)
    return str(value)


def _lines(one: Field, value: Any) -> str:
    text = "\n".join(" ".join(line.split()) for line in str(value or "").splitlines() if line.strip())
    if len(text) > one.most or not text.replace("\n", "").isprintable():
        raise InvalidInput(
            sentence("%(field)s has at most %(most)s characters.", field=one.label, most=one.most), param=one.name
        )
    return text


FORMS: dict[str, Callable[[Field, Any], Any]] = {"text": _text, "number": _number, "choice": _choice, "lines": _lines}
