"""Signing in by SAML, and setting it up, as a browser does it: the provider's page posts from another site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore

from assistant.sign_in import strength
from governance import groups
from governance.identity.refusals import Reason
from tests import cast
from tests.assistant.sso.saml import idp, ways
from tests.assistant.sso.saml.idp import Provider
from tests.browser import tasks
from tests.governance.database import leaves

pytestmark = pytest.mark.browser


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    """On `localhost`, which is another site than 127.0.0.1: no cookie of the portal comes with what it posts."""
    settings.SSO_INTERNAL_HOSTS = ["localhost"]
    made = Provider("localhost")
    made.serve()
    yield made
    made.close()


def test_a_person_signs_in_from_another_sites_form_and_is_refused_a_forged_one(
    page: Any, house: cast.House, provider: Provider
) -> None:
    door = ways.door(house, provider)
    posted: list[tuple[str, str | None]] = []
    page.on(
        "request", lambda one: posted.append((one.url, one.header_value("cookie"))) if one.method == "POST" else None
    )
    page.goto("/")
    page.get_by_label("E-mail address").fill(f"sam@{house.slug}.example")
    page.get_by_role("button", name="Use single sign-on").click()
    posted.clear()
    page.get_by_role("link", name="Sign in with Acme SAML").click()
    page.wait_for_url("**/c/")
    (address, cookie) = posted[0]
    assert address.endswith(f"{door.address}/answer")
    assert "chancery_session" not in (cookie or "")
    confirm_at_the_provider(page, house, provider)
    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_text("You may still be signed in at Acme SAML").wait_for()
    tasks.check(page, "403")
    provider.told = {"audience": "https://elsewhere.example"}
    page.goto(f"{door.address}/start")
    page.get_by_text("What your identity provider sent cannot be trusted").wait_for()
    tasks.check(page, "403")


def confirm_at_the_provider(page: Any, house: cast.House, provider: Provider) -> None:
    """Whoever came by it shows anew who they are there, before a key is made; and what it remembers is not enough."""
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "SAMLRequest=" in one.url else None)
    for signed_in in (-3600, -5):
        page.goto("/keys/")
        age(page)
        page.get_by_label("Name", exact=True).fill("Reports")
        page.get_by_role("button", name="Make the key").click()
        page.get_by_role("heading", name="Confirm that it is you").wait_for()
        tasks.check(page, "403")
        provider.told = {"signed_in": signed_in}
        page.get_by_role("link", name="Confirm at Acme SAML").click()
        if signed_in == -3600:
            page.get_by_text("did not ask again who you are").wait_for()
            assert leaves(house, "session.refused")[-1]["facts"]["reason"] == Reason.NOT_AGAIN
    assert [idp.asked(address)[0].get("ForceAuthn") for address in asked] == ["true", "true"]
    page.get_by_role("heading", name="It is you").wait_for()
    assert leaves(house, "key.issued") == []
    page.get_by_role("button", name="Do it now").click()
    page.get_by_label("Key", exact=True).wait_for()
    assert len(leaves(house, "key.issued")) == 1
    tasks.check(page, "403")
    provider.told = {}


def age(page: Any) -> None:
    """As if the last proof were older than a dangerous act takes."""
    (cookie,) = (one for one in page.context.cookies() if one["name"] == settings.SESSION_COOKIE_NAME)
    session = SessionStore(cookie["value"])
    kept = session[strength.PLACE]
    session[strength.PLACE] = kept | {"at": kept["at"] - strength.FRESH_S - 1}
    session.save()


@tasks.everywhere
def test_an_admin_sets_it_up_from_metadata_and_tries_it_out(page: Any, house: cast.House, provider: Provider) -> None:
    groups.create(house.ada, "Board")
    provider.attributes = {"email": [f"sam@{house.slug}.example"], "groups": ["idp-board", "cyclists"]}
    tasks.sign_in(page, house, "ada")
    page.get_by_role("link", name="Admin", exact=True).click()
    page.get_by_role("link", name="Sign-in", exact=True).click()
    page.get_by_role("link", name="Add one that speaks SAML").click()
    page.get_by_label("Name", exact=True).fill("Acme SAML")
    page.get_by_label("Metadata of the provider").fill("<not-metadata/>")
    page.get_by_label("E-mail domains").fill(f"{house.slug}.example")
    page.get_by_label("Vouches for addresses without saying so").check()
    page.get_by_label("Value in the claim").first.fill("idp-board")
    page.get_by_label("Group here").first.select_option(label="Board")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("The metadata must describe exactly one identity provider.").wait_for()
    tasks.check(page, "400")
    page.get_by_label("Metadata of the provider").fill(provider.metadata())
    page.get_by_role("button", name="Save").click()
    page.get_by_text("CN=first").wait_for()
    page.get_by_role("link", name="Download our metadata").wait_for()
    tasks.check(page, "400")

    page.get_by_role("link", name="Test", exact=True).click()
    page.get_by_text("This sign-in would succeed.").wait_for()
    page.locator(".badge.good", has_text="Board").wait_for()
    tasks.check(page, "400")
    provider.told = {"name_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"}
    page.get_by_role("link", name="Test again").click()
    page.get_by_text("The NameID is another one at each sign-in.").wait_for()
    tasks.check(page, "400")
