"""What one may do, by role, grant, group and key, and what each hears of what is not theirs."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest

from governance import access, assignments, grants, groups, keys, models, people
from governance.access import Denied, NotVisible
from governance.actions import Action
from governance.errors import ChanceryError, Forbidden, NotFound
from governance.grants import Holder
from governance.roles import KEY_SCOPES, ROLE_ACTIONS, Level, Role
from governance.scope import ActorKind, Scope
from tests.cast import House
from tests.governance import origins
from tests.governance.decisions import ACTIONS, from_postgres


def test_who_is_switched_off_is_not_counted_among_those_who_may(house: House) -> None:
    resource = shelf(house)
    grants.give(house.ada, resource, Holder(person=house.ids["bob"]), Level.READ)
    assert access.holders(house.charlie, Action.COLLECTION_READ, resource) == 2
    people.switch_off(house.ada, house.ids["bob"])
    assert access.holders(house.charlie, Action.COLLECTION_READ, resource) == 1


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("role", list(Role))
def test_a_role_does_what_its_table_says_and_no_more(shared_house: House, action: Action, role: Role) -> None:
    scope = replace(shared_house.charlie, roles=frozenset({role}))
    may = action in ROLE_ACTIONS[role] | ROLE_ACTIONS[Role.EMPLOYEE]
    decision = access.decide(scope, action)
    assert decision.allowed is may
    assert decision.reason


@pytest.mark.parametrize("action", list(Action))
def test_a_key_never_does_more_than_its_person(shared_house: House, action: Action) -> None:
    for name in ("ada", "bob", "olga"):
        person = shared_house.scope(name)
        for given_scope in KEY_SCOPES:
            narrowed = replace(person, key_scopes=frozenset({given_scope}))
            allowed = access.decide(narrowed, action).allowed
            assert allowed == (access.decide(person, action).allowed and action in KEY_SCOPES[given_scope])
        assert not access.decide(replace(person, key_scopes=frozenset()), action).allowed


def test_a_person_without_any_role_in_their_scope_is_an_employee_still(house: House) -> None:
    bare = Scope(house.tenant, ActorKind.PERSON, house.ids["charlie"])
    assert access.decide(bare, Action.ASK).allowed
    assert not access.decide(bare, Action.PEOPLE_MANAGE).allowed


def shelf(house: House, owner: str | None = "ada") -> uuid.UUID:
    resource = uuid.uuid4()
    with house.system.transaction():
        grants.register(house.system, resource, "collection", house.ids[owner] if owner else None)
    return resource


def test_deny_beats_allow_whichever_comes_by_person_or_group(house: House) -> None:
    resource = shelf(house)
    grants.give(house.ada, resource, Holder(person=house.ids["bob"]), Level.MANAGE)
    assert access.decide(house.bob, Action.COLLECTION_READ, resource).allowed
    grants.give(house.ada, resource, Holder(group=house.team), Level.READ, denies=True)
    decision = access.decide(house.bob, Action.COLLECTION_READ, resource)
    assert (decision.allowed, decision.reason) == (False, "a grant denies it")


def test_to_deny_writing_leaves_reading(house: House) -> None:
    resource = shelf(house)
    grants.give(house.ada, resource, Holder(group=house.team), Level.MANAGE)
    grants.give(house.ada, resource, Holder(person=house.ids["bob"]), Level.CONTRIBUTE, denies=True)
    allowed = {action for action in ACTIONS if access.decide(house.bob, action, resource).allowed}
    assert allowed == {Action.COLLECTION_SEE, Action.COLLECTION_READ}


def words(ask: Callable[[], object]) -> tuple[str, str, int]:
    with pytest.raises(ChanceryError) as refused:
        ask()
    return refused.value.message, refused.value.code, refused.value.status


@pytest.mark.parametrize("action", ACTIONS)
def test_an_outsider_hears_of_a_collection_what_they_hear_of_none(
    house: House, neighbour: House, action: Action
) -> None:
    there, nowhere = shelf(house), uuid.uuid4()
    unknown = words(lambda: access.require(house.charlie, action, nowhere))
    assert unknown[2] == 404
    assert words(lambda: access.require(house.charlie, action, there)) == unknown
    assert words(lambda: access.require(neighbour.ada, action, there)) == unknown
    assert words(lambda: access.require(neighbour.bob, action, there)) == unknown


def test_who_may_see_it_is_told_what_is_missing(house: House) -> None:
    resource = shelf(house)
    grants.give(house.ada, resource, Holder(group=house.team), Level.READ)
    with pytest.raises(Denied, match="no grant gives contribute") as refused:
        access.require(house.bob, Action.DOCUMENT_WRITE, resource)
    assert (refused.value.decision.action, refused.value.decision.resource) == (Action.DOCUMENT_WRITE, resource)
    with pytest.raises(NotVisible) as unseen:
        access.require(house.charlie, Action.DOCUMENT_WRITE, resource)
    assert unseen.value.decision.resource == resource


def test_an_admin_sees_and_manages_and_does_not_read(house: House) -> None:
    resource = shelf(house, owner=None)
    allowed = {action for action in ACTIONS if access.decide(house.ada, action, resource).allowed}
    assert allowed == {Action.COLLECTION_SEE, Action.COLLECTION_MANAGE}
    assert from_postgres(house.ada, Level.READ) == set()


def test_a_grant_that_was_withdrawn_counts_at_the_next_request(house: House) -> None:
    resource = shelf(house)
    grant = grants.give(house.ada, resource, Holder(group=house.team), Level.READ)
    scope = house.bob
    assert access.decide(scope, Action.COLLECTION_READ, resource).allowed
    grants.withdraw(house.ada, resource, grant.pk)
    assert not access.decide(scope, Action.COLLECTION_READ, resource).allowed
    assert from_postgres(scope, Level.READ) == set()


def test_leaving_a_group_counts_at_the_next_request(house: House) -> None:
    resource = shelf(house)
    grants.give(house.ada, resource, Holder(group=house.team), Level.READ)
    with house.system.transaction():
        models.Membership.objects.filter(person=house.ids["bob"]).delete()
    assert from_postgres(house.bob, Level.READ) == set()
    assert not access.decide(house.bob, Action.COLLECTION_READ, resource).allowed


def test_who_is_switched_off_has_nothing(house: House) -> None:
    resource = shelf(house)
    grants.give(house.ada, resource, Holder(group=house.team), Level.MANAGE)
    before, key = house.bob, house.key("bob")
    with house.system.transaction():
        models.Person.objects.filter(pk=before.person).update(is_active=False)

    assert people.scope_of(before.person) is None
    assert keys.resolve(key) is None
    with pytest.raises(NotFound):
        people.scope_in(house.tenant, before.person)
    # A scope that was made a moment before is refused by Postgres itself.
    assert from_postgres(before, Level.READ) == set()


def test_a_retired_resource_is_nobodys_not_even_an_admins(house: House) -> None:
    resource = shelf(house)
    with house.system.transaction():
        grants.retire(house.system, resource)
    for scope in (house.ada, house.system):
        assert not access.decide(scope, Action.COLLECTION_MANAGE, resource).allowed
        assert access.visible(scope, Action.COLLECTION_SEE, [resource]) == frozenset()


def test_a_grant_cannot_name_a_neighbours_people(house: House, neighbour: House) -> None:
    resource = shelf(house)
    for holder in (Holder(person=neighbour.ids["bob"]), Holder(group=neighbour.team)):
        with pytest.raises(NotFound):
            grants.give(house.ada, resource, holder, Level.READ)
    assert [grant.person_id for grant in grants.listed(house.ada, resource)] == [house.ids["ada"]]


def test_a_neighbours_people_get_no_role_and_join_no_group(house: House, neighbour: House) -> None:
    stranger = neighbour.ids["bob"]
    with pytest.raises(NotFound):
        assignments.give(house.ada, stranger, Role.TENANT_ADMIN)
    for group, person in ((house.team, stranger), (neighbour.team, house.ids["bob"])):
        with pytest.raises(NotFound):
            groups.add(house.ada, group, person)


def test_who_does_not_manage_it_gives_no_grant(house: House) -> None:
    resource = shelf(house)
    grants.give(house.ada, resource, Holder(group=house.team), Level.CONTRIBUTE)
    with pytest.raises(Forbidden):
        grants.give(house.bob, resource, Holder(person=house.ids["charlie"]), Level.READ)
    with pytest.raises(NotFound):
        grants.give(house.charlie, resource, Holder(person=house.ids["charlie"]), Level.READ)


def test_membership_of_two_sources_is_one_membership(house: House) -> None:
    origins.by_claim(house, house.ids["bob"])
    assert house.bob.groups == frozenset({house.team})
