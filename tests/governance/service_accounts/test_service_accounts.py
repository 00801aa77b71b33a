"""Service accounts as actors of their own, who runs them, and what ends them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from governance import access, assignments, grants, groups, invitations, keys, people
from governance.actions import Action
from governance.errors import Conflict, Forbidden, NotFound
from governance.pages import Order
from governance.people import Wanted
from governance.roles import Level, Role
from governance.scope import ActorKind
from governance.service_accounts import accounts, service_keys
from governance.service_accounts.accounts import Draft
from governance.service_accounts.service_keys import Narrowed
from ingestion import catalog
from tests.cast import House
from tests.governance.database import leaves
from tests.governance.service_accounts.programs import Program


def test_it_is_an_actor_of_its_own(made: Program) -> None:
    scope, house = made.scope, made.house
    assert (scope.kind, scope.actor, scope.roles) == (ActorKind.SERVICE, made.id, frozenset({Role.EMPLOYEE}))
    assert scope.key_scopes == frozenset({"ask", "read"})
    assert scope.key == scope.charged == made.key.id
    papers = catalog.create(house.ada, "Papers").pk
    assert not access.decide(scope, Action.COLLECTION_READ, papers).allowed
    groups.add(house.ada, house.team, made.id)
    grants.give(house.ada, papers, grants.Holder(group=house.team), Level.READ)
    assert access.decide(made.scope, Action.COLLECTION_READ, papers).allowed
    assert not access.decide(made.scope, Action.DOCUMENT_WRITE, papers).allowed
    with pytest.raises(access.Denied):
        people.create(made.scope, "x@people.example", "X")


def test_it_is_called_a_service_and_is_no_colleague(made: Program) -> None:
    house = made.house
    assert people.names(house.ada, [made.id]) == {made.id: "Reports (service)"}
    assert made.id not in {one.pk for one in people.offered(house.ada).rows}
    assert made.id not in {one.pk for one in people.found(house.ada, Wanted(), Order("name")).rows}
    assert people.counted(house.ada) == (4, 0)
    papers = catalog.create(house.ada, "Papers").pk
    grants.give(house.ada, papers, grants.Holder(person=made.id), Level.READ)
    assert access.holders(house.ada, Action.COLLECTION_READ, papers) == 1
    for deed in (people.switch_off, people.switch_on, invitations.issue):
        with pytest.raises(NotFound):
            deed(house.ada, made.id)


def test_a_sign_that_postgres_keeps_in_no_text_is_left_out(house: House) -> None:
    made = accounts.create(house.ada, Draft("Reports", "Fig\x00ures.", house.ids["bob"]))
    accounts.permit(house.ada, made, "everybody", audiences=["intra\x00net", "\x00"])
    service_keys.issue(house.ada, made, "Night\x00ly", ["ask"])
    keys.issue(house.bob, house.ids["bob"], "Mi\x00ne", ["ask"], 1)
    row = accounts.get(house.ada, made)
    assert (row.purpose, row.audiences) == ("Figures.", ["intranet"])
    assert [one.row.name for one in service_keys.listed(house.ada, [made])[made]] == ["Nightly"]
    assert [key.name for key in keys.mine(house.bob)] == ["Mine"]


def test_no_service_account_keeps_a_tenant_an_admin(made: Program) -> None:
    house = made.house
    assignments.give(house.ada, made.id, Role.TENANT_ADMIN)
    with pytest.raises(Conflict):
        assignments.take(house.system, house.ids["ada"], Role.TENANT_ADMIN)
    # The role is there, and the key does not say so: it manages nothing.
    assert not access.decide(made.scope, Action.PEOPLE_MANAGE).allowed
    managing = made.another("manage")
    assert access.decide(made.by(managing.secret), Action.PEOPLE_MANAGE).allowed


@pytest.mark.parametrize("who", ["bob", "charlie", "olga"])
def test_admins_alone_run_them(made: Program, who: str) -> None:
    scope = made.house.scope(who)
    draft = Draft("Mine", "To see.", made.house.ids[who])
    deeds: list[Callable[[], object]] = [
        lambda: accounts.create(scope, draft),
        lambda: accounts.change(scope, made.id, draft),
        lambda: accounts.permit(scope, made.id, "everybody"),
        lambda: accounts.switch_on(scope, made.id),
        lambda: service_keys.issue(scope, made.id, "k", ["ask"]),
        lambda: service_keys.rotate(scope, made.id, made.key.id),
        lambda: service_keys.narrow(scope, made.id, made.key.id, Narrowed()),
    ]
    for deed in deeds:
        with pytest.raises((Forbidden, NotFound)):
            deed()
    assert keys.resolve(made.key.secret)


def test_its_owner_sees_it_and_ends_it_and_nobody_else_knows_of_it(made: Program, neighbour: House) -> None:
    house = made.house
    assert [row.person_id for row in accounts.owned(house.bob)] == [made.id]
    assert [one.row.pk for one in service_keys.listed(house.bob, [made.id])[made.id]] == [made.key.id]
    for scope in (house.charlie, house.olga, neighbour.ada):
        assert service_keys.listed(scope, [made.id]) == {}
        for deed in (accounts.get, accounts.switch_off):
            with pytest.raises(NotFound):
                deed(scope, made.id)
        with pytest.raises(NotFound):
            keys.revoke(scope, made.key.id)
    keys.revoke(house.bob, made.another("ask").id)
    accounts.switch_off(house.bob, made.id)
    assert keys.resolve(made.key.secret) is None
    accounts.switch_on(house.ada, made.id)
    assert keys.resolve(made.key.secret) is None, "a key that has ended stays so"
    assert [leaf["action"] for leaf in leaves(house) if leaf["action"].startswith("service.switched")] == [
        "service.switched_off",
        "service.switched_on",
    ]
