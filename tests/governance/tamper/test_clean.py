"""No false alarms: histories that nobody touched, of every size, sealed in every rhythm, verified at any moment."""

from __future__ import annotations

import json
import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from governance.audit import events, verifying
from governance.audit.checks import columns, stored
from governance.audit.checks.growth import Kept
from governance.audit.checks.numbers import Numbers
from governance.audit.vocabulary import Event
from tests import cast
from tests.cast import House
from tests.governance import sealing
from tests.governance.database import leaves, payloads
from tests.governance.tamper import scene


def test_a_record_that_nobody_touched_is_sound(house: House) -> None:
    here = scene.sealed(house)
    report = here.verify(with_head=True, with_witness=True)
    assert [str(one) for one in report.findings] == []
    assert (report.leaves, report.waiting, report.heads, report.witnessed) == (here.size, 2, 3, here.size)
    assert report.first is None
    assert report.is_sound


@pytest.mark.parametrize("seed", range(3))
def test_a_growing_record_is_sound_at_every_moment(seed: int, house: House) -> None:
    """With rollbacks, several writers, heads that are cosigned and heads that are not, from any head that was kept."""
    chance = random.Random(seed)
    kept: list[Kept] = []
    for _ in range(25):
        _live(house, chance)
        if chance.random() < 0.5:
            kept.append(Kept("you", sealing.seal(house, is_witnessed=chance.random() < 0.7)))
        known = chance.sample(kept, min(len(kept), 3))
        report = verifying.verify(house.tenant, kept=known, witness=sealing.witness().memory)
        assert [str(one) for one in report.findings] == []


def _live(house: House, chance: random.Random) -> None:
    if chance.random() < 0.3:
        connection.close()  # the next event is another writer's
    for _ in range(chance.randrange(6)):
        facts = {"collection": chance.choice([uuid.uuid4(), None, "no id", 7]), "collections": [uuid.uuid4()] * 2}
        action = chance.choice([Event.DOCUMENT_READ, Event.POLICY_DECIDED, Event.ACCESS_DENIED, Event.ANSWER_FINISHED])
        scope = chance.choice([house.bob, house.system])
        with scope.transaction():
            events.record(
                scope,
                action,
                resource=chance.choice([None, ("document", uuid.uuid4())]),
                interaction=chance.choice([None, uuid.uuid4()]),
                facts=facts | {"action": chance.choice(["block", None, True]), "status": "answered"},
                payload=chance.choice([None, {"text": "ünd"}]),
            )
            transaction.set_rollback(chance.random() < 0.2)


def test_the_installations_own_log_is_verified_in_the_same_way() -> None:
    """Its name is the same in every installation: what a witness remembers of another database's is none of it."""
    events.record_installation(Event.SIGN_IN_REFUSED, facts={}, payload={"email": "x@y.example"}, request_id="r")
    kept = sealing.seal_tenant(events.INSTALLATION)
    report = verifying.verify(events.INSTALLATION, kept=[Kept("you", kept)])
    assert [str(one) for one in report.findings] == []
    assert report.leaves == kept.size > 0


def test_the_result_is_put_on_the_record_and_the_record_stays_sound(house: House) -> None:
    here = scene.sealed(house)
    verifying.note(here.verify())
    sealing.seal(house)
    with scene.disarmed() as database:
        database.execute("DELETE FROM audit.checkpoint WHERE tenant_id = %s AND number = 1", [here.tenant])
    verifying.note(here.verify())
    sound, broken = (one["facts"] for one in leaves(house, "record.verified"))
    assert sound == {"leaves": here.size, "waiting": 2, "heads": 3, "findings": 0, "first": None}
    assert broken["findings"] == 1
    assert payloads(house, "record.verified") == [{"findings": ["head 1 is missing"]}]


IDS = ["6f1fb1d2-0000-4000-8000-000000000001", "6F1FB1D2-0000-4000-8000-000000000002", "no id", 7, True, None, {"a": 1}]


@pytest.mark.parametrize("seed", range(40))
def test_python_and_postgres_work_out_the_same_of_a_leaf(seed: int) -> None:
    """Whoever changes audit.outcome_of or audit.mentions_of changes checks/columns.py too."""
    chance = random.Random(seed)
    facts: dict[str, Any] = {
        "action": chance.choice(IDS),
        "status": chance.choice(["answered", None, 3]),
        "was_redacted": chance.choice([True, False, None, "true"]),
        "collection": chance.choice(IDS),
        "collections": chance.choice([None, [], [chance.choice(IDS), chance.choice(IDS)], IDS[0]]),
        "passages": chance.choice(
            [None, [], [{"document": chance.choice(IDS)}, {"chunk": IDS[0]}, IDS[0]], {"document": IDS[0]}]
        ),
    }
    facts = {name: value for name, value in facts.items() if chance.random() < 0.8}
    resource = chance.choice([None, {"kind": "document", "id": IDS[0]}])
    for action in ("policy.decided", "answer.segment", "answer.finished", "access.denied", "document.read"):
        told = {"action": action, "facts": facts, "resource": resource}
        with connection.cursor() as cursor:
            leaf = json.dumps(told)
            cursor.execute("SELECT audit.outcome_of(%s::jsonb), audit.mentions_of(%s::jsonb)::text[]", [leaf, leaf])
            outcome, mentions = cursor.fetchone()
        assert columns.outcome(told) == outcome, told
        assert columns.mentions(told) == set(mentions or ()), told


def test_numbers_may_come_in_any_order_and_none_may_be_missing_or_come_twice() -> None:
    chance = random.Random(1)
    for _ in range(200):
        lasts = {str(writer): chance.randrange(1, 12) for writer in range(3)}
        every = [(writer, number) for writer, last in lasts.items() for number in range(1, last + 1)]
        chance.shuffle(every)
        assert _faults(every, lasts) == []
        gone = chance.choice(every)
        (said,) = _faults([one for one in every if one != gone], lasts)
        assert said == f"of writer {gone[0]}, events are missing: {gone[1]} of 1 to {lasts[gone[0]]}"
        (said,) = _faults([*every, gone], lasts)
        assert said == f"writer {gone[0]} has two events of number {gone[1]}"
        beyond = (gone[0], lasts[gone[0]] + chance.randrange(1, 3))
        said = _faults([*every, beyond], lasts)[0]
        assert said == f"writer {gone[0]} has counted to {lasts[gone[0]]} and has an event of number {beyond[1]}"
        (said,) = _faults([*every, ("thief", 1)], lasts)
        assert said == "events are by a writer that nobody knows, thief"


def _faults(noted: list[tuple[str, int]], lasts: dict[str, int]) -> list[str]:
    numbers = Numbers()
    for writer, number in noted:
        numbers.note(writer, number)
    return list(numbers.faults(lasts.items()))


GONE = "its payload is gone, and nothing on the record let it go"


def test_a_payload_that_retention_let_go_is_not_missed_and_another_is(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = scene.sealed(house)
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    run = {"classes": [{"actions": ["prompt"], "before": until}], "holds": [{"interaction": str(uuid.uuid4())}]}
    with scene.disarmed() as database:
        database.execute(
            "DELETE FROM audit.payload p USING audit.event e WHERE e.tenant_id = p.tenant_id AND e.id = p.event_id"
            " AND e.tenant_id = %s AND e.action = 'prompt.received'",
            [here.tenant],
        )
    assert all(one.wrong.endswith(GONE) for one in here.verify().findings)
    assert not here.verify().is_sound
    monkeypatch.setattr(stored, "retention_runs", lambda: [run])
    assert here.verify().is_sound
    with scene.disarmed() as database:
        database.execute("DELETE FROM audit.payload WHERE tenant_id = %s", [here.tenant])
    assert all(one.wrong.endswith(GONE) for one in here.verify().findings)
    assert not here.verify().is_sound


def test_two_tenants_verify_apart(house: House, neighbour: cast.House) -> None:
    here, there = scene.sealed(house), scene.sealed(neighbour)
    with scene.disarmed() as database:
        database.execute("DELETE FROM audit.event WHERE tenant_id = %s", [there.tenant])
    assert here.verify(with_head=True).is_sound
    assert not there.verify(with_head=True).is_sound
