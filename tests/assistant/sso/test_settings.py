"""The admin's pages: setting a provider up, and trying it out without signing anybody in."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from governance import groups, models
from governance.identity import providers
from tests.assistant import portal
from tests.assistant.sso import journeys
from tests.assistant.sso.hostile import Hostile
from tests.cast import House
from tests.governance.database import leaves


def form(house: House, idp: Hostile, **changes: Any) -> dict[str, Any]:
    plain = {
        "name": "Acme ID",
        "issuer": f"{idp.issuer}/.well-known/openid-configuration",
        "client_id": journeys.CLIENT,
        "client_secret": journeys.SECRET,
        "domains": f"{house.slug}.example, Second.example",
        "group_claim": "groups",
        "group_value": ["staff", "", "ghosts"],
        "group": [str(house.team), str(house.team), ""],
    }
    return plain | changes


def rows(house: House) -> list[Any]:
    """Everything that a sign-in may change."""
    with house.system.transaction():
        return [
            sorted(model.objects.values_list("pk", flat=True))
            for model in (models.Person, models.Identity, models.Membership, models.RoleAssignment, models.Grant)
        ]


def test_an_admin_sets_a_provider_up_under_the_address_that_the_empty_form_showed(house: House, idp: Hostile) -> None:
    ada = portal.signed_in(house, "ada", enforces_csrf=True)
    page = ada.get("/settings/sign-in/new").content.decode()
    chosen = re.search(r'name="id" value="([0-9a-f-]{36})"', page)
    assert chosen
    assert f"http://testserver/t/{house.slug}/sso/{chosen[1]}/callback" in page
    sent = form(house, idp, id=chosen[1])
    assert ada.post("/settings/sign-in/new", sent).status_code == 403  # no token
    sent["csrfmiddlewaretoken"] = ada.cookies["csrftoken"].value
    assert ada.post("/settings/sign-in/new", sent)["Location"] == f"/settings/sign-in/{chosen[1]}"
    row = providers.get(house.ada, uuid.UUID(chosen[1]))
    assert (row.issuer, row.domains) == (idp.issuer, ["second.example", f"{house.slug}.example"])
    assert providers.allowed_groups(house.ada, row.pk) == [("staff", house.team)]
    assert (row.is_enabled, row.is_required) == (False, False)
    page = ada.get(f"/settings/sign-in/{row.pk}").content.decode()
    assert journeys.SECRET not in page
    assert 'value="staff"' in page
    (leaf,) = leaves(house, "identity.provider_changed")
    facts = {"what": "created", "kind": "openid", "enabled": False, "required": False, "groups": 1, "secret": True}
    assert leaf["facts"] == facts
    assert "Acme" not in str(leaf)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"issuer": "http://idp.example"}, "https"),
        ({"issuer": "https://user:pw@idp.example"}, "name and password"),
        ({"issuer": "not an address"}, "https://host/"),
        ({"domains": ""}, "at least one e-mail domain"),
        ({"domains": "*.example"}, "not an e-mail domain"),
        ({"name": " "}, "name"),
        ({"client_id": ""}, "client id"),
        ({"is_required": "on"}, "switched on"),
        ({"group": ["nonsense", "", ""]}, "Choose a group"),
    ],
)
def test_what_cannot_work_is_refused_in_words_and_the_form_keeps_what_was_written(
    change: dict[str, Any], said: str, shared_house: House, idp: Hostile
) -> None:
    ada = portal.signed_in(shared_house, "ada")
    response = ada.post("/settings/sign-in/new", form(shared_house, idp, id=str(uuid.uuid4())) | change)
    assert response.status_code == 400
    body = response.content.decode()
    assert said in body
    assert ("Acme ID" in body) or "name" in change
    assert journeys.SECRET not in body
    assert providers.listed(shared_house.ada) == []


def test_a_group_of_the_neighbours_is_not_there(house: House, neighbour: House, idp: Hostile) -> None:
    ada = portal.signed_in(house, "ada")
    sent = form(house, idp, id=str(uuid.uuid4()), group=[str(neighbour.team), "", ""])
    assert ada.post("/settings/sign-in/new", sent).status_code == 404
    assert providers.listed(house.ada) == []


def test_the_neighbours_provider_is_neither_seen_nor_taken_over(house: House, neighbour: House, idp: Hostile) -> None:
    theirs = journeys.door(neighbour, idp)
    ada = portal.signed_in(house, "ada")
    assert str(theirs.provider) not in ada.get("/settings/sign-in").content.decode()
    for address in ("", "/test"):
        assert ada.get(f"/settings/sign-in/{theirs.provider}{address}").status_code == 404
    assert ada.post(f"/settings/sign-in/{theirs.provider}", form(house, idp)).status_code == 404
    assert ada.post(f"/settings/sign-in/{theirs.provider}/delete").status_code == 404
    assert ada.post("/settings/sign-in/new", form(house, idp, id=str(theirs.provider))).status_code == 409
    assert providers.get(neighbour.ada, theirs.provider).issuer == idp.issuer


def rehearsed(door: journeys.Door, admin: Client) -> Any:
    response = admin.get(f"/settings/sign-in/{door.provider}/test")
    assert response.status_code == 302
    return admin.get(door.idp.authorize(response["Location"]).removeprefix("http://testserver"))


def test_a_test_reports_the_claims_and_the_groups_and_changes_nothing(house: House, idp: Hostile) -> None:
    board = groups.create(house.ada, "The board")
    door = journeys.door(house, idp, is_enabled=False, groups=frozenset({("idp-board", board)}))
    idp.claims["groups"] = ["idp-board", "idp-unlisted"]
    idp.userinfo = {"sub": idp.subject, "department": "<b>Works</b>"}
    admin = portal.signed_in(house, "ada")
    before = rows(house)
    body = rehearsed(door, admin).content.decode()
    assert rows(house) == before
    assert admin.session["_auth_user_id"] == str(house.ids["ada"])
    assert "This sign-in would succeed." in body
    assert f"A new person would be made for sam@{house.slug}.example" in body
    for shown in ("The board", "idp-unlisted", "email_verified", "department", "&lt;b&gt;Works&lt;/b&gt;"):
        assert shown in body
    assert len(leaves(house, "session.signed_in")) == 1  # Ada's own
    (leaf,) = leaves(house, "identity.provider_tested")
    assert (leaf["actor"]["id"], leaf["facts"]) == (str(house.ids["ada"]), {"outcome": "a sign-in would succeed"})


def test_a_test_tells_of_a_known_person_and_of_the_groups_they_would_leave(house: House, idp: Hostile) -> None:
    door = journeys.door(house, idp, groups=frozenset({("staff", house.team)}))
    idp.claims["groups"] = ["staff"]
    door.sign_in()
    idp.claims["groups"] = []
    before = rows(house)
    body = rehearsed(door, portal.signed_in(house, "ada")).content.decode()
    assert "Sam Ortiz is linked already" in body
    assert "Would leave" in body
    assert rows(house) == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"aud": "another"}, "aud is another"),
        ({"email_verified": None}, "vouches for addresses"),
        ({"email": "sam@foreign.example"}, "Add the domain"),
        ({"iss": "https://other.example"}, "names another issuer"),
    ],
)
def test_a_test_that_fails_says_what_to_do(change: dict[str, Any], said: str, door: journeys.Door) -> None:
    door.idp.change = change
    body = rehearsed(door, portal.signed_in(door.house, "ada")).content.decode()
    assert "This sign-in would be refused" in body
    assert said in body
    (leaf,) = leaves(door.house, "identity.provider_tested")
    assert leaf["facts"]["outcome"] in body.replace("&#x27;", "'")


def test_a_test_of_a_provider_that_calls_itself_otherwise_shows_both_names(door: journeys.Door) -> None:
    door.idp.config["issuer"] = f"{door.idp.issuer}/"
    body = portal.signed_in(door.house, "ada").get(f"/settings/sign-in/{door.provider}/test").content.decode()
    assert f"it calls itself {door.idp.issuer}/, not {door.idp.issuer}" in body


def test_a_test_is_no_way_in(door: journeys.Door) -> None:
    """Not for another browser, not for a colleague, and not as a sign-in of the admin who lost the role since."""
    house, admin = door.house, portal.signed_in(door.house, "ada")
    start = f"/settings/sign-in/{door.provider}/test"
    back = door.idp.authorize(admin.get(start)["Location"]).removeprefix("http://testserver")
    Client().get(back)
    response = portal.signed_in(house, "charlie").get(start)
    assert response.status_code == 403
    admin.get(back)
    again = door.idp.authorize(admin.get(start)["Location"]).removeprefix("http://testserver")
    admin.post("/sign-out")
    assert admin.get(again)["Location"] == f"/t/{house.slug}/"
    assert "_auth_user_id" not in admin.session
    with house.system.transaction():
        assert not models.Identity.objects.exists()


def test_a_person_is_unlinked_and_the_provider_removed(door: journeys.Door) -> None:
    door.sign_in()
    admin = portal.signed_in(door.house, "ada")
    page = admin.get(f"/settings/sign-in/{door.provider}").content.decode()
    found = re.search(r"/identities/([0-9a-f-]{36})/unlink", page)
    assert found
    assert "Sam Ortiz" in page
    assert admin.post(f"/settings/sign-in/{door.provider}{found[0]}").status_code == 302
    with door.house.system.transaction():
        assert not models.Identity.objects.exists()
    assert admin.post(f"/settings/sign-in/{door.provider}/delete")["Location"] == "/settings/sign-in"
    assert providers.listed(door.house.ada) == []
    for action in ("identity.unlinked", "identity.provider_deleted"):
        assert len(leaves(door.house, action)) == 1


def test_the_stored_secret_is_not_sent_to_another_address(door: journeys.Door, other_idp: Hostile) -> None:
    admin = portal.signed_in(door.house, "ada")
    sent = form(door.house, other_idp, client_secret="")
    response = admin.post(f"/settings/sign-in/{door.provider}", sent)
    assert (response.status_code, "enter its client secret" in response.content.decode()) == (400, True)
    assert providers.get(door.house.ada, door.provider).issuer == door.idp.issuer
    assert admin.post(f"/settings/sign-in/{door.provider}", sent | {"client_secret": "its own"}).status_code == 302
    assert providers.client_secret(providers.get(door.house.ada, door.provider)) == "its own"
