"""A replay runs in stretches, under a lease: it is stopped, killed and gone on with, and ends with the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest

from governance import models
from governance.leases import LeaseLostError
from governance.models import ReplayStatus
from governance.policy.replay import runs, tasks, work
from governance.policy.replay import traffic as reader
from tests.cast import House
from tests.governance import traffic
from tests.governance.database import leaves
from tests.governance.traffic import INPUT, WHY, Period, replayed, report, start


def test_a_stretch_ends_early_and_rings_for_the_next(house: House, period: Period, unrung: mock.Mock) -> None:
    row = start(house, period)
    unrung.reset_mock()
    with mock.patch.object(reader, "A_READ", 10), mock.patch.object(work, "STRETCH_S", 0.0):
        assert work.stretch(house.tenant, row.pk, 0.0)
    between = runs.get(house.olga, row.pk)
    assert (between.status, between.seen, between.total) == (ReplayStatus.QUEUED, 10, 100)
    assert between.is_under_way
    tasks.replay(str(house.tenant), str(row.pk))
    assert runs.get(house.olga, row.pk).status == ReplayStatus.DONE
    assert report(runs.get(house.olga, row.pk))["changes"] == traffic.WANTED


KILLED = """
import os, signal, sys, uuid
import django
django.setup()
from governance.leases import Claim
from governance.policy.replay import traffic, work
traffic.A_READ = 7
kept, change = [], Claim.change
def dies(claimed, **fields):
    change(claimed, **fields)
    kept.append(fields)
    if len(kept) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
Claim.change = dies
work.stretch(uuid.UUID(sys.argv[1]), uuid.UUID(sys.argv[2]), 60.0)
"""


def test_a_worker_that_is_killed_leaves_a_replay_that_ends_with_the_same_bytes(house: House, period: Period) -> None:
    whole = replayed(house, start(house, period))
    row = runs.start(house.olga, whole.draft_number, *period, WHY, INPUT)
    died = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(house.tenant), str(row.pk)], env=os.environ, check=False
    )
    assert died.returncode == -signal.SIGKILL
    left = runs.get(house.olga, row.pk)
    assert (left.status, left.seen) == (ReplayStatus.RUNNING, 21)  # the fourth batch was not committed
    assert not work.stretch(house.tenant, row.pk)  # its lease still runs: nobody else may
    assert runs.get(house.olga, row.pk).seen == 21
    with house.system.transaction():
        models.PolicyReplay.objects.filter(pk=row.pk).update(lease_until=datetime.now(UTC) - timedelta(seconds=1))
    assert (house.tenant, row.pk) in work.due(1000)
    assert bytes(replayed(house, row).report or b"") == bytes(whole.report or b"x")


def test_of_two_workers_the_one_that_lost_its_lease_changes_nothing(house: House, period: Period) -> None:
    row = start(house, period)
    asleep = work.claim(house.tenant, row.pk)
    assert asleep is not None
    with house.system.transaction():
        models.PolicyReplay.objects.filter(pk=row.pk).update(lease_until=datetime.now(UTC) - timedelta(seconds=1))
    done = replayed(house, row)
    with pytest.raises(LeaseLostError):
        asleep.change(seen=0, found={})
    assert runs.get(house.olga, row.pk).report_sha256 == done.report_sha256


def test_stopped_it_ends_and_is_not_gone_on_with(house: House, period: Period) -> None:
    row = start(house, period)
    for _ in range(2):
        assert runs.cancel(house.olga, row.pk).status == ReplayStatus.CANCELLED
    assert not work.stretch(house.tenant, row.pk)
    assert runs.get(house.olga, row.pk).report is None
    assert [leaf["facts"]["fault"] for leaf in leaves(house, "policy.replay_ended")] == ["cancelled"]
    assert runs.start(house.olga, row.draft_number, *period, WHY).is_under_way


def test_what_comes_to_nothing_three_times_fails(house: House, period: Period) -> None:
    row = start(house, period)
    with mock.patch.object(reader, "following", side_effect=ZeroDivisionError):
        for _ in range(work.ATTEMPTS):
            with pytest.raises(ZeroDivisionError):
                work.stretch(house.tenant, row.pk)
            with house.system.transaction():
                past = datetime.now(UTC) - timedelta(seconds=1)
                models.PolicyReplay.objects.filter(pk=row.pk).update(lease_until=past)
    assert not work.stretch(house.tenant, row.pk)
    failed = runs.get(house.olga, row.pk)
    assert (failed.status, failed.fault) == (ReplayStatus.FAILED, "came_to_nothing")
