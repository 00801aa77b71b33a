"""What leaves, line by line: sealed events in the order of their tree, and heads behind the events that they cover."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from governance.audit import rows
from governance.audit.out import ocsf
from governance.audit.out.sinks.base import Line
from governance.audit.tree import heads
from governance.audit.tree.heads import Head
from governance.scope import Scope

FORMATS = ("jsonl", "ocsf")
NAME = "chancery/1"  # of our own format; docs/record.md says what it holds
CHECKPOINT = "checkpoint"
MISSING = "missing"
MOST = 200
BYTES_MOST = 256 * 1024  # unless one line alone has more
INFORMATIONAL, NOTICE, WARNING = 6, 5, 4

EVENTS = "SELECT index, event_id, hash, leaf, recorded_at FROM audit.stretch(%s, %s)"


@dataclass(frozen=True)
class Batch:
    """`next_index` and `next_head` are the places behind it."""

    lines: list[Line]
    next_index: int
    next_head: int

    @property
    def events(self) -> int:
        return sum(line.action != CHECKPOINT for line in self.lines)


@dataclass
class _Filling:
    lines: list[Line] = field(default_factory=list)
    size: int = 0

    def takes(self, line: Line) -> bool:
        if self.lines and self.size + len(line.text) > BYTES_MOST:
            return False
        self.lines.append(line)
        self.size += len(line.text)
        return True


def is_wanted(action: str, only: Sequence[str]) -> bool:
    """Whether one that is told of these alone is told of it: `document.ready`, or `document.*`."""
    return action in only or f"{action.partition('.')[0]}.*" in only


def batch(
    scope: Scope,
    next_index: int,
    next_head: int,
    form: str,
    *,
    with_words: bool = False,
    only: Sequence[str] = (),
) -> Batch:
    """The next that is to leave; what nothing leaves of is passed. `scope` is the tenant's system scope.

    One that is told of some events `only` gets no heads: they cover what it does not have.
    """
    filling = _Filling()
    with scope.transaction():
        for index, event, leaf_hash, leaf, at in _stretch(next_index):
            if index != next_index:
                break  # a leaf that is not there is for the verifier to tell: nothing is passed over here
            if not only or is_wanted(_action(leaf), only):
                words = _words(scope, event) if with_words else {}
                if not filling.takes(_event(scope.tenant, index, event, leaf_hash, leaf, at, form, words)):
                    return Batch(filling.lines, next_index, next_head)
            next_index += 1
        for head in reversed(heads.newest(MOST, below=next_head + MOST)):
            if head.number < next_head:
                continue
            if head.size > next_index or not (only or filling.takes(_head(scope.tenant, head))):
                break
            next_head = head.number + 1
    return Batch(filling.lines, next_index, next_head)


def _stretch(first: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(EVENTS, [first, MOST])
        return list(cursor.fetchall())


def _action(leaf: bytes | None) -> str:
    return str(json.loads(bytes(leaf))["action"]) if leaf is not None else MISSING


def _event(
    tenant: uuid.UUID,
    index: int,
    event: uuid.UUID,
    leaf_hash: bytes,
    leaf: bytes | None,
    at: datetime | None,
    form: str,
    words: dict[str, Any],
) -> Line:
    raw = bytes(leaf) if leaf is not None else None
    told = json.loads(raw) if raw is not None else None
    place = {"tenant": str(tenant), "id": str(event), "index": index}
    hashed = {"leaf_hash": base64.b64encode(bytes(leaf_hash)).decode()}
    if raw is None or told is None:
        # Somebody took the event out of the table: its place and its hash say so to whoever receives them.
        text = _json({"format": NAME, "kind": MISSING} | place | hashed)
        return Line(event, datetime.now(UTC), MISSING, index, WARNING, text)
    if form == "ocsf":
        shown = ocsf.event(told, raw, index, bytes(leaf_hash))
        shown["unmapped"] |= words
    else:
        leaf_data = base64.b64encode(raw).decode()
        shown = {"format": NAME, "kind": "event"} | place | hashed | {"leaf_data": leaf_data, "event": told} | words
    return Line(event, at or datetime.now(UTC), told["action"], index, _severity(told), _json(shown))


def _head(tenant: uuid.UUID, head: Head) -> Line:
    """The same in every format: it is a signed note, which no other schema has a word for."""
    one = uuid.uuid5(tenant, f"{CHECKPOINT} {head.number} {head.note}")
    shown = {
        "format": NAME,
        "kind": CHECKPOINT,
        "tenant": str(tenant),
        "id": str(one),
        "number": head.number,
        "at": head.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "size": head.size,
        "note": head.note,
        "is_witnessed": head.is_witnessed,
    }
    return Line(one, head.at, CHECKPOINT, head.size, NOTICE, _json(shown))


def _words(scope: Scope, event: uuid.UUID) -> dict[str, Any]:
    """The payload in clear, for a target that an officer has opened; null where its key is gone or it was let go."""
    found = rows.read({"id": str(event)}, 1)
    if not found or "payload" not in found[0].leaf:
        return {}
    return {"words": rows.opened(scope, found[0]).payload}


def _severity(told: dict[str, Any]) -> int:
    return {1: INFORMATIONAL, 2: NOTICE}.get(ocsf.weight(told)[0], WARNING)


def _json(shown: dict[str, Any]) -> str:
    return json.dumps(shown, separators=(",", ":"), default=str)
