"""Dangerous acts want a proof of the last quarter of an hour, and lose nothing that was filled in."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from assistant.sign_in import strength
from assistant.views import confirming, routes
from governance import keys, models
from governance.identity import providers
from tests.assistant import portal
from tests.assistant.accounts import holding
from tests.assistant.accounts.conftest import Clock
from tests.cast import PASSWORD, House
from tests.governance.database import leaves

KEY = {"name": "Reports <b>", "scopes": ["ask", "search"], "days": "30"}
# Acts that the word "dangerous" was written for. A route that is one of them asks.
DANGEROUS = {
    "keys", "record-export", "record-bundle", "record-case-bundle", "record-event", "record-interaction",
    "record-opening-ask", "record-opening-decide", "record-search", "erasures", "erasure-approve", "my-data-export",
    "my-data-erasure", "sign-in-provider-new", "sign-in-provider", "sign-in-provider-delete", "sign-in-identity-unlink",
    "sign-in-passwords", "policy-publish", "policy-restore", "policy-second", "collection-delete", "collection-purge",
    "people", "person-roles", "person-link", "person-factors-remove", "settings-opening", "forwarding", "forward-target",
    "forward-target-secret", "forward-target-words", "account-authenticator", "account-authenticator-remove",
    "account-codes", "account-passkey-new", "account-passkey-remove", "service-keys", "service-key-rotate",
    "service-permission", "key-rules", "directory-token", "directory-delete", "directory-hand-over",
}  # fmt: skip


def aged(client: Client, seconds: int = strength.FRESH_S + 1) -> Client:
    session = client.session
    session[strength.PLACE] = session[strength.PLACE] | {"at": session[strength.PLACE]["at"] - seconds}
    session.save()
    return client


def form(response: Any, by: str) -> dict[str, Any]:
    """What the page's own form sends, that of one proof."""
    for part in response.content.decode().split("<form")[1:]:
        fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', part)
        if ("confirm_by", by) in fields:
            sent: dict[str, list[str]] = {}
            for name, value in fields:
                sent.setdefault(html.unescape(name), []).append(html.unescape(value))
            return sent
    raise AssertionError(f"the page offers no {by}")


def test_every_dangerous_route_asks() -> None:
    asks = {route.name for route in routes.urlpatterns if _asks(route.callback)}
    assert not DANGEROUS - asks, "these no longer ask"


def _asks(view: Any) -> bool:
    while view is not None:
        if view.__code__.co_filename == confirming.__file__ and view.__code__.co_name == "confirmed":
            return True
        view = getattr(view, "__wrapped__", None)
    return False


def test_what_was_filled_in_is_done_once_the_password_was_given(house: House) -> None:
    client = aged(portal.signed_in(house, "bob"))
    assert client.get("/keys/").status_code == 200, "looking needs no proof"
    asked = client.post("/keys/", KEY)
    assert (asked.status_code, keys.mine(house.bob)) == (403, [])
    sent = form(asked, "password")
    assert {name: sent[name] for name in KEY} == {"name": ["Reports <b>"], "scopes": ["ask", "search"], "days": ["30"]}

    wrong = client.post("/keys/", sent | {"confirm_password": "wrong"})
    assert (wrong.status_code, keys.mine(house.bob)) == (403, [])
    assert form(wrong, "password")["name"] == ["Reports <b>"]
    done = client.post("/keys/", form(wrong, "password") | {"confirm_password": PASSWORD})
    assert done.status_code == 200
    (key,) = keys.mine(house.bob)
    assert (key.name, key.scopes) == ("Reports <b>", ["ask", "search"])
    assert client.post("/keys/", KEY).status_code == 200, "it holds for the next, too"
    facts = [(leaf["action"], leaf["facts"]) for leaf in leaves(house) if "confirm" in leaf["action"]]
    assert facts == [
        ("session.confirmation_refused", {"method": "password", "reason": "wrong"}),
        ("session.confirmed", {"method": "password"}),
    ]
    assert aged(client).post("/keys/", KEY).status_code == 403


def test_a_fresh_session_and_a_key_are_not_asked(house: House) -> None:
    assert portal.signed_in(house, "bob").post("/keys/", KEY).status_code == 200
    key = Client(headers={"Authorization": f"Bearer {house.key('ada')}"})
    made = key.post("/api/v1/collections", {"name": "Short-lived"}, content_type="application/json").json()
    assert key.delete(f"/api/v1/collections/{made['id']}").status_code in {202, 204}


def test_a_session_that_is_not_fresh_does_nothing_dangerous_by_the_api_either(house: House) -> None:
    client = portal.signed_in(house, "ada")
    made = client.post("/api/v1/collections", {"name": "Short-lived"}, content_type="application/json").json()
    refused = aged(client).delete(f"/api/v1/collections/{made['id']}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "confirmation_needed")
    exported = aged(portal.signed_in(house, "olga")).post(
        "/api/v1/audit/exports", {"reason": "An audit asks for it."}, content_type="application/json"
    )
    assert exported.json()["error"]["code"] == "confirmation_needed"
    assert client.get(f"/api/v1/collections/{made['id']}").status_code == 200
    assert client.post("/api/v1/collections", {"name": "Harmless"}, content_type="application/json").status_code == 201


def test_a_code_and_a_passkey_prove_it_too_and_a_forged_one_does_not(house: House, clock: Clock) -> None:
    client = portal.signed_in(house, "bob")
    passkey = holding.registered(client)
    secret, codes = holding.phone(house.bob)
    clock.tick()
    assert codes == [], "there were some already, with the passkey"
    asked = aged(client).post("/keys/", KEY)
    assert client.post("/keys/", form(asked, "code") | {"confirm_code": holding.code(secret)}).status_code == 200

    asked = aged(client).post("/keys/", KEY)
    signed = passkey.sign(holding.told(asked))
    assert client.post("/keys/", form(asked, "passkey") | {"confirm_answer": signed}).status_code == 200
    asked = aged(client).post("/keys/", KEY)
    again = client.post("/keys/", form(asked, "passkey") | {"confirm_answer": signed})
    assert again.status_code == 403, "the answer to another question"
    forged = client.post("/keys/", form(again, "passkey") | {"confirm_by": "nothing"})
    assert forged.status_code == 403
    for _ in range(5):
        last = client.post("/keys/", {"confirm_by": "code", "confirm_code": "000000"} | KEY)
    assert last.status_code == 429
    assert len(keys.mine(house.bob)) == 2


def test_a_page_that_shows_a_secret_asks_before_it_does(house: House) -> None:
    client = aged(portal.signed_in(house, "bob"))
    asked = client.get("/account/authenticator")
    assert asked.status_code == 403
    assert '<svg class="qr"' not in asked.content.decode()
    there = client.post("/account/authenticator", form(asked, "password") | {"confirm_password": PASSWORD})
    assert (there.status_code, there["Location"]) == (302, "/account/authenticator")
    assert '<svg class="qr"' in client.get("/account/authenticator").content.decode()


def test_a_part_of_a_page_is_replaced_as_a_whole(house: House) -> None:
    client = aged(portal.signed_in(house, "bob"))
    asked = client.post("/keys/", KEY, headers={"HX-Request": "true"})
    assert (asked.status_code, asked["HX-Retarget"]) == (200, "body")
    assert keys.mine(house.bob) == []
    plain = client.post("/keys/", KEY, headers={"X-Requested-With": "fetch"})
    assert plain.status_code == 403
    assert "data-fault" in plain.content.decode()


def test_whoever_came_by_single_sign_on_goes_there_and_comes_back_to_what_waits(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assistant.sso import entry

    client = portal.signed_in(house, "bob")
    draft = providers.Draft("Login", "https://login.example", "chancery", None, ("x.example",), is_enabled=True)
    provider = providers.create(house.ada, draft)
    with house.system.transaction():
        models.Person.objects.filter(pk=house.ids["bob"]).update(password="!")
    session = client.session
    session["_auth_user_hash"] = _person(house, "bob").get_session_auth_hash()
    session[entry.LEFT_BY] = str(provider)
    session[strength.PLACE] = {"method": "oidc", "mfa": None, "at": 0}
    session.save()
    asked = client.post("/keys/", KEY)
    page = asked.content.decode()
    assert asked.status_code == 403
    assert "confirm_password" not in page
    assert f"/t/{house.slug}/sso/{provider}/start?again=1" in page
    assert "Reports" not in str(dict(client.session)), "what waits may hold a secret"
    assert client.get("/confirmed")["Location"] == "/account/", "not before it was confirmed"

    asked = client.post("/keys/", KEY)
    session = client.session
    session[strength.PLACE] = session[strength.PLACE] | {"at": 2e9}
    strength.note(session, "oidc", mfa=None)
    session.save()
    waits = client.get("/confirmed").content.decode()
    assert "Reports &lt;b&gt;" in waits
    assert client.get("/confirmed")["Location"] == "/account/", "once"


def _person(house: House, name: str) -> models.Person:
    with house.system.transaction():
        return models.Person.objects.get(pk=house.ids[name])


def test_break_glass_past_a_provider_that_is_broken_is_loud_on_the_record(house: House, clock: Clock) -> None:
    draft = providers.Draft(
        "Gone", "https://gone.invalid", "chancery", None, ("x.example",), is_enabled=True, is_required=True
    )
    secret, _ = holding.phone(house.ada)
    providers.create(house.ada, draft)
    for name in ("bob", "olga"):
        sent = {"email": house.email(name), "password": PASSWORD}
        assert Client().post(f"/t/{house.slug}/", sent).status_code == 401
    admin = Client()
    sent = {"email": house.email("ada"), "password": PASSWORD}
    assert admin.post(f"/t/{house.slug}/", sent)["Location"] == "/sign-in/second"
    assert admin.get("/settings/sign-in").status_code == 302, "not in yet"
    clock.tick()
    assert admin.post("/sign-in/second", {"code": holding.code(secret)}).status_code == 302
    assert admin.get("/settings/sign-in").status_code == 200
    (loud,) = leaves(house, "session.break_glass")
    assert (loud["actor"]["id"], loud["facts"]) == (str(house.ids["ada"]), {"mfa": True})
    key = Client(headers={"Authorization": f"Bearer {house.key('olga')}"})
    found = key.get("/api/v1/audit/events", {"action": "session.break_glass"}).json()["events"]
    assert len(found) == 1
