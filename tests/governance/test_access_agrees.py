"""Every way to ask who may do what gives one answer: the decision, the refusal, the lists and Postgres itself."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance import access, grants, models, people
from governance.actions import Action
from governance.errors import Forbidden, NotFound
from governance.roles import GRANT_LEVELS, KEY_SCOPES, ROLE_ACTIONS, Level, Role
from governance.scope import Scope
from tests.cast import House
from tests.governance.decisions import ACTIONS, from_postgres

LEVELS = list(Level)


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


@given(
    grants_given=GRANTS, members=MEMBERSHIPS, retired=RETIRED, roles=ROLES, key=KEYS, action=st.sampled_from(ACTIONS)
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_way_to_ask_gives_the_same_answer(
    shared_house: House,
    grants_given: list[Given],
    members: set[tuple[int, int]],
    retired: set[int],
    roles: frozenset[Role],
    key: frozenset[str] | None,
    action: Action,
) -> None:
    world = build(shared_house, grants_given, members, retired)
    level = GRANT_LEVELS[action]
    for one, person in enumerate(world.people):
        scope = replace(people.scope_in(shared_house.tenant, person), roles=roles | {Role.EMPLOYEE}, key_scopes=key)
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
    # How many may: of the cast only Ada, who is the first of these people, and Olga have roles; each counts once.
    by_roles = sum(action in ROLE_ACTIONS[role] for role in (Role.TENANT_ADMIN, Role.COMPLIANCE_OFFICER))
    without_role = range(int(action in ROLE_ACTIONS[Role.TENANT_ADMIN]), len(world.people))
    for number, resource in enumerate(world.resources):
        holding = sum(expected(one, number, level, grants_given, members) for one in without_role)
        right_number = 0 if number in retired else holding + by_roles
        assert access.holders(shared_house.system, action, resource) == right_number
