"""Access that is asked for: what is shown of it, who decides, and what is given in the end."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from governance import access, ends, explanations, grants, groups, people
from governance.actions import Action
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.grants import Held, Holder
from governance.models import AccessRequest, Grant
from governance.requests import asking, deciding, lapsing, offers
from governance.requests.asking import Wish
from governance.requests.offers import Draft
from governance.roles import Level, Role
from governance.scope import Scope
from ingestion import catalog
from tests.cast import House
from tests.governance.database import leaves

READ = Wish(Level.READ, 30, "For the audit of May.")


def shelf_of(house: House, manager: Scope | None = None) -> uuid.UUID:
    return catalog.create(manager or house.ada, f"Wages {uuid.uuid4().hex[:8]}").pk


def somebody(house: House, name: str, *, roles: tuple[Role, ...] = ()) -> uuid.UUID:
    return people.create(house.system, f"{name}.{uuid.uuid4().hex[:6]}@{house.slug}.example", name.title(), roles=roles)


def manages(house: House, shelf: uuid.UUID, person: uuid.UUID, until: timedelta | None = None) -> Scope:
    end = timezone.now() + until if until else None
    grants.give(house.ada, shelf, Holder(person=person), Level.MANAGE, until=end)
    return people.scope_in(house.tenant, person)


def offered(house: House, shelf: uuid.UUID, **more: object) -> uuid.UUID:
    return offers.put(house.ada, shelf, Draft("Wages", **more)).pk  # type: ignore[arg-type]


def reads(house: House, shelf: uuid.UUID, who: str = "charlie") -> bool:
    return access.decide(house.scope(who), Action.COLLECTION_READ, shelf).allowed


def waits_for(scope: Scope) -> set[uuid.UUID]:
    found = {one.row.pk for one in deciding.waiting(scope)}
    assert deciding.amount(scope.person)[0] == len(found)  # what the page's head says is the same
    return found


def test_what_is_asked_for_and_approved_is_a_grant_with_an_end(house: House) -> None:
    shelf = shelf_of(house)
    offer = offered(house, shelf)
    row = asking.ask(house.charlie, offer, READ)
    assert not reads(house, shelf)
    assert waits_for(house.ada) == {row.pk}
    assert waits_for(house.bob) == waits_for(house.charlie) == set()
    done = deciding.approve(house.ada, row.pk, days=10)
    assert reads(house, shelf)
    with house.ada.transaction():
        grant = Grant.objects.get(resource=shelf, person=house.ids["charlie"])
    assert (grant.source, grant.level, grant.granted_by) == ("request", Level.READ, house.ids["ada"])
    assert grant.ends_at
    assert abs(grant.ends_at - timezone.now() - timedelta(days=10)) < timedelta(minutes=5)
    assert (done.status, done.grant, waits_for(house.ada)) == ("approved", grant.pk, set())
    (found,) = deciding.behind(house.ada, [grant.pk]).values()
    assert (found.asked_at, found.by) == (done.created_at, ("Ada",))
    why = explanations.why(house.ada, house.ids["charlie"], Action.COLLECTION_READ, shelf)
    assert [way.source for way in why.deciding] == ["request"]
    told = [leaf["facts"] for leaf in leaves(house, "access_request.approved")]
    assert [(one["request"], one["days"], one["approvals"], one["needed"]) for one in told] == [(str(row.pk), 10, 1, 1)]


def test_nothing_is_shown_but_what_is_offered_and_to_whom(house: House) -> None:
    shelf, other = shelf_of(house), shelf_of(house)
    assert offers.listed(house.charlie).total == 0
    offer = offered(house, shelf, groups=(house.team,))
    assert [one.row.pk for one in offers.listed(house.bob).rows] == [offer]
    assert offers.listed(house.charlie).total == 0
    for unknown in (offer, uuid.uuid4(), shelf, other):  # kept from them, not there, and ids of something else
        with pytest.raises(NotFound, match=str(offers.GONE)):
            asking.ask(house.charlie, unknown, READ)
    for verb in (offers.of, offers.withdraw):
        with pytest.raises(NotFound):
            verb(house.charlie, shelf)
    with pytest.raises(NotFound):
        offers.put(house.charlie, shelf, Draft("Mine now"))
    catalog.delete(house.ada, shelf)
    assert offers.listed(house.bob).total == 0


def test_a_request_is_its_askers_and_its_deciders_alone(house: House, neighbour: House) -> None:
    shelf = shelf_of(house)
    row = asking.ask(house.charlie, offered(house, shelf), READ)
    for other in (house.bob, house.olga, neighbour.ada):
        for deed in (deciding.get, deciding.approve, asking.withdraw):
            with pytest.raises(NotFound, match=str(asking.GONE)):
                deed(other, row.pk)
        with pytest.raises(NotFound, match=str(asking.GONE)):
            deciding.refuse(other, row.pk, "no")
        with other.transaction():
            assert not AccessRequest.objects.filter(pk=row.pk).exists()
    assert deciding.get(house.charlie, row.pk) == deciding.get(house.ada, row.pk) == row
    with pytest.raises(Forbidden):
        deciding.approve(house.charlie, row.pk)


def test_nobody_approves_their_own_and_two_are_two(house: House) -> None:
    shelf = shelf_of(house)
    bob = manages(house, shelf, house.ids["bob"])
    offer = offered(house, shelf, approvals=2, level_most=Level.CONTRIBUTE)
    row = asking.ask(house.charlie, offer, Wish(Level.CONTRIBUTE, 30, "To file what comes."))
    assert waits_for(house.ada) == waits_for(bob) == {row.pk}
    assert deciding.approve(house.ada, row.pk, Level.READ, 20).status == "open"
    assert not reads(house, shelf)
    assert waits_for(house.ada) == set()
    with pytest.raises(Conflict):
        deciding.approve(house.ada, row.pk)
    done = deciding.approve(bob, row.pk, days=25)
    assert (done.given_level, done.status) == (Level.READ, "approved")  # the lowest level, and the shortest time
    assert done.given_until
    assert done.given_until < timezone.now() + timedelta(days=21)
    for late in (house.ada, bob):
        with pytest.raises(Conflict):
            deciding.refuse(late, row.pk, "Too late.")


def test_whoever_is_switched_off_after_they_approved_is_none_of_two(house: House) -> None:
    shelf = shelf_of(house)
    zoe, yan = (manages(house, shelf, somebody(house, name)) for name in ("zoe", "yan"))
    row = asking.ask(house.charlie, offered(house, shelf, approvals=2), READ)
    deciding.approve(zoe, row.pk)
    people.switch_off(house.ada, zoe.person)
    assert deciding.approve(house.ada, row.pk).status == "open"
    assert not reads(house, shelf)
    assert deciding.approve(yan, row.pk).status == "approved"
    assert reads(house, shelf)
    told = [leaf["facts"]["approvals"] for leaf in leaves(house, "access_request.approved")]
    assert told == [1, 1, 2]


def test_admins_decide_where_those_who_manage_are_too_few(house: House) -> None:
    """The only manager asks for more themselves; and of two approvals one is the manager's, the other an admin's."""
    shelf = shelf_of(house, house.ada)
    second = people.scope_in(house.tenant, somebody(house, "dora", roles=(Role.TENANT_ADMIN,)))
    row = asking.ask(house.charlie, offered(house, shelf), READ)
    assert waits_for(second) == set()  # Ada manages it
    asking.withdraw(house.charlie, row.pk)
    row = asking.ask(house.charlie, offered(house, shelf, approvals=2), READ)
    assert waits_for(second) == {row.pk}
    deciding.approve(second, row.pk)
    assert deciding.approve(house.ada, row.pk).status == "approved"


def test_a_named_group_decides_and_it_takes_a_manager_for_good_to_name_it(house: House) -> None:
    shelf = shelf_of(house)
    offer = offered(house, shelf, approvers=house.team)
    row = asking.ask(house.charlie, offer, READ)
    assert waits_for(house.bob) == {row.pk}
    assert waits_for(house.ada) == set()
    with pytest.raises(NotFound):
        deciding.approve(house.ada, row.pk)
    deciding.approve(house.bob, row.pk)
    assert reads(house, shelf)
    for_a_while = manages(house, shelf, somebody(house, "eve"), timedelta(days=5))
    with pytest.raises(Forbidden):
        offers.put(for_a_while, shelf, Draft("Wages", approvers=house.team))
    circle = groups.create(house.ada, "Circle")
    offers.put(house.ada, shelf, Draft("Wages", approvers=circle))
    groups.delete(house.ada, circle)
    found = offers.of(house.ada, shelf)
    assert found
    assert found.approvers_id is None  # those who manage it again


def test_whoever_manages_for_a_while_gives_nothing_beyond_it(house: House) -> None:
    shelf = shelf_of(house)
    for_a_while = manages(house, shelf, somebody(house, "eve"), timedelta(days=5))
    row = asking.ask(house.charlie, offered(house, shelf), READ)
    with pytest.raises(Forbidden):
        deciding.approve(for_a_while, row.pk)
    deciding.approve(for_a_while, row.pk, days=4)
    assert reads(house, shelf)


def test_refusing_takes_words_and_what_lapsed_is_decided_no_more(house: House) -> None:
    shelf = shelf_of(house)
    offer = offered(house, shelf)
    row = asking.ask(house.charlie, offer, READ)
    with pytest.raises(InvalidInput):
        deciding.refuse(house.ada, row.pk, "  ")
    deciding.refuse(house.ada, row.pk, "Ask Olga for the figures instead.")
    (shown,) = asking.mine(house.charlie).rows
    assert (shown.standing, shown.answer) == ("refused", "Ask Olga for the figures instead.")
    again = asking.ask(house.charlie, offer, READ)
    with house.system.transaction():
        AccessRequest.objects.filter(pk=again.pk).update(lapses_at=timezone.now() - timedelta(seconds=1))
    assert waits_for(house.ada) == set()
    with pytest.raises(Conflict):
        deciding.approve(house.ada, again.pk)
    assert house.tenant in lapsing.due()
    assert (lapsing.settle(house.tenant), lapsing.settle(house.tenant)) == (1, 0)
    assert house.tenant not in lapsing.due()
    third = asking.ask(house.charlie, offer, READ)
    offers.withdraw(house.ada, shelf)
    assert [one.standing for one in asking.mine(house.charlie).rows] == ["lapsed", "lapsed", "refused"]
    assert len(leaves(house, "access_request.lapsed")) == 2
    with pytest.raises(Conflict):
        deciding.approve(house.ada, third.pk)


def test_what_may_be_asked_has_bounds(house: House) -> None:
    shelf = shelf_of(house)
    offer = offered(house, shelf, days_most=10)
    for wish in (
        Wish(Level.READ, 11, "x"),
        Wish(Level.READ, 0, "x"),
        Wish(Level.CONTRIBUTE, 5, "x"),
        Wish(Level.READ, 5, " "),
    ):
        with pytest.raises(InvalidInput):
            asking.ask(house.charlie, offer, wish)
    row = asking.ask(house.charlie, offer, Wish(Level.READ, 5, "x"))
    with pytest.raises(Conflict):
        asking.ask(house.charlie, offer, Wish(Level.READ, 5, "x"))
    for level, days in ((Level.CONTRIBUTE, 5), (Level.READ, 6), (Level.READ, 0)):
        with pytest.raises(InvalidInput):
            deciding.approve(house.ada, row.pk, level, days)
    with pytest.raises(Conflict, match="already"):
        asking.ask(house.ada, offer, Wish(Level.READ, 5, "x"))  # manages it for good
    grants.give(house.ada, shelf, Holder(person=house.ids["charlie"]), Level.READ, denies=True)
    with pytest.raises(Conflict, match="denial"):
        deciding.approve(house.ada, row.pk)
    people.switch_off(house.ada, house.ids["charlie"])
    with pytest.raises(Conflict, match="switched off"):
        deciding.approve(house.ada, row.pk)


def test_what_was_held_before_is_held_after_it_ended(house: House) -> None:
    """A reader adds for a while: the grant that was asked for stands beside theirs, and undoing brings both back."""
    shelf = shelf_of(house)
    charlie = Holder(person=house.ids["charlie"])
    grants.give(house.ada, shelf, charlie, Level.READ)
    offer = offered(house, shelf, level_most=Level.CONTRIBUTE)
    row = asking.ask(house.charlie, offer, Wish(Level.CONTRIBUTE, 7, "To file what comes."))
    until = deciding.approve(house.ada, row.pk).given_until
    both = {Held(Level.READ), Held(Level.CONTRIBUTE, until=until)}
    for wanted in ([], [Held(Level.MANAGE)], [Held(Level.READ)], [Held(Level.READ, denies=True)]):
        before = grants.replace(house.ada, shelf, charlie, wanted)
        assert set(before) == both
        with house.ada.transaction():
            assert list(grants.held_by(shelf, charlie)) == wanted
        grants.replace(house.ada, shelf, charlie, before)
        with house.ada.transaction():
            assert set(grants.held_by(shelf, charlie)) == both
    with house.system.transaction():
        Grant.objects.filter(resource=shelf, ends_at=until).update(ends_at=timezone.now() - timedelta(seconds=1))
    ends.settle(house.tenant)
    with house.ada.transaction():
        assert list(grants.held_by(shelf, charlie)) == [Held(Level.READ)]


def test_what_is_held_for_good_is_not_offered_again(house: House) -> None:
    shelf = shelf_of(house)
    offered(house, shelf, level_most=Level.CONTRIBUTE)

    def left() -> list[Level]:
        (one,) = (one for one in offers.listed(house.charlie).rows if one.row.resource_id == shelf)
        return one.levels

    charlie, both = Holder(person=house.ids["charlie"]), [Level.READ, Level.CONTRIBUTE]
    assert left() == both
    grants.give(house.ada, shelf, charlie, Level.CONTRIBUTE, until=timezone.now() + timedelta(days=3))
    assert left() == both  # what ends may be asked for anew
    grants.give(house.ada, shelf, charlie, Level.READ)
    assert left() == [Level.CONTRIBUTE]
    grants.give(house.ada, shelf, charlie, Level.MANAGE)
    assert left() == []
