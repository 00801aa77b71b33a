"""Whoever came by single sign-on confirms at their provider, and comes back to what was filled in."""

from __future__ import annotations

import html
import re
import time
import uuid
from urllib.parse import parse_qs, urlsplit

from governance import keys, people
from governance.identity.refusals import Reason
from tests.assistant.accounts.test_confirming import aged
from tests.assistant.sso import journeys

KEY = {"name": "Reports", "scopes": ["ask"], "days": "30"}


def asked(door: journeys.Door) -> str:
    """The address at the provider, from the page that asks."""
    page = aged(door.browser).post("/keys/", KEY)
    assert page.status_code == 403
    found = re.search(r'href="([^"]*/start\?again=1[^"]*)"', page.content.decode())
    assert found
    return str(door.browser.get(html.unescape(found[1]))["Location"])


def test_a_key_is_made_once_the_provider_has_asked_again_and_not_before(door: journeys.Door) -> None:
    people.create(door.house.system, f"new@{door.house.slug}.example", "New")
    door.idp.claims |= {
        "email": f"new@{door.house.slug}.example",
        "email_verified": True,
        "auth_time": int(time.time()),
    }
    assert door.sign_in().status_code == 302
    assert door.person
    scope = people.scope_of(uuid.UUID(door.person))
    assert scope

    address = asked(door)
    sent = parse_qs(urlsplit(address).query)
    assert (sent["prompt"], sent["max_age"]) == (["login"], ["0"])
    door.idp.claims["auth_time"] = int(time.time()) - 3600
    door.come_back(door.idp.authorize(address))
    assert door.refusals()[-1] == Reason.NOT_AGAIN, "it let them in on what it remembered"
    assert door.browser.post("/keys/", KEY).status_code == 403

    door.idp.claims["auth_time"] = int(time.time())
    back = door.come_back(door.idp.authorize(asked(door)))
    assert back["Location"] == "/confirmed"
    waits = door.browser.get("/confirmed").content.decode()
    assert 'action="/keys/"' in waits
    assert keys.mine(scope) == []
    fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', waits))
    assert door.browser.post("/keys/", fields).status_code == 200
    assert [key.name for key in keys.mine(scope)] == ["Reports"]
