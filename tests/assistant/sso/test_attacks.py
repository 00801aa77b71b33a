"""Each attack is refused, nobody is signed in, and the right tenant's record says why."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace

import pytest
from django.core.cache import cache
from django.test import Client

from governance import invitations, people
from governance.errors import NotFound
from governance.identity import providers
from governance.identity.refusals import Reason
from tests.assistant.sso import journeys
from tests.assistant.sso.hostile import Hostile
from tests.assistant.sso.journeys import assert_refused
from tests.cast import House
from tests.governance.database import leaves


def test_a_callback_that_is_played_again(door: journeys.Door) -> None:
    address = door.idp.authorize(door.leave())
    door.come_back(address)
    assert door.person
    door.browser.post("/sign-out")
    door.come_back(address)
    assert door.person is None
    assert door.refusals() == [Reason.STATE]


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


def test_a_mixed_up_provider_is_told_by_the_answers_issuer(door: journeys.Door) -> None:
    """RFC 9207."""
    asked = list(door.idp.asked)
    assert_refused(door, door.sign_in(iss="https://honest.example"), Reason.MIXED_UP)
    assert "/token" not in door.idp.asked[len(asked) :]  # the code went nowhere
    address = door.idp.authorize(door.leave()).partition("&iss=")[0]
    assert_refused(door, door.come_back(address), Reason.MIXED_UP, Reason.MIXED_UP)


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


def test_a_verified_address_of_one_place_does_not_vouch_for_that_of_another(door: journeys.Door) -> None:
    verified = {"sub": door.idp.subject, "email_verified": True, "email": f"own@{door.house.slug}.example"}
    door.idp.userinfo = verified
    door.idp.change = {"email_verified": None, "email": f"director@{door.house.slug}.example"}
    assert_refused(door, door.sign_in(), Reason.UNVERIFIED)


def test_a_provider_that_is_switched_off_between_there_and_back(door: journeys.Door) -> None:
    address = door.idp.authorize(door.leave())
    off = journeys.draft(door.house, door.idp.issuer, is_enabled=False)
    providers.change(door.house.ada, door.provider, off)
    assert_refused(door, door.come_back(address), Reason.NO_PROVIDER)
    response = door.browser.get(f"{door.address}/start")
    assert_refused(door, response, Reason.NO_PROVIDER, Reason.NO_PROVIDER)


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
    monkeypatch.setattr("assistant.sso.entry.STRAYS", 3)
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
