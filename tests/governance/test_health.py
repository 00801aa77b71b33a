"""A tenant that demands a witness gets no answer without one; how far behind the record is can be asked."""

from __future__ import annotations

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
from tests.governance.out import receivers
from tests.governance.sealing import seal

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


def test_the_pulse_counts_over_all_tenants_and_tells_nothing_else(house: House) -> None:
    seal(house)
    sealed = health.pulse()
    assert sealed.logs >= 1
    assert sealed.head_at is not None
    before = (sealed.unsealed, sealed.unwitnessed)
    events.record(house.bob, Event.DOCUMENT_READ)
    seal(house, is_witnessed=False)
    events.record(house.bob, Event.DOCUMENT_READ)
    after = health.pulse()
    assert (after.unsealed, after.unwitnessed) == (before[0] + 1, before[1] + 1)
    assert after.unsealed_since is not None


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
