"""The record in numbers, for those who read it."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection

from governance.audit import events, figures
from governance.audit.vocabulary import Event
from governance.errors import Forbidden
from tests.cast import House
from tests.governance import sealing
from tests.governance.database import leaves


def decision(rule: str, action: str) -> dict[str, object]:
    return {"rule": rule, "action": action}


def happen(house: House) -> None:
    for status in ("answered", "answered", "refused", "blocked"):
        interaction = uuid.uuid4()
        events.record(house.bob, Event.PROMPT_RECEIVED, interaction=interaction)
        events.record(house.bob, Event.ANSWER_FINISHED, interaction=interaction, facts={"status": status})
    for action, rules in (
        ("allow", []),
        ("redact", [decision("iban", "redact"), decision("tone", "allow")]),
        ("block", [decision("secrets", "block"), decision("iban", "redact")]),
    ):
        events.record(house.bob, Event.POLICY_DECIDED, facts={"action": action, "stage": "input", "decisions": rules})
    trial = {"action": "block", "stage": "input", "decisions": [decision("tried", "block")], "is_trial": True}
    events.record(house.ada, Event.POLICY_DECIDED, facts=trial)
    events.record(house.charlie, Event.ACCESS_DENIED)


def test_what_happened_is_counted_by_day_verdict_and_end(house: House, neighbour: House) -> None:
    happen(house)
    happen(neighbour)
    found = figures.over(house.olga, 7)
    assert len(found.days) == 7
    assert (found.total("questions"), found.total("denied")) == (4, 1)
    assert [found.ends(one) for one in ("answered", "refused", "blocked")] == [2, 1, 1]
    assert [found.verdicts(one) for one in ("allow", "redact", "block")] == [1, 1, 2]
    assert found.total("events") == len(leaves(house))
    assert sum(day.questions for day in found.days[:-1]) == 0


def test_the_rules_that_spoke_most_come_first_and_a_trial_does_not_count(house: House) -> None:
    happen(house)
    told = [(one.rule, one.action, one.amount) for one in figures.over(house.olga, 30).rules]
    assert told == [("iban", "redact", 2), ("secrets", "block", 1)]


def test_how_far_sealing_is(house: House) -> None:
    happen(house)
    before = figures.seal(house.olga)
    assert before.lag.unsealed == len(leaves(house))
    assert (before.standing.head, before.heads, before.signing.median) == (None, [], None)
    sealing.seal(house)
    after = figures.seal(house.olga)
    assert after.lag.unsealed == 0
    assert after.standing.head == after.heads[0]
    assert after.heads[0].size == len(leaves(house))
    assert after.signing.median is not None
    assert after.signing.longest is not None
    assert 0 <= after.signing.median <= after.signing.longest


def test_numbers_are_for_officers_alone_and_are_no_reading(house: House) -> None:
    happen(house)
    figures.over(house.olga, 7)
    figures.seal(house.olga)
    assert leaves(house, "record.read") == []
    for name in ("ada", "bob"):
        for attempt in (lambda scope: figures.over(scope, 7), figures.seal):
            with pytest.raises(Forbidden):
                attempt(house.scope(name))
        with house.scope(name).transaction(), connection.cursor() as cursor:
            for door in ("figures(now() - interval '1 day')", "rules(now() - interval '1 day')", "signed_after(10)"):
                cursor.execute(f"SELECT * FROM audit.{door}")
                assert cursor.fetchall() == []
