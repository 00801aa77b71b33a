"""A tenant that demands a witness gets no answer without one; how far behind the record is can be asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from governance import tenants
from governance.audit import events, health
from governance.audit.out import forwarder, targets
from governance.audit.out.targets import Draft
from governance.audit.vocabulary import Event
from governance.errors import RecordUnavailable
from governance.tenants import Demands, Limits
from tests.cast import House
from tests.governance.database import as_role
from tests.governance.out import receivers
from tests.governance.sealing import seal
from tests.governance.tamper import scene

LIMITS = Limits(8, 40, 4, 100_000, None, True)


def require(house: House) -> None:
    """As before a question of Bob's."""
    health.require(house.bob, tenants.current(house.bob))


def test_the_lag_is_that_of_what_is_not_sealed_and_not_cosigned(house: House) -> None:
    seal(house)
    assert health.lag(house.system) == health.Lag(0, None, None)
    events.record(house.bob, Event.DOCUMENT_READ)
    events.record(house.bob, Event.DOCUMENT_READ)
    lag = health.lag(house.system)
    assert lag.unsealed == 2
    assert lag.unsealed_since is not None
    assert lag.unwitnessed_since == lag.unsealed_since
    seal(house, is_witnessed=False)
    sealed = health.lag(house.system)
    assert (sealed.unsealed, sealed.unsealed_since) == (0, None)
    assert sealed.unwitnessed_since == lag.unsealed_since
    seal(house)
    assert health.lag(house.system).unwitnessed_since is None


def set_clock(house: House, action: str, by: timedelta) -> None:
    """As if these events had been recorded while the clock ran so far ahead, or behind where it is negative."""
    with scene.disarmed() as database:
        found = database.execute(
            "UPDATE audit.event SET recorded_at = recorded_at + %s WHERE tenant_id = %s AND action = %s",
            [by, house.tenant, action],
        )
        assert found.rowcount > 0


@pytest.mark.parametrize("hours", [2, -2])
def test_a_clock_that_was_set_hides_no_event_and_is_behind_only_until_it_is_sealed(
    house: House, settings: Any, hours: int
) -> None:
    tenants.change(house.ada, tenants.current(house.system).name, LIMITS, Demands(demands_witness=True))
    seal(house)
    events.record(house.bob, Event.DOCUMENT_READ)
    set_clock(house, "document.read", timedelta(hours=hours))
    waiting = health.lag(house.system)
    if hours > 0:  # one that is two hours old is no longer looked for by its time: no clock that runs gives such
        assert waiting.unsealed == 1
        assert timedelta(hours=1) < health.age(waiting.unsealed_since) < timedelta(hours=2)
        with pytest.raises(RecordUnavailable):  # how long it waits nobody can say
            require(house)
    seal(house)
    assert health.lag(house.system) == health.Lag(0, None, None)
    require(house)
    events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "?"})
    behind = health.lag(house.system)
    assert behind.unsealed == 1
    assert timedelta() <= health.age(behind.unsealed_since) < timedelta(minutes=10)
    require(house)
    seal(house)
    assert health.lag(house.system) == health.Lag(0, None, None)


def test_a_head_of_a_time_to_come_is_signed_again_and_is_no_pulse(house: House) -> None:
    events.record(house.bob, Event.DOCUMENT_READ)
    seal(house)
    with scene.disarmed() as database:
        query = "UPDATE audit.checkpoint SET at = at + interval '2 hours' WHERE tenant_id = %s"
        database.execute(query, [house.tenant])
    with as_role("chancery_sealer") as database:
        unsigned = [row[0] for row in database.execute("SELECT tenant_id FROM audit.unsigned(interval '1 hour')")]
    assert house.tenant in unsigned
    head_at = health.pulse().head_at
    assert head_at is None or head_at <= datetime.now(UTC)
    seal(house)
    with as_role("chancery_sealer") as database:
        unsigned = [row[0] for row in database.execute("SELECT tenant_id FROM audit.unsigned(interval '1 hour')")]
    assert house.tenant not in unsigned


def test_the_pulse_counts_over_all_tenants_and_tells_nothing_else(house: House) -> None:
    def more() -> tuple[int, int]:
        """By how much the pulse grows with one event that waits, and one head that has no cosignature."""
        seal(house)
        before = health.pulse()
        events.record(house.bob, Event.DOCUMENT_READ)
        seal(house, is_witnessed=False)
        events.record(house.bob, Event.DOCUMENT_READ)
        after = health.pulse()
        assert before.logs >= 1
        assert before.head_at is not None
        assert after.unsealed_since is not None
        return after.unsealed - before.unsealed, after.unwitnessed - before.unwitnessed

    # Meanwhile events of other tests' tenants may grow too old to be looked for, hundreds a second where one made many.
    assert (1, 1) in (more() for _ in range(500))


def test_nothing_is_answered_without_the_witness_that_a_tenant_demands(house: House, settings: Any) -> None:
    name = tenants.current(house.system).name
    events.record(house.bob, Event.DOCUMENT_READ)
    settings.WITNESS_PATIENCE_S = 0
    require(house)  # it does not demand one
    tenants.change(house.ada, name, LIMITS, Demands(demands_witness=True))
    seal(house, is_witnessed=False)
    with pytest.raises(RecordUnavailable, match="not being witnessed"):
        require(house)
    seal(house)
    require(house)
    events.record(house.bob, Event.DOCUMENT_READ)
    with pytest.raises(RecordUnavailable):
        require(house)
    settings.WITNESS_PATIENCE_S = 120
    require(house)  # a witness that is slow is not away


def test_nothing_is_answered_while_the_record_does_not_arrive_where_that_is_demanded(
    house: House, settings: Any
) -> None:
    settings.FORWARD_INTERNAL_HOSTS = ["127.0.0.1"]
    name = tenants.current(house.system).name
    with receivers.webhook() as hook:
        target, _ = targets.create(house.ada, Draft("SIEM", "webhook", hook.url, "jsonl"))
        tenants.change(house.ada, name, LIMITS, Demands(demands_forwarding=True))
        seal(house)
        require(house)  # it is late by less than the patience
        settings.FORWARD_PATIENCE_S = 0
        with pytest.raises(RecordUnavailable, match="does not reach"):
            require(house)
        assert forwarder.forward(house.tenant, target) > 0
        require(house)
    events.record(house.bob, Event.DOCUMENT_READ)
    seal(house)
    with pytest.raises(RecordUnavailable):
        require(house)
    shown = targets.get(house.ada, target).row
    off = Draft(shown.name, shown.kind, shown.address, shown.format, is_enabled=False)
    targets.change(house.ada, target, off)
    require(house)  # nothing is sent there by the admins' own wish, which is on the record
