"""Very many logs, and a witness that hangs: what is recorded is sealed all the same, and every head is signed in its turn."""

from __future__ import annotations

import uuid

import pytest

from governance import tenants as making
from governance.audit import events
from governance.audit.tree.sealing import Sealer, UnansweredError
from governance.audit.tree.store import Store
from governance.audit.tree.verifier import Verifier
from governance.audit.tree.witnessing import Request
from governance.audit.vocabulary import Event
from governance.scope import Scope
from tests.governance.database import as_superuser
from tests.governance.sealing import sealer, witness


class Hanging:
    """Its answer comes never, and is waited for as long as a request may take."""

    def __init__(self, now: list[float]) -> None:
        self.now, self.asked = now, 0

    @property
    def verifier(self) -> Verifier:
        return witness().verifier

    def ask(self, request: Request) -> str:
        self.asked += 1
        self.now[0] += 2.0
        raise UnansweredError("no answer within two seconds")


def counted(table: str, tenants: list[uuid.UUID]) -> int:
    with as_superuser() as database:
        row = database.execute(
            f"SELECT count(DISTINCT tenant_id) FROM audit.{table} WHERE tenant_id = ANY (%s)", [tenants]
        ).fetchone()
    return int(row[0]) if row else 0


def test_a_witness_that_hangs_holds_up_neither_sealing_nor_the_other_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    tenants = [making.create(f"m{uuid.uuid4().hex[:12]}", "Many") for _ in range(6)]
    now = [1000.0]
    one: Sealer = sealer(is_witnessed=False)
    hanging = Hanging(now)
    one.witness, one.clock = hanging, lambda: now[0]
    monkeypatch.setattr(Store, "waiting", lambda *_: tenants)
    monkeypatch.setattr(Store, "unsigned", lambda *_: [])
    try:
        one.tick()
        assert counted("leaf", tenants) == len(tenants)  # all are sealed before anybody is waited for
        assert hanging.asked == 1
        for _ in range(len(tenants) - 1):
            events.record(Scope.system(tenants[0]), Event.DOCUMENT_READ)
            assert one.tick() == 1  # what came meanwhile is sealed in the very next round
        assert counted("checkpoint", tenants) == len(tenants)
        assert hanging.asked == len(tenants)
    finally:
        one.close()


def test_logs_that_nobody_writes_to_are_signed_a_part_at_a_time_and_none_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenants = [making.create(f"q{uuid.uuid4().hex[:12]}", "Quiet") for _ in range(4)]
    now = [1000.0]
    first: Sealer = sealer(is_witnessed=False)
    for tenant in tenants:
        first.seal(tenant)
    first.close()
    one: Sealer = sealer(is_witnessed=False)
    one.witness, one.clock = Hanging(now), lambda: now[0]
    asked: list[int] = []

    def unsigned(*_: object) -> list[uuid.UUID]:
        asked.append(1)
        return tenants

    monkeypatch.setattr(Store, "waiting", lambda *_: [])
    monkeypatch.setattr(Store, "unsigned", unsigned)
    try:
        for _ in tenants:
            one.tick()
        assert counted("checkpoint", tenants) == len(tenants)
        assert len(asked) == 1  # they are looked for once a minute
    finally:
        one.close()
