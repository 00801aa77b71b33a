"""Access that ends by itself, that is handed on, and roles of a tenant's own."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from governance import access, assignments, custom_roles, ends, explanations, grants, groups, history, models
from governance.access import Denied
from governance.actions import Action
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.grants import Held, Holder
from governance.policy import versions
from governance.roles import CUSTOM_ACTIONS, ROLE_ACTIONS, Level, Role
from tests.cast import House
from tests.governance.database import leaves
from tests.governance.decisions import from_postgres

READ, MANAGE = Action.COLLECTION_READ, Action.COLLECTION_MANAGE


def shelf(house: House, owner: str | None = "ada") -> uuid.UUID:
    resource = uuid.uuid4()
    with house.system.transaction():
        grants.register(house.system, resource, "collection", house.ids[owner] if owner else None)
    return resource


def in_days(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


def end(house: House) -> None:
    """Its moment comes: what has an end has it behind it."""
    past = timezone.now() - timedelta(seconds=1)
    with house.system.transaction():
        for model in (models.Grant, models.RoleAssignment, models.CustomRoleAssignment):
            model.objects.filter(ends_at__isnull=False).update(ends_at=past)


def told(house: House, action: str) -> list[dict[str, object]]:
    return [leaf["facts"] for leaf in leaves(house) if leaf["action"] == action]


def test_a_grant_counts_until_its_moment_and_no_job_is_needed_for_that(house: House) -> None:
    resource, bob = shelf(house), house.bob
    grants.give(house.ada, resource, Holder(group=house.team), Level.READ, until=in_days(3))
    assert access.decide(bob, READ, resource).allowed
    assert resource in from_postgres(bob, Level.READ)
    end(house)
    assert not access.decide(bob, READ, resource).allowed
    assert access.visible(bob, READ, [resource]) == frozenset()
    assert resource not in from_postgres(bob, Level.READ)
    assert access.holders(house.system, READ, resource) == 1
    with pytest.raises(NotFound):
        access.require(bob, READ, resource)


def test_a_denial_that_ends_denies_no_more(house: House) -> None:
    resource = shelf(house)
    grants.give(house.ada, resource, Holder(group=house.team), Level.READ)
    grants.give(house.ada, resource, Holder(person=house.ids["bob"]), Level.READ, denies=True, until=in_days(1))
    assert not access.decide(house.bob, READ, resource).allowed
    end(house)
    assert access.decide(house.bob, READ, resource).allowed
    assert resource in from_postgres(house.bob, Level.READ)


def test_the_end_is_written_down_once_and_what_was_prolonged_stays(house: House) -> None:
    resource, role = shelf(house), custom_roles.create(house.ada, "Librarian", ["collection.see"])
    grants.give(house.ada, resource, Holder(group=house.team), Level.READ, until=in_days(1))
    grants.give(house.ada, resource, Holder(person=house.ids["bob"]), Level.READ, until=in_days(1))
    assignments.give(house.ada, house.ids["charlie"], Role.COMPLIANCE_OFFICER, until=in_days(1))
    custom_roles.give(house.ada, role, Holder(group=house.team), until=in_days(1))
    end(house)
    grants.give(house.ada, resource, Holder(person=house.ids["bob"]), Level.READ, until=in_days(2))
    assert house.tenant in ends.due()
    assert ends.settle(house.tenant) == 3
    assert ends.settle(house.tenant) == 0
    assert house.tenant not in ends.due()
    (grant,) = told(house, "grant.ended")
    assert (grant["group"], grant["level"], grant["denies"]) == (str(house.team), "read", False)
    assert sorted(str(one["role"]) for one in told(house, "role.ended")) == sorted([str(role), "compliance_officer"])
    assert access.decide(house.bob, READ, resource).allowed


def test_a_role_ends_too_and_with_it_what_postgres_gives_to_it(house: House) -> None:
    assignments.give(house.ada, house.ids["charlie"], Role.TENANT_ADMIN, until=in_days(1))
    before = house.charlie
    assert access.decide(before, Action.PEOPLE_MANAGE).allowed
    end(house)
    assert not access.decide(house.charlie, Action.PEOPLE_MANAGE).allowed
    with before.transaction():
        assert not models.Invitation.objects.exists()


def test_a_tenant_keeps_an_admin_for_good(house: House) -> None:
    assignments.give(house.ada, house.ids["bob"], Role.TENANT_ADMIN, until=in_days(1))
    with pytest.raises(Conflict):
        assignments.take(house.bob, house.ids["ada"], Role.TENANT_ADMIN)
    with pytest.raises(Conflict):
        assignments.give(house.bob, house.ids["ada"], Role.TENANT_ADMIN, until=in_days(1))
    assert access.decide(house.ada, Action.PEOPLE_MANAGE).allowed


def test_nothing_is_given_until_a_time_that_is_over(house: House) -> None:
    resource, over = shelf(house), timezone.now() - timedelta(minutes=1)
    role = custom_roles.create(house.ada, "Librarian", ["collection.see"])
    with pytest.raises(InvalidInput):
        grants.give(house.ada, resource, Holder(group=house.team), Level.READ, until=over)
    with pytest.raises(InvalidInput):
        assignments.give(house.ada, house.ids["bob"], Role.COMPLIANCE_OFFICER, until=over)
    with pytest.raises(InvalidInput):
        custom_roles.give(house.ada, role, Holder(group=house.team), until=over)


def test_a_manager_hands_on_what_they_hold_and_not_beyond_its_end(house: House) -> None:
    resource, charlie, last = shelf(house), Holder(person=house.ids["charlie"]), in_days(5)
    grants.give(house.ada, resource, Holder(person=house.ids["bob"]), Level.MANAGE, until=last)
    for until in (None, in_days(6)):
        with pytest.raises(Denied):
            grants.give(house.bob, resource, charlie, Level.READ, until=until)
        with pytest.raises(Denied):
            grants.replace(house.bob, resource, charlie, [Held(Level.READ, until=until)])
    assert not access.decide(house.charlie, READ, resource).allowed
    grants.give(house.bob, resource, charlie, Level.MANAGE, until=last)
    with pytest.raises(Denied):  # nor does whoever has it from them
        grants.give(house.charlie, resource, Holder(group=house.team), Level.READ)
    grants.give(house.charlie, resource, Holder(group=house.team), Level.READ, until=in_days(4))
    grants.give(house.bob, resource, charlie, Level.READ, denies=True)  # to deny is not to give
    # Whoever holds it twice hands it on until the later end; whoever manages by a role without any.
    grants.give(house.ada, resource, Holder(group=house.team), Level.MANAGE)
    grants.give(house.bob, resource, Holder(person=house.ids["olga"]), Level.READ)
    grants.give(house.ada, resource, Holder(person=house.ids["olga"]), Level.CONTRIBUTE)


def test_changing_one_cell_leaves_what_is_not_changed_as_it_was(house: House) -> None:
    resource, bob = shelf(house), Holder(person=house.ids["bob"])
    given = Held(Level.READ, until=in_days(2))
    assert grants.replace(house.ada, resource, bob, [given]) == ()
    assert grants.replace(house.ada, resource, bob, [given, Held(Level.MANAGE, denies=True)]) == (given,)
    assert set(grants.replace(house.ada, resource, bob, [])) == {given, Held(Level.MANAGE, denies=True)}
    assert grants.listed(house.ada, resource)[0].person_id == house.ids["ada"]


def test_a_tenants_own_role_opens_what_it_says_to_people_and_groups(house: House) -> None:
    resource = shelf(house)
    role = custom_roles.create(house.ada, "Librarian", ["collection.see", "policy.see"])
    custom_roles.give(house.ada, role, Holder(group=house.team))
    allowed = {action for action in Action if access.decide(house.bob, action, resource).allowed}
    assert allowed == ROLE_ACTIONS[Role.EMPLOYEE] | {Action.COLLECTION_SEE, Action.POLICY_SEE}
    with house.bob.transaction():
        assert models.PolicyVersion.objects.exists()
    custom_roles.change(house.ada, role, "Librarian", ["policy.manage"])
    assert not access.decide(house.bob, Action.COLLECTION_SEE, resource).allowed
    assert versions.draft(house.bob)
    groups.remove(house.ada, house.team, house.ids["bob"])
    assert not house.bob.opened
    custom_roles.delete(house.ada, role)
    assert custom_roles.listed(house.ada) == []


def test_nobody_puts_more_into_a_role_than_the_list_and_they_themselves_hold(house: House) -> None:
    for wanted in ([], ["people.manage"], ["tenant.manage"], ["record.read"], ["collection.see", "nonsense"]):
        with pytest.raises(InvalidInput):
            custom_roles.create(house.ada, "More", wanted)
    assert not set(CUSTOM_ACTIONS) - ROLE_ACTIONS[Role.TENANT_ADMIN]
    role = custom_roles.create(house.ada, "Librarian", ["collection.see"])
    for name in ("bob", "olga"):
        with pytest.raises(Forbidden):
            custom_roles.create(house.scope(name), "Mine", ["collection.see"])
        with pytest.raises(Forbidden):
            custom_roles.give(house.scope(name), role, Holder(person=house.ids["bob"]))
    with pytest.raises(Forbidden):
        custom_roles.give(house.ada, role, Holder(person=house.ids["ada"]))
    with pytest.raises(NotFound):
        custom_roles.give(house.ada, role, Holder(person=uuid.uuid4()))
    # A row that says more than the list opens no more than the list.
    custom_roles.give(house.ada, role, Holder(person=house.ids["bob"]))
    with house.system.transaction():
        models.CustomRole.objects.filter(pk=role).update(actions=["people.manage", "record.read", "collection.see"])
    assert house.bob.opened == {Action.COLLECTION_SEE}


def test_the_application_reads_the_history_and_writes_none_of_it(house: House) -> None:
    shelf(house)
    with house.system.transaction():
        assert models.AccessHistory.objects.filter(kind="grant").exists()
    for attempt in (
        lambda: models.AccessHistory.objects.all().delete(),
        lambda: models.AccessHistory.objects.update(said={}),
        lambda: models.AccessHistory.objects.create(
            tenant_id=house.tenant, kind="grant", row=uuid.uuid4(), said={}, since=timezone.now()
        ),
    ):
        with pytest.raises(Exception, match="permission denied"), house.system.transaction():
            attempt()


def test_who_could_see_it_on_a_day_and_how_is_told_after_all_of_it_is_gone(house: House) -> None:
    resource, bob = shelf(house), house.ids["bob"]
    grant = grants.give(house.ada, resource, Holder(group=house.team), Level.READ, until=in_days(30))
    then = timezone.now()
    groups.add(house.system, house.team, house.ids["charlie"])
    groups.delete(house.ada, house.team)
    assert not access.decide(house.bob, READ, resource).allowed

    found = explanations.why(house.ada, bob, READ, resource, at=then)
    (way,) = found.deciding
    assert (found.allowed, way.group_name, way.sources, way.said) == (True, "Team", ("manual",), "read")
    assert (way.grant, way.by, way.until) == (grant.pk, house.ids["ada"], grant.ends_at)
    assert [one.person for one in explanations.who(house.ada, READ, resource, at=then)].count(bob) == 1
    now = explanations.why(house.ada, bob, READ, resource)
    assert (now.allowed, now.ways) == (False, ())
    assert bob not in {one.person for one in explanations.who(house.ada, READ, resource)}


def test_what_is_still_to_come_is_told_and_what_was_before_the_history_is_not(house: House) -> None:
    resource, bob = shelf(house), house.ids["bob"]
    grants.give(house.ada, resource, Holder(person=bob), Level.READ, until=in_days(3))
    assert explanations.why(house.ada, bob, READ, resource, at=in_days(2)).allowed
    later = explanations.why(house.ada, bob, READ, resource, at=in_days(4))
    assert (later.allowed, [way.standing for way in later.ways]) == (False, [explanations.ENDED])
    with pytest.raises(InvalidInput, match="known from"):
        explanations.why(house.ada, bob, READ, resource, at=history.known_since(house.ada) - timedelta(seconds=1))


def test_why_is_told_to_who_runs_it_and_to_everybody_of_themselves_and_recorded(house: House, neighbour: House) -> None:
    resource, other = shelf(house), shelf(house)
    bob, charlie = house.ids["bob"], house.ids["charlie"]
    grants.give(house.ada, resource, Holder(person=bob), Level.MANAGE)
    assert explanations.why(house.bob, bob, MANAGE, resource).allowed
    assert not told(house, "access.explained")  # of oneself
    assert not explanations.why(house.bob, charlie, READ, resource).allowed
    assert len(explanations.who(house.bob, READ, resource)) == 2
    first, second = told(house, "access.explained")
    assert (first["person"], first["allowed"], second["people"]) == (str(charlie), False, 2)
    nothing = uuid.uuid4()
    for ask in (
        lambda one: explanations.why(house.bob, charlie, READ, one),
        lambda one: explanations.who(house.bob, READ, one),
        lambda one: explanations.why(house.charlie, charlie, READ, one),
        lambda one: explanations.why(neighbour.ada, bob, READ, one),
    ):
        said = []
        for one in (other, nothing):
            with pytest.raises(NotFound) as refused:
                ask(one)
            said.append(refused.value.message)
        assert said[0] == said[1]
    with pytest.raises(Forbidden):
        explanations.why(house.bob, charlie, Action.PEOPLE_MANAGE)
    assert json.dumps(told(house, "access.explained")).count(str(bob)) == 0
