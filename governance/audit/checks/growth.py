"""The tree grown once more, leaf by leaf, and held against what is stored and what was signed on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from governance.audit.checks.findings import Findings
from governance.audit.tree import heads
from governance.audit.tree.heads import Head
from governance.audit.tree.merkle import Edge
from governance.audit.tree.verifier import EMPTY_ROOT, Checkpoint, Verifier


@dataclass(frozen=True)
class Kept:
    """A head that somebody kept outside the database; `who` as in “the head that … kept”."""

    who: str
    head: Checkpoint


@dataclass(frozen=True)
class Keys:
    """None where a key is not known here."""

    sealer: Verifier | None
    witness: Verifier | None


class Growth:
    """`add` each leaf's hash, `look` at stored nodes now and then, `end` when there are no more.

    `signed` are the record's heads in their order; `kept` those that somebody kept elsewhere; `origins` the
    log's name and those it had before. Inside a scope's transaction.
    """

    def __init__(
        self, findings: Findings, signed: Iterable[Head], kept: Iterable[Kept], keys: Keys, origins: Sequence[str]
    ) -> None:
        self.findings, self.keys, self.origins = findings, keys, origins
        self.edge = Edge()
        self.last: Head | None = None
        self.witnessed = 0  # leaves under the last head that the witness has cosigned
        self.heads = 0
        # No leaf behind the last head that was met and under the next one came into the tree before that.
        self.sealed_after: datetime | None = None
        self._signed_at: datetime | None = None
        # Leaves under the last head whose root is the tree's: of the record's own, and of those that were kept elsewhere.
        # Whoever has the sealer's key signs any past, so that only the latter speak for what a kept one contradicts.
        self._sound = {"signed": 0, "kept": 0}
        self._signed = iter(signed)
        self._kept = sorted((one for one in kept if self._is_ours(one)), key=lambda one: one.head.size)
        self._next: Head | None = None
        self._nodes: list[tuple[int, int, bytes]] = []
        self.nodes = 0
        self._advance()
        self._meet()

    def add(self, leaf: bytes) -> None:
        whole = self.edge.append(leaf)
        if whole:
            self._nodes += whole
        size = self.edge.size
        if (self._next and self._next.size <= size) or (self._kept and self._kept[0].head.size <= size):
            self._meet()

    def look(self) -> None:
        """Are the subtrees that have become whole stored as they are?"""
        for level in sorted({level for level, _, _ in self._nodes}):
            mine = [(index, value) for its, index, value in self._nodes if its == level]
            stored = heads.hashes(level, mine[0][0], len(mine))
            if len(stored) != len(mine):
                stored = [next(iter(heads.hashes(level, index, 1)), b"") for index, _ in mine]
            for (index, value), found in zip(mine, stored, strict=True):
                if found != value:
                    self._node_differs(level, index, is_there=bool(found))
        self.nodes += len(self._nodes)
        self._nodes = []

    def end(self) -> None:
        """There are no more leaves: what was signed beyond them is gone."""
        self.look()
        while self._next:
            self._beyond(self._next.size, f"head {self._next.number} was signed over")
            self._advance()
        for kept in self._kept:
            self._beyond(kept.head.size, f"the head that {kept.who} kept is over")
        if self.heads and not self.keys.sealer:
            self.findings.add(None, "the sealer's public key is not known here, so that no signature was checked")

    def _meet(self) -> None:
        """Heads and kept heads that are over no more leaves than there are now."""
        size = self.edge.size
        while self._next and self._next.size <= size:
            if self._next.size == size:
                self._compare("signed", size, self._next.root, f"head {self._next.number}")
            self._advance()
        while self._kept and self._kept[0].head.size <= size:
            kept = self._kept.pop(0)
            self._compare("kept", size, kept.head.root, f"the head that {kept.who} kept")

    def _compare(self, source: str, size: int, root: bytes, name: str) -> None:
        if (self.edge.root() if size else EMPTY_ROOT) == root:
            self._sound[source] = size
        elif self.findings.broken_at is None or self.findings.broken_at >= size:
            wrong = f"the tree of {size} leaves is not the one of {name}: something from here on was changed"
            self.findings.break_at(min(self._sound[source], max(size - 1, 0)), wrong)

    def _advance(self) -> None:
        """To the next head. What it says is taken from its note, where that is signed: a row beside it may say anything."""
        before, self._next, self.sealed_after = self.last, None, None
        for row in self._signed:
            self.heads += 1
            expected = (before.number if before else 0) + 1
            if row.number != expected:
                self.findings.add(None, f"head {expected} is missing")
            head, is_signed = self._checked(row)
            self.sealed_after, self._signed_at = _earlier(self._signed_at, head.at), head.at
            if before and head.size < before.size:
                said = f"head {head.number} is over {head.size} leaves and the one before was over {before.size}"
                self.findings.add(None, said)
            self.last = before = head
            if is_signed:
                self._next = head
                return

    def _checked(self, row: Head) -> tuple[Head, bool]:
        """What was signed, and whether it was at all: what was not shows nothing of the tree.

        Its time is the witness's own where there is one, which whoever holds the database cannot give.
        """
        name = f"head {row.number}"
        try:
            note = row.checkpoint
        except ValueError as fault:
            self.findings.add(None, f"{name} is no signed head: {fault}")
            return row, False
        if note.origin not in self.origins or (note.size, note.root) != (row.size, row.root):
            self.findings.add(None, f"{name} is stored as of {row.size} leaves and its note says another head")
        if not self._is_signed(note):
            self.findings.add(None, f"{name} is not signed by the sealer's key")
            return row, False
        at = self._witnessed_at(name, note) if row.is_witnessed else None
        if note.origin not in self.origins:
            return row, False
        return replace(row, at=at or row.at, size=note.size, root=note.root), True

    def _is_signed(self, note: Checkpoint) -> bool:
        """Where the key is known. It bears the log's name of that time."""
        key = self.keys.sealer
        return key is None or note.signed_by(replace(key, name=note.origin)) is not None

    def _witnessed_at(self, name: str, note: Checkpoint) -> datetime | None:
        at = None
        if self.keys.witness is None:
            self.findings.add(None, f"{name} is said to be cosigned, and the witness's public key is not known here")
        elif (at := note.signed_by(self.keys.witness)) is None:
            self.findings.add(None, f"{name} is said to be cosigned, and not by the witness's key")
        else:
            self.witnessed = max(self.witnessed, note.size)
        return datetime.fromtimestamp(at, UTC) if at else None

    def _is_ours(self, kept: Kept) -> bool:
        name = f"the head that {kept.who} kept"
        if kept.head.origin not in self.origins:
            self.findings.add(None, f"{name} is of another log, {kept.head.origin}")
            return False
        if not self._is_signed(kept.head):
            self.findings.add(None, f"{name} is not signed by the sealer's key")
            return False
        return True

    def _beyond(self, size: int, what: str) -> None:
        there = self.edge.size
        if self.findings.broken_at is None or self.findings.broken_at > there:
            self.findings.break_at(
                there, f"leaves are missing from here on: {what} {size} leaves and {there} are there"
            )

    def _node_differs(self, level: int, index: int, *, is_there: bool) -> None:
        first, last = index << level, ((index + 1) << level) - 1
        broken = self.findings.broken_at
        if broken is not None and broken <= last:
            return
        what = "is not the hash of its leaves" if is_there else "is missing"
        self.findings.add(first, f"the stored node over leaves {first} to {last} {what}")


def _earlier(before: datetime | None, after: datetime) -> datetime | None:
    """Of two heads' times: where the clock was set back between them, the later head has the earlier one."""
    return min(before, after) if before else None
