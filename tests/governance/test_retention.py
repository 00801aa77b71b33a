"""Periods, dry runs and runs: what is old goes, on the record; what is young or held does not, whoever asks."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.db import DatabaseError, connection

from governance.access import NotVisible
from governance.audit import events, reading, verifying
from governance.audit.lifecycle import erasure, holds, retention
from governance.audit.lifecycle.classes import LEAST, Class
from governance.audit.lifecycle.covering import is_let_go
from governance.audit.vocabulary import Event
from governance.errors import Forbidden, InvalidInput
from tests.cast import House
from tests.governance.aging import age, keep
from tests.governance.database import as_superuser, leaves, stored
from tests.governance.sealing import seal
from tests.governance.tamper import scene


def prompt(house: House, name: str = "bob", interaction: uuid.UUID | None = None) -> uuid.UUID:
    scope = house.scope(name)
    return events.record(scope, Event.PROMPT_RECEIVED, interaction=interaction, payload={"text": "How long?"})


def has_payload(house: House, event: uuid.UUID) -> bool:
    return stored(house, event)[1] is not None


def let_go(house: House, of: str = "answers") -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT before, amount FROM audit.let_go(%s, 100)", [of])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def test_without_a_period_all_is_kept(house: House) -> None:
    event = prompt(house)
    age(house, 5000)
    assert retention.run(house.tenant) == 0
    assert has_payload(house, event)
    assert leaves(house, "retention.run") == []


def test_what_is_older_goes_and_the_run_says_so(house: House) -> None:
    old = prompt(house)
    age(house, 41)
    young = prompt(house)
    before = {event: stored(house, event)[0] for event in (old, young)}
    keep(house, Class.ANSWERS, 40)
    assert [(one.of, one.goes, one.held) for one in retention.dry_run(house.ada)] == [(Class.ANSWERS, 1, 0)]
    assert has_payload(house, old)
    assert retention.run(house.tenant) == 1
    assert (has_payload(house, old), has_payload(house, young)) == (False, True)
    assert {event: stored(house, event)[0] for event in (old, young)} == before

    (run,) = leaves(house, "retention.run")
    (part,) = run["facts"]["classes"]
    assert (part["class"], part["days"], part["payloads"]) == ("answers", 40, 1)
    for event, covered in ((old, True), (young, False)):
        assert is_let_go(json.loads(before[event]), [run["facts"]]) is covered
    assert retention.runs(house.olga)[0].gone == {"answers": 1}
    opened = reading.opened(house.olga, old, "looking at what is gone")
    assert (opened.payload, opened.recorded.has_payload) == (None, True)


def test_the_other_classes_stay(house: House) -> None:
    age(house, 5000)
    keep(house, Class.ANSWERS, 30)
    created = leaves(house, "person.created")
    assert retention.run(house.tenant) == 0
    assert all(has_payload(house, uuid.UUID(leaf["id"])) for leaf in created)
    keep(house, Class.ADMINISTRATION, 365)
    assert retention.run(house.tenant) >= len(created)
    assert not any(has_payload(house, uuid.UUID(leaf["id"])) for leaf in created)


def test_a_shorter_period_counts_a_week_later_and_a_longer_one_at_once(house: House) -> None:
    event = prompt(house)
    age(house, 50)
    retention.change(house.ada, Class.ANSWERS, 40)
    kept = retention.periods(house.bob)[Class.ANSWERS]
    assert (kept.days, kept.next_days) == (None, 40)
    assert retention.run(house.tenant) == 0
    assert has_payload(house, event)
    keep(house, Class.ANSWERS, 60)
    retention.change(house.ada, Class.ANSWERS, 40)
    kept = retention.periods(house.bob)[Class.ANSWERS]
    assert (kept.days, kept.next_days) == (60, 40)
    assert retention.run(house.tenant) == 0
    retention.change(house.ada, Class.ANSWERS, None)
    assert retention.periods(house.bob)[Class.ANSWERS].next_days is None
    assert retention.run(house.tenant) == 0
    assert has_payload(house, event)


def test_shortening_twice_within_the_week_wins_nothing(house: House) -> None:
    event = prompt(house)
    age(house, 90)
    keep(house, Class.ANSWERS, 100)
    retention.change(house.ada, Class.ANSWERS, 80)
    retention.change(house.ada, Class.ANSWERS, 40)
    assert retention.periods(house.ada)[Class.ANSWERS].days == 100
    assert retention.run(house.tenant) == 0
    assert has_payload(house, event)


def test_many_payloads_go_in_several_runs(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    found = [prompt(house) for _ in range(5)]
    age(house, 41)
    keep(house, Class.ANSWERS, 40)
    assert retention.run(house.tenant) == 5
    assert not any(has_payload(house, event) for event in found)
    assert [leaf["facts"]["classes"][0]["payloads"] for leaf in leaves(house, "retention.run")] == [2, 2, 1]


@pytest.mark.parametrize("of", [Class.ANSWERS, Class.READING, Class.CONVERSATIONS])
def test_the_least_there_is_cannot_be_undercut(house: House, of: Class) -> None:
    for days in (0, LEAST[of] - 1, 36_501):
        with pytest.raises(InvalidInput, match=str(LEAST[of])):
            retention.change(house.ada, of, days)
    event = prompt(house)
    age(house, 29)
    with house.ada.transaction(), connection.cursor() as cursor:  # the application talked into it
        cursor.execute(
            "INSERT INTO retention_period (id, tenant_id, created_at, of, days, changed_at)"
            " VALUES (gen_random_uuid(), %s, now(), 'answers', 1, now() - interval '1 year')",
            [house.tenant],
        )
    with as_superuser() as database:
        database.execute("ALTER TABLE retention_period DISABLE TRIGGER dated")
        database.execute("UPDATE retention_period SET changed_at = '2000-01-01' WHERE tenant_id = %s", [house.tenant])
        database.execute("ALTER TABLE retention_period ENABLE ALWAYS TRIGGER dated")
    with house.system.transaction():
        assert [amount for _before, amount in let_go(house)] == [0]
    assert has_payload(house, event)


def test_the_application_cannot_date_a_period_back(house: House) -> None:
    event = prompt(house)
    age(house, 50)
    retention.change(house.ada, Class.ANSWERS, 40)
    with house.ada.transaction(), connection.cursor() as cursor:
        cursor.execute("UPDATE retention_period SET changed_at = '2000-01-01', days_before = 30")
    with house.system.transaction():
        assert let_go(house) == []
    assert has_payload(house, event)


def test_only_the_tenants_own_work_lets_go_and_only_of_its_own(house: House, neighbour: House) -> None:
    event = prompt(house)
    age(house, 50)
    keep(house, Class.ANSWERS, 40)
    for name in ("ada", "bob", "olga"):
        with pytest.raises(DatabaseError, match="background work"), house.scope(name).transaction():
            let_go(house)
    with neighbour.system.transaction():
        assert let_go(neighbour) == []
    assert has_payload(house, event)
    for name in ("bob", "charlie"):
        with pytest.raises(Forbidden):
            retention.change(house.scope(name), Class.ANSWERS, 50)
        with pytest.raises(Forbidden):
            retention.dry_run(house.scope(name))
        with pytest.raises(Forbidden):
            retention.runs(house.scope(name))
    with pytest.raises(Forbidden):
        retention.change(house.olga, Class.ANSWERS, 50)


def test_a_change_is_on_the_record(house: House) -> None:
    retention.change(house.ada, Class.ANSWERS, 400)
    retention.change(house.ada, Class.ANSWERS, 400)
    (leaf,) = leaves(house, "retention.changed")
    assert leaf["facts"] == {"class": "answers", "before": None, "after": 400}


def test_the_record_verifies_after_runs_and_erasures_and_a_theft_beside_them_is_named(house: House) -> None:
    old = prompt(house)
    age(house, 41)
    young = prompt(house, "charlie")
    keep(house, Class.ANSWERS, 40)
    assert retention.run(house.tenant) == 1
    erasure.approve(house.ada, erasure.request(house.bob).pk)
    seal(house)
    report = verifying.verify(house.tenant)
    assert (report.is_sound, report.findings) == (True, [])
    with scene.disarmed() as database:
        database.execute("DELETE FROM audit.payload WHERE event_id = %s", [young])
    (finding,) = verifying.verify(house.tenant).findings
    assert "nothing on the record let it go" in finding.wrong
    assert not has_payload(house, old)


def test_what_is_held_does_not_go_until_it_is_lifted(house: House) -> None:
    interaction = uuid.uuid4()
    bobs, charlies = prompt(house), prompt(house, "charlie", interaction)
    other = prompt(house, "charlie")
    age(house, 50)
    keep(house, Class.ANSWERS, 40)
    person = holds.place(house.olga, "A claim was announced.", about=house.ids["bob"])
    one = holds.place(house.olga, "A complaint about this answer.", interaction=interaction)
    dry = retention.dry_run(house.olga)
    assert [(part.goes, part.held) for part in dry] == [(1, 2)]
    assert retention.run(house.tenant) == 1
    assert [has_payload(house, event) for event in (bobs, charlies, other)] == [True, True, False]
    (run,) = leaves(house, "retention.run")
    assert run["facts"]["holds"] == [{"about": str(house.ids["bob"])}, {"interaction": str(interaction)}]
    for event, covered in ((bobs, False), (charlies, False), (other, True)):
        assert is_let_go(json.loads(stored(house, event)[0]), [run["facts"]]) is covered

    holds.lift(house.olga, one, "The complaint was withdrawn.")
    assert retention.run(house.tenant) == 1
    assert [has_payload(house, event) for event in (bobs, charlies)] == [True, False]
    holds.lift(house.olga, person, "The claim was settled.")
    assert retention.run(house.tenant) == 1
    assert not has_payload(house, bobs)


def test_a_search_can_be_held(house: House) -> None:
    event = prompt(house)
    age(house, 50)
    keep(house, Class.ANSWERS, 40)
    told = json.loads(stored(house, event)[0])
    assert told["action"] == "prompt.received"
    hold = holds.place(house.olga, "Everything that was asked then.", actions=["prompt.received"])
    assert retention.run(house.tenant) == 0
    assert has_payload(house, event)
    holds.lift(house.olga, hold, "No longer needed at all.")
    assert retention.run(house.tenant) == 1


def test_several_answers_can_be_held_together(house: House) -> None:
    answers = [uuid.uuid4() for _ in range(3)]
    asked = [prompt(house, "bob", answer) for answer in answers]
    age(house, 50)
    keep(house, Class.ANSWERS, 40)
    holds.place(house.olga, "What the case is about.", interactions=answers[:2])
    assert retention.run(house.tenant) == 1
    assert [has_payload(house, event) for event in asked] == [True, True, False]


def test_holds_are_the_officers_alone(house: House, neighbour: House) -> None:
    bob = house.ids["bob"]
    hold = holds.place(house.olga, "A claim was announced.", about=bob)
    for name in ("ada", "bob", "charlie"):
        with pytest.raises(Forbidden):
            holds.place(house.scope(name), "A claim was announced.", about=bob)
        with pytest.raises(Forbidden):
            holds.lift(house.scope(name), hold, "I would rather not.")
        with pytest.raises(Forbidden):
            holds.listed(house.scope(name))
        with house.scope(name).transaction(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM hold")
            assert cursor.fetchone() == (0,)
    for one in (hold, uuid.uuid4()):
        with pytest.raises(NotVisible, match="no such hold"):
            holds.lift(neighbour.olga, one, "Another tenant's officer.")
    assert [row.pk for row in holds.listed(house.olga)] == [hold]
    holds.lift(house.olga, hold, "The claim was settled.")
    assert [leaf["action"] for leaf in leaves(house, "hold")] == ["hold.placed", "hold.lifted"]


def test_a_hold_says_why_and_on_what(house: House) -> None:
    with pytest.raises(InvalidInput, match="Say why"):
        holds.place(house.olga, "because", about=house.ids["bob"])
    with pytest.raises(InvalidInput, match="A hold is on"):
        holds.place(house.olga, "A claim was announced.")
    with pytest.raises(InvalidInput, match="A hold is on"):
        holds.place(house.olga, "A claim was announced.", outcomes=["block"])
