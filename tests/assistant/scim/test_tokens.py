"""What a token of a directory opens, to whom, and how long."""

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import product

import pytest
from django.db import Error
from django.test import Client
from django.utils import timezone

from governance import access, assignments, keys, models, people
from governance.actions import Action
from governance.errors import Conflict, Forbidden
from governance.identity import providers
from governance.identity.directories import registry
from governance.roles import DIRECTORY_ACTIONS, Role
from governance.scope import ActorKind, Scope
from tests.assistant import portal
from tests.assistant.scim import doors
from tests.cast import House
from tests.governance.database import leaves

VERBS = ("get", "post", "put", "patch", "delete")


def test_nobody_else_gets_in_and_its_token_opens_no_other_door(house: House, neighbour: House) -> None:
    door, beside, abroad = doors.door(house), doors.door(house, "Okta"), doors.door(neighbour)
    person = door.user("new")["id"]
    ended = registry.issue(house.ada, door.directory, 1)
    with house.ada.transaction():
        models.DirectoryToken.objects.filter(prefix=ended[:10]).update(expires_at=timezone.now() - timedelta(seconds=1))
    outsiders = {
        "no token": Client(),
        "another tenant's": Client(headers={"Authorization": f"Bearer {abroad.token}"}),
        "another directory's": Client(headers={"Authorization": f"Bearer {beside.token}"}),
        "an ended one": Client(headers={"Authorization": f"Bearer {ended}"}),
        "an admin's key": Client(headers={"Authorization": f"Bearer {house.key('ada')}"}),
        "an admin's session": portal.signed_in(house, "ada"),
        "not a bearer": Client(headers={"Authorization": f"Basic {door.token}"}),
    }
    rooms = ("/Users", f"/Users/{person}", "/ServiceProviderConfig", "/nothing")
    answers = set()
    for verb, path, name in product(VERBS, rooms, outsiders):
        response = getattr(outsiders[name], verb)(door.root + path)
        assert response.status_code == 401, (verb, path, name)
        assert response["WWW-Authenticate"] == "Bearer"
        answers.add(response.content)
    assert len(answers) == 1
    own = Client(headers={"Authorization": f"Bearer {door.token}"})
    others = ("/api/v1/me", "/v1/models", "/people/", f"/people/{house.ids['bob']}/roles")
    for verb, path in product(VERBS, others):
        assert getattr(own, verb)(path).status_code in {302, 401, 405}, (verb, path)


def test_a_directory_may_say_who_is_here_and_nothing_else(house: House) -> None:
    scope = Scope(house.tenant, ActorKind.DIRECTORY, registry.create(house.ada, "Entra"))
    allowed = {action for action in Action if access.decide(scope, action).allowed}
    assert allowed == DIRECTORY_ACTIONS == {Action.PEOPLE_SEE, Action.PEOPLE_PROVISION}
    bob = house.ids["bob"]
    for refused in (
        lambda: assignments.give(scope, bob, Role.TENANT_ADMIN),
        lambda: people.create(scope, f"x@{house.slug}.example", "X", roles=[Role.TENANT_ADMIN]),
        lambda: keys.issue(scope, bob, "Mine", ["all"], 1),
        lambda: registry.issue(scope, uuid.UUID(str(scope.actor)), 1),
        lambda: providers.listed(scope),
    ):
        with pytest.raises(Forbidden):
            refused()
    # And Postgres says the same to whoever forgets to ask.
    own = {"tenant_id": house.tenant, "person_id": bob}
    with pytest.raises(Error, match="row-level security"), scope.transaction():
        models.RoleAssignment.objects.create(**own, role=str(Role.TENANT_ADMIN))
    with pytest.raises(Error, match="row-level security"), scope.transaction():
        models.DirectoryToken.objects.create(
            tenant_id=house.tenant, directory_id=scope.person, hash="0", prefix="0", expires_at=timezone.now()
        )
    house.key("bob")
    with scope.transaction():
        assert models.RoleAssignment.objects.filter(person=house.ids["ada"]).delete()[0] == 0
    with pytest.raises(Error, match="row-level security"), scope.transaction():
        models.ApiKey.objects.filter(person=bob).update(scopes=["manage"])


def test_tokens_take_over_without_a_gap_and_end_at_once(house: House) -> None:
    door = doors.door(house)
    new = registry.rotate(house.ada, door.directory, 30)
    both = registry.tokens(house.ada, door.directory)
    assert sorted(one.expires_at < timezone.now() + timedelta(days=8) for one in both) == [False, True]
    for token in (door.token, new):
        assert doors.Door(house, door.directory, token).call("GET", "/Users").status_code == 200
    assert all(one.last_used_at for one in registry.tokens(house.ada, door.directory))
    registry.revoke(house.ada, door.directory, next(one.pk for one in both if one.prefix == door.token[:10]))
    assert door.call("GET", "/Users").status_code == 401
    for _ in range(4):
        registry.issue(house.ada, door.directory, 1)
    with pytest.raises(Conflict):
        registry.issue(house.ada, door.directory, 1)
    told = str(leaves(house))
    assert new not in told
    assert new[4:] not in told
