"""A provider signs somebody out (OpenID Connect Back-Channel Logout 1.0): those sessions end, and nothing else does."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.test import Client

from assistant.streams import doorbell, relay
from governance import models, people
from governance.errors import NotFound
from governance.identity import providers
from governance.identity.refusals import Reason
from tests.assistant import asking, portal, serving
from tests.assistant.sso import forging, journeys
from tests.assistant.sso.hostile import LOGOUT, Claims, Hostile
from tests.assistant.sso.journeys import Door
from tests.cast import House
from tests.governance.database import leaves

NOW = int(time.time())
REFUSED = "identity.logout_refused"


def signed_in(door: Door, sid: str | None, subject: str = "") -> Door:
    """Another browser, in a session that the provider calls `sid`."""
    other = replace(door, browser=Client())
    other.idp.subject = subject or other.idp.subject
    other.idp.claims["email"] = f"{other.idp.subject}@{door.house.slug}.example"
    other.idp.change = {"sid": sid} if sid else {}
    other.sign_in()
    assert other.person
    return other


def token(door: Door, **change: Any) -> str:
    return door.idp.keys[0].sign(door.idp.logout_token(**change), typ="logout+jwt")


def test_one_session_ends_by_its_name_and_all_of_a_subject_by_theirs(door: Door) -> None:
    desk, phone, nameless = signed_in(door, "s-desk"), signed_in(door, "s-phone"), signed_in(door, None)
    colleague = signed_in(door, "s-other", "subject-2")
    door.idp.subject = "subject-1"
    response = door.log_out(token(door, sid="s-desk"))
    assert (response.status_code, response.content) == (200, b"")
    assert "no-store" in response["Cache-Control"]
    assert [one.is_in for one in (desk, phone, nameless, colleague)] == [False, True, True, True]
    assert door.log_out(token(door, sid="s-phone", sub=None)).status_code == 200
    assert [one.is_in for one in (phone, nameless, colleague)] == [False, True, True]
    again = signed_in(door, "s-new")
    assert door.log_out(token(door)).status_code == 200
    assert [one.is_in for one in (again, nameless, colleague)] == [False, False, True]
    told = [leaf["facts"] for leaf in leaves(door.house, "identity.signed_out")]
    provider = str(door.provider)
    assert told == [
        {"provider": provider, "sessions": 1, "by": "session"},
        {"provider": provider, "sessions": 1, "by": "session"},
        {"provider": provider, "sessions": 2, "by": "subject"},
    ]
    assert {leaf["resource"]["id"] for leaf in leaves(door.house, "identity.signed_out")} == {desk_person(door)}
    with door.house.system.transaction():
        assert models.ProviderSession.objects.count() == 1


def desk_person(door: Door) -> str:
    with door.house.system.transaction():
        return str(models.Identity.objects.get(subject="subject-1").person_id)


def test_what_has_ended_already_is_no_fault(door: Door) -> None:
    session = signed_in(door, "s-1")
    session.browser.post("/sign-out")
    for named in ({"sid": "s-1"}, {"sid": "never-was"}, {"sub": "nobody"}):
        assert door.log_out(token(door, **named)).status_code == 200
    assert [leaf["facts"]["sessions"] for leaf in leaves(door.house, "identity.signed_out")] == [0, 0, 0]


def test_sessions_by_password_and_at_other_providers_stay(house: House, idp: Hostile, other_idp: Hostile) -> None:
    door, other = journeys.door(house, idp), journeys.door(house, other_idp, name="Other")
    there = signed_in(other, "s-1", "subject-9")
    local = portal.signed_in(house, "bob")
    here = signed_in(door, "s-1", "subject-1")
    assert door.log_out(token(door, sid="s-1")).status_code == 200
    assert (here.is_in, there.is_in, local.get("/c/list").status_code) == (False, True, 200)
    assert door.log_out(token(door, sub="subject-9", sid="s-1")).status_code == 200
    assert there.is_in


def test_an_answer_that_is_being_read_is_cut_off(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing else happens; and the same person's other session reads on."""
    monkeypatch.setattr(doorbell, "TRUST_S", 3600.0)
    monkeypatch.setattr(doorbell, "REVIEWED_S", 0.05)
    desk, phone = signed_in(door, "s-desk"), signed_in(door, "s-phone")
    sam = people.scope_in(door.house.tenant, uuid.UUID(str(desk.person)))
    here, there = (sam.through("portal", one.browser.session.session_key or "") for one in (desk, phone))
    answer, ending = asking.ask(sam).pk, token(door, sid="s-desk")

    async def follow() -> None:
        beside = relay.follow(there, answer, 0)
        await anext(beside)
        goes_on = asyncio.ensure_future(anext(beside))
        mine = relay.follow(here, answer, 0)
        await anext(mine)
        while not doorbell.doorbell().is_heard:
            await asyncio.sleep(0.01)
        await sync_to_async(serving.done_with)(door.log_out, ending)
        with pytest.raises(NotFound):
            await anext(mine)
        assert not goes_on.done()
        goes_on.cancel()

    asyncio.run(asyncio.wait_for(follow(), serving.PATIENCE_S))


def test_it_ends_what_began_before_the_provider_was_switched_off(door: Door) -> None:
    session = signed_in(door, "s-1")
    off = journeys.draft(door.house, door.idp.issuer, is_enabled=False)
    providers.change(door.house.ada, door.provider, off)
    assert session.is_in
    assert door.log_out(token(door, sid="s-1")).status_code == 200
    assert not session.is_in


Forge = Callable[[Hostile, Claims], Any]
R = Reason


def honest(idp: Hostile, claims: Claims) -> str:
    return idp.keys[0].sign(claims, typ="logout+jwt")


# What is wrong with the claims, how it is signed, and what the record says of it.
ATTACKS: dict[str, tuple[Claims, Forge, Reason]] = {
    "no token": ({}, lambda *_: None, R.MALFORMED),
    "an empty token": ({}, lambda *_: "", R.MALFORMED),
    "no JWT": ({}, lambda *_: "a.b", R.MALFORMED),
    "a header that is nested without end": ({}, lambda *_: "W1tb" * 20_000 + ".e30.e30", R.MALFORMED),
    "not signed at all": ({}, forging.unsigned, R.ALGORITHM),
    "signed by nOnE": ({}, forging.mixed_case, R.ALGORITHM),
    "its signature taken away": ({}, forging.stripped, R.SIGNATURE),
    "HS256 with the client secret": ({}, forging.keyed_with(forging.client_secret), R.ALGORITHM),
    "HS256 with the public key": ({}, forging.keyed_with(forging.public_pem), R.ALGORITHM),
    "another key under the right name": ({}, forging.by(lambda: forging.rogue("first")), R.SIGNATURE),
    "a key that is not published": ({}, forging.by(forging.rogue), R.KEY),
    "altered after it was signed": ({}, forging.altered, R.SIGNATURE),
    "an access token": ({}, forging.headed(typ="at+jwt"), R.KIND),
    "an ID token": ({"events": None, "nonce": "n"}, forging.headed(typ="JWT"), R.MALFORMED),
    "an ID token with the event": ({"nonce": "n"}, forging.headed(typ="JWT"), R.KIND),
    "a nonce of nothing": ({"nonce": None, "": ""}, lambda idp, c: honest(idp, c | {"nonce": None}), R.KIND),
    "another event": ({"events": {"http://schemas.openid.net/event/other": {}}}, honest, R.KIND),
    "an event that is a text": ({"events": LOGOUT}, honest, R.KIND),
    "an event whose value is no object": ({"events": {LOGOUT: True}}, honest, R.KIND),
    "a list of events": ({"events": [LOGOUT]}, honest, R.KIND),
    "another issuer": ({"iss": "https://evil.example"}, honest, R.ISSUER),
    "another audience": ({"aud": "another-client"}, honest, R.AUDIENCE),
    "no audience": ({"aud": None}, honest, R.MALFORMED),
    "expired": ({"exp": NOW - 3600, "iat": NOW - 7200}, honest, R.EXPIRED),
    "never expires": ({"exp": None}, honest, R.MALFORMED),
    "expires beyond the calendar": ({"exp": 10**17}, honest, R.MALFORMED),
    "not yet issued": ({"iat": NOW + 3600, "exp": NOW + 7200}, honest, R.EXPIRED),
    "no name of its own": ({"jti": None}, honest, R.MALFORMED),
    "an empty name of its own": ({"jti": ""}, honest, R.MALFORMED),
    "nobody": ({"sub": None, "sid": None}, honest, R.NAMELESS),
    "empty names": ({"sub": "", "sid": ""}, honest, R.NAMELESS),
    "a list of subjects": ({"sub": ["subject-1"]}, honest, R.MALFORMED),
    "a session that is no text": ({"sid": {"any": 1}}, honest, R.MALFORMED),
    "a session that no database keeps": ({"sid": "\ud800"}, honest, R.MALFORMED),
}


def test_each_attack_ends_nothing_and_is_recorded_with_its_reason(door: Door) -> None:
    session, found = signed_in(door, "s-1"), {}
    bodies = set()
    for name, (change, forge, _) in ATTACKS.items():
        assert door.log_out(token(door, sid="another", sub=None)).status_code == 200, name
        before = len(door.refusals(REFUSED))
        response = door.log_out(forge(door.idp, door.idp.logout_token(**{"sid": "s-1"} | change)))
        assert (response.status_code, "no-store" in response["Cache-Control"]) == (400, True), name
        bodies.add(response.content)
        found[name] = door.refusals(REFUSED)[before:]
        cache.clear()
    assert found == {name: [reason] for name, (*_, reason) in ATTACKS.items()}
    assert session.is_in
    assert len(bodies) == 1
    assert door.log_out(token(door, sid="s-1")).status_code == 200
    assert not session.is_in


def test_a_token_is_taken_once(door: Door) -> None:
    spent = token(door, sid="s-1")
    assert door.log_out(spent).status_code == 200
    session = signed_in(door, "s-1")
    assert door.log_out(spent).status_code == 400
    assert session.is_in
    assert door.refusals(REFUSED) == [Reason.SPENT]
    with door.house.system.transaction():
        models.SpentLogout.objects.update(expires_at="2020-01-01T00:00:00Z")
    assert door.log_out(token(door, sid="other")).status_code == 200
    with door.house.system.transaction():
        assert models.SpentLogout.objects.count() == 1


def test_who_is_where_cannot_be_told(door: Door, neighbour: House) -> None:
    """No such tenant, no such provider, another tenant's and a wrong token: one answer."""
    session = signed_in(door, "s-1")
    right = token(door, sid="s-1")
    places = [{"slug": "nobody-here"}, {"provider": uuid.uuid4()}, {"slug": neighbour.slug}]
    answers = [door.log_out(right, **place) for place in places]  # type: ignore[arg-type]
    answers.append(door.log_out("wrong"))
    assert {(one.status_code, one.content, one["Cache-Control"]) for one in answers} == {
        (400, b'{"error": "invalid_request"}', answers[0]["Cache-Control"])
    }
    assert session.is_in
    assert door.refusals(REFUSED) == [Reason.NO_PROVIDER, Reason.MALFORMED]
    assert [leaf["facts"]["reason"] for leaf in leaves(neighbour, REFUSED)] == [Reason.NO_PROVIDER]
    assert Client().get(f"{door.address}/backchannel").status_code == 405


def test_a_flood_stops_filling_the_record_and_asks_the_provider_for_few_keys_and_holds_up_no_right_token(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.sso.backchannel.REFUSALS", 6)
    monkeypatch.setattr("assistant.sso.backchannel.FRESH_KEYS", 2)
    cache.clear()
    session = signed_in(door, "s-1")
    asked = door.idp.asked.count("/keys")
    unknown = [forging.by(forging.rogue)(door.idp, door.idp.logout_token(sid="s-1")) for _ in range(9)]
    assert [door.log_out(one).status_code for one in unknown] == [400] * 6 + [429] * 3
    assert door.refusals(REFUSED) == [Reason.KEY] * 6
    assert door.idp.asked.count("/keys") - asked == 2
    assert session.is_in
    assert door.log_out(token(door, sid="s-1")).status_code == 200
    assert not session.is_in


def test_a_session_that_its_provider_could_not_end_does_not_begin(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    back = door.idp.authorize(door.leave())

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("the row cannot be written")

    monkeypatch.setattr("governance.identity.sessions.remember", fail)
    with pytest.raises(OSError, match="the row"):
        door.come_back(back)
    monkeypatch.undo()
    assert door.person is None
    assert leaves(door.house, "session.signed_in") == []


def test_the_set_up_page_shows_the_address(door: Door) -> None:
    page = portal.signed_in(door.house, "ada").get(f"/settings/sign-in/{door.provider}").content.decode()
    assert f"http://testserver{door.address}/backchannel" in page
