"""People, roles and the links with which they set a password."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from governance import access, assignments, groups, invitations, keys, models, people
from governance.actions import Action
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.pages import Order
from governance.people import Wanted
from governance.roles import Role
from tests import cast
from tests.governance import origins
from tests.governance.database import leaves, payloads

LONG_ENOUGH = "a wholly new long password"


def test_the_last_admin_keeps_the_role_and_stays_switched_on(house: cast.House) -> None:
    with pytest.raises(Conflict):
        assignments.take(house.ada, house.ids["ada"], Role.TENANT_ADMIN)
    with pytest.raises(Conflict):
        people.switch_off(house.system, house.ids["ada"])
    assert Role.TENANT_ADMIN in house.ada.roles
    assignments.give(house.ada, house.ids["bob"], Role.TENANT_ADMIN)
    assignments.take(house.ada, house.ids["ada"], Role.TENANT_ADMIN)
    with pytest.raises(Conflict):
        assignments.take(house.bob, house.ids["bob"], Role.TENANT_ADMIN)


def test_an_admin_who_is_switched_off_does_not_count_as_one(house: cast.House) -> None:
    assignments.give(house.ada, house.ids["bob"], Role.TENANT_ADMIN)
    people.switch_off(house.ada, house.ids["bob"])
    with pytest.raises(Conflict):
        assignments.take(house.ada, house.ids["ada"], Role.TENANT_ADMIN)


def test_nobody_gives_themselves_a_role_or_switches_themselves_off(house: cast.House) -> None:
    with pytest.raises(Forbidden):
        assignments.give(house.ada, house.ids["ada"], Role.COMPLIANCE_OFFICER)
    with pytest.raises(Forbidden):
        people.switch_off(house.ada, house.ids["ada"])
    assert access.decide(house.ada, Action.RECORD_READ).allowed is False


def test_changing_roles_is_recorded_with_what_they_were(house: cast.House) -> None:
    assignments.change(house.ada, house.ids["bob"], [Role.TENANT_ADMIN, Role.COMPLIANCE_OFFICER])
    assignments.change(house.ada, house.ids["bob"], [Role.COMPLIANCE_OFFICER])
    assert assignments.of(house.ada, house.ids["bob"]) == {Role.COMPLIANCE_OFFICER}
    told = payloads(house, "role.taken")
    assert told == [{"before": ["compliance_officer", "tenant_admin"], "after": ["compliance_officer"]}]


def test_switching_off_ends_keys_and_links_and_they_do_not_come_back(house: cast.House) -> None:
    key, link = house.key("bob"), invitations.issue(house.ada, house.ids["bob"])
    people.switch_off(house.ada, house.ids["bob"])
    assert keys.resolve(key) is None
    assert people.scope_of(house.ids["bob"]) is None
    people.switch_on(house.ada, house.ids["bob"])
    assert people.scope_of(house.ids["bob"]) is not None
    assert keys.resolve(key) is None
    with pytest.raises(NotFound):
        invitations.accept(house.slug, link, LONG_ENOUGH)
    assert [leaf["action"] for leaf in leaves(house, "person")][-2:] == ["person.switched_off", "person.switched_on"]


def test_a_link_sets_a_password_once(house: cast.House) -> None:
    person = people.create(house.ada, "new@example.com", "New")
    token = invitations.issue(house.ada, person)
    with house.ada.transaction():
        assert token not in str(list(models.Invitation.objects.values()))
    with pytest.raises(InvalidInput):
        invitations.accept(house.slug, token, "short")
    assert invitations.accept(house.slug, token, LONG_ENOUGH).check_password(LONG_ENOUGH)
    with pytest.raises(NotFound):
        invitations.accept(house.slug, token, "yet another long password")


def test_a_link_ends_with_the_next_one_with_its_time_and_at_another_tenant(
    house: cast.House, neighbour: cast.House
) -> None:
    first = invitations.issue(house.ada, house.ids["bob"])
    second = invitations.issue(house.ada, house.ids["bob"])
    for slug, token in ((house.slug, first), (neighbour.slug, second), ("nobody", second), (house.slug, "")):
        with pytest.raises(NotFound):
            invitations.invited(slug, token)
    with house.system.transaction():
        models.Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(NotFound):
        invitations.invited(house.slug, second)


def test_only_admins_know_of_links(house: cast.House) -> None:
    invitations.issue(house.ada, house.ids["bob"])
    for name in ("bob", "olga"):
        with house.scope(name).transaction():
            assert not models.Invitation.objects.exists()
        with pytest.raises(Forbidden):
            invitations.issue(house.scope(name), house.ids["bob"])


def test_a_persons_name_and_address_change_with_a_record_of_both(house: cast.House) -> None:
    people.change(house.ada, house.ids["bob"], email="robert@example.com", name=" Robert  B ")
    assert people.get(house.ada, house.ids["bob"]).name == "Robert B"
    (told,) = payloads(house, "person.changed")
    assert told["before"]["name"] == "Bob"
    assert told["after"] == {"email": "robert@example.com", "name": "Robert B"}
    with pytest.raises(Conflict):
        people.change(house.ada, house.ids["bob"], email=house.email("ada").upper(), name="Robert")
    with pytest.raises(InvalidInput):
        people.change(house.ada, house.ids["bob"], email="nonsense", name="Robert")


def test_people_are_found_by_words_role_group_and_whether_they_are_on(house: cast.House) -> None:
    def names(**wanted: object) -> list[str]:
        page = people.found(house.ada, Wanted(**wanted), Order("name"))  # type: ignore[arg-type]
        return [row.name for row in page.rows]

    assert names() == ["Ada", "Bob", "Charlie", "Olga"]
    assert names(words="OLG") == ["Olga"]
    assert names(words=f"charlie@{house.slug}") == ["Charlie"]
    assert names(role=Role.TENANT_ADMIN) == ["Ada"]
    assert names(group=house.team) == ["Bob"]
    people.switch_off(house.ada, house.ids["bob"])
    assert names(is_active=False) == ["Bob"]
    assert people.counted(house.ada) == (3, 1)


def test_a_page_of_people_is_cut_and_sorted_by_the_database(house: cast.House) -> None:
    with house.system.transaction():
        models.Person.objects.bulk_create(
            models.Person(tenant_id=house.tenant, email=f"p{n:03}@example.com", name=f"P {n:03}") for n in range(120)
        )
    page = people.found(house.ada, Wanted(), Order("name", descends=True), 2)
    assert (page.total, page.pages, page.number, len(page.rows)) == (124, 3, 2, 50)
    assert page.rows[0].name == "P 069"
    assert people.found(house.ada, Wanted(), Order("seen"), 99).number == 3


@pytest.mark.parametrize("name", ["bob", "charlie", "olga"])
def test_nobody_but_an_admin_runs_people_and_groups(name: str, house: cast.House) -> None:
    scope, bob = house.scope(name), house.ids["bob"]
    for tried in (
        lambda: people.found(scope, Wanted(), Order("name")),
        lambda: people.counted(scope),
        lambda: people.create(scope, "x@example.com", "X"),
        lambda: people.change(scope, bob, email="x@example.com", name="X"),
        lambda: people.switch_off(scope, bob),
        lambda: people.switch_on(scope, bob),
        lambda: assignments.of(scope, bob),
        lambda: assignments.change(scope, bob, [Role.TENANT_ADMIN]),
        lambda: assignments.take(scope, bob, Role.TENANT_ADMIN),
        lambda: groups.found(scope, "", Order("name")),
        lambda: groups.get(scope, house.team),
        lambda: groups.members(scope, house.team),
        lambda: groups.rename(scope, house.team, "Ours"),
        lambda: groups.delete(scope, house.team),
        lambda: groups.remove(scope, house.team, bob),
        lambda: keys.found(scope, "", Order("name")),
    ):
        with pytest.raises(Forbidden):
            tried()


def test_another_tenants_people_and_groups_are_not_there(house: cast.House, neighbour: cast.House) -> None:
    bob = house.ids["bob"]
    for tried in (
        lambda: people.change(neighbour.ada, bob, email="x@example.com", name="X"),
        lambda: people.switch_off(neighbour.ada, bob),
        lambda: people.switch_on(neighbour.ada, bob),
        lambda: assignments.give(neighbour.ada, bob, Role.TENANT_ADMIN),
        lambda: assignments.take(neighbour.ada, bob, Role.TENANT_ADMIN),
        lambda: invitations.issue(neighbour.ada, bob),
        lambda: groups.get(neighbour.ada, house.team),
        lambda: groups.rename(neighbour.ada, house.team, "Ours"),
        lambda: groups.delete(neighbour.ada, house.team),
        lambda: groups.remove(neighbour.ada, house.team, bob),
        lambda: people.change(house.ada, uuid.uuid4(), email="x@example.com", name="X"),
    ):
        with pytest.raises(NotFound):
            tried()


def test_a_group_is_renamed_and_deleted_with_what_it_gave(house: cast.House) -> None:
    groups.rename(house.ada, house.team, "Crew")
    groups.create(house.ada, "Board")
    with pytest.raises(Conflict):
        groups.rename(house.ada, house.team, "Board")
    page = groups.found(house.ada, "cre", Order("name"))
    assert [(row.name, row.members, row.given) for row in page.rows] == [("Crew", 1, 0)]  # type: ignore[attr-defined]
    groups.delete(house.ada, house.team)
    assert house.bob.groups == frozenset()
    assert payloads(house, "group.deleted")[0]["before"]["members"] == [str(house.ids["bob"])]


def test_members_from_an_identity_provider_are_its_own_to_change(house: cast.House) -> None:
    bob = house.ids["bob"]
    origin = origins.by_claim(house, bob)
    (member,) = groups.members(house.ada, house.team)
    assert [(one.source, one.by) for one in member.origins] == [("manual", None), ("sso", origin.by)]
    groups.remove(house.ada, house.team, bob)
    assert house.team in house.bob.groups
    with pytest.raises(Conflict):
        groups.remove(house.ada, house.team, bob)
