"""The honest ways in: who becomes whom, and in which groups."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
from django.test import Client

from governance import groups, models, people
from governance.errors import NotFound
from governance.identity import identities, providers
from governance.roles import Role
from tests.assistant.sso import forging, journeys
from tests.assistant.sso.hostile import Hostile
from tests.cast import PASSWORD, House
from tests.governance.database import leaves


def person(house: House, email: str) -> models.Person:
    with house.system.transaction():
        return models.Person.objects.get(email=email)


def in_groups(house: House, who: uuid.UUID) -> set[tuple[str, str]]:
    with house.system.transaction():
        rows = models.Membership.objects.filter(person=who).select_related("group")
        return {(row.group.name, row.source) for row in rows}


def test_whoever_is_unknown_becomes_a_person_without_a_grant(door: journeys.Door) -> None:
    response = door.sign_in()
    assert (response.status_code, response["Location"]) == (302, "/c/")
    sam = person(door.house, f"sam@{door.house.slug}.example")
    assert door.person == str(sam.pk)
    assert (sam.name, sam.has_usable_password()) == ("Sam Ortiz", False)
    scope = people.scope_in(door.house.tenant, sam.pk)
    assert (scope.roles, scope.groups) == (frozenset({Role.EMPLOYEE}), frozenset())
    with door.house.system.transaction():
        assert not models.Grant.objects.filter(person=sam).exists()
    assert door.browser.get("/c/").status_code == 200
    (signed_in,) = leaves(door.house, "session.signed_in")
    assert signed_in["actor"]["id"] == str(sam.pk)
    assert signed_in["facts"] == {"method": "oidc", "provider": str(door.provider), "how": "created"}
    (linked,) = leaves(door.house, "identity.linked")
    assert linked["facts"]["how"] == "created"
    assert "subject-1" not in str(leaves(door.house))
    assert "sam@" not in str(leaves(door.house))


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"amr": ["pwd", "mfa"], "acr": "urn:mace:incommon:iap:silver"}, {"mfa": True, "amr": ["mfa", "pwd"]}),
        ({"amr": ["pwd"]}, {"mfa": False, "amr": ["pwd"]}),
        ({"amr": "otp", "acr": "a sentence with someone's name"}, {"mfa": False, "amr": ["otp"]}),
        ({"amr": [7, "not a name!"]}, {}),
    ],
)
def test_how_many_factors_there_were_is_on_the_record_as_the_provider_says_it(
    door: journeys.Door, idp: Hostile, claims: dict[str, Any], told: dict[str, Any]
) -> None:
    idp.change = claims
    assert door.sign_in().status_code == 302
    facts = leaves(door.house, "session.signed_in")[0]["facts"]
    assert {name: facts[name] for name in ("mfa", "amr") if name in facts} == told
    assert facts.get("acr") == (claims["acr"] if ":" in claims.get("acr", "") else None)


def test_the_subject_is_known_again_whatever_the_address_has_become(door: journeys.Door) -> None:
    door.sign_in()
    first, door.browser = door.person, Client()
    door.idp.claims |= {"email": "sam.ortiz@elsewhere.example", "email_verified": False}
    door.sign_in()
    assert door.person == first
    assert [leaf["facts"]["how"] for leaf in leaves(door.house, "session.signed_in")] == ["created", "known"]


def test_a_person_whom_an_admin_made_without_a_password_is_linked(door: journeys.Door) -> None:
    invited = people.create(door.house.ada, f"Sam@{door.house.slug}.example", "Sam as Ada wrote it")
    door.sign_in()
    assert door.person == str(invited)
    assert [leaf["facts"]["how"] for leaf in leaves(door.house, "identity.linked")] == ["linked"]


def test_the_groups_are_the_providers_at_every_sign_in_and_what_was_given_by_hand_stays(
    house: House, idp: Hostile
) -> None:
    board, works = groups.create(house.ada, "Board"), groups.create(house.ada, "Works")
    allowed = frozenset({("idp-board", board), ("idp-works", works), ("idp-board", house.team)})
    door = journeys.door(house, idp, groups=allowed)
    idp.claims["groups"] = ["idp-board", "nobody-listed-this", 7]
    door.sign_in()
    assert door.person
    sam = uuid.UUID(door.person)
    assert in_groups(house, sam) == {("Board", "sso"), ("Team", "sso")}
    groups.add(house.ada, house.team, sam)
    idp.claims["groups"] = "idp-works"
    door.sign_in()
    assert in_groups(house, sam) == {("Works", "sso"), ("Team", "manual")}
    del idp.claims["groups"]
    door.sign_in()
    assert in_groups(house, sam) == {("Team", "manual")}
    added = [leaf["facts"] for leaf in leaves(house, "group.member_added") if leaf["facts"]["source"] == "sso"]
    removed = [leaf["facts"] for leaf in leaves(house, "group.member_removed")]
    assert (len(added), len(removed)) == (3, 3)


@pytest.mark.parametrize("place", ["id_token", "userinfo"])
def test_groups_are_found_along_a_path_in_either_place(house: House, idp: Hostile, place: str) -> None:
    door = journeys.door(house, idp, group_claim="realm_access.roles", groups=frozenset({("staff", house.team)}))
    said = {"realm_access": {"roles": ["staff"]}}
    if place == "id_token":
        idp.claims |= said
    else:
        idp.userinfo = {"sub": idp.subject, **said}
    door.sign_in()
    assert door.person
    assert in_groups(house, uuid.UUID(door.person)) == {("Team", "sso")}


def test_the_address_may_come_from_the_userinfo_alone(door: journeys.Door) -> None:
    door.idp.userinfo = {"sub": door.idp.subject, **door.idp.claims}
    door.idp.claims = {}
    door.sign_in()
    assert door.person == str(person(door.house, f"sam@{door.house.slug}.example").pk)


def test_a_provider_that_vouches_need_not_say_so_at_each_address(house: House, idp: Hostile) -> None:
    door = journeys.door(house, idp, vouches_for_addresses=True)
    del idp.claims["email_verified"]
    door.sign_in()
    assert door.person


def test_a_rotated_key_is_asked_for_once(door: journeys.Door) -> None:
    door.sign_in()
    door.sign_in()
    assert door.idp.asked.count("/keys") == 1
    door.idp.keys = [forging.rogue("second")]
    door.sign_in()
    door.sign_in()
    assert door.idp.asked.count("/keys") == 2
    assert len(leaves(door.house, "session.signed_in")) == 4


def test_the_sessions_key_changes_and_an_earlier_one_is_worth_nothing(door: journeys.Door) -> None:
    back = door.idp.authorize(door.leave())
    before = door.browser.cookies["chancery_session"].value
    door.come_back(back)
    assert door.browser.cookies["chancery_session"].value != before
    old = Client()
    old.cookies["chancery_session"] = before
    assert old.get("/c/").status_code == 302
    assert "_auth_user_id" not in old.session


def test_it_goes_on_to_the_page_that_was_wanted(door: journeys.Door) -> None:
    response = door.come_back(door.idp.authorize(door.leave(next="/collections/?x=1")))
    assert response["Location"] == "/collections/?x=1"


def test_the_sign_in_page_offers_the_tenants_provider_by_short_name_and_by_domain(
    door: journeys.Door, neighbour: House, other_idp: Hostile
) -> None:
    theirs = journeys.door(neighbour, other_idp, name="Their own")
    start = f"{door.address}/start".encode()
    browser = Client()
    assert start in browser.get(f"/t/{door.house.slug}/").content
    found = browser.post("/", {"email": f"who@{door.house.slug.upper()}.example", "way": "sso"}).content
    assert start in found
    assert f"{theirs.address}/start".encode() not in found
    for nobody in ("who@nowhere.example", "", "who", f"who@{door.house.slug}", "\x00@\x00"):
        assert b"/sso/" not in browser.post("/", {"email": nobody, "way": "sso"}).content
    assert b"/sso/" not in browser.get("/").content


def test_a_domain_that_a_tenant_claims_and_was_not_given_leads_nobody_there(
    door: journeys.Door, neighbour: House, other_idp: Hostile
) -> None:
    thief = journeys.door(neighbour, other_idp, domains=(f"{door.house.slug}.example", "unowned.example"))
    for email in (f"bob@{door.house.slug}.example", "bob@unowned.example"):
        assert str(thief.provider).encode() not in Client().post("/", {"email": email, "way": "sso"}).content


def test_where_it_is_the_only_way_passwords_open_for_admins_alone(house: House, idp: Hostile) -> None:
    journeys.door(house, idp, is_required=True)
    browser = Client()
    assert b"<details" in browser.get(f"/t/{house.slug}/").content
    sent = {"email": house.email("bob"), "password": PASSWORD}
    assert browser.post(f"/t/{house.slug}/", sent).status_code == 401
    assert browser.post("/", sent).status_code == 401
    reasons = [leaf["facts"]["reason"] for leaf in leaves(house, "session.refused")]
    assert reasons == ["single sign-on is required"] * 2
    rescue = {"email": house.email("ada"), "password": PASSWORD}
    assert browser.post(f"/t/{house.slug}/", rescue).status_code == 302


@pytest.mark.parametrize("is_required", [False, True])
def test_a_local_person_links_by_giving_the_password_in_the_same_browser(
    house: House, idp: Hostile, is_required: bool
) -> None:
    door = journeys.door(house, idp, is_required=is_required)
    idp.claims["email"] = house.email("bob")
    door.sign_in()
    assert door.person is None
    assert door.refusals() == ["the address is a local person's"]
    told = door.browser.get(f"/t/{house.slug}/").content.decode()
    assert "Sign in with the password now" in told
    assert "<details" not in told
    sent = {"email": house.email("bob"), "password": PASSWORD}
    assert door.browser.post(f"/t/{house.slug}/", sent).status_code == 302
    assert [leaf["facts"]["how"] for leaf in leaves(house, "identity.linked")] == ["linked by password"]
    door.browser = Client()
    door.sign_in()
    assert door.person == str(house.ids["bob"])


def test_half_a_link_is_worth_nothing_later_elsewhere_or_for_somebody_else(
    door: journeys.Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, address = door.house, f"/t/{door.house.slug}/"
    door.idp.claims["email"] = house.email("bob")
    door.sign_in()
    Client().post(address, {"email": house.email("bob"), "password": PASSWORD})  # another browser
    door.browser.post(address, {"email": house.email("charlie"), "password": PASSWORD})  # somebody else
    door.browser.post("/sign-out")
    door.sign_in()
    later = time.time() + 601
    monkeypatch.setattr("assistant.sso.pending.time.time", lambda: later)
    door.browser.post(address, {"email": house.email("bob"), "password": PASSWORD})
    assert leaves(house, "identity.linked") == []


def test_an_unlinked_person_starts_anew(door: journeys.Door) -> None:
    door.sign_in()
    (identity,) = identities.of_issuer(door.house.ada, door.idp.issuer)
    identities.unlink(door.house.ada, identity.pk)
    door.idp.subject = "subject-2"  # their new account at the provider
    door.sign_in()
    assert [leaf["facts"]["how"] for leaf in leaves(door.house, "session.signed_in")] == ["created", "linked"]


def test_signing_out_offers_to_sign_out_at_the_provider_too(door: journeys.Door) -> None:
    door.sign_in()
    response = door.browser.post("/sign-out", follow=True)
    assert door.person is None
    body = response.content.decode()
    assert f"{door.idp.issuer}/end?client_id=chancery&amp;post_logout_redirect_uri=http%3A%2F%2Ftestserver" in body
    door.idp.config["end_session_endpoint"] = "javascript:alert(1)"
    from django.core.cache import cache

    cache.clear()
    assert "javascript:" not in door.browser.get(f"{door.address}/signed-out").content.decode()


def test_the_secret_is_stored_sealed_and_its_key_goes_with_the_provider(door: journeys.Door) -> None:
    row = providers.get(door.house.ada, door.provider)
    assert journeys.SECRET.encode() not in bytes(row.client_secret)
    assert providers.client_secret(row) == journeys.SECRET
    providers.change(door.house.ada, door.provider, journeys.draft(door.house, door.idp.issuer, client_secret=None))
    assert providers.client_secret(providers.get(door.house.ada, door.provider)) == journeys.SECRET
    providers.delete(door.house.ada, door.provider)
    with pytest.raises(NotFound):
        providers.get(door.house.ada, door.provider)
    with pytest.raises(Exception, match="its key is gone"):
        providers.client_secret(row)


def test_a_sign_in_that_cannot_be_recorded_starts_no_session(
    door: journeys.Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    from governance.errors import RecordUnavailable

    back = door.idp.authorize(door.leave())

    def refuse(*_: Any, **__: Any) -> None:
        raise RecordUnavailable("gone")

    monkeypatch.setattr("governance.audit.events._append", refuse)
    assert door.come_back(back).status_code == 503
    monkeypatch.undo()
    assert door.person is None
    with door.house.system.transaction():
        assert not models.Identity.objects.exists()
