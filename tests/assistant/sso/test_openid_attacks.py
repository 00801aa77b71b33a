"""Attacks on a sign-in, all in one place: each is refused, signs nobody in, and stands on the record with its reason.

Each is a sign-in of somebody new with one thing wrong. The same sign-in is accepted once that one thing is right.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client

from governance.identity.refusals import Reason
from tests.assistant.sso import forging, hostile, journeys
from tests.assistant.sso.attacks import (
    Attack,
    Scene,
    a_nonce_of_before,
    answered,
    at_the_neighbours_provider,
    by_the_neighbours_answer,
    claims,
    code_of_another_sign_in,
    code_used_before,
    described,
    downgraded,
    expired_state,
    for_encryption,
    forged,
    of_another_browser,
    of_another_issuer,
    of_another_provider,
    of_another_subject,
    old_key,
    published,
    raw,
    short_key,
    switched_off,
    symmetric,
    too_weak,
    twice,
    used_before,
    userinfo,
    without,
)
from tests.assistant.sso.hostile import Hostile
from tests.cast import House

NOW = int(time.time())
DEEP = b"[" * 30_000 + b"]" * 30_000
HUGE = b" " * 600_000
DOCUMENT = "/.well-known/openid-configuration"
R = Reason
ATTACKS: dict[str, tuple[Attack, Reason]] = {
    # The ID token's claims
    "another issuer": (claims(iss="https://evil.example"), R.ISSUER),
    "almost the issuer": (claims(iss="{issuer}/"), R.ISSUER),
    "no issuer": (claims(iss=None), R.MALFORMED),
    "an issuer that no database keeps": (claims(iss="\ud800"), R.ISSUER),
    "another audience": (claims(aud="another-client"), R.AUDIENCE),
    "no audience": (claims(aud=None), R.MALFORMED),
    "several audiences without us": (claims(aud=["a", "b"], azp="chancery"), R.AUDIENCE),
    "several audiences and no party": (claims(aud=["chancery", "other"]), R.AUDIENCE),
    "issued to another party": (claims(aud=["chancery", "other"], azp="other"), R.AUDIENCE),
    "ours alone, issued to another party": (claims(azp="other"), R.AUDIENCE),
    "another nonce": (claims(nonce="another"), R.NONCE),
    "no nonce": (claims(nonce=None), R.NONCE),
    "the nonce of an earlier sign-in": (a_nonce_of_before, R.NONCE),
    "expired": (claims(exp=NOW - 3600, iat=NOW - 7200), R.EXPIRED),
    "never expires": (claims(exp=None), R.MALFORMED),
    "expires at no number": (claims(exp=[1]), R.MALFORMED),
    "expires at infinity": (claims(exp=float("inf")), R.MALFORMED),
    "not yet issued": (claims(iat=NOW + 3600, exp=NOW + 7200), R.EXPIRED),
    "not yet valid": (claims(nbf=NOW + 3600), R.EXPIRED),
    "no subject": (claims(sub=None), R.MALFORMED),
    "an empty subject": (claims(sub=""), R.MALFORMED),
    "a subject of many characters": (claims(sub="x" * 256), R.MALFORMED),
    "a list of subjects": (claims(sub=["x"]), R.MALFORMED),
    "an address that is not verified": (claims(email_verified=False), R.UNVERIFIED),
    "an address nothing is said of": (claims(email_verified=None), R.UNVERIFIED),
    "an address verified by any word": (claims(email_verified="yes"), R.UNVERIFIED),
    "an address of a foreign domain": (claims(email="sam@gmail.example"), R.FOREIGN_ADDRESS),
    "an address under the domain": (claims(email="sam@sub.{slug}.example"), R.FOREIGN_ADDRESS),
    "an address with two signs": (claims(email="sam@evil.example@{slug}.example"), R.NO_ADDRESS),
    "no address": (claims(email=None), R.NO_ADDRESS),
    # Its signature
    "not signed at all": (forged(forging.unsigned), R.ALGORITHM),
    "signed by nOnE": (forged(forging.mixed_case), R.ALGORITHM),
    "its signature taken away": (forged(forging.stripped), R.SIGNATURE),
    "HS256 with the client secret": (forged(forging.keyed_with(forging.client_secret)), R.ALGORITHM),
    "HS256 with the public key": (forged(forging.keyed_with(forging.public_pem)), R.ALGORITHM),
    "HS256 with the public key as published": (forged(forging.keyed_with(forging.public_jwk)), R.ALGORITHM),
    "an algorithm the provider does not use": (forged(forging.headed(algorithm="RS512")), R.ALGORITHM),
    "a critical header": (forged(forging.headed(crit=["exp"])), R.MALFORMED),
    "an access token": (forged(forging.headed(typ="at+jwt")), R.KIND),
    "a logout token": (forged(forging.headed(typ="logout+jwt")), R.KIND),
    "another key under the right name": (forged(forging.by(lambda: forging.rogue("first"))), R.SIGNATURE),
    "a key that is not published": (forged(forging.by(forging.rogue)), R.KEY),
    "a key that the token brings along": (forged(forging.bringing_its_key), R.KEY),
    "a key whose address the token names": (forged(forging.by(forging.rogue, jku="https://evil.example/k")), R.KEY),
    "a key of 1024 bits": (short_key, R.KEY),
    "a key that was rotated out": (old_key, R.KEY),
    "altered after it was signed": (forged(forging.altered), R.SIGNATURE),
    "no token": (forged(lambda *_: None), R.MALFORMED),
    "no JWT": (forged(lambda *_: "a.b"), R.MALFORMED),
    "a list for a token": (forged(lambda *_: ["a"]), R.MALFORMED),
    "a very long token": (forged(lambda idp, said: idp.keys[0].sign(said | {"x": "x" * 100_000})), R.MALFORMED),
    # The provider's keys
    "a symmetric key among the published": (published(symmetric), R.KEY),
    "two keys of one name": (published(twice), R.KEY),
    "a key for encryption": (published(for_encryption), R.KEY),
    "no keys": (published(lambda _: []), R.KEY),
    "keys that are no JSON": (raw("/keys", 200, b"<html>"), R.KEY),
    "keys that are nested without end": (raw("/keys", 200, DEEP), R.KEY),
    "keys that redirect": (raw("/keys", 302, b"", "https://evil.example/keys"), R.UNREACHABLE),
    "keys of many megabytes": (raw("/keys", 200, HUGE), R.UNREACHABLE),
    # How the provider describes itself
    "a document of another issuer": (described(issuer="https://evil.example"), R.DISCOVERY),
    "a token endpoint without TLS": (described(token_endpoint="http://evil.example/token"), R.DISCOVERY),
    "keys without TLS": (described(jwks_uri="http://169.254.169.254/keys"), R.DISCOVERY),
    "a script to sign in at": (described(authorization_endpoint="javascript:alert(1)"), R.DISCOVERY),
    "a file for the userinfo": (described(userinfo_endpoint="file:///etc/passwd"), R.DISCOVERY),
    "no token endpoint": (described(token_endpoint=None), R.DISCOVERY),
    "a token endpoint that only we reach": (described(token_endpoint="https://10.1.2.3/token"), R.UNREACHABLE),
    "a token endpoint of the machine itself": (described(token_endpoint="https://[::1]:1/token"), R.UNREACHABLE),
    "a token endpoint of the cloud it is in": (described(token_endpoint="https://169.254.169.254/t"), R.UNREACHABLE),
    "unsigned tokens announced": (described(id_token_signing_alg_values_supported=["none", "HS256"]), R.ALGORITHM),
    "a document that redirects": (
        raw(DOCUMENT, 301, b"", "https://evil.example/"), R.UNREACHABLE),
    "a document of many megabytes": (raw(DOCUMENT, 200, HUGE), R.UNREACHABLE),
    "a document that is nested without end": (raw(DOCUMENT, 200, DEEP), R.DISCOVERY),
    # The other endpoints
    "the userinfo of somebody else": (userinfo(sub="subject-of-somebody", email_verified=True), R.USERINFO),
    "a userinfo that redirects": (raw("/userinfo", 302, b"", "https://evil.example/"), R.UNREACHABLE),
    "a userinfo that is nested without end": (raw("/userinfo", 200, DEEP), R.USERINFO),
    "a code that redirects": (raw("/token", 307, b"", "https://evil.example/"), R.UNREACHABLE),
    "a token endpoint that answers with a number": (raw("/token", 200, b"7"), R.CODE),
    "a code that was used before": (code_used_before, R.CODE),
    "a code of another sign-in": (code_of_another_sign_in, R.CODE),
    "another challenge on the way (PKCE)": (downgraded, R.CODE),
    # The answer that the browser brings
    "no state": (without("state"), R.STATE),
    "a state that is made up": (answered(state="made-up"), R.STATE),
    "a state of another browser": (of_another_browser, R.STATE),
    "a state of another provider": (of_another_provider, R.STATE),
    "a state that was used before": (used_before, R.STATE),
    "a state of ten minutes ago": (expired_state, R.STATE),
    "an answer of another tenant's provider": (by_the_neighbours_answer, R.STATE),
    "mixed up: another issuer's answer": (answered(iss="https://honest.example"), R.MIXED_UP),
    "mixed up: no issuer, though one is announced": (without("iss"), R.MIXED_UP),
    "no code": (without("code"), R.PROVIDER_ERROR),
    "an error": (answered(error="server_error"), R.PROVIDER_ERROR),
    # Who it is
    "another tenant's provider": (at_the_neighbours_provider, R.NO_PROVIDER),
    "an employee's address, who has a password": (claims(email="bob@{slug}.example"), R.LOCAL_PERSON),
    "an admin's address, in capitals": (claims(email="ADA@{slug}.example"), R.LOCAL_PERSON),
    "somebody who is switched off": (switched_off, R.SWITCHED_OFF),
    "an address of another subject": (of_another_subject, R.ANOTHER_SUBJECT),
    "an address of another issuer": (of_another_issuer, R.ANOTHER_ISSUER),
    # How strongly it was shown
    "no level of assurance": (too_weak(amr=["mfa"]), R.NOT_STRONG),
    "another level of assurance": (too_weak(acr="urn:low", amr=["mfa"]), R.NOT_STRONG),
    "a list of levels": (too_weak(acr=["urn:high"], amr=["mfa"]), R.NOT_STRONG),
    "no factors": (too_weak(acr="urn:high"), R.NOT_STRONG),
    "one factor": (too_weak(acr="urn:high", amr=["pwd"]), R.NOT_STRONG),
}  # fmt: skip
AFTER_IT = {"somebody who is switched off", "an address of another subject", "an address of another issuer"}


@pytest.fixture
def scene(house: House, neighbour: House, idp: Hostile, other_idp: Hostile) -> Iterator[Scene]:
    third = hostile.Hostile()
    demands = {"demanded_acr": ("urn:high", "urn:higher"), "demanded_amr": ("mfa", "hwk"), "client_id": "strong"}
    yield Scene(
        journeys.door(house, idp),
        journeys.door(house, third, name="Second"),
        journeys.door(house, idp, name="Strong", **demands),
        journeys.door(neighbour, other_idp),
    )
    third.close()


def test_each_attack_is_refused_and_recorded_with_its_reason(scene: Scene) -> None:
    house, idp, found = scene.door.house, scene.door.idp, {}
    refused: list[str] = []
    for number, (name, (attack, _)) in enumerate(ATTACKS.items()):
        _become(scene, number)
        response = attack(scene)
        assert response.status_code == 302, name
        assert response["Location"] == f"/t/{house.slug}/", name
        assert scene.door.person is None, name
        before, refused = len(refused), scene.door.refusals()
        found[name] = refused[before:][-1:] if name == "a state that was used before" else refused[before:]
        if idp.is_kept():
            cache.clear()
        idp.behave()
        if name not in AFTER_IT:
            _become(scene, number)
            assert _untampered(scene, name), name
    assert found == {name: [reason] for name, (_, reason) in ATTACKS.items()}


def _become(scene: Scene, number: int) -> None:
    """Somebody new, in a browser of their own."""
    scene.door.browser, idp = Client(), scene.door.idp
    idp.subject = f"subject-{number}"
    idp.claims = {"email": f"who{number}@{scene.door.house.slug}.example", "email_verified": True, "name": "Somebody"}


def _untampered(scene: Scene, name: str) -> bool:
    if ATTACKS[name][1] is not Reason.NOT_STRONG:
        scene.door.sign_in()
        return scene.door.person is not None
    scene.door.idp.change = {"acr": "urn:high", "amr": ["pwd", "hwk"]}
    scene.strong.browser = scene.door.browser
    scene.strong.sign_in()
    scene.door.idp.behave()
    return scene.strong.person is not None


def test_what_is_demanded_is_asked_for_and_remembered(scene: Scene) -> None:
    asked = parse_qs(urlsplit(scene.strong.leave()).query)
    assert asked["acr_values"] == ["urn:high urn:higher"]
    assert "acr_values" not in parse_qs(urlsplit(scene.door.leave()).query)
    _become(scene, 1)
    scene.door.idp.change = {"acr": "urn:low", "amr": ["pwd"]}
    scene.strong.browser = Client()
    told = scene.strong.browser.get(scene.strong.sign_in()["Location"], HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "asks for a stronger sign-in" in told
    assert "urn:" not in told


def test_nothing_in_the_address_of_the_start_changes_what_is_asked(scene: Scene) -> None:
    wanted = {"auth_params": "code_challenge_method=plain&nonce=x", "scope": "offline_access", "acr_values": "0"}
    sent = {"code_challenge_method": "plain", "redirect_uri": "https://evil.example", "action": "rerequest"}
    asked = parse_qs(urlsplit(scene.door.leave(**wanted, **sent)).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}
    assert asked["redirect_uri"] == [f"http://testserver{scene.door.address}/callback"]
    assert len(asked["nonce"][0]) > 40
    assert "acr_values" not in asked
