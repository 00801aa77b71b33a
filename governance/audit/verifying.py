"""Verify one tenant's record from end to end: every event, every hash, every head, and that nothing was left out.

What is trusted is what was signed, and what somebody kept elsewhere: a head of their own, the witness's memory. Postgres is
asked for rows and believed nothing. It reads one moment of the record, in pages, with as much memory for a million events
as for ten thousand.
"""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction

from governance.audit import events
from governance.audit.checks import columns, stored
from governance.audit.checks.columns import Row
from governance.audit.checks.findings import Finding, Findings
from governance.audit.checks.growth import Growth, Kept, Keys
from governance.audit.checks.numbers import Numbers
from governance.audit.lifecycle import covering
from governance.audit.tree import heads
from governance.audit.tree.heads import Head
from governance.audit.tree.verifier import leaf_hash
from governance.audit.tree.witnessing import Memory
from governance.audit.vocabulary import Event
from governance.errors import RecordUnavailable
from governance.scope import Scope

LOG = logging.getLogger(__name__)
# Longer than this no event waits for its place, and no leaf for its head, while a sealer runs.
PATIENCE = timedelta(hours=1)
TOLD_MOST = 20  # findings that the record's own event repeats
FIRST_CHAIN = bytes(32)

Progress = Callable[[int, int], None]  # leaves that were looked at, and how many there are


@dataclass(frozen=True)
class Report:
    """`findings` are the first of `amount`; `first` is the first bad index, where one can be named."""

    tenant: uuid.UUID
    leaves: int
    waiting: int  # events that are in no tree yet
    heads: int
    head: Head | None
    witnessed: int  # leaves under the last cosigned head
    findings: Sequence[Finding]
    amount: int
    first: int | None

    @property
    def is_sound(self) -> bool:
        return not self.amount


def verify(
    tenant: uuid.UUID,
    *,
    kept: Sequence[Kept] = (),
    witness: Memory | None = None,
    patience: timedelta = PATIENCE,
    progress: Progress | None = None,
) -> Report:
    """`events.INSTALLATION` is the installation's own log. `witness` is its memory, where this machine holds it.

    A record that cannot be read is a finding too.
    """
    findings = Findings()
    seen = _remembered(witness, tenant, findings)
    before = [Kept("the witness", seen)] if seen else []
    try:
        with _one_moment(tenant):
            run = _Run(tenant, findings, [*kept, *before], patience)
            remembered = _remembered(witness, tenant, Findings())
            run.go(progress)
            if witness and witness.folder.exists():
                run.compare_witness(remembered.size if remembered else 0)
            for one in kept:
                run.compare_last(one)
            return run.report()
    except DatabaseError as fault:
        findings.add(None, f"the record cannot be read: {str(fault).strip().splitlines()[0]}")
        return Report(tenant, 0, 0, 0, None, 0, findings.kept, findings.amount, findings.first)


def note(report: Report) -> None:
    """Put what was found on the record itself. Raises RecordUnavailable."""
    facts = {
        "leaves": report.leaves,
        "waiting": report.waiting,
        "heads": report.heads,
        "findings": report.amount,
        "first": report.first,
    }
    said = {"findings": [str(one) for one in report.findings[:TOLD_MOST]]} if report.findings else None
    events.record(Scope.system(report.tenant), Event.RECORD_VERIFIED, facts=facts, payload=said)


def each(logs: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Verify each log and put the result on it; those that are not sound. One that cannot be noted does not hold up the rest."""
    wrong = []
    for log in logs:
        report = verify(log)
        if not report.is_sound:
            wrong.append(log)
            LOG.critical("the record of %s is not sound: %s", log, "; ".join(map(str, report.findings[:TOLD_MOST])))
        try:
            note(report)
        except RecordUnavailable as fault:
            LOG.error("the verification of %s could not be recorded: %s", log, fault.message)
    return wrong


@contextmanager
def _one_moment(tenant: uuid.UUID) -> Iterator[None]:
    """What is sealed meanwhile must not look like a gap."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with Scope.system(tenant).transaction():
            yield


def _remembered(witness: Memory | None, tenant: uuid.UUID, findings: Findings) -> Any:
    try:
        return witness.last(heads.origin(tenant)) if witness else None
    except (OSError, ValueError) as fault:
        findings.add(None, f"the witness's memory cannot be used: {fault}")
        return None


class _Run:
    def __init__(self, tenant: uuid.UUID, findings: Findings, kept: Sequence[Kept], patience: timedelta) -> None:
        self.tenant, self.findings = tenant, findings
        self.its_name, self.is_late_before = str(tenant), datetime.now(UTC) - patience
        keys = Keys(heads.sealer(tenant), heads.witness())
        self.growth = Growth(findings, stored.every_head(), kept, keys, heads.origins(tenant))
        self.numbers = Numbers()
        self.chain, self.is_grown = FIRST_CHAIN, True
        self.runs: list[dict[str, Any]] | None = None
        self.events = self.payloads = self.waiting = 0
        self.expected = 0  # the next place
        self.unsigned_since: datetime | None = None

    def go(self, progress: Progress | None) -> None:
        extent = stored.extent()
        for page in stored.leaves(extent.end):
            for row in page:
                self._leaf(row)
            self.growth.look()
            if progress:
                progress(self.expected, extent.end)
        self.growth.end()
        for page in stored.loose():
            for row in page:
                self._loose(row)
        for wrong in self.numbers.faults(stored.writers()):
            self.findings.add(None, wrong)
        self._count(extent)

    def compare_witness(self, remembered: int) -> None:
        if remembered < self.growth.witnessed:
            self.findings.add(
                None,
                f"the witness cosigned a head over {self.growth.witnessed} leaves and remembers one over {remembered}:"
                " its memory was rolled back",
            )

    def compare_last(self, kept: Kept) -> None:
        size = self.growth.last.size if self.growth.last else 0
        if size < kept.head.size:
            self.findings.add(
                None,
                f"heads are gone: {kept.who} kept one over {kept.head.size} leaves, the record's last one is over {size}",
            )

    def report(self) -> Report:
        growth, findings = self.growth, self.findings
        return Report(
            self.tenant,
            self.expected,
            self.waiting,
            growth.heads,
            growth.last,
            growth.witnessed,
            findings.kept,
            findings.amount,
            findings.first,
        )

    def _leaf(self, row: Row) -> None:
        index = row.place if row.place is not None else -1
        if index != self.expected:
            self.findings.break_at(self.expected, _gap(self.expected, index))
            self.is_grown = False
        self.expected = index + 1
        assert row.hash is not None and row.chain is not None  # noqa: S101, PT018  NOT NULL
        value, self.chain = self._hash(index, row, row.hash, row.chain), row.chain
        sealed_after = self.growth.sealed_after
        if self.is_grown:
            if sealed_after and row.leaf is not None and row.recorded_at < sealed_after - PATIENCE:
                self.findings.add(index, _too_old(row.recorded_at, sealed_after))
            self.growth.add(value)
        if row.leaf is not None:
            self._event(index, row, row.leaf)

    def _hash(self, index: int, row: Row, said: bytes, chain: bytes) -> bytes:
        """The hash that the leaf had, as far as that can be told: the one that the running hash was made with."""
        if row.leaf is None:
            self.findings.add(index, f"the event {row.event_id} is gone, and its leaf is left")
            real = said
        else:
            real = leaf_hash(row.leaf)
            if real != said:
                self.findings.add(index, "the event is not the one whose hash is in the tree")
        for value in dict.fromkeys((said, real)):
            if hashlib.sha256(self.chain + value).digest() == chain:
                return value
        self.findings.break_at(index, "the running hash does not lead on from the leaf before")
        return said

    def _loose(self, row: Row) -> None:
        self.waiting += 1
        if row.leaf is not None:
            self._event(None, row, row.leaf)
        if row.recorded_at < self.is_late_before:
            said = f"the event {row.event_id} waits for its place in the tree since {row.recorded_at.isoformat()}"
            self.findings.add(None, said)

    def _event(self, index: int | None, row: Row, leaf: bytes) -> None:
        self.events += 1
        self.payloads += row.payload_hash is not None
        self.numbers.note(row.writer, row.number)
        where = f"the event {row.event_id}: " if index is None else ""
        try:
            told = json.loads(leaf)
            wrong = [*columns.faults(row, told, self.its_name), *self._payload(row, told)]
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            wrong = ["its bytes are no event"]
        for one in wrong:
            self.findings.add(index, where + one)
        size = self.growth.last.size if self.growth.last else 0
        if self.is_grown and index is not None and index >= size and self.unsigned_since is None:
            self.unsigned_since = row.recorded_at

    def _payload(self, row: Row, told: Mapping[str, Any]) -> Iterator[str]:
        said, there = told.get("payload"), row.payload_hash
        if there is None:
            if said is not None and not self._is_let_go(told):
                yield "its payload is gone, and nothing on the record let it go"
        elif said is None:
            yield "it has a payload of which its leaf does not speak"
        elif said["sha256"] != there.hex():
            yield "its payload is not the one that its leaf names"

    def _is_let_go(self, told: Mapping[str, Any]) -> bool:
        if self.runs is None:
            self.runs = stored.retention_runs()
        return covering.is_let_go(told, self.runs)

    def _count(self, extent: stored.Extent) -> None:
        """Rows that were in no page: what belongs to nothing."""
        for what, there, met in (
            ("events", extent.events, self.events),
            ("payloads", extent.payloads, self.payloads),
            ("nodes", extent.nodes, self.growth.nodes),
        ):
            if there > met and (what != "nodes" or self.is_grown):
                self.findings.add(None, f"{there - met} {what} belong to nothing in the tree")
            if what == "events" and there < met:
                self.findings.add(None, f"{met - there} events stand in the tree more than once")
        if self.unsigned_since and self.unsigned_since < self.is_late_before:
            self.findings.add(None, f"leaves are under no signed head since {self.unsigned_since.isoformat()}")


def _too_old(said: datetime, sealed_after: datetime) -> str:
    return (
        f"the event says that it was recorded at {said.isoformat()}, and it came into the tree after"
        f" {sealed_after.isoformat()}: it was put in long after its time"
    )


def _gap(expected: int, index: int) -> str:
    if index < expected:
        return f"two leaves stand at the place {index}"
    return "the leaf is missing" if index == expected + 1 else f"the leaves from here to {index - 1} are missing"
