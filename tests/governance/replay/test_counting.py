"""A draft over recorded traffic: what comes of it is what a hand count says, and the same each time."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from assistant.answering import reasons
from governance.models import ReplayStatus
from governance.policy import enforcement, residence
from governance.policy.replay import runs, tally
from governance.policy.rules import Action, Stage
from tests.assistant import asking
from tests.cast import House
from tests.governance import policies, traffic
from tests.governance.database import leaves
from tests.governance.traffic import INPUT, WHY, Period, replayed, report, start, times


def test_a_replay_of_five_hundred_questions_equals_the_hand_count(house: House) -> None:
    traffic.publish(house)
    since = datetime.now(UTC)
    traffic.record(house, 5)
    traffic.erase(house, "charlie")
    row = replayed(house, start(house, (since, datetime.now(UTC))))
    assert (row.status, row.seen, row.total, row.percent) == (ReplayStatus.DONE, 500, 500, 100)
    told = report(row)
    assert told["changes"] == times(traffic.WANTED, 5)
    assert told["rules"] == {rule: times(counted, 5) for rule, counted in traffic.BY_RULE.items()}
    assert told["texts"] == {"input": {"read": 485, "unreadable": 15}}
    assert told["decided_otherwise"] == 0


def test_the_same_traffic_and_draft_give_the_same_bytes(house: House, period: Period) -> None:
    first = replayed(house, start(house, period))
    second = replayed(house, runs.start(house.olga, first.draft_number, *period, WHY, INPUT), seconds=0)
    assert bytes(first.report or b"") == bytes(second.report or b"") != b""
    assert first.report_sha256 == second.report_sha256 == tally.sha256(bytes(first.report or b""))
    assert report(first)["changes"] == traffic.WANTED


def test_what_was_before_the_period_is_not_counted(house: House, period: Period) -> None:
    wide = replayed(house, start(house, (period[0] - timedelta(days=1), period[1])))
    assert report(wide)["changes"]["newly_blocked"] == traffic.WANTED["newly_blocked"] + 1


def test_an_example_names_where_it_is_and_none_of_its_words(house: House, period: Period) -> None:
    row = replayed(house, start(house, period))
    examples = report(row)["examples"]
    assert len(examples["newly_blocked"]["falcon"]) == tally.EXAMPLES_MOST
    (one, *_rest) = examples["changed_redactions"]["cards"]
    assert (one["before"], one["after"], one["stage"]) == ("allow", "redact", "input")
    ((start_, end, kind),) = one["spans"]
    assert (end - start_, kind) == (len(traffic.CARD), "payment_card")
    interaction = uuid.UUID(one["interaction"])
    assert {leaf["id"] for leaf in leaves(house, "policy.decided", interaction)} == {one["event"]}
    for word in (traffic.FALCON, traffic.CARD, "Sommer", "canteen", "Charge"):
        assert word not in bytes(row.report or b"").decode()
        assert word not in json.dumps(row.found)


def test_it_is_held_against_the_version_that_was_in_force_then(house: House) -> None:
    """Half is asked under a policy without a rule, half under one: the draft, without it, frees the second half alone."""
    first = policies.publish(house, traffic.IN_FORCE[1:])
    since = datetime.now(UTC)
    traffic.ask(house.bob, f"Is {traffic.FALCON} late?", first)
    falcon = policies.words("no-falcon", Stage.INPUT, Action.BLOCK, traffic.FALCON)
    second = policies.add(house, falcon)
    traffic.ask(house.bob, f"Is {traffic.FALCON} late?", second)
    until = datetime.now(UTC)
    row = replayed(
        house, runs.start(house.olga, traffic.drafted(house, traffic.IN_FORCE[1:]).number, since, until, WHY)
    )
    told = report(row)
    assert told["versions"] == {str(first.stamp.number): 1, str(second.stamp.number): 1}
    assert (told["changes"]["newly_allowed"], told["changes"]["unchanged"]) == (1, 1)
    assert told["rules"] == {"no-falcon": {"newly_allowed": 1}}


def test_a_rule_for_one_group_is_held_against_those_who_were_in_it(house: House) -> None:
    policy = traffic.publish(house)
    since = datetime.now(UTC)
    for scope in (house.bob, house.charlie):
        traffic.ask(scope, f"Is {traffic.FALCON} late?", policy)
    until = datetime.now(UTC)
    team = policies.words("team-only", Stage.INPUT, Action.BLOCK, traffic.FALCON, groups=frozenset({house.team}))
    row = replayed(
        house, runs.start(house.olga, traffic.drafted(house, [*traffic.IN_FORCE, team]).number, since, until, WHY)
    )
    assert report(row)["rules"] == {"team-only": {"newly_blocked": 1}}


def test_a_passage_that_no_rule_kept_back_is_held_against_none(house: House) -> None:
    policy = traffic.publish(house)
    since = datetime.now(UTC)
    asked = traffic.ask(house.bob, "What is in the vault?", policy)
    kept_back = residence.withheld(policy.stamp)
    enforcement.note(house.bob, kept_back, interaction=asked, stage=Stage.PASSAGE, subject_id=uuid.uuid4())
    number = traffic.drafted(house).number
    row = replayed(house, runs.start(house.olga, number, since, datetime.now(UTC), WHY))
    assert report(row)["texts"] == {"input": {"read": 1, "unreadable": 0}}
    assert report(row)["decided_otherwise"] == 0


def test_a_question_that_was_held_for_want_of_a_reason_is_replayed_too(house: House) -> None:
    policy = policies.add(house, policies.words("why-falcon", Stage.INPUT, Action.REQUIRE_REASON, traffic.FALCON))
    since = datetime.now(UTC)
    with pytest.raises(reasons.ReasonRequired):
        asking.ask(house.bob, f"Is {traffic.FALCON} late?")
    free = [rule for rule in policy.rules if rule.name != "why-falcon"]
    number = traffic.drafted(house, free).number
    row = replayed(house, runs.start(house.olga, number, since, datetime.now(UTC), WHY))
    assert report(row)["rules"] == {"why-falcon": {"changed_otherwise": 1}}
