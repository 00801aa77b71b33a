"""Who starts a replay, who reads it, who signs it off; and what of it is on the record."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from governance import assignments, models
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.models import ReplayStatus
from governance.policy import publishing, versions
from governance.policy.replay import runs, work
from governance.roles import Role
from tests.cast import House
from tests.governance import traffic
from tests.governance.database import leaves, payloads
from tests.governance.traffic import WHY, Period, replayed, start


def test_it_is_on_the_record_with_its_reason_and_its_end(house: House, period: Period) -> None:
    row = replayed(house, start(house, period))
    (began,) = leaves(house, "policy.replay_started")
    assert began["actor"]["id"] == str(house.ids["olga"])
    assert began["facts"]["draft"] == {"version": row.draft_number, "sha256": row.draft_sha256}
    assert WHY not in json.dumps(began)
    assert payloads(house, "policy.replay_started") == [{"reason": WHY}]
    (ended,) = leaves(house, "policy.replayed")
    assert ended["facts"]["report"] == row.report_sha256
    assert ended["facts"]["changes"]["newly_blocked"] == traffic.WANTED["newly_blocked"]


def test_whoever_lost_the_right_while_it_ran_gets_nothing_more(house: House, period: Period) -> None:
    row = start(house, period)
    assignments.give(house.system, house.ids["ada"], Role.COMPLIANCE_OFFICER)
    assignments.take(house.system, house.ids["olga"], Role.COMPLIANCE_OFFICER)
    assert not work.stretch(house.tenant, row.pk)
    failed = runs.get(house.ada, row.pk)
    assert (failed.status, failed.fault, failed.seen) == (ReplayStatus.FAILED, "forbidden", 0)


def test_signed_off_it_publishes_the_draft(house: House, period: Period) -> None:
    row = replayed(house, start(house, period))
    with pytest.raises(Forbidden):
        runs.sign_off(house.olga, row.pk)  # an officer writes no policy
    published = runs.sign_off(house.ada, row.pk)
    assert versions.in_force(house.system).stamp.sha256 == published.sha256 == row.draft_sha256
    signed = runs.get(house.ada, row.pk)
    assert signed.signed_by == house.ids["ada"]
    (told,) = leaves(house, "policy.replay_signed")
    assert told["facts"]["report"] == row.report_sha256
    with pytest.raises(Conflict):
        runs.sign_off(house.ada, row.pk)


def test_a_draft_that_was_changed_since_is_not_published_on_its_strength(house: House, period: Period) -> None:
    row = replayed(house, start(house, period))
    versions.remove_rule(house.ada, row.draft_number, "cards")
    with pytest.raises(Conflict, match="changed since"):
        runs.sign_off(house.ada, row.pk)
    assert leaves(house, "policy.replay_signed") == []


def test_where_a_second_person_is_wanted_signing_off_asks_for_one_too(house: House, period: Period) -> None:
    row = replayed(house, start(house, period))
    publishing.require_second(house.ada, is_needed=True)
    with pytest.raises(publishing.SecondPersonNeeded):
        runs.sign_off(house.ada, row.pk)
    assert runs.get(house.ada, row.pk).signed_at is None
    assert leaves(house, "policy.replay_signed") == []


def test_one_that_has_no_result_is_not_signed_off(house: House, period: Period) -> None:
    row = start(house, period)
    with pytest.raises(Conflict, match="came to its end"):
        runs.sign_off(house.ada, row.pk)
    with pytest.raises(Conflict, match="under way"):
        runs.start(house.olga, row.draft_number, *period, WHY)


@pytest.mark.parametrize("name", ["ada", "bob", "charlie"])
def test_who_may_not_open_the_record_may_not_have_it_read_by_machine(name: str, house: House, period: Period) -> None:
    number = traffic.drafted(house).number
    with pytest.raises(Forbidden):
        runs.start(house.scope(name), number, *period, WHY)
    assert leaves(house, "policy.replay_started") == []


@pytest.mark.parametrize("name", ["bob", "charlie"])
def test_an_outsider_finds_none_of_it(name: str, house: House, period: Period) -> None:
    row = start(house, period)
    scope = house.scope(name)
    for refused in (runs.get, runs.cancel, runs.sign_off):
        with pytest.raises(Forbidden):
            refused(scope, row.pk)
    with pytest.raises(Forbidden):
        runs.listed(scope)
    with scope.transaction():
        assert not models.PolicyReplay.objects.exists()


def test_a_neighbours_officer_finds_none_of_it(house: House, neighbour: House, period: Period) -> None:
    row = start(house, period)
    for refused in (runs.get, runs.cancel):
        with pytest.raises(NotFound):
            refused(neighbour.olga, row.pk)
    with pytest.raises(NotFound):
        runs.sign_off(neighbour.ada, row.pk)
    assert runs.listed(neighbour.olga) == []
    assert work.claim(neighbour.tenant, row.pk) is None


def test_what_cannot_be_replayed_is_said(house: House, period: Period) -> None:
    number, (since, until) = traffic.drafted(house).number, period
    olga = house.olga
    with pytest.raises(InvalidInput, match="Say why"):
        runs.start(olga, number, since, until, "so")
    with pytest.raises(InvalidInput, match="begins before it ends"):
        runs.start(olga, number, until, since, WHY)
    with pytest.raises(InvalidInput, match="at most 366 days"):
        runs.start(olga, number, since - timedelta(days=400), until, WHY)
    with pytest.raises(InvalidInput, match="at least one"):
        runs.start(olga, number, since, until, WHY, [])
    with pytest.raises(NotFound):
        runs.start(olga, number + 7, since, until, WHY)
