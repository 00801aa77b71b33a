"""The pages of local accounts in their states, and who is in the middle of what there."""

from __future__ import annotations

import base64
import json
import uuid

from django.test import Client

from assistant.views import confirming
from governance import locker
from governance.accounts import factors
from tests import cast
from tests.assistant import portal
from tests.assistant.accounts import holding
from tests.assistant.accounts.test_confirming import aged
from tests.browser import stage
from tests.browser.states import State, send

PAGES: list[State] = [
    State("account", "a password alone", "bob", "/account/"),
    State("account", "full", "secured", "/account/"),
    State("account", "refused", "bob", "/account/", send("form[action$='/password']", before="a", password="b", again="c")),
    State("account-authenticator", "to scan", "bob", "/account/authenticator"),
    State("account-authenticator", "refused", "bob", "/account/authenticator", send("main form", code="1")),
    State("account-passkey-new", "by a number", "bob", "/account/passkeys/new"),
    State("sign-in-second", "empty", "half in", "/sign-in/second"),
    State("sign-in-second", "refused", "half in", "/sign-in/second", send("main form", code="x")),
    State("sign-in-enrol", "empty", "enrolling", "/sign-in/enrol"),
    State("sign-in-enrol", "refused", "enrolling", "/sign-in/enrol", send("main form", code="1")),
    State("sign-in-second", "too late", "nobody", "/sign-in/second"),
    State("keys", "to be confirmed", "stale", "/keys/", send("main form", "#confirm_password", name="R", days="7")),
    State("confirm-kept", "what waits", "back", "/confirmed"),
    State("person", "secured", "demanding ada", "/people/{secured}"),
    State("sign-in-settings", "with a demand", "demanding ada", "/settings/sign-in"),
]  # fmt: skip


def build(made: stage.Stage) -> None:
    house = cast.house(f"g{uuid.uuid4().hex[:10]}")
    made.ids["secured"] = house.ids["bob"]
    ada, bob, olga, back = (portal.signed_in(house, name) for name in ("ada", "bob", "olga", "charlie"))
    holding.registered(bob, "Laptop")
    holding.phone(house.bob)
    factors.demand(house.ada, "everybody")
    waiting = json.dumps({"action": "/keys/", "fields": [["name", "Reports"]]})
    session = back.session
    session[confirming.KEPT] = base64.b64encode(
        locker.lock(house.tenant, house.ids["charlie"], confirming.WHAT, waiting)
    ).decode()
    session.save()
    clients = {"secured": bob, "demanding ada": ada, "stale": aged(olga), "back": back}
    for name, person in (("half in", "bob"), ("enrolling", "charlie")):
        clients[name] = Client()
        clients[name].post(f"/t/{house.slug}/", {"email": house.email(person), "password": cast.PASSWORD})
    made.cookies |= {name: stage._kept(client, "/") for name, client in clients.items()}
