"""Whose people and groups are: what a directory may take into its keeping, and what is left when it goes."""

from __future__ import annotations

import uuid

import pytest

from governance import assignments, grants, groups, people
from governance.errors import Conflict, NotFound
from governance.grants import Holder
from governance.identity import identities, providers
from governance.identity.directories import entries, registry
from governance.roles import Level, Role
from tests.assistant import portal
from tests.assistant.scim import doors
from tests.cast import House
from tests.governance import origins


def test_whoever_is_here_is_taken_over_only_where_nobody_could_mind(house: House) -> None:
    door, other = doors.door(house), doors.door(house, "Okta")
    by_sso = people.create(house.system, f"sam@{house.slug}.example", "Sam")
    officer = people.create(house.system, f"oda@{house.slug}.example", "Oda", roles=[Role.COMPLIANCE_OFFICER])
    assert door.user("sam", externalId="s")["id"] == str(by_sso)
    for name in ("bob", "oda"):
        refused = door.told("POST", "/Users", {"userName": f"{name}@{house.slug}.example"}, 409)
        assert refused["scimType"] == "uniqueness"
        assert door.told("GET", f'/Users?filter=userName eq "{name}@{house.slug}.example"')["totalResults"] == 0
    assert other.told("POST", "/Users", {"userName": f"sam@{house.slug}.example"}, 409)["scimType"] == "uniqueness"
    page = portal.signed_in(house, "ada")
    address = f"/settings/sign-in/provisioning/{door.directory}"
    assert f"{address}/hand-over/{officer}" in page.get(address).content.decode()
    page.post(f"{address}/hand-over/{officer}")
    assert door.user("oda")["id"] == str(officer)
    assert assignments.of(house.ada, officer) == {Role.COMPLIANCE_OFFICER}
    assert f"{address}/hand-over/{officer}" not in page.get(address).content.decode()


def test_whoever_is_provisioned_is_linked_at_their_first_sign_in(house: House) -> None:
    person = doors.door(house).user("new")["id"]
    provider = providers.get(house.ada, origins.provider(house))
    said = identities.Presented(provider.issuer, "s-1", f"NEW@{house.slug}.example", True, "New", frozenset())
    assert identities.admit(house.system, provider, said) == (uuid.UUID(person), "linked")


def test_a_group_of_that_name_is_not_taken_over_before_it_is_handed_over(house: House) -> None:
    door = doors.door(house)
    sam = door.user("sam")["id"]
    resource = uuid.uuid4()
    with house.system.transaction():
        grants.register(house.system, resource, "collection", None)
    grants.give(house.ada, resource, Holder(group=house.team), Level.READ)
    sent = {"displayName": "Team", "members": [{"value": sam}]}
    assert door.told("POST", "/Groups", sent, 409)["scimType"] == "uniqueness"
    other = door.group("Other")["id"]
    renamed = {"op": "replace", "path": "displayName", "value": "Team"}
    assert door.patch(f"/Groups/{other}", renamed, status=409)["scimType"] == "uniqueness"
    assert not people.scope_in(house.tenant, uuid.UUID(sam)).groups
    entries.hand_over(house.ada, door.directory, house.team)
    assert door.told("POST", "/Groups", sent, 201)["id"] == str(house.team)
    with pytest.raises(Conflict):
        groups.rename(house.ada, house.team, "Ours")
    # By a hand Bob stays in it, whatever the directory's list says, and the directory does not see him.
    door.told("PUT", f"/Groups/{house.team}", {"displayName": "Crew", "members": []})
    assert house.bob.groups == {house.team}
    assert "members" not in door.told("GET", f"/Groups/{house.team}")
    door.told("DELETE", f"/Groups/{house.team}", status=204)
    assert house.bob.groups == {house.team}
    assert groups.get(house.ada, house.team).name == "Crew"
    door.told("DELETE", f"/Groups/{other}", status=204)
    with pytest.raises(NotFound):  # nothing rested on it
        groups.get(house.ada, uuid.UUID(other))


def test_a_directory_ends_with_what_it_gave(house: House) -> None:
    door = doors.door(house)
    sam = uuid.UUID(door.user("sam")["id"])
    night = uuid.UUID(door.group("Night", str(sam))["id"])
    groups.add(house.ada, night, house.ids["bob"])
    (entry, *_) = groups.members(house.ada, night)[-1].origins
    assert (entry.source, entry.by, entry.name) == ("scim", door.directory, "Entra")
    assert "SCIM from Entra" in portal.signed_in(house, "ada").get(f"/groups/{night}").content.decode()
    registry.delete(house.ada, door.directory)
    assert door.call("GET", "/Users").status_code == 401
    assert not people.scope_in(house.tenant, sam).groups
    assert house.bob.groups == {house.team, night}
