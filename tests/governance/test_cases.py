"""Cases: answers and notes about one matter, the officers' own, and every change of them on the record."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection

from governance.audit import events, keyring
from governance.audit.officers import cases
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from tests.cast import House
from tests.governance.database import as_superuser, leaves, payloads

TITLE = "Complaint of Bob Miller"
NOTE = "Bob says that nobody told him"


def asked(house: House, name: str = "bob") -> uuid.UUID:
    interaction = uuid.uuid4()
    events.record(house.scope(name), Event.PROMPT_RECEIVED, interaction=interaction, payload={"text": "91000"})
    events.record(house.scope(name), Event.ANSWER_FINISHED, interaction=interaction, facts={"status": "answered"})
    return interaction


def test_a_case_holds_answers_and_notes_in_their_order(house: House) -> None:
    case = cases.create(house.olga, f"  {TITLE} ", "outcome=troubled").pk
    first, second = asked(house), asked(house, "ada")
    assert cases.add(house.olga, case, [first, second, first]) == 2
    assert cases.add(house.olga, case, [second]) == 0
    cases.note(house.olga, case, NOTE)
    cases.note(house.olga, case, "And later this")
    whole = cases.get(house.olga, case)
    assert (whole.title, whole.row.query) == (TITLE, "outcome=troubled")
    assert [item.interaction for item in whole.items] == [first, second]
    assert [item.asked.actor for item in whole.items if item.asked] == [house.ids["bob"], house.ids["ada"]]
    assert [(note.text, note.by) for note in whole.notes] == [
        (NOTE, house.ids["olga"]),
        ("And later this", house.ids["olga"]),
    ]
    assert "91000" not in repr(whole)
    assert [one.title for one in cases.holding(house.olga, first)] == [TITLE]
    cases.take_out(house.olga, case, first)
    assert [item.interaction for item in cases.get(house.olga, case).items] == [second]


def test_an_officers_words_stand_nowhere_in_clear(house: House) -> None:
    case = cases.create(house.olga, TITLE).pk
    cases.note(house.olga, case, NOTE)
    with as_superuser() as database:
        row = database.execute("SELECT to_jsonb(c)::text, c.sealed FROM record_case c WHERE id = %s", [case]).fetchone()
        whole = "SELECT string_agg(encode(leaf, 'escape'), '') FROM audit.event WHERE tenant_id = %s"
        leaf = database.execute(whole, [house.tenant]).fetchone()
    assert row is not None
    assert leaf is not None
    for word in (TITLE, NOTE):
        assert word not in row[0] + leaf[0]
        assert word.encode() not in bytes(row[1])
    assert payloads(house, "case.noted") == [{"text": NOTE}]


def test_everything_that_is_done_with_a_case_is_recorded(house: House) -> None:
    case, interaction = cases.create(house.olga, TITLE).pk, asked(house)
    cases.add(house.olga, case, [interaction])
    cases.note(house.olga, case, NOTE)
    cases.get(house.olga, case)
    cases.get(house.olga, case)
    cases.take_out(house.olga, case, interaction)
    cases.take_out(house.olga, case, interaction)
    cases.close(house.olga, case)
    cases.reopen(house.olga, case)
    cases.reopen(house.olga, case)
    told = [leaf for leaf in leaves(house) if leaf["action"].startswith("case.")]
    assert [leaf["action"] for leaf in told] == [
        "case.opened", "case.changed", "case.noted", "case.changed", "case.closed", "case.reopened",
    ]  # fmt: skip
    assert {leaf["resource"]["id"] for leaf in told} == {str(case)}
    assert [leaf["interaction"] for leaf in told if leaf["action"] == "case.changed"] == [str(interaction)] * 2
    (read,) = [leaf for leaf in leaves(house, "record.read") if "case" in leaf["facts"]]
    assert read["facts"] == {"case": str(case), "items": 1, "notes": 1}


def test_filters_put_every_answer_they_leave_into_it(house: House) -> None:
    case = cases.create(house.olga, TITLE).pk
    mine = {asked(house) for _ in range(3)}
    asked(house, "ada")
    assert cases.add_found(house.olga, case, person=house.ids["bob"]) == 3
    assert {item.interaction for item in cases.get(house.olga, case).items} == mine


def test_a_case_holds_no_more_than_it_may(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "ITEMS_MOST", 2)
    case = cases.create(house.olga, TITLE).pk
    for _ in range(3):
        asked(house)
    with pytest.raises(InvalidInput, match="at most 2"):
        cases.add_found(house.olga, case, person=house.ids["bob"])
    assert cases.get(house.olga, case).items == []


def test_a_closed_case_changes_no_more(house: House) -> None:
    case, interaction = cases.create(house.olga, TITLE).pk, asked(house)
    cases.add(house.olga, case, [interaction])
    cases.close(house.olga, case)
    for attempt in (
        lambda: cases.add(house.olga, case, [asked(house)]),
        lambda: cases.take_out(house.olga, case, interaction),
        lambda: cases.note(house.olga, case, NOTE),
        lambda: cases.close(house.olga, case),
    ):
        with pytest.raises(Conflict):
            attempt()
    assert [one.row.pk for one in cases.found(house.olga, 1, is_closed=True).rows] == [case]
    assert cases.found(house.olga, 1).rows == []
    cases.reopen(house.olga, case)
    cases.note(house.olga, case, NOTE)


@pytest.mark.parametrize("title", ["", "   ", "x" * 201])
def test_a_case_has_a_title(house: House, title: str) -> None:
    with pytest.raises(InvalidInput):
        cases.create(house.olga, title)
    assert leaves(house, "case.opened") == []


def test_what_the_record_does_not_know_goes_into_no_case(house: House, neighbour: House) -> None:
    case = cases.create(house.olga, TITLE).pk
    for stranger in (uuid.uuid4(), asked(neighbour)):
        with pytest.raises(NotFound):
            cases.add(house.olga, case, [stranger])


def test_cases_are_the_officers_own(house: House, neighbour: House) -> None:
    case, interaction = cases.create(house.olga, TITLE).pk, asked(house)
    cases.add(house.olga, case, [interaction])
    for name in ("ada", "bob", "charlie"):
        scope = house.scope(name)
        for attempt in (
            lambda: cases.create(scope, TITLE),  # noqa: B023
            lambda: cases.found(scope, 1),  # noqa: B023
            lambda: cases.get(scope, case),  # noqa: B023
            lambda: cases.note(scope, case, NOTE),  # noqa: B023
        ):
            with pytest.raises(Forbidden):
                attempt()
        with scope.transaction(), connection.cursor() as cursor:
            cursor.execute("SELECT (SELECT count(*) FROM record_case) + (SELECT count(*) FROM record_case_item)")
            assert cursor.fetchone() == (0,)
    assert cases.found(neighbour.olga, 1).rows == []
    for strange in (
        lambda: cases.get(neighbour.olga, case),
        lambda: cases.add(neighbour.olga, case, [asked(neighbour)]),
        lambda: cases.close(neighbour.olga, case),
    ):
        with pytest.raises(NotFound):
            strange()


def test_a_note_outlives_whoever_wrote_it(house: House) -> None:
    case = cases.create(house.olga, TITLE).pk
    cases.note(house.olga, case, NOTE)
    keyring.ring().destroy(house.tenant, house.ids["olga"])
    whole = cases.get(house.olga, case)
    assert (whole.title, whole.notes[0].text) == (TITLE, NOTE)


def test_the_field_table_knows_all_that_is_said_of_officers_work(house: House) -> None:
    from governance import assignments, tenants
    from governance.audit import interactions, reading, words
    from governance.audit.officers import openings
    from governance.roles import Role
    from tests.governance import told

    case, interaction = cases.create(house.olga, TITLE).pk, asked(house)
    cases.add(house.olga, case, [interaction])
    cases.note(house.olga, case, NOTE)
    cases.get(house.olga, case)
    cases.take_out(house.olga, case, interaction)
    cases.close(house.olga, case)
    cases.reopen(house.olga, case)
    words.begin(house.olga, "91000", "Complaint of the works council", touched=uuid.uuid4(), model="x")
    reading.listed(house.olga, touched=uuid.uuid4(), model="x")
    assignments.give(house.system, house.ids["charlie"], Role.COMPLIANCE_OFFICER)
    tenants.need_second_officer(house.ada, needed=True)
    for approves in (False, True):
        row = openings.ask(house.olga, "interaction", interaction, "Complaint of the works council", "C-17")
        openings.waiting(house.charlie)
        openings.decide(house.charlie, row.pk, approves=approves)
    interactions.open_words(house.olga, interaction, "Complaint of the works council")
    assert [one for one in told.of_house(house) if one.startswith(("case", "record", "tenant"))] == []
