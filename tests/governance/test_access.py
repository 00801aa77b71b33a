"""What one may do: the four questions agree with each other and with Postgres, whatever the grants are."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance import access, assignments, grants, groups, keys, models, people
from governance.access import Denied, NotVisible
from governance.actions import Action
from governance.errors import ChanceryError, Forbidden, NotFound
from governance.grants import Holder
from governance.roles import GRANT_LEVELS, KEY_SCOPES, ROLE_ACTIONS, Level, Role
from governance.scope import ActorKind, Scope
from tests import cast
from tests.cast import House

LEVELS = list(Level)
ACTIONS = sorted(GRANT_LEVELS)


@dataclass(frozen=True)
class Given:
    """`holder` counts through three people, then three groups; `resource` through three resources."""

    resource: int
    holder: int
    level: Level
    denies: bool


GRANTS = st.lists(
    st.builds(Given, st.integers(0, 2), st.integers(0, 5), st.sampled_from(LEVELS), st.booleans()),
    max_size=12,
    unique_by=lambda one: (one.resource, one.holder, one.denies),
)
MEMBERSHIPS = st.sets(st.tuples(st.integers(0, 2), st.integers(0, 2)))  # person, group
RETIRED = st.sets(st.integers(0, 2), max_size=1)
ROLES = st.sampled_from([frozenset(), frozenset({Role.TENANT_ADMIN}), frozenset({Role.COMPLIANCE_OFFICER})])
KEYS = st.none() | st.frozensets(st.sampled_from(sorted(KEY_SCOPES)), min_size=1)


@pytest.fixture(scope="module")
def stage(django_db_blocker: object) -> House:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        return cast.house(f"a{uuid.uuid4().hex[:12]}")


@dataclass(frozen=True)
class World:
    people: list[uuid.UUID]
    groups: list[uuid.UUID]
    resources: list[uuid.UUID]


def build(house: House, given: list[Given], members: set[tuple[int, int]], retired: set[int]) -> World:
    """Fresh groups and resources; the people are those of the house, and grants of earlier worlds do not reach."""
    staff = [house.ids[name] for name in ("ada", "bob", "charlie")]
    made = World(staff, [uuid.uuid4() for _ in range(3)], [uuid.uuid4() for _ in range(3)])
    with house.system.transaction():
        for group in made.groups:
            models.Group.objects.create(id=group, tenant_id=house.tenant, name=str(group))
        for person, place in members:
            models.Membership.objects.create(
                tenant_id=house.tenant, person_id=staff[person], group_id=made.groups[place]
            )
        for resource in made.resources:
            grants.register(house.system, resource, "collection", None)
        for one in given:
            is_person = one.holder < 3
            models.Grant.objects.create(
                tenant_id=house.tenant,
                resource_id=made.resources[one.resource],
                person_id=staff[one.holder] if is_person else None,
                group_id=None if is_person else made.groups[one.holder - 3],
                level=one.level,
                denies=one.denies,
            )
        for number in retired:
            grants.retire(house.system, made.resources[number])
    return made


def expected(one: int, resource: int, level: Level, given: list[Given], members: set[tuple[int, int]]) -> bool:
    """The rule in words, written apart from the code: some grant gives it, and none denies it or less."""
    mine = [g for g in given if g.resource == resource and (g.holder == one or (one, g.holder - 3) in members)]
    return any(g.level >= level for g in mine if not g.denies) and not any(g.level <= level for g in mine if g.denies)


def required(scope: Scope, action: Action, resource: uuid.UUID) -> bool:
    try:
        return access.require(scope, action, resource).allowed
    except (Forbidden, NotFound):
        return False


def from_postgres(scope: Scope, level: Level) -> set[uuid.UUID]:
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.collections(%s)", [int(level)])
        return {row[0] for row in cursor.fetchall()}


@given(
    grants_given=GRANTS, members=MEMBERSHIPS, retired=RETIRED, roles=ROLES, key=KEYS, action=st.sampled_from(ACTIONS)
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_way_to_ask_gives_the_same_answer(
    stage: House,
    grants_given: list[Given],
    members: set[tuple[int, int]],
    retired: set[int],
    roles: frozenset[Role],
    key: frozenset[str] | None,
    action: Action,
) -> None:
    world = build(stage, grants_given, members, retired)
    level = GRANT_LEVELS[action]
    for one, person in enumerate(world.people):
        scope = replace(people.scope_in(stage.tenant, person), roles=roles | {Role.EMPLOYEE}, key_scopes=key)
        live = [r for number, r in enumerate(world.resources) if number not in retired]
        by_grant = {r for n, r in enumerate(world.resources) if expected(one, n, level, grants_given, members)}
        by_role = any(action in ROLE_ACTIONS[role] for role in roles)
        by_key = key is None or any(action in KEY_SCOPES[name] for name in key)
        right = set(live) & (set(live) if by_role else by_grant) if by_key else set()

        assert {r for r in world.resources if access.decide(scope, action, r).allowed} == right
        assert {r for r in world.resources if required(scope, action, r)} == right
        assert access.visible(scope, action, world.resources) == right
        with scope.transaction():
            rows = models.Resource.objects.filter(access.access_filter(scope, action), pk__in=world.resources)
            assert set(rows.values_list("pk", flat=True)) == right
        # Postgres knows grants alone: neither what a role opens nor what a key closes.
        assert from_postgres(scope, level) & set(world.resources) == set(live) & by_grant


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("role", list(Role))
def test_a_role_does_what_its_table_says_and_no_more(house: House, action: Action, role: Role) -> None:
    scope = replace(house.charlie, roles=frozenset({role}))
    may = action in ROLE_ACTIONS[role] | ROLE_ACTIONS[Role.EMPLOYEE]
    decision = access.decide(scope, action)
    assert decision.allowed is may
    assert decision.reason


@pytest.mark.parametrize("action", list(Action))
def test_a_key_never_does_more_than_its_person(house: House, action: Action) -> None:
    for name in ("ada", "bob", "olga"):
        person = house.scope(name)
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
    groups.add(house.system, house.team, house.ids["bob"], source="sso")
    assert house.bob.groups == frozenset({house.team})
