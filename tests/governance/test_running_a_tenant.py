"""Grants replaced and undone, rights explained, limits, and everybody's keys."""

from __future__ import annotations

import uuid

import pytest

from governance import access, grants, keys, people, tenants
from governance.actions import Action
from governance.errors import Forbidden, InvalidInput, NotFound
from governance.grants import Held, Holder
from governance.pages import Order
from governance.roles import Level
from governance.tenants import Limits
from tests import cast
from tests.governance.database import leaves, payloads

READ, DENY = Held(Level.READ), Held(Level.READ, denies=True)


@pytest.fixture
def resource(house: cast.House) -> uuid.UUID:
    made = uuid.uuid4()
    with house.system.transaction():
        grants.register(house.system, made, "collection", house.ids["ada"])
    return made


def may_read(house: cast.House, name: str, resource: uuid.UUID) -> bool:
    return access.decide(house.scope(name), Action.COLLECTION_READ, resource).allowed


def test_a_grant_is_replaced_and_put_back(house: cast.House, resource: uuid.UUID) -> None:
    bob = Holder(person=house.ids["bob"])
    assert grants.replace(house.ada, resource, bob, [READ]) == ()
    assert may_read(house, "bob", resource)
    assert grants.replace(house.ada, resource, bob, [DENY]) == (READ,)
    assert not may_read(house, "bob", resource)
    assert grants.replace(house.ada, resource, bob, []) == (DENY,)
    assert grants.replace(house.ada, resource, bob, []) == ()
    told = payloads(house, "grant")[-2:]
    assert [(one["before"], one["after"]) for one in told] == [([READ.told()], [DENY.told()]), ([DENY.told()], [])]


def test_replacing_leaves_one_grant_where_there_were_two(house: cast.House, resource: uuid.UUID) -> None:
    team = Holder(group=house.team)
    grants.give(house.ada, resource, team, Level.MANAGE)
    grants.give(house.ada, resource, team, Level.CONTRIBUTE, denies=True)
    both = (Held(Level.MANAGE), Held(Level.CONTRIBUTE, denies=True))
    assert grants.replace(house.ada, resource, team, [READ]) == both
    assert grants.replace(house.ada, resource, team, both) == (READ,)
    assert grants.replace(house.ada, resource, team, [READ]) == both
    assert [Held.of(row) for row in grants.on(house.ada, [resource]) if row.group_id] == [READ]


def test_a_manager_gives_where_they_manage_and_nobody_else_does(
    house: cast.House, neighbour: cast.House, resource: uuid.UUID
) -> None:
    bob, charlie = Holder(person=house.ids["bob"]), Holder(person=house.ids["charlie"])
    with pytest.raises(NotFound):
        grants.replace(house.bob, resource, bob, [Held(Level.MANAGE)])
    grants.replace(house.ada, resource, bob, [Held(Level.MANAGE)])
    grants.replace(house.bob, resource, charlie, [READ])
    assert may_read(house, "charlie", resource)
    with pytest.raises(Forbidden):
        grants.replace(house.charlie, resource, charlie, [Held(Level.MANAGE)])
    for scope in (neighbour.ada, house.olga):
        with pytest.raises(NotFound):
            grants.replace(scope, resource, bob, [])
        assert grants.on(scope, [resource]) == []
    with pytest.raises(NotFound):
        grants.replace(house.ada, resource, Holder(person=neighbour.ids["bob"]), [READ])
    with pytest.raises(InvalidInput):
        grants.replace(house.ada, resource, Holder(), [READ])


def test_deciding_many_at_once_says_what_deciding_one_says(house: cast.House, resource: uuid.UUID) -> None:
    second, gone = uuid.uuid4(), uuid.uuid4()
    with house.system.transaction():
        grants.register(house.system, second, "collection", None)
        grants.register(house.system, gone, "collection", house.ids["bob"])
        grants.retire(house.system, gone)
    grants.give(house.ada, resource, Holder(group=house.team), Level.CONTRIBUTE)
    grants.give(house.ada, second, Holder(person=house.ids["bob"]), Level.READ, denies=True)
    for name in ("ada", "bob", "charlie", "olga"):
        scope = house.scope(name)
        for action in (Action.COLLECTION_READ, Action.DOCUMENT_WRITE, Action.COLLECTION_MANAGE):
            every = access.decide_each(scope, action, [resource, second, gone, uuid.UUID(int=7)])
            assert every == {one: access.decide(scope, action, one) for one in every}


def limits(**changed: object) -> Limits:
    return Limits(**({"answers_running_max": 8, "answers_waiting_max": 40, "answers_per_person_max": 4,
                      "documents_max": 100, "tokens_per_day": None, "allows_model_only": True} | changed))  # type: ignore[arg-type]  # fmt: skip


def test_limits_change_with_a_record_of_both(house: cast.House) -> None:
    tenants.change(house.ada, "Renamed Ltd", limits(tokens_per_day=5000, allows_model_only=False))
    now = tenants.current(house.bob)
    assert (now.name, now.tokens_per_day, now.allows_model_only, now.documents_max) == ("Renamed Ltd", 5000, False, 100)
    (told,) = payloads(house, "tenant.changed")
    assert (told["before"]["documents_max"], told["after"]["documents_max"]) == (100_000, 100)
    tenants.change(house.ada, "Renamed Ltd", limits(tokens_per_day=5000, allows_model_only=False))
    assert len(leaves(house, "tenant.changed")) == 1


@pytest.mark.parametrize("wrong", [{"answers_running_max": 0}, {"documents_max": -1}, {"tokens_per_day": 1}])
def test_a_limit_out_of_bounds_is_refused(wrong: dict[str, int], house: cast.House) -> None:
    with pytest.raises(InvalidInput):
        tenants.change(house.ada, "The company", limits(**wrong))


@pytest.mark.parametrize("name", ["bob", "olga"])
def test_nobody_but_an_admin_runs_the_tenant(name: str, house: cast.House) -> None:
    with pytest.raises(Forbidden):
        tenants.change(house.scope(name), "Mine", limits())


def test_one_sees_ones_own_keys_and_an_admin_everybodys(house: cast.House, neighbour: cast.House) -> None:
    for name in ("bob", "charlie"):
        keys.issue(house.scope(name), house.ids[name], f"{name}'s script", ["ask"], 30)
    neighbour.key("bob")
    assert [key.name for key in keys.mine(house.bob)] == ["bob's script"]
    page = keys.found(house.ada, "", Order("person"))
    assert [key.person.name for key in page.rows] == ["Bob", "Charlie"]
    assert [key.name for key in keys.found(house.ada, "CHARLIE", Order("name")).rows] == ["charlie's script"]
    (mine,), (other,) = keys.mine(house.bob), keys.mine(house.charlie)
    with pytest.raises(NotFound):
        keys.revoke(house.bob, other.pk)
    keys.revoke(house.ada, other.pk)
    keys.revoke(house.bob, mine.pk)
    assert keys.found(house.ada, "", Order("name")).total == 0
    with pytest.raises(InvalidInput):
        keys.issue(house.bob, house.ids["bob"], "  ", ["ask"], 30)


def test_a_session_made_before_the_switch_off_stays_dead(house: cast.House) -> None:
    before = people.get(house.system, house.ids["bob"]).get_session_auth_hash()
    people.switch_off(house.ada, house.ids["bob"])
    people.switch_on(house.ada, house.ids["bob"])
    assert people.get(house.system, house.ids["bob"]).get_session_auth_hash() != before
