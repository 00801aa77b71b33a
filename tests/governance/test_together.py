"""Several events in one statement: all of them or none, in the order in which they were said."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from governance.audit import events, reading
from governance.audit.vocabulary import Event
from governance.errors import RecordUnavailable
from governance.scope import Scope
from tests.cast import House
from tests.governance.database import as_superuser, assert_gapless, leaves, numbers


def say(house: House, number: int) -> uuid.UUID:
    return events.record(house.bob, Event.FEEDBACK_GIVEN, facts={"value": number}, payload={"reason": f"no. {number}"})


def test_they_are_appended_by_one_statement_in_their_order_and_open_as_any_other(house: House) -> None:
    bob = house.bob
    with CaptureQueriesContext(connection) as asked, events.together(bob):
        said = [
            events.record(bob, Event.FEEDBACK_GIVEN, facts={"value": number}, payload={"reason": f"no. {number}"})
            for number in range(5)
        ]
    assert sum("audit.append" in query["sql"] for query in asked) == 1
    found = sorted(leaves(house, str(Event.FEEDBACK_GIVEN)), key=lambda leaf: leaf["accepted"]["number"])
    assert [leaf["id"] for leaf in found] == [str(one) for one in said]
    assert [reading.opened(house.olga, one, "looking at their order").payload for one in said] == [
        {"reason": f"no. {number}"} for number in range(5)
    ]
    assert_gapless(numbers(house.tenant))


def rename_and_say(scope: Scope, *, twice: bool) -> None:
    """With `twice` the second event has the id of the first."""
    with events.together(scope):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE person SET name = 'Robert' WHERE id = %s", [scope.person])
        events.record(scope, Event.FEEDBACK_GIVEN, facts={"value": 1})
        if twice:
            gathering = connection.chancery_gathering  # type: ignore[attr-defined]
            gathering.leaves.append(gathering.leaves[0].replace(b'"value":1', b'"value":2'))
            gathering.ciphertexts.append(None)


@pytest.mark.parametrize("fault", ["none may be appended", "the second may not"])
def test_one_that_is_refused_refuses_all_and_what_they_tell_of(house: House, fault: str) -> None:
    bob, taken = house.bob, say(house, 0)
    with as_superuser() as database:
        if fault == "none may be appended":
            database.execute("REVOKE EXECUTE ON FUNCTION audit.append(bytea, bytea) FROM chancery_app")
        try:
            with pytest.raises(RecordUnavailable):
                rename_and_say(bob, twice=fault == "the second may not")
        finally:
            database.execute("GRANT EXECUTE ON FUNCTION audit.append(bytea, bytea) TO chancery_app")
    assert [leaf["id"] for leaf in leaves(house, str(Event.FEEDBACK_GIVEN))] == [str(taken)]
    with bob.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT name FROM person WHERE id = %s", [bob.person])
        assert cursor.fetchone() == ("Bob",)
    say(house, 2)
    assert_gapless(numbers(house.tenant))


def say_and_fail(scope: Scope) -> None:
    with events.together(scope):
        events.record(scope, Event.FEEDBACK_GIVEN, facts={"value": 1})
        raise LookupError


def test_after_a_fault_inside_nothing_of_it_is_left_for_the_next(house: House) -> None:
    with pytest.raises(LookupError):
        say_and_fail(house.bob)
    last = say(house, 2)
    assert [leaf["id"] for leaf in leaves(house, str(Event.FEEDBACK_GIVEN))] == [str(last)]


def test_a_savepoint_inside_cannot_leave_behind_an_event_of_what_was_rolled_back(house: House) -> None:
    bob = house.bob
    with pytest.raises(RuntimeError, match="savepoint"), events.together(bob), transaction.atomic():
        events.record(bob, Event.FEEDBACK_GIVEN, facts={"value": 1})
    assert leaves(house, str(Event.FEEDBACK_GIVEN)) == []
