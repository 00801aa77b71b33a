"""Signing in through a provider, and trying one out, as a browser does it under the page's content security policy."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from governance import groups
from governance.identity import providers
from tests import cast
from tests.assistant.sso import hostile, journeys, strict
from tests.browser import tasks
from tests.browser.conftest import Served
from tests.governance.database import leaves

pytestmark = pytest.mark.browser


@pytest.fixture
def door(house: cast.House, idp: hostile.Hostile) -> journeys.Door:
    return journeys.door(house, idp)


def test_a_person_signs_in_and_out_through_their_provider(page: Any, door: journeys.Door) -> None:
    page.goto("/")
    page.get_by_label("E-mail address").fill(f"sam@{door.house.slug}.example")
    page.get_by_role("button", name="Use single sign-on").click()
    page.get_by_role("link", name="Sign in with Acme ID").click()
    page.wait_for_url("**/c/")
    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_role("link", name="Sign out at Acme ID").wait_for()
    page.goto(f"{door.address}/callback?state=used")
    page.get_by_text("This sign-in has expired, or was used already.").wait_for()
    tasks.check(page)


@tasks.everywhere
def test_an_admin_sets_single_sign_on_up_and_tries_it_out(page: Any, house: cast.House, idp: hostile.Hostile) -> None:
    groups.create(house.ada, "Board")
    idp.claims = {"email": f"sam@{house.slug}.example", "email_verified": True, "groups": ["idp-board", "cyclists"]}
    tasks.sign_in(page, house, "ada")
    page.get_by_role("link", name="Admin", exact=True).click()
    page.get_by_role("link", name="Sign-in", exact=True).click()
    page.get_by_role("link", name="Add a provider").click()
    for label, value in journeys.filled(house, idp.issuer).items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Value in the claim").first.fill("idp-board")
    page.get_by_label("Group here").first.select_option(label="Board")
    tasks.check(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Copy", exact=True).first.wait_for()
    tasks.check(page)

    page.get_by_role("link", name="Test", exact=True).click()
    page.get_by_text("This sign-in would succeed.").wait_for()
    page.locator(".badge.good", has_text="Board").wait_for()
    page.get_by_text("cyclists").first.wait_for()
    tasks.check(page)
    idp.change = {"aud": "another"}
    page.get_by_role("link", name="Test again").click()
    page.get_by_text("aud is another").wait_for()
    tasks.check(page)


@pytest.mark.parametrize("page", ["desktop-light"], indirect=True)
def test_a_certified_provider_signs_a_person_in_and_out_again(
    page: Any, house: cast.House, served: Served, settings: Any
) -> None:
    """npm's oidc-provider, which enforces PKCE: its own pages, and its own word by back-channel logout."""
    settings.SSO_INTERNAL_HOSTS = ["127.0.0.1"]
    chosen = uuid.uuid4()
    door = f"{served.address}/t/{house.slug}/sso/{chosen}"
    with strict.standing(f"{door}/callback", f"{door}/backchannel") as issuer:
        providers.create(house.ada, journeys.draft(house, issuer, name="Strict ID"), chosen)
        strict.tell(issuer, "sam", {"email": f"sam@{house.slug}.example", "email_verified": True, "name": "Sam Ortiz"})
        page.route("**/*", lambda route: route.continue_() if "127.0.0.1" in route.request.url else route.abort())
        page.goto(f"/t/{house.slug}/")
        page.get_by_role("link", name="Sign in with Strict ID").click()
        page.locator("input[name=login]").fill("sam")
        page.locator("input[name=password]").fill("any")
        page.locator("button[type=submit]").click()
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/c/")
        assert leaves(house, "session.signed_in")[-1]["facts"]["how"] == "created"

        there = page.context.new_page()
        there.goto(f"{issuer}/session/end")
        there.get_by_role("button", name="Yes, sign me out").click()
        there.wait_for_url("**/session/end/success")
        page.reload()
        page.get_by_role("link", name="Sign in with Strict ID").or_(
            page.get_by_label("E-mail address")
        ).first.wait_for()
        assert [leaf["facts"] for leaf in leaves(house, "identity.signed_out")] == [
            {"provider": str(chosen), "sessions": 1, "by": "session"}
        ]
        assert leaves(house, "identity.logout_refused") == []
