"""One's own account as people meet it: a passkey in Chromium's own authenticator, an app, a confirmation, other devices."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore

from assistant.sign_in import strength
from governance import keys
from governance.accounts import totp
from tests import cast
from tests.assistant import portal
from tests.assistant.accounts.test_sessions import is_in
from tests.browser import tasks
from tests.browser.conftest import COUNT_SHIFTS, PATIENCE_MS, SCREENS, Seen, Served

pytestmark = pytest.mark.browser
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def named(request: pytest.FixtureRequest, browser: Any, served: Served) -> Any:
    """A page at a name, which passkeys need."""
    screen, address = SCREENS[request.param], served.address.replace("127.0.0.1", "localhost")
    viewport = {"width": screen.width, "height": screen.height}
    page = browser.new_context(viewport=viewport, color_scheme=screen.scheme, base_url=address).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(COUNT_SHIFTS)
    page.seen = Seen()
    page.seen.watch(page)
    yield page
    page.context.close()


def age(page: Any) -> None:
    """The last proof is an hour old."""
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "chancery_session"]
    session = SessionStore(cookie["value"])
    session[strength.PLACE] = session[strength.PLACE] | {"at": time.time() - 3600}
    session.save()


def held(page: Any) -> tuple[Any, str]:
    """Chromium's own authenticator, and how it is called."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    return tools, tools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})["authenticatorId"]


def set_up(page: Any) -> str:
    """A passkey, and an authenticator app, whose secret this is."""
    page.get_by_role("link", name="Account", exact=True).click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name of the passkey").fill("Laptop")
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    assert page.locator("#codes li").count() == 10
    tasks.check(page)
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("link", name="Set up an authenticator app").click()
    secret: str = page.locator(".key").inner_text()
    page.get_by_label("Code", exact=True).fill(totp.code_at(secret, time.time()))
    page.get_by_role("button", name="Set it up").click()
    page.get_by_text("Your authenticator app is set up.").wait_for()
    tasks.check(page)
    return secret


@pytest.mark.parametrize("named", ["phone-dark"], indirect=True)
def test_a_passkey_an_app_and_another_device(named: Any, house: cast.House) -> None:
    page, elsewhere = named, portal.signed_in(house, "bob")
    tools, authenticator = held(page)
    page.on("dialog", lambda said: said.accept())
    tasks.sign_in(page, house, "bob")
    secret = set_up(page)
    assert is_in(elsewhere)
    page.get_by_role("button", name="Sign out everywhere else").click()
    page.get_by_text("You are signed in here alone.").wait_for()
    assert not is_in(elsewhere)

    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/c/")

    # An authenticator that does not know its owner signs nothing; the password and the app's code do.
    page.get_by_role("button", name="Sign out", exact=True).click()
    tools.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("The passkey was not used.").wait_for()
    page.get_by_label("E-mail address").fill(house.email("bob"))
    page.get_by_label("Password", exact=True).fill(cast.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="One more proof").wait_for()
    page.get_by_label("Code", exact=True).fill(totp.code_at(secret, time.time() + totp.STEP_S))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(r".*/c/$"))
    tasks.check(page)


@pytest.mark.parametrize("named", ["desktop-light"], indirect=True)
def test_a_key_is_made_once_a_passkey_has_confirmed_who_makes_it(named: Any, house: cast.House) -> None:
    page = named
    held(page)
    tasks.sign_in(page, house, "bob")
    set_up(page)
    age(page)
    page.get_by_role("link", name="Keys", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Reports")
    page.get_by_role("button", name="Make the key").click()
    page.get_by_role("heading", name="Confirm that it is you").wait_for()
    assert keys.mine(house.bob) == []
    page.get_by_role("button", name="Confirm with a passkey").click()
    page.get_by_label("Key", exact=True).wait_for()
    assert [key.name for key in keys.mine(house.bob)] == ["Reports"]
    tasks.check(page, "403")
