"""Openings that take two officers: asked for by one, decided by another, and never by the same."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from governance import assignments, keys, tenants
from governance.audit import events, interactions, reading
from governance.audit.officers import openings
from governance.audit.officers.models import Opening
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound, SecondOfficerNeeded
from governance.roles import Role
from tests.cast import House
from tests.governance.database import leaves, payloads

WHY = "Complaint of the works council"


@pytest.fixture
def strict(house: House) -> House:
    """Olga and Charlie are officers, and it takes both of them."""
    assignments.give(house.system, house.ids["charlie"], Role.COMPLIANCE_OFFICER)
    tenants.need_second_officer(house.ada, needed=True)
    return house


def asked(house: House) -> uuid.UUID:
    interaction = uuid.uuid4()
    events.record(house.bob, Event.PROMPT_RECEIVED, interaction=interaction, payload={"text": "my salary is 91000"})
    return interaction


def first_event(house: House, interaction: uuid.UUID) -> uuid.UUID:
    (leaf,) = leaves(house, "prompt.received", interaction)
    return uuid.UUID(leaf["id"])


def test_it_takes_two_officers_to_say_that_it_takes_two(house: House) -> None:
    with pytest.raises(Conflict, match="second compliance officer"):
        tenants.need_second_officer(house.ada, needed=True)
    with pytest.raises(Forbidden):
        tenants.need_second_officer(house.olga, needed=True)
    assignments.give(house.system, house.ids["charlie"], Role.COMPLIANCE_OFFICER)
    tenants.need_second_officer(house.ada, needed=True)
    (told,) = leaves(house, "tenant.changed")
    assert told["facts"] == {"changed": ["opening_needs_second"]}


def test_without_an_approval_nothing_is_opened(strict: House) -> None:
    interaction = asked(strict)
    with pytest.raises(SecondOfficerNeeded):
        interactions.open_words(strict.olga, interaction, WHY)
    with pytest.raises(SecondOfficerNeeded):
        reading.opened(strict.olga, first_event(strict, interaction), WHY)
    openings.ask(strict.olga, "interaction", interaction, WHY)
    with pytest.raises(SecondOfficerNeeded):
        interactions.open_words(strict.olga, interaction, WHY)
    assert leaves(strict, "record.opened") == []


def test_one_asks_another_approves_and_both_are_on_the_record(strict: House) -> None:
    interaction = asked(strict)
    row = openings.ask(strict.olga, "interaction", interaction, WHY, "C-17")
    (waiting,) = openings.waiting(strict.charlie)
    assert (waiting.reason, waiting.case, waiting.row.asked_by) == (WHY, "C-17", strict.ids["olga"])
    assert (openings.amount(strict.charlie), openings.amount(strict.olga)) == (1, 0)

    openings.decide(strict.charlie, row.pk, approves=True)
    interactions.open_words(strict.olga, interaction, WHY)
    found = interactions.get(strict.olga, interaction)
    assert found.words[first_event(strict, interaction)].payload == {"text": "my salary is 91000"}

    (question,) = leaves(strict, "record.opening_asked")
    (answer,) = leaves(strict, "record.opening_approved")
    (opened,) = leaves(strict, "record.opened")
    assert question["actor"]["id"] == str(strict.ids["olga"])
    assert WHY not in repr(question)
    assert payloads(strict, "record.opening_asked") == [{"reason": WHY, "case": "C-17"}]
    assert answer["actor"]["id"] == str(strict.ids["charlie"])
    assert answer["facts"]["asked_by"] == str(strict.ids["olga"])
    assert opened["facts"]["approved_by"] == str(strict.ids["charlie"])
    assert opened["facts"]["opening"] == str(row.pk)
    assert {leaf["interaction"] for leaf in (question, answer, opened)} == {str(interaction)}


def test_an_approval_is_for_whoever_asked_and_for_what_they_asked(strict: House) -> None:
    interaction, other = asked(strict), asked(strict)
    row = openings.ask(strict.olga, "interaction", interaction, WHY)
    openings.decide(strict.charlie, row.pk, approves=True)
    for scope, target in ((strict.charlie, interaction), (strict.olga, other)):
        with pytest.raises(SecondOfficerNeeded):
            interactions.open_words(scope, target, WHY)
    assert reading.opened(strict.olga, first_event(strict, interaction), WHY).payload == {"text": "my salary is 91000"}


def test_an_approval_of_one_event_opens_that_event_alone(strict: House) -> None:
    interaction = asked(strict)
    event = first_event(strict, interaction)
    openings.decide(strict.charlie, openings.ask(strict.olga, "event", event, WHY).pk, approves=True)
    assert reading.opened(strict.olga, event, WHY).payload == {"text": "my salary is 91000"}
    with pytest.raises(SecondOfficerNeeded):
        interactions.open_words(strict.olga, interaction, WHY)


def test_nobody_approves_their_own_not_by_key_either(strict: House) -> None:
    row = openings.ask(strict.olga, "interaction", asked(strict), WHY)
    keyed = keys.resolve(strict.key("olga", "record"))
    assert keyed is not None
    for scope in (strict.olga, keyed, strict.system):
        with pytest.raises(Forbidden):
            openings.decide(scope, row.pk, approves=True)
    for name in ("ada", "bob"):
        with pytest.raises(Forbidden):
            openings.decide(strict.scope(name), row.pk, approves=True)
    assert leaves(strict, "record.opening_approved") == []


def test_postgres_lets_nobody_approve_their_own_nor_in_anothers_name(strict: House) -> None:
    row = openings.ask(strict.olga, "interaction", asked(strict), WHY)
    olga, charlie, bob = (strict.ids[name] for name in ("olga", "charlie", "bob"))

    def forged(scope: object, by: uuid.UUID) -> int:
        changes = {"status": Opening.APPROVED, "decided_by": by, "decided_at": timezone.now()}
        with scope.transaction():  # type: ignore[attr-defined]
            return Opening.objects.filter(pk=row.pk).update(**changes)

    assert forged(strict.olga, charlie) == 0  # their own is not theirs to change
    assert forged(strict.bob, bob) == 0  # no officer
    with pytest.raises(DatabaseError):
        forged(strict.charlie, bob)  # in another's name
    approved = {"status": Opening.APPROVED, "decided_by": charlie, "decided_at": timezone.now()}
    mine = {"tenant_id": strict.tenant, "kind": "event", "target": row.target, "event": row.event}
    for asked_by, more in ((olga, approved), (charlie, {})):
        with pytest.raises(DatabaseError), strict.olga.transaction():
            Opening.objects.create(**mine, asked_by=asked_by, expires_at=timezone.now() + timedelta(1), **more)
    with strict.olga.transaction():
        assert Opening.objects.filter(pk=row.pk).delete()[0] == 0


def test_a_question_and_an_approval_run_out(strict: House, monkeypatch: pytest.MonkeyPatch) -> None:
    interaction = asked(strict)
    monkeypatch.setattr(openings, "HOLDS_FOR", timedelta(0))
    openings.decide(strict.charlie, openings.ask(strict.olga, "interaction", interaction, WHY).pk, approves=True)
    with pytest.raises(SecondOfficerNeeded):
        interactions.open_words(strict.olga, interaction, WHY)
    monkeypatch.setattr(openings, "WAITS_FOR", timedelta(0))
    late = openings.ask(strict.olga, "interaction", interaction, WHY)
    with pytest.raises(Conflict, match="too long"):
        openings.decide(strict.charlie, late.pk, approves=True)
    assert openings.waiting(strict.charlie) == []
    assert openings.amount(strict.charlie) == 0


def test_what_is_open_closes_with_its_approval(strict: House, monkeypatch: pytest.MonkeyPatch) -> None:
    interaction = asked(strict)
    monkeypatch.setattr(openings, "HOLDS_FOR", timedelta(minutes=2))
    row = openings.ask(strict.olga, "interaction", interaction, WHY)
    approved = openings.decide(strict.charlie, row.pk, approves=True)
    assert interactions.open_words(strict.olga, interaction, WHY) == approved.expires_at


def test_what_was_declined_stays_shut_and_may_be_asked_again(strict: House) -> None:
    interaction = asked(strict)
    row = openings.ask(strict.olga, "interaction", interaction, WHY)
    with pytest.raises(Conflict, match="already"):
        openings.ask(strict.olga, "interaction", interaction, WHY)
    openings.decide(strict.charlie, row.pk, approves=False)
    with pytest.raises(Conflict, match="already"):
        openings.decide(strict.charlie, row.pk, approves=True)
    with pytest.raises(SecondOfficerNeeded):
        interactions.open_words(strict.olga, interaction, WHY)
    told = openings.mine(strict.olga, interaction)
    assert told is not None
    assert told.row.status == Opening.DECLINED
    assert openings.ask(strict.olga, "interaction", interaction, WHY).status == Opening.WAITING
    assert [one.row.pk for one in openings.decided(strict.charlie)] == [row.pk]


def test_asking_takes_a_reason_something_that_is_there_and_a_tenant_that_wants_it(
    house: House, neighbour: House
) -> None:
    interaction = asked(house)
    with pytest.raises(Conflict, match="Nobody needs"):
        openings.ask(house.olga, "interaction", interaction, WHY)
    assignments.give(house.system, house.ids["charlie"], Role.COMPLIANCE_OFFICER)
    tenants.need_second_officer(house.ada, needed=True)
    with pytest.raises(InvalidInput):
        openings.ask(house.olga, "interaction", interaction, "because")
    with pytest.raises(InvalidInput):
        openings.ask(house.olga, "everything", interaction, WHY)
    with pytest.raises(NotFound):
        openings.ask(house.olga, "interaction", asked(neighbour), WHY)
    with pytest.raises(Forbidden):
        openings.ask(house.ada, "interaction", interaction, WHY)
    assert leaves(house, "record.opening_asked") == []


def test_the_neighbours_see_nothing_of_it(strict: House, neighbour: House) -> None:
    row = openings.ask(strict.olga, "interaction", asked(strict), WHY)
    assert openings.waiting(neighbour.olga) == []
    with pytest.raises(NotFound):
        openings.decide(neighbour.olga, row.pk, approves=True)
    for name in ("ada", "bob"):
        with strict.scope(name).transaction(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM record_opening")
            assert cursor.fetchone() == (0,)
