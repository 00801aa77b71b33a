"""Roles of the organisation's own that sign-ins give: to whoever is new, and by way of groups; never more than an admin holds."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from governance import custom_roles, groups, keys, models, people
from governance.errors import Forbidden, NotFound
from governance.grants import Holder
from governance.identity import providers
from tests.assistant import portal
from tests.assistant.sso import journeys
from tests.assistant.sso.hostile import Hostile
from tests.assistant.sso.test_settings import form, rehearsed
from tests.cast import House
from tests.governance.database import leaves


def opened(house: House, door: journeys.Door) -> set[str]:
    """What the roles of the organisation's own open to whoever is signed in."""
    return {str(one) for one in people.scope_in(house.tenant, uuid.UUID(door.person or "")).opened}


def test_who_is_new_gets_the_role_once_and_groups_bring_theirs_as_long_as_the_claim_names_them(
    house: House, idp: Hostile
) -> None:
    librarian = custom_roles.create(house.ada, "Librarian", ["collection.create"])
    censor = custom_roles.create(house.ada, "Censor", ["policy.see"])
    board = groups.create(house.ada, "Board")
    custom_roles.give(house.ada, censor, Holder(group=board))
    door = journeys.door(house, idp, default_role=str(librarian), groups=frozenset({("idp-board", board)}))
    assert leaves(house, "identity.provider_changed")[-1]["facts"]["role"] == str(librarian)
    idp.claims["groups"] = ["idp-board"]
    door.sign_in()
    assert opened(house, door) == {"collection.create", "policy.see"}
    given = leaves(house, "role.given")[-1]
    assert (given["resource"]["id"], given["facts"]["role"], given["actor"]["kind"]) == (
        door.person,
        str(librarian),
        "system",
    )
    (held,) = custom_roles.get(house.ada, librarian).assignments.all()
    custom_roles.take(house.ada, librarian, held.pk)
    door.sign_in()
    assert opened(house, door) == {"policy.see"}, "it is given once"
    idp.claims["groups"] = []
    door.sign_in()
    assert opened(house, door) == set()

    custom_roles.delete(house.ada, librarian)
    assert providers.get(house.ada, door.provider).default_custom_role is None
    idp.subject, idp.claims["email"] = "somebody else", f"new@{house.slug}.example"
    other = journeys.Door(house, door.provider, idp, Client())
    other.sign_in()
    assert opened(house, other) == set()


def test_nobody_lets_sign_ins_give_what_they_do_not_hold(house: House, neighbour: House) -> None:
    """A key that runs people, and sets no retention, holds less than its admin."""
    keeper = custom_roles.create(house.ada, "Keeper", ["retention.set"])
    see = custom_roles.create(house.ada, "Reader of the policy", ["policy.see"])
    keepers = groups.create(house.ada, "Keepers")
    custom_roles.give(house.ada, keeper, Holder(group=keepers))
    theirs = custom_roles.create(neighbour.ada, "Theirs", ["policy.see"])
    less = keys.resolve(house.key("ada", "manage"))
    assert less

    def draft(**changes: object) -> providers.Draft:
        return journeys.draft(house, "https://login.example", **changes)

    for wanted in (
        {"default_role": str(keeper)},
        {"groups": frozenset({("k", keepers)})},
        {"default_groups": frozenset({keepers})},
    ):
        with pytest.raises(Forbidden, match="do not hold"):
            providers.create(less, draft(**wanted))
    for unknown in (theirs, uuid.uuid4()):
        with pytest.raises(NotFound):
            providers.create(house.ada, draft(default_role=str(unknown)))
    assert providers.listed(house.ada) == []
    made = providers.create(less, draft(default_role=str(see)))
    with pytest.raises(Forbidden):
        providers.change(less, made, draft(default_role=str(keeper)))
    providers.change(house.ada, made, draft(default_role=str(keeper)))
    with house.ada.transaction():
        row = models.IdentityProvider.objects.get()
    assert (row.default_custom_role_id, row.default_role) == (keeper, "")


def test_the_form_offers_them_and_the_test_tells_of_it(house: House, idp: Hostile) -> None:
    librarian = custom_roles.create(house.ada, "Librarian", ["collection.create"])
    ada, chosen = portal.signed_in(house, "ada"), uuid.uuid4()
    sent = form(house, idp, id=str(chosen), default_role=str(librarian))
    assert ada.post("/settings/sign-in/new", sent).status_code == 302
    page = " ".join(ada.get(f"/settings/sign-in/{chosen}").content.decode().split())
    assert f'<option value="{librarian}" selected>Librarian</option>' in page
    idp.claims = {"email": f"sam@{house.slug}.example", "email_verified": True}
    told = rehearsed(journeys.Door(house, chosen, idp, Client()), ada).content.decode()
    assert "They would get the role “Librarian”" in told
