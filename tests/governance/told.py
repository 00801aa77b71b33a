"""What an event says, held against the field table."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from governance.audit import envelope, fields, keyring
from governance.audit.fields.kinds import Field
from tests.cast import House
from tests.governance.database import leaves, stored


def unlisted(leaf: Mapping[str, Any], words: Mapping[str, Any] | None = None) -> list[str]:
    """The fields of the event that the table does not know."""
    kind = fields.KINDS.get(leaf["action"])
    if kind is None:
        return [f"{leaf['action']}: the event itself"]
    top = {one.name.partition(".")[0] for one in fields.LEAF}
    found = [name for name in leaf if name not in top]
    found += [f"{leaf['action']}: {name}" for name in _strange(leaf["facts"], kind.clear)]
    return found + [f"{leaf['action']}, encrypted: {name}" for name in _strange(words or {}, kind.words)]


def of_house(house: House) -> list[str]:
    """The same of everything that the tenant has on its record."""
    found = []
    for leaf in leaves(house):
        words = None
        if "payload" in leaf:
            event, subject = uuid.UUID(leaf["id"]), uuid.UUID(leaf["payload"]["subject"])
            ciphertext = stored(house, event)[1]
            assert ciphertext is not None
            with contextlib.suppress(keyring.KeyGone):  # of somebody who was erased
                words = envelope.unseal(house.tenant, subject, event, ciphertext)
        found += unlisted(leaf, words)
    return sorted(set(found))


def _strange(said: Mapping[str, Any], listed: tuple[Field, ...]) -> Iterator[str]:
    yield from _unknown(said, {one.name for one in listed}, "")


def _unknown(said: Mapping[str, Any], known: set[str], before: str) -> Iterator[str]:
    """Whatever the table names is not looked into any further: then it describes the whole of it."""
    for name, value in said.items():
        path = before + name
        if path in known:
            continue
        if isinstance(value, list) and any(one.startswith(f"{path}[].") for one in known):
            for one in value:
                yield from _unknown(one, known, f"{path}[].")
        elif isinstance(value, Mapping) and any(one.startswith(f"{path}.") for one in known):
            yield from _unknown(value, known, f"{path}.")
        else:
            yield path
