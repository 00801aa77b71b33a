"""The sealer: puts committed events into their tenant's tree about once a second, and signs its heads.

Events are found by anti-join, never by a last number: an event of a slow transaction comes late and is missed by nothing.
A tree that does not lead on from its last signed head, or that the witness has seen further, is not extended.
"""

from __future__ import annotations

import hashlib
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import psycopg

from governance.audit.tree import merkle, notes
from governance.audit.tree.merkle import Edge, MissingHashError
from governance.audit.tree.notes import Signer
from governance.audit.tree.store import BATCH, Rows, Store
from governance.audit.tree.verifier import Checkpoint, Verifier, leaf_hash
from governance.audit.tree.witnessing import ConflictError, InconsistentError, Request

SEAL_EVERY_S = 1.0
SIGN_EVERY_S = 10.0
SIGN_AT_LEAST_S = 3600.0
LOG = logging.getLogger(__name__)


class BrokenLogError(Exception):
    """What is stored does not lead on from what was signed. Somebody has to look before it grows again."""


class UnansweredError(Exception):
    """The witness is away."""


class Witness(Protocol):
    """`ask` gives the cosignature's line. Raises ConflictError, InconsistentError, and UnansweredError for all else."""

    @property
    def verifier(self) -> Verifier: ...

    def ask(self, request: Request) -> str: ...


@dataclass
class Log:
    """One tenant's tree as this sealer has it in memory; monotonic seconds."""

    edge: Edge
    chain: bytes
    signed_size: int = -1
    signed_at: float = float("-inf")
    tried_at: float = float("-inf")
    is_witnessed: bool = False
    witnessed_size: int = 0
    writers: dict[uuid.UUID, int] = field(default_factory=dict)


class Sealer:
    """`tick()` does what is due. `origin` is RECORD_ORIGIN; `signer` bears any name, each log's own is put into it."""

    def __init__(
        self,
        database: str,
        signer: Signer,
        origin: str,
        witness: Witness | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.database, self.signer, self.origin, self.witness, self.clock = database, signer, origin, witness, clock
        self.logs: dict[uuid.UUID, Log] = {}
        self.broken: dict[uuid.UUID, str] = {}
        self._store: Store | None = None
        self._horizon = "0"
        self._looked_at = float("-inf")
        self._later: dict[uuid.UUID, None] = {}  # whose head is old, and of whom nothing was said lately

    @property
    def store(self) -> Store:
        """A connection that was lost is made anew, and what was in memory is read anew: the database may be another."""
        if self._store is None:
            self._store = Store(self.database)
            self.logs, self._horizon, self._looked_at = {}, "0", float("-inf")
        return self._store

    @property
    def is_connected(self) -> bool:
        """To the same server as before, and so with the lock that was taken there."""
        return self._store is not None

    def is_the_only_one(self) -> bool:
        return self.store.is_the_only_one()

    def tick(self) -> int:
        """How many events were sealed. Raises psycopg.Error, after which the next tick connects again."""
        try:
            return self._tick()
        except psycopg.Error:
            self.close()
            raise

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
        self._store = None

    def seal(self, tenant: uuid.UUID, since: str = "0") -> int:
        """Every event of the tenant that is committed now. Raises BrokenLogError."""
        sealed = 0
        while True:
            amount = self._batch(tenant, since)
            sealed += amount
            if amount < BATCH:
                return sealed

    def sign(self, tenant: uuid.UUID) -> Checkpoint | None:
        """The tree's head as it stands, cosigned where the witness answers; None where the same head stands already.

        Raises BrokenLogError.
        """
        with self.store.of(tenant) as rows:
            log = self._log(rows)
            origin, size, root = f"{self.origin}/{tenant}", log.edge.size, log.edge.root()
            note = notes.signed(replace(self.signer, name=origin), origin, size, root)
            cosignature = self._cosigned(rows, log, note, size)
            is_news = size != log.signed_size or self.clock() - log.signed_at >= SIGN_AT_LEAST_S
            log.tried_at = self.clock()
            if not is_news and not (cosignature and not log.is_witnessed):
                return None
            note += cosignature
            rows.sign(size, root, note, is_witnessed=bool(cosignature))
        log.signed_size, log.signed_at, log.is_witnessed = size, self.clock(), bool(cosignature)
        return Checkpoint.parse(note)

    def _tick(self) -> int:
        horizon = self.store.horizon()  # asked first: what ends after it is looked at the next time again
        done = [
            self._guarded(one, lambda one: self.seal(one, self._horizon)) for one in self.store.waiting(self._horizon)
        ]
        if None not in done:  # what a broken log is waiting with must be found when it has been mended
            self._horizon = horizon
        self._sign_some()
        return sum(one or 0 for one in done)

    def _sign_some(self) -> None:
        """For about a second, the longest behind first: neither very many logs nor a witness that hangs hold up sealing."""
        until = self.clock() + SEAL_EVERY_S
        for tenant in self._due():
            self._later.pop(tenant, None)
            self._guarded(tenant, lambda one: 0 if self.sign(one) is None else 1)
            if self.clock() >= until:
                return

    def _due(self) -> list[uuid.UUID]:
        """Logs whose head is behind and was signed some seconds ago; once a minute those that nothing was said of too."""
        now = self.clock()
        due = [
            tenant
            for tenant, log in self.logs.items()
            if now - log.tried_at >= SIGN_EVERY_S
            and (log.edge.size != log.signed_size or (self.witness is not None and not log.is_witnessed))
        ]
        if now - self._looked_at >= 60:
            self._looked_at = now
            self._later = dict.fromkeys(self.store.unsigned(SIGN_AT_LEAST_S))
        due.sort(key=lambda tenant: self.logs[tenant].tried_at)
        return list(dict.fromkeys([*due, *self._later]))

    def _guarded(self, tenant: uuid.UUID, act: Callable[[uuid.UUID], int]) -> int | None:
        """None where the log is broken, which does not hold up the others."""
        try:
            done = act(tenant)
        except (BrokenLogError, MissingHashError) as fault:
            self.logs.pop(tenant, None)
            if self.broken.get(tenant) != str(fault):
                LOG.critical("the log of tenant %s is broken and does not grow: %s", tenant, fault)
            self.broken[tenant] = str(fault)
            return None
        self.broken.pop(tenant, None)
        return done

    def _batch(self, tenant: uuid.UUID, since: str) -> int:
        with self.store.of(tenant) as rows:
            log = self._log(rows)
            found = rows.waiting(since)
            self._look_for_gaps(rows, log, [(one.writer, one.number) for one in found])
            edge, chain = Edge(log.edge.size, log.edge.peaks()), log.chain
            leaves, nodes = [], []
            for one in found:
                value = leaf_hash(one.leaf)
                chain = hashlib.sha256(chain + value).digest()
                leaves.append((edge.size, one.id, value, chain))
                nodes += edge.append(value)
            rows.insert(leaves, nodes)
        log.edge, log.chain = edge, chain  # only what is committed is remembered
        return len(found)

    def _look_for_gaps(self, rows: Rows, log: Log, found: list[tuple[uuid.UUID, int]]) -> None:
        """A writer's numbers have no gap where nothing was taken away. What is left is sealed all the same: nothing more
        may vanish, and `audit_verify` names what is missing."""
        for writer, number in sorted(found):
            last = log.writers.get(writer)
            if last is None:
                last = rows.sealed_below(writer, number)
            if number != last + 1:
                LOG.critical("tenant %s: of writer %s, numbers below %s are missing", rows.tenant, writer, number)
            log.writers[writer] = number

    def _log(self, rows: Rows) -> Log:
        """Raises BrokenLogError and MissingHashError."""
        known = self.logs.get(rows.tenant)
        if known is not None:
            return known
        size, chain = rows.size_and_chain()
        log = Log(Edge.of(rows.hashes, size), chain)
        head = rows.head()
        if head is not None:
            if head.size > size:
                raise BrokenLogError(f"{head.size} leaves were signed and {size} are there")
            if merkle.root(rows.hashes, head.size) != head.root:
                raise BrokenLogError(f"the first {head.size} leaves are not those that were signed")
            log.signed_size, log.is_witnessed = head.size, head.is_witnessed
            log.witnessed_size = head.size if head.is_witnessed else 0
        self.logs[rows.tenant] = log
        return log

    def _cosigned(self, rows: Rows, log: Log, note: str, size: int) -> str:
        """The witness's line, or nothing where it is away. Raises BrokenLogError where it has seen another log."""
        if self.witness is None:
            return ""
        try:
            try:
                line = self._asked(self.witness, rows, log, note, size)
            except ConflictError as conflict:
                log.witnessed_size = _seen(conflict, log, size)
                line = self._asked(self.witness, rows, log, note, size)
        except ConflictError:
            return ""  # it moved in between: the next head comes in ten seconds
        except InconsistentError:
            raise BrokenLogError("the tree does not lead on from what the witness has seen") from None
        except UnansweredError as fault:
            LOG.warning("the witness did not cosign: %s", fault)
            return ""
        if Checkpoint.parse(note + line).signed_by(self.witness.verifier) is None:
            LOG.error("what the witness gave is not its cosignature")
            return ""
        log.witnessed_size = size
        return line

    @staticmethod
    def _asked(witness: Witness, rows: Rows, log: Log, note: str, size: int) -> str:
        proof = merkle.consistency(rows.hashes, log.witnessed_size, size)
        return witness.ask(Request(log.witnessed_size, tuple(proof), note))


def _seen(conflict: ConflictError, log: Log, size: int) -> int:
    """How far the witness has seen the log, where that can be led on from. Raises BrokenLogError."""
    if conflict.size > size:
        raise BrokenLogError(f"the witness has seen {conflict.size} leaves and {size} are there")
    if conflict.size == log.witnessed_size:
        raise BrokenLogError(f"the witness has seen another tree of {size} leaves")
    return conflict.size
