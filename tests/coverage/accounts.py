"""The same of local accounts: sessions, second factors, passkeys."""

from __future__ import annotations

import uuid

from django.test import Client

from governance.accounts import sessions
from governance.audit.vocabulary import Event
from governance.models import Passkey
from tests import cast
from tests.assistant.accounts import holding
from tests.coverage.deed import Deed
from tests.coverage.ground import Ground

E = Event
NEW = "a long walk by the river"


def _half(g: Ground, name: str) -> Client:
    """The password was given, and something is missing."""
    client = Client()
    client.post(f"/t/{g.house.slug}/", {"email": g.house.email(name), "password": cast.PASSWORD})
    return client


def _phone(g: Ground) -> list[str]:
    return holding.phone(g.house.bob)[1]


def _secret(page: str) -> str:
    return page.partition('class="mono key">')[2].partition("<")[0]


def _session(g: Ground) -> uuid.UUID:
    """Another one of Bob's."""
    g.bob.get("/account/")
    other = _half(g, "bob")
    assert other.get("/account/").status_code == 200
    return sessions.of(g.house.bob, g.house.ids["bob"])[0].pk


def _passkey(g: Ground) -> uuid.UUID:
    holding.registered(g.bob)
    with g.house.bob.transaction():
        return Passkey.objects.get(person=g.house.ids["bob"]).pk


def _enrolled(g: Ground) -> object:
    g.ada.post("/settings/sign-in/passwords", {"second_factor_for": "everybody"})
    client = _half(g, "bob")
    page = client.get("/sign-in/enrol").content.decode()
    return client.post("/sign-in/enrol", {"code": holding.code(_secret(page))})


def _app(g: Ground) -> object:
    page = g.bob.get("/account/authenticator").content.decode()
    return g.bob.post("/account/authenticator", {"code": holding.code(_secret(page))})


def _new_passkey(g: Ground) -> object:
    answer = holding.SecurityKey().make(holding.told(g.bob.get("/account/passkeys/new"), "create"))
    return g.bob.post("/account/passkeys/new", {"answer": answer, "name": "Laptop"})


def _unknown_passkey(_: Ground) -> object:
    client = Client()
    client.post("/sign-in/passkey/asked")
    return client.post("/sign-in/passkey", {"answer": "{}"})


DEEDS = [
    Deed("sign-in-second", "post", (E.RECOVERY_USED, E.SIGNED_IN), lambda g: (
        codes := _phone(g), _half(g, "bob").post("/sign-in/second", {"code": codes[0]}))[1]),
    Deed("sign-in-enrol", "post", (E.TENANT_CHANGED, E.FACTOR_ADDED, E.SIGNED_IN), _enrolled),
    Deed("sign-in-passkey", "post", (E.SIGN_IN_REFUSED,), _unknown_passkey, on_the_installation=True),
    Deed("account-password", "post", (E.PASSWORD_CHANGED, E.SESSION_ENDED), lambda g: g.bob.post(
        "/account/password", {"before": cast.PASSWORD, "password": NEW, "again": NEW})),
    Deed("account-session-end", "post", (E.SESSION_ENDED,), lambda g: g.bob.post(
        f"/account/sessions/{_session(g)}/end")),
    Deed("account-sessions-end", "post", (E.SESSION_ENDED,), lambda g: g.bob.post("/account/sessions/end-others")),
    Deed("account-authenticator", "post", (E.FACTOR_ADDED,), _app),
    Deed("account-authenticator-remove", "post", (E.FACTOR_REMOVED,), lambda g: (
        g.bob, _phone(g), g.bob.post("/account/authenticator/remove"))[-1]),
    Deed("account-codes", "post", (E.FACTOR_ADDED,), lambda g: (g.bob, _phone(g), g.bob.post("/account/codes"))[-1]),
    Deed("account-passkey-new", "post", (E.FACTOR_ADDED,), _new_passkey),
    Deed("account-passkey-rename", "post", (E.FACTOR_RENAMED,), lambda g: g.bob.post(
        f"/account/passkeys/{_passkey(g)}/rename", {"name": "Tablet"})),
    Deed("account-passkey-remove", "post", (E.FACTOR_REMOVED,), lambda g: g.bob.post(
        f"/account/passkeys/{_passkey(g)}/remove")),
    Deed("sign-in-passwords", "post", (E.TENANT_CHANGED,), lambda g: g.ada.post(
        "/settings/sign-in/passwords", {"second_factor_for": "offices"})),
    Deed("person-link-withdraw", "post", (E.INVITATION_WITHDRAWN,), lambda g: (
        g.invitation(), g.ada.post(f"/people/{g.house.ids['bob']}/link/withdraw"))[1]),
    Deed("person-sign-out", "post", (E.SESSION_ENDED,), lambda g: g.ada.post(f"/people/{g.house.ids['bob']}/sign-out")),
    Deed("person-unlock", "post", (E.UNLOCKED,), lambda g: g.ada.post(f"/people/{g.house.ids['bob']}/unlock")),
    Deed("person-factors-remove", "post", (E.FACTOR_REMOVED,), lambda g: (
        _phone(g), g.ada.post(f"/people/{g.house.ids['bob']}/factors/remove"))[1]),
]  # fmt: skip
