"""The sealer on real Postgres, as its own role: what it finds, what it signs, and what it refuses to go on from."""

from __future__ import annotations

import contextlib
import hashlib
import re
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings

from assistant.local import marks
from governance.audit import events
from governance.audit.tree import heads, merkle
from governance.audit.tree.sealing import BrokenLogError, Sealer, UnansweredError
from governance.audit.tree.store import Store
from governance.audit.tree.verifier import Verifier, leaf_hash
from governance.audit.tree.witnessing import Request
from governance.audit.vocabulary import Event
from governance.scope import Scope
from tests import cast
from tests.cast import House
from tests.governance.database import as_superuser
from tests.governance.sealing import seal, sealer, witness


class Away:
    @property
    def verifier(self) -> Verifier:
        return witness().verifier

    def ask(self, request: Request) -> str:
        raise UnansweredError("nobody is there")


@pytest.fixture
def ours() -> Iterator[Sealer]:
    one = sealer()
    yield one
    one.close()


def rows(house: House, query: str) -> list[tuple[Any, ...]]:
    with as_superuser() as database:
        return database.execute(query, [house.tenant]).fetchall()


def leaves(house: House) -> list[tuple[Any, ...]]:
    return rows(
        house,
        "SELECT l.index, l.hash, l.chain, e.leaf, e.recorded_at FROM audit.leaf l JOIN audit.event e ON"
        " e.tenant_id = l.tenant_id AND e.id = l.event_id WHERE l.tenant_id = %s ORDER BY 1",
    )


def checkpoints(house: House) -> list[tuple[Any, ...]]:
    return rows(house, "SELECT size, is_witnessed FROM audit.checkpoint WHERE tenant_id = %s ORDER BY number")


def say(house: House, amount: int = 1, scope: Scope | None = None) -> list[uuid.UUID]:
    who = scope or house.bob
    return [events.record(who, Event.DOCUMENT_READ, facts={"n": number}) for number in range(amount)]


def damaged(house: House, query: str) -> None:
    """As somebody with the whole database in hand."""
    (table,) = set(re.findall(r"audit\.\w+", query))
    with as_superuser() as database, database.transaction():
        database.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        database.execute(query, [house.tenant])
        database.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only")


def test_every_committed_event_gets_one_place_in_the_order_in_which_it_came(house: House, ours: Sealer) -> None:
    say(house, 3)
    ours.seal(house.tenant)
    say(house, 300)  # past a tile
    ours.seal(house.tenant)
    head = seal(house)
    found = leaves(house)
    assert [row[0] for row in found] == list(range(head.size))
    assert [row[4] for row in found] == sorted(row[4] for row in found)
    chain = bytes(32)
    for _, stored, stored_chain, leaf, _ in found:
        chain = hashlib.sha256(chain + stored).digest()
        assert (leaf_hash(leaf), chain) == (stored, stored_chain)
    with house.system.transaction():
        assert merkle.root(heads.hashes, head.size) == head.root
    assert ours.seal(house.tenant) == 0


def test_what_a_slow_transaction_recorded_is_sealed_once_it_has_committed(house: House, ours: Sealer) -> None:
    bob = house.bob
    with bob.transaction():
        late = say(house, scope=bob)
        with as_superuser() as database:  # another connection: what it sees is what is committed
            before = database.execute("SELECT count(*) FROM audit.event WHERE id = %s", late).fetchone()
        horizon = ours.store.horizon()
        ours.seal(house.tenant)
    assert before == (0,)
    assert house.tenant in ours.store.waiting(horizon)
    assert ours.seal(house.tenant, horizon) == 1


def test_what_was_rolled_back_is_in_no_tree_and_leaves_no_gap(
    house: House, ours: Sealer, caplog: pytest.LogCaptureFixture
) -> None:
    say(house)
    bob = house.bob
    with contextlib.suppress(ZeroDivisionError), bob.transaction():
        say(house, scope=bob)
        raise ZeroDivisionError
    say(house)
    ours.seal(house.tenant)
    assert "missing" not in caplog.text


def test_an_event_that_was_taken_away_before_it_was_sealed_is_missed(
    house: House, ours: Sealer, caplog: pytest.LogCaptureFixture
) -> None:
    gone, _ = say(house, 2)
    damaged(house, f"DELETE FROM audit.event WHERE tenant_id = %s AND id = '{gone}'")
    ours.seal(house.tenant)
    assert "are missing" in caplog.text


def test_a_head_is_signed_and_cosigned_and_an_unchanged_one_stands(house: House, ours: Sealer) -> None:
    say(house)
    head = seal(house)
    mine, its = heads.sealer(house.tenant), heads.witness()
    assert mine is not None
    assert its is not None
    assert head.origin == heads.origin(house.tenant)
    assert head.signed_by(mine) == 0
    assert (head.signed_by(its) or 0) > 1_700_000_000
    with house.system.transaction():
        (kept,) = heads.newest()
    assert (kept.size, kept.root, kept.is_witnessed) == (head.size, head.root, True)
    ours.sign(house.tenant)  # as after a restart, which says once more what stands
    amount = len(checkpoints(house))
    assert ours.sign(house.tenant) is None
    assert len(checkpoints(house)) == amount


def test_without_its_witness_a_head_stands_alone_and_is_cosigned_when_the_witness_is_back(house: House) -> None:
    one = sealer()
    one.witness = Away()
    try:
        say(house)
        one.seal(house.tenant)
        one.sign(house.tenant)
        assert one.sign(house.tenant) is None
        one.witness = witness()
        one.sign(house.tenant)
    finally:
        one.close()
    (size, first), (again, second) = checkpoints(house)
    assert (size, first, second) == (again, False, True)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("UPDATE audit.leaf SET hash = sha256('x') WHERE tenant_id = %s AND index = 1", "not those that were signed"),
        ("DELETE FROM audit.leaf WHERE tenant_id = %s AND index = 4", "leaves were signed"),
        ("DELETE FROM audit.leaf WHERE tenant_id = %s AND index = 2", "are missing"),
        ("UPDATE audit.checkpoint SET root = sha256('x') WHERE tenant_id = %s", "not those that were signed"),
    ],
    ids=["a leaf changed", "the last one gone", "one gone", "another root"],
)
def test_a_tree_that_is_not_as_it_was_signed_does_not_grow(house: House, query: str, said: str) -> None:
    say(house, 5)
    first = seal(house)
    damaged(house, query.replace("index = 4", f"index = {first.size - 1}"))
    say(house)
    one = sealer()
    try:
        with pytest.raises((BrokenLogError, merkle.MissingHashError), match=said):
            one.seal(house.tenant)
    finally:
        one.close()


def test_a_log_that_was_set_back_is_known_by_its_witness(house: House) -> None:
    say(house, 5)
    size = seal(house).size
    damaged(house, f"DELETE FROM audit.checkpoint WHERE tenant_id = %s AND size = {size}")
    damaged(house, f"DELETE FROM audit.leaf WHERE tenant_id = %s AND index >= {size - 2}")
    one = sealer()
    try:
        with pytest.raises(BrokenLogError, match=f"the witness has seen {size} leaves"):
            one.sign(house.tenant)
        # After a restore that everybody knows of it goes on under another name, which the witness has not seen.
        one.close()
        one.origin += "/2"
        one.seal(house.tenant)
        head = one.sign(house.tenant)
    finally:
        one.close()
    assert head is not None
    assert head.signed_by(witness().verifier)
    assert head.origin == f"{settings.RECORD_ORIGIN}/2/{house.tenant}"


def test_a_log_that_was_written_anew_is_known_by_its_witness(house: House) -> None:
    say(house, 5)
    seal(house)
    for table in ("checkpoint", "leaf", "node"):
        damaged(house, f"DELETE FROM audit.{table} WHERE tenant_id = %s")
    damaged(house, "UPDATE audit.event SET leaf = leaf || ' '::bytea WHERE tenant_id = %s")
    say(house)
    one = sealer()
    try:
        one.seal(house.tenant)
        with pytest.raises(BrokenLogError, match="does not lead on"):
            one.sign(house.tenant)
    finally:
        one.close()


def test_a_tick_seals_at_once_and_signs_every_ten_seconds(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    one = sealer()
    one.clock = lambda: now[0]
    try:
        # Only this tenant's: the database is full of other tests'.
        monkeypatch.setattr(Store, "waiting", lambda *_: [house.tenant])
        monkeypatch.setattr(Store, "unsigned", lambda *_: [])
        say(house)
        assert one.tick() >= 1
        assert len(checkpoints(house)) == 1
        say(house)
        now[0] += 5
        assert one.tick() == 1
        assert len(checkpoints(house)) == 1
        now[0] += 5
        one.tick()
        assert len(checkpoints(house)) == 2
        monkeypatch.setattr(Store, "unsigned", lambda *_: [house.tenant])
        now[0] += 3600
        one.tick()
        (before, _), (after, _) = checkpoints(house)[1:]
        assert before == after  # nothing has happened, and that too is signed
    finally:
        one.close()


def test_one_broken_log_does_not_hold_up_the_others(house: House) -> None:
    other = cast.house(f"t{uuid.uuid4().hex[:12]}")
    say(house)
    seal(house)
    damaged(house, "UPDATE audit.leaf SET hash = sha256('x') WHERE tenant_id = %s AND index = 0")
    say(house)
    say(other)
    one = sealer()
    try:
        one._guarded(house.tenant, one.seal)
        assert "not those that were signed" in one.broken[house.tenant]
        assert one._guarded(other.tenant, one.seal)
        assert other.tenant not in one.broken
    finally:
        one.close()


def test_a_log_that_was_mended_goes_on_without_a_restart(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    say(house)
    seal(house)
    damaged(house, "UPDATE audit.leaf SET chain = hash, hash = sha256('x') WHERE tenant_id = %s AND index = 0")
    say(house)
    one = sealer()
    asked = Store.waiting
    monkeypatch.setattr(Store, "waiting", lambda *given: [it for it in asked(*given) if it == house.tenant])
    monkeypatch.setattr(Store, "unsigned", lambda *_: [])
    try:
        assert [one.tick(), one.tick()] == [0, 0]
        damaged(
            house,
            "UPDATE audit.leaf SET hash = chain, chain = sha256(decode(repeat('00', 32), 'hex') || chain)"
            " WHERE tenant_id = %s AND index = 0",
        )
        assert one.tick() == 1
    finally:
        one.close()


def test_only_one_sealer_is_at_work(ours: Sealer) -> None:
    second = sealer()
    try:
        assert ours.is_the_only_one()
        assert not second.is_the_only_one()
        ours.close()
        assert marks.await_true(second.is_the_only_one, 30)  # as soon as Postgres has seen the end of the other
    finally:
        second.close()


def test_a_sealer_that_lost_its_connection_reads_everything_anew(house: House, ours: Sealer) -> None:
    say(house)
    ours.seal(house.tenant)
    with as_superuser() as database:
        database.execute("SELECT pg_terminate_backend(%s)", [ours.store.connection.info.backend_pid])
    with pytest.raises(psycopg.Error):
        ours.tick()
    assert not ours.is_connected
    say(house)
    assert ours.seal(house.tenant) == 1
