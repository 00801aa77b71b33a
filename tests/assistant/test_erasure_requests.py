"""A request to be erased: who decides it, what holds it up, and how it is withdrawn or refused."""

from __future__ import annotations

import uuid
from typing import Any
from unittest import mock

import pytest

from governance import people
from governance.access import NotVisible
from governance.audit import events
from governance.audit.lifecycle import erasing, erasure, holds
from governance.audit.lifecycle.models import ErasureStatus as Status
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound, Unavailable
from governance.roles import Role
from tests.cast import House
from tests.governance.database import leaves


def test_a_hold_wins_and_says_so(house: House) -> None:
    made = erasure.request(house.bob)
    hold = holds.place(house.olga, "A claim was announced.", about=house.ids["bob"])
    with pytest.raises(Conflict, match="legal hold stands against it since 20"):
        erasure.approve(house.ada, made.pk)
    assert people.get(house.ada, house.ids["bob"]).is_active
    holds.lift(house.olga, hold, "The claim was settled.")
    assert erasure.approve(house.ada, made.pk).status == Status.ERASED


@pytest.mark.parametrize("selects", ["interaction", "time"])
def test_a_hold_on_one_thing_of_theirs_is_one_on_them(house: House, selects: str) -> None:
    interaction = uuid.uuid4()
    events.record(house.bob, Event.PROMPT_RECEIVED, interaction=interaction, payload={"text": "mine"})
    (leaf,) = leaves(house, "prompt.received")
    filters: Any = {"interaction": interaction} if selects == "interaction" else {"actions": [leaf["action"]]}
    holds.place(house.olga, "A complaint about an answer.", **filters)
    made = erasure.request(house.bob)
    with pytest.raises(Conflict, match="legal hold"):
        erasure.approve(house.ada, made.pk)
    free = erasure.request(house.charlie)
    assert erasure.approve(house.ada, free.pk).status == Status.ERASED


def test_a_hold_that_came_between_is_waited_for(house: House) -> None:
    made = erasure.request(house.bob)
    with mock.patch.object(erasing, "run", side_effect=Unavailable("Valkey does not answer.")):
        assert erasure.approve(house.ada, made.pk).status == Status.APPROVED
    with pytest.raises(Conflict, match="under way"):
        holds.place(house.olga, "A claim was announced.", about=house.ids["bob"])
    hold = holds.place(house.olga, "Everything of last week.", actions=["erasure.requested"])
    assert erasure.sweep([house.tenant]) == 0
    holds.lift(house.olga, hold, "The claim was settled.")
    assert erasure.sweep([house.tenant]) == 1
    assert erasure.decidable(house.ada, made.pk).status == Status.ERASED


def test_somebody_else_decides(house: House) -> None:
    people.create(house.system, f"eve@{house.slug}.example", "Eve", roles=[Role.TENANT_ADMIN])
    own = erasure.request(house.ada)
    with pytest.raises(Forbidden, match="Somebody else decides"):
        erasure.approve(house.ada, own.pk)
    asked = erasure.request_for(house.olga, house.ids["bob"], "He wrote a letter.")
    with pytest.raises(Forbidden, match="Somebody else decides"):
        erasure.approve(house.olga, asked.pk)
    for name in ("bob", "charlie"):
        for call in (
            lambda scope: erasure.approve(scope, own.pk),
            lambda scope: erasure.refuse(scope, own.pk, "x" * 20),
        ):
            with pytest.raises(Forbidden):
                call(house.scope(name))
        with pytest.raises(Forbidden):
            erasure.request_for(house.scope(name), house.ids["ada"], "I do not like her.")
        with pytest.raises(Forbidden):
            erasure.listed(house.scope(name))
    assert erasure.approve(house.ada, asked.pk).status == Status.ERASED


def test_the_last_admin_stays(house: House) -> None:
    made = erasure.request(house.ada)
    with pytest.raises(Conflict, match="last admin"):
        erasure.approve(house.olga, made.pk)


def test_a_request_is_withdrawn_or_refused(house: House) -> None:
    erasure.request(house.bob, "I leave.")
    with pytest.raises(Conflict, match="open already"):
        erasure.request(house.bob)
    erasure.withdraw(house.bob)
    assert erasure.own(house.bob).status == Status.WITHDRAWN  # type: ignore[union-attr]
    again = erasure.request(house.bob)
    with pytest.raises(InvalidInput, match="Say why"):
        erasure.refuse(house.olga, again.pk, "no")
    erasure.refuse(house.olga, again.pk, "The law has us keep it until May.")
    found = erasure.own(house.bob)
    assert found is not None
    assert (found.status, found.answer) == (Status.REFUSED, "The law has us keep it until May.")
    with pytest.raises(NotVisible, match="no such request"):
        erasure.approve(house.olga, again.pk)
    with pytest.raises(NotFound, match="no such request"):
        erasure.withdraw(house.bob)
    names = [leaf["action"] for leaf in leaves(house, "erasure")]
    assert names == ["erasure.requested", "erasure.withdrawn", "erasure.requested", "erasure.refused"]


def test_anothers_request_is_not_there(house: House, neighbour: House) -> None:
    made = erasure.request(house.bob)
    for scope in (house.charlie, neighbour.ada, neighbour.bob):
        for erasure_id in (made.pk, uuid.uuid4()):
            with pytest.raises((Forbidden, NotVisible), match=r"no such request|no role"):
                erasure.decidable(scope, erasure_id)
        with pytest.raises(NotFound, match="no such request"):
            erasure.withdraw(scope)
    assert erasure.own(house.charlie) is None
