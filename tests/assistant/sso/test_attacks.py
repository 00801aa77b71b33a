"""Each attack is refused, nobody is signed in, and the right tenant's record says why."""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.core.cache import cache
from django.test import Client

from governance import invitations, models, people
from governance.errors import NotFound
from governance.identity import providers
from governance.identity.refusals import Reason
from tests.assistant.sso import journeys
from tests.assistant.sso.hostile import Claims, Hostile, Key
from tests.cast import House
from tests.governance.database import leaves


def assert_refused(door: journeys.Door, response: Any, *reasons: Reason) -> None:
    assert door.person is None
    assert response.status_code == 302
    assert response["Location"] == f"/t/{door.house.slug}/"
    assert door.refusals() == list(reasons)
    with door.house.system.transaction():
        assert not models.Identity.objects.exists()
    assert leaves(door.house, "session.signed_in") == []


NOW = int(time.time())
# What is wrong with the token's claims, though the provider's own key signed them.
CLAIMS: dict[str, tuple[Claims, Reason]] = {
    "another issuer": ({"iss": "https://evil.example"}, Reason.ISSUER),
    "almost the issuer": ({"iss": "{issuer}/"}, Reason.ISSUER),
    "no issuer": ({"iss": None}, Reason.MALFORMED),
    "another audience": ({"aud": "another-client"}, Reason.AUDIENCE),
    "no audience": ({"aud": None}, Reason.MALFORMED),
    "several audiences without us": ({"aud": ["a", "b"], "azp": "chancery"}, Reason.AUDIENCE),
    "several audiences and no party": ({"aud": ["chancery", "other"]}, Reason.AUDIENCE),
    "issued to another party": ({"aud": ["chancery", "other"], "azp": "other"}, Reason.AUDIENCE),
    "another nonce": ({"nonce": "another"}, Reason.NONCE),
    "no nonce": ({"nonce": None}, Reason.NONCE),
    "expired": ({"exp": NOW - 3600, "iat": NOW - 7200}, Reason.EXPIRED),
    "never expires": ({"exp": None}, Reason.MALFORMED),
    "not yet issued": ({"iat": NOW + 3600, "exp": NOW + 7200}, Reason.EXPIRED),
    "not yet valid": ({"nbf": NOW + 3600}, Reason.EXPIRED),
    "no subject": ({"sub": None}, Reason.MALFORMED),
    "an empty subject": ({"sub": ""}, Reason.MALFORMED),
    "a subject of many characters": ({"sub": "x" * 256}, Reason.MALFORMED),
    "an address that is not verified": ({"email_verified": False}, Reason.UNVERIFIED),
    "an address nothing is said of": ({"email_verified": None}, Reason.UNVERIFIED),
    "an address verified by any word": ({"email_verified": "yes"}, Reason.UNVERIFIED),
    "an address of a foreign domain": ({"email": "sam@gmail.example"}, Reason.FOREIGN_ADDRESS),
    "an address under the domain": ({"email": "sam@sub.{slug}.example"}, Reason.FOREIGN_ADDRESS),
    "an address with two signs": ({"email": "sam@evil.example@{slug}.example"}, Reason.NO_ADDRESS),
    "no address": ({"email": None}, Reason.NO_ADDRESS),
}


@pytest.mark.parametrize("attack", CLAIMS)
def test_a_token_with_wrong_claims(attack: str, door: journeys.Door) -> None:
    change, reason = CLAIMS[attack]
    fill = {"issuer": door.idp.issuer, "slug": door.house.slug}
    door.idp.change = {name: one.format(**fill) if isinstance(one, str) else one for name, one in change.items()}
    assert_refused(door, door.sign_in(), reason)


def _unsigned(idp: Hostile, claims: Claims) -> str:
    return jwt.encode(claims, "", "none")


def _keyed_with(secret: Callable[[Hostile], bytes]) -> Callable[[Hostile, Claims], str]:
    """By hand, since a library refuses to sign with a public key's text."""

    def forge(idp: Hostile, claims: Claims) -> str:
        import hashlib
        import hmac

        head = {"alg": "HS256", "typ": "JWT", "kid": idp.keys[0].name}
        parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, claims)]
        signed = hmac.new(secret(idp), b".".join(parts), hashlib.sha256).digest()
        return b".".join([*parts, base64.urlsafe_b64encode(signed).rstrip(b"=")]).decode()

    return forge


def _public_pem(idp: Hostile) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return idp.keys[0].private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _altered(idp: Hostile, claims: Claims) -> str:
    head, _, signature = idp.keys[0].sign(claims).split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "the-director"}).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


def _with_its_own_key(idp: Hostile, claims: Claims) -> str:
    key = Key()
    return key.sign(claims, kid="unknown", jwk=key.public())


FORGED: dict[str, tuple[Callable[[Hostile, Claims], Any], Reason]] = {
    "not signed at all": (_unsigned, Reason.ALGORITHM),
    "HS256 with the client secret": (_keyed_with(lambda _: journeys.SECRET.encode()), Reason.ALGORITHM),
    "HS256 with the public key": (_keyed_with(_public_pem), Reason.ALGORITHM),
    "an algorithm the provider does not use": (lambda idp, c: idp.keys[0].sign(c, "RS512"), Reason.ALGORITHM),
    "a critical header": (lambda idp, c: idp.keys[0].sign(c, crit=["exp"]), Reason.MALFORMED),
    "another key under the right name": (lambda _, c: Key("first").sign(c), Reason.SIGNATURE),
    "a key that is not published": (lambda _, c: Key("unpublished").sign(c), Reason.KEY),
    "a key that the token brings along": (_with_its_own_key, Reason.KEY),
    "altered after it was signed": (_altered, Reason.SIGNATURE),
    "no token": (lambda *_: None, Reason.MALFORMED),
    "no JWT": (lambda *_: "a.b", Reason.MALFORMED),
    "a list": (lambda *_: ["a"], Reason.MALFORMED),
    "a very long token": (lambda idp, c: idp.keys[0].sign(c | {"x": "x" * 100_000}), Reason.MALFORMED),
}


@pytest.mark.parametrize("attack", FORGED)
def test_a_forged_token(attack: str, door: journeys.Door) -> None:
    forge, reason = FORGED[attack]
    door.idp.forge = forge
    assert_refused(door, door.sign_in(), reason)


def test_hs256_is_refused_even_where_the_provider_claims_to_use_it(door: journeys.Door) -> None:
    door.idp.config["id_token_signing_alg_values_supported"] = ["HS256", "none"]
    for forge in (_unsigned, _keyed_with(lambda _: journeys.SECRET.encode())):
        door.idp.forge = forge
        door.sign_in()
    assert door.refusals() == [Reason.ALGORITHM] * 2
    assert door.person is None


def test_a_state_that_was_not_given_to_this_session(door: journeys.Door) -> None:
    address = door.idp.authorize(door.leave())
    victim = replace(door, browser=Client())
    assert_refused(door, victim.come_back(address), Reason.STATE)
    assert victim.person is None
    response = victim.come_back(door.idp.authorize(victim.leave(), state="forged"))
    assert_refused(victim, response, Reason.STATE, Reason.STATE)
    assert_refused(victim, victim.browser.get(f"{door.address}/callback"), *[Reason.STATE] * 3)


def test_a_callback_that_is_played_again(door: journeys.Door) -> None:
    address = door.idp.authorize(door.leave())
    door.come_back(address)
    assert door.person
    door.browser.post("/sign-out")
    door.come_back(address)
    assert door.person is None
    assert door.refusals() == [Reason.STATE]


def test_a_code_that_is_played_again_with_a_fresh_state(door: journeys.Door) -> None:
    address = door.idp.authorize(door.leave())
    code = parse_qs(urlsplit(address).query)["code"][0]
    door.come_back(address)
    thief = replace(door, browser=Client())
    thief.come_back(door.idp.authorize(thief.leave(), code=code))
    assert thief.person is None
    assert door.refusals() == [Reason.CODE]


def test_a_code_that_was_stolen_from_another_sign_in_fails_on_its_verifier(door: journeys.Door) -> None:
    stolen = parse_qs(urlsplit(door.idp.authorize(door.leave())).query)["code"][0]
    thief = replace(door, browser=Client())
    response = thief.come_back(door.idp.authorize(thief.leave(), code=stolen))
    assert_refused(thief, response, Reason.CODE)


def test_one_callback_twice_at_once_signs_in_once(door: journeys.Door) -> None:
    address, browsers = door.idp.authorize(door.leave()), [Client(), Client()]
    for browser in browsers:
        browser.cookies = door.browser.cookies.copy()  # type: ignore[assignment]
    gate = threading.Barrier(2)

    def go(browser: Client) -> None:
        from django.db import connection

        gate.wait()
        replace(door, browser=browser).come_back(address)
        connection.close()

    threads = [threading.Thread(target=go, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(leaves(door.house, "session.signed_in")) <= 1
    assert len(door.refusals()) >= 1


def test_another_tenants_provider_opens_nothing_here(door: journeys.Door, neighbour: House, other_idp: Hostile) -> None:
    """Whoever runs a provider may say anything of anybody: in their own tenant, and nowhere else."""
    evil = journeys.door(neighbour, other_idp, domains=(f"{door.house.slug}.example",))
    other_idp.claims = {"email": door.house.email("ada"), "email_verified": True}
    other_idp.subject, other_idp.change = "subject-1", {"iss": door.idp.issuer}
    evil.sign_in()
    assert evil.refusals() == [Reason.ISSUER]
    other_idp.change = {}
    evil.sign_in()
    assert evil.person  # a new person of the neighbours, of Ada's address
    assert evil.person != str(door.house.ids["ada"])
    assert people.scope_of(uuid.UUID(evil.person)).tenant == neighbour.tenant  # type: ignore[union-attr]
    mixed = f"/t/{door.house.slug}/sso/{evil.provider}"
    for browser in (Client(), evil.browser):
        assert browser.get(f"{mixed}/start")["Location"] == f"/t/{door.house.slug}/"
        browser.get(f"{mixed}/callback?state=x&code=y")
    assert door.refusals() == [Reason.NO_PROVIDER] * 4
    assert leaves(door.house, "session.signed_in") == []


def test_an_answer_that_is_carried_to_another_providers_callback(
    door: journeys.Door, neighbour: House, other_idp: Hostile
) -> None:
    theirs = journeys.door(neighbour, other_idp)
    theirs.browser = door.browser
    address = theirs.idp.authorize(theirs.leave()).replace(theirs.address, door.address)
    assert_refused(door, door.come_back(address), Reason.STATE)


def test_a_mixed_up_provider_is_told_by_the_answers_issuer(door: journeys.Door) -> None:
    """RFC 9207."""
    asked = list(door.idp.asked)
    assert_refused(door, door.sign_in(iss="https://honest.example"), Reason.MIXED_UP)
    assert "/token" not in door.idp.asked[len(asked) :]  # the code went nowhere
    address = door.idp.authorize(door.leave()).partition("&iss=")[0]
    assert_refused(door, door.come_back(address), Reason.MIXED_UP, Reason.MIXED_UP)


def test_the_same_address_at_another_issuer_is_somebody_else(house: House, idp: Hostile, other_idp: Hostile) -> None:
    first = journeys.door(house, idp)
    first.sign_in()
    second = journeys.door(house, other_idp, name="Another")
    second.sign_in()
    assert second.person is None
    assert second.refusals() == [Reason.ANOTHER_ISSUER]


def test_an_address_that_was_given_to_another_subject_opens_nothing(door: journeys.Door) -> None:
    door.sign_in()
    door.browser, door.idp.subject = Client(), "subject-2"
    door.sign_in()
    assert door.person is None
    assert door.refusals() == [Reason.ANOTHER_SUBJECT]


@pytest.mark.parametrize("victim", ["bob", "ada", "olga"])
def test_a_local_person_is_not_taken_over(victim: str, door: journeys.Door) -> None:
    door.idp.claims["email"] = door.house.email(victim).upper()
    assert_refused(door, door.sign_in(), Reason.LOCAL_PERSON)


def test_who_is_switched_off_stays_out(door: journeys.Door) -> None:
    door.sign_in()
    assert door.person
    people.switch_off(door.house.ada, uuid.UUID(door.person))
    assert door.browser.get("/c/").status_code == 302
    door.browser = Client()
    door.sign_in()
    assert door.person is None
    invited = people.create(door.house.ada, f"off@{door.house.slug}.example", "Off")
    people.switch_off(door.house.ada, invited)
    door.idp.subject, door.idp.claims["email"] = "subject-9", f"off@{door.house.slug}.example"
    door.sign_in()
    assert door.person is None
    assert door.refusals() == [Reason.SWITCHED_OFF] * 2


@pytest.mark.parametrize(
    "onward",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:///evil.example"],
)
def test_it_goes_on_to_no_other_site(onward: str, door: journeys.Door) -> None:
    response = door.come_back(door.idp.authorize(door.leave(next=onward)))
    assert response["Location"] == "/c/"


def test_the_userinfo_of_somebody_else(door: journeys.Door) -> None:
    door.idp.userinfo = {"sub": "subject-2", "email": door.idp.claims["email"], "email_verified": True}
    assert_refused(door, door.sign_in(), Reason.USERINFO)


def test_a_verified_address_of_one_place_does_not_vouch_for_that_of_another(door: journeys.Door) -> None:
    verified = {"sub": door.idp.subject, "email_verified": True, "email": f"own@{door.house.slug}.example"}
    door.idp.userinfo = verified
    door.idp.change = {"email_verified": None, "email": f"director@{door.house.slug}.example"}
    assert_refused(door, door.sign_in(), Reason.UNVERIFIED)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"issuer": "https://evil.example"}, Reason.DISCOVERY),
        ({"token_endpoint": "http://evil.example/token"}, Reason.DISCOVERY),
        ({"jwks_uri": "http://169.254.169.254/keys"}, Reason.DISCOVERY),
        ({"authorization_endpoint": "javascript:alert(1)"}, Reason.DISCOVERY),
        ({"userinfo_endpoint": "file:///etc/passwd"}, Reason.DISCOVERY),
        ({"token_endpoint": None}, Reason.DISCOVERY),
    ],
)
def test_a_provider_that_describes_itself_otherwise(change: Claims, reason: Reason, door: journeys.Door) -> None:
    door.idp.config = change
    assert_refused(door, door.browser.get(f"{door.address}/start"), reason)


@pytest.mark.parametrize("address", ["https://10.1.2.3/token", "https://169.254.169.254/t", "https://[::1]:1/t"])
def test_a_provider_that_points_at_what_only_this_machine_reaches(address: str, door: journeys.Door) -> None:
    door.idp.config = {"token_endpoint": address}
    assert_refused(door, door.sign_in(), Reason.UNREACHABLE)
    (leaf,) = leaves(door.house, "session.refused")
    assert "payload" in leaf


def test_a_provider_that_is_switched_off_between_there_and_back(door: journeys.Door) -> None:
    address = door.idp.authorize(door.leave())
    off = journeys.draft(door.house, door.idp.issuer, is_enabled=False)
    providers.change(door.house.ada, door.provider, off)
    assert_refused(door, door.come_back(address), Reason.NO_PROVIDER)
    response = door.browser.get(f"{door.address}/start")
    assert_refused(door, response, Reason.NO_PROVIDER, Reason.NO_PROVIDER)


def test_a_state_is_worth_nothing_after_ten_minutes(door: journeys.Door, monkeypatch: pytest.MonkeyPatch) -> None:
    address = door.idp.authorize(door.leave())
    later = time.time() + 601
    monkeypatch.setattr("allauth.socialaccount.internal.statekit.time.time", lambda: later)
    response = door.come_back(address)
    monkeypatch.undo()
    assert_refused(door, response, Reason.STATE)


def test_a_person_who_cancels_is_told_so_and_it_is_recorded(door: journeys.Door) -> None:
    address = door.idp.authorize(door.leave(), error="access_denied").replace("code=", "x=")
    response = door.browser.get(address.removeprefix("http://testserver"), follow=True)
    assert "You cancelled the sign-in." in response.content.decode()
    assert door.refusals() == [Reason.CANCELLED]


def test_who_is_refused_is_told_nothing_that_the_provider_sent(door: journeys.Door) -> None:
    sent = "<script>alert(1)</script> call 555"
    address = door.idp.authorize(door.leave(), error="server_error", error_description=sent)
    body = door.browser.get(address.removeprefix("http://testserver"), follow=True).content.decode()
    assert "alert(1)" not in body
    assert "call 555" not in body


def test_a_provider_that_does_not_answer_is_told_as_such(door: journeys.Door) -> None:
    door.idp.close()
    cache.clear()
    assert_refused(door, door.browser.get(f"{door.address}/start"), Reason.UNREACHABLE)


def test_an_unknown_tenant_is_the_installations_matter(door: journeys.Door) -> None:
    response = Client().get(f"/t/nobody-here/sso/{door.provider}/start")
    assert (response.status_code, response["Location"]) == (302, "/t/nobody-here/")
    assert door.refusals() == []


def test_a_flood_of_answers_to_nothing_stops_filling_the_record_and_holds_up_nobody(
    door: journeys.Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.sso.flow.STRAYS", 3)
    flood = Client()
    found = [flood.get(f"{door.address}/callback?state={number}").status_code for number in range(6)]
    assert found == [302] * 3 + [429] * 3
    assert door.refusals() == [Reason.STATE] * 3
    door.sign_in()
    assert door.person


def test_a_provider_that_is_away_is_left_alone_for_a_moment(door: journeys.Door) -> None:
    door.idp.config = {"issuer": None}
    door.idp.document = lambda: None  # type: ignore[method-assign,assignment,return-value]
    for _ in range(5):
        door.browser.get(f"{door.address}/start")
    assert len(door.idp.asked) == 1
    assert door.refusals() == [Reason.UNREACHABLE] * 5


def test_an_invitation_ends_once_the_person_is_linked(door: journeys.Door) -> None:
    """Else its link would set a password, and be a way past the provider."""
    sam = people.create(door.house.ada, f"sam@{door.house.slug}.example", "Sam")
    token = invitations.issue(door.house.ada, sam)
    door.sign_in()
    assert door.person == str(sam)
    with pytest.raises(NotFound):
        invitations.accept(door.house.slug, token, "a password that is long enough")
