"""Proofs for outsiders: that an event stands under a signed head, and that one head leads on to the next.

A proof leads to the tenant's last signed head, whose note comes with it; `tree/verifier.py` checks both, and so does any
other verifier of RFC 6962 and C2SP. An answer's receipt is the same for the events of one interaction, for whoever asked it.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from governance import access
from governance.actions import Action
from governance.audit import reading, rows
from governance.audit.rows import Recorded
from governance.audit.tree import heads, merkle
from governance.audit.tree.heads import Head
from governance.audit.tree.merkle import MissingHashError
from governance.audit.tree.verifier import Verifier
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput, NotFound, Unavailable
from governance.scope import Scope
from governance.sentence import sentence

# What an interaction's own person is told of: not who read it later.
OF_THE_ANSWER = (
    Event.PROMPT_RECEIVED,
    Event.POLICY_DECIDED,
    Event.RETRIEVED,
    Event.SEGMENT_DELIVERED,
    Event.ANSWER_FINISHED,
    Event.ANSWER_CANCELLED,
)
RECEIPT_MOST = 1000


@dataclass(frozen=True)
class Proof:
    """Of inclusion: `path` leads from the leaf to the root of the head in `note`."""

    leaf_index: int
    tree_size: int
    leaf_hash: bytes
    path: Sequence[bytes]
    note: str

    def as_json(self) -> dict[str, Any]:
        """As the public contract has it."""
        return {
            "leaf_index": self.leaf_index,
            "tree_size": self.tree_size,
            "leaf_hash": text(self.leaf_hash),
            "path": [text(one) for one in self.path],
            "note": self.note,
        }


@dataclass(frozen=True)
class Receipt:
    """The events of one answer. `proofs` are those of events that a signed head covers already, by the event's id."""

    events: Sequence[Recorded]
    proofs: dict[uuid.UUID, Proof]


@dataclass(frozen=True)
class Standing:
    """How far the record is signed: the last head, the keys of those who signed it, and what was verified last."""

    head: Head | None
    keys: Sequence[Verifier]
    verified: Recorded | None


class Stored:
    """`merkle.Hashes` that asks Postgres once for what neighbouring proofs share. Inside a scope's transaction."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int], Sequence[bytes]] = {}

    def __call__(self, level: int, first: int, amount: int) -> Sequence[bytes]:
        wanted = (level, first, amount)
        if wanted not in self._known:
            self._known[wanted] = heads.hashes(*wanted)
        return self._known[wanted]


def text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def of_event(scope: Scope, event: uuid.UUID) -> Proof:
    """Raises Forbidden, NotFound, and Conflict while no signed head covers it."""
    access.require(scope, Action.RECORD_READ)
    with scope.transaction():
        found = rows.read({"id": str(event)}, 1)
        if not found:
            raise NotFound("There is no such event.")
        reading.note(scope, {"event": str(event)})
        head, index = _last(), found[0].recorded.index
        if head is None or index is None or index >= head.size:
            raise Conflict("No signed head covers this event yet. Ask again in a minute.")
        with whole():
            return inclusion(Stored(), index, head)


def head(scope: Scope) -> Head:
    """The last one that was signed. Raises Forbidden, and NotFound before the first."""
    access.require(scope, Action.RECORD_READ)
    with scope.transaction():
        found = _last()
    if found is None:
        raise NotFound("No head of the record was signed yet.")
    return found


def standing(scope: Scope) -> Standing:
    """Raises Forbidden."""
    access.require(scope, Action.RECORD_READ)
    with scope.transaction():
        found = _last()
        verified = rows.read({"action": str(Event.RECORD_VERIFIED)}, 1)
    known = (heads.sealer(scope.tenant), heads.witness() if found and found.is_witnessed else None)
    return Standing(found, [key for key in known if key], verified[0].recorded if verified else None)


def consistency(scope: Scope, old: int) -> tuple[Head, list[bytes]]:
    """The last head, and the proof that it leads on from the tree of `old` leaves. Raises InvalidInput too."""
    last = head(scope)
    if not 0 <= old <= last.size:
        raise InvalidInput(
            sentence("The last signed head is over %(size)s leaves: ask from there or less.", size=last.size)
        )
    with scope.transaction(), whole():
        return last, merkle.consistency(Stored(), old, last.size)


def receipt(scope: Scope, interaction: uuid.UUID) -> Receipt:
    """What an answer is known by on the record. Whose it is was seen to by whoever calls."""
    wanted = {"interaction": str(interaction), "actions": [str(event) for event in OF_THE_ANSWER]}
    with scope.as_system().transaction():
        found = [row.recorded for row in rows.read(wanted, RECEIPT_MOST)][::-1]
        last, hashes = _last(), Stored()
        covered = [(one.id, one.index) for one in found if last and one.index is not None and one.index < last.size]
        try:
            proofs = {event: inclusion(hashes, index, last) for event, index in covered} if last else {}
        except MissingHashError:  # an answer is not withheld because the tree was damaged: it has no proof then
            proofs = {}
    return Receipt(found, proofs)


@contextmanager
def whole() -> Iterator[None]:
    """What is proven is proven by the stored hashes: where one is gone, that is said. Raises Unavailable."""
    try:
        yield
    except MissingHashError as fault:
        raise Unavailable("The record's tree is not whole: nothing can be proven by it. Have it verified.") from fault


def inclusion(hashes: merkle.Hashes, index: int, last: Head) -> Proof:
    """Raises MissingHashError."""
    leaf = next(iter(hashes(0, index, 1)), None)
    if leaf is None:
        raise MissingHashError(f"the leaf {index} is missing")
    return Proof(index, last.size, leaf, merkle.inclusion(hashes, index, last.size), last.note)


def _last() -> Head | None:
    return next(iter(heads.newest()), None)
