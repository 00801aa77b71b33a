"""Passkeys: made, used in place of a password and beside one, and every way in which a forged one is refused."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from governance import models
from governance.accounts import factors
from tests.assistant import portal
from tests.assistant.accounts import holding
from tests.assistant.accounts.test_factors import half
from tests.assistant.accounts.test_sessions import is_in
from tests.cast import House
from tests.governance.database import leaves


def asked(client: Client) -> dict[str, Any]:
    options: dict[str, Any] = json.loads(client.post("/sign-in/passkey/asked").content)
    return options


def by_passkey(key: holding.SecurityKey, **changed: Any) -> Client:
    client = Client()
    client.post("/sign-in/passkey", {"answer": key.sign(asked(client), **changed)})
    return client


def test_a_passkey_signs_in_without_a_password(house: House) -> None:
    desk = portal.signed_in(house, "bob")
    made = holding.told(desk.get("/account/passkeys/new"), "create")["publicKey"]
    assert made["rp"]["id"] == holding.HOST
    assert made["authenticatorSelection"]["userVerification"] == "required"
    key = holding.registered(desk, "Laptop of Bob")
    assert factors.of(house.bob, house.ids["bob"]) == factors.Factors(has_totp=False, passkeys=1, codes=10)
    assert "publicKey" in asked(Client())
    client = by_passkey(key)
    assert is_in(client)
    last = leaves(house, "session.signed_in")[-1]
    assert (last["actor"]["id"], last["facts"]) == (str(house.ids["bob"]), {"method": "passkey", "mfa": True})
    assert "Laptop of Bob" in client.get("/account/").content.decode()
    assert "Laptop of Bob" not in str(leaves(house))

    # Beside a password it is the second factor.
    beside = half(house, "bob")
    options = holding.told(beside.get("/sign-in/second"))
    assert len(options["publicKey"]["allowCredentials"]) == 1
    assert beside.post("/sign-in/second", {"answer": key.sign(options)}).status_code == 302
    assert leaves(house, "session.signed_in")[-1]["facts"]["second"] == "passkey"


def test_what_is_forged_old_or_somebody_elses_is_refused(house: House, neighbour: House) -> None:
    desk = portal.signed_in(house, "bob")
    key = holding.registered(desk)
    assert is_in(by_passkey(key))
    copy = holding.SecurityKey(key.key, key.credential, key.handle, counter=0)
    stranger = holding.SecurityKey(credential=key.credential, handle=key.handle, counter=90)
    theirs = holding.SecurityKey(
        key.key, key.credential, neighbour.tenant.bytes + neighbour.ids["bob"].bytes, counter=90
    )
    crossed = holding.SecurityKey(key.key, key.credential, neighbour.tenant.bytes + house.ids["bob"].bytes, counter=90)
    nobody = holding.SecurityKey(key.key, key.credential, b"x", counter=90)
    unverified = holding.SecurityKey(key.key, key.credential, key.handle, counter=90, flags=holding.PRESENT)
    elsewhere = holding.SecurityKey(key.key, key.credential, key.handle, counter=90, host="evil.example")
    lured = holding.SecurityKey(key.key, key.credential, key.handle, counter=90, origin="http://evil.example")
    port = holding.SecurityKey(key.key, key.credential, key.handle, counter=90, origin="http://testserver:81")
    for name, held in {
        "a copy, whose counter is behind": copy, "another key": stranger, "of another person": theirs,
        "of a person in another tenant": crossed, "of nobody": nobody, "without verification": unverified,
        "for another site": elsewhere, "from another origin": lured, "from another port": port,
    }.items():  # fmt: skip
        assert not is_in(by_passkey(held)), name
    key.counter = 100
    assert not is_in(by_passkey(key, challenge="AAAA"))
    assert not is_in(by_passkey(key, type="webauthn.create"))

    client = Client()
    answer = key.sign(asked(client))
    assert not is_in(_posted(Client(), answer)), "a session that was asked nothing"
    assert is_in(_posted(client, answer))
    client.post("/sign-out")
    asked(client)
    assert not is_in(_posted(client, answer)), "the answer to an older question"
    for junk in ("", "[]", "{}", "null", '{"response": {"userHandle": 3}}', "[" * 9000, "\x00"):
        asked(client)
        assert client.post("/sign-in/passkey", {"answer": junk}).status_code == 401, junk[:20]
    reasons = [leaf["facts"]["reason"] for leaf in leaves(house, "session.refused")]
    assert reasons.count("wrong passkey") == len(reasons) >= 8

    with house.system.transaction():
        models.Person.objects.filter(pk=house.ids["bob"]).update(is_active=False)
    assert not is_in(by_passkey(key))


def test_a_passkey_is_named_renamed_and_removed_by_its_owner_alone(house: House, neighbour: House) -> None:
    desk = portal.signed_in(house, "bob")
    key = holding.registered(desk)
    again = key.make(holding.told(desk.get("/account/passkeys/new"), "create"))
    assert desk.post("/account/passkeys/new", {"answer": again, "name": "Twice"}).status_code == 409
    assert desk.post("/account/passkeys/new", {"answer": again, "name": "No question"}).status_code == 400
    row = models.Passkey.objects
    with house.bob.transaction():
        (passkey,) = row.values_list("pk", flat=True)
    for outsider in (portal.signed_in(house, "ada"), portal.signed_in(neighbour, "bob")):
        for what in ("rename", "remove"):
            assert outsider.post(f"/account/passkeys/{passkey}/{what}", {"name": "Mine"}).status_code == 404
    assert desk.post(f"/account/passkeys/{passkey}/rename", {"name": "Tablet"}).status_code == 302
    assert "Tablet" in desk.get("/account/").content.decode()
    assert desk.post(f"/account/passkeys/{passkey}/remove").status_code == 302
    assert not is_in(by_passkey(key))
    assert not factors.of(house.bob, house.ids["bob"]).codes, "nothing is left that they stand in for"
    assert [leaf["action"] for leaf in leaves(house) if leaf["action"].startswith("person.factor")] == [
        "person.factor_added",
        "person.factor_added",
        "person.factor_renamed",
        "person.factor_removed",
    ]


def _posted(client: Client, answer: str) -> Client:
    client.post("/sign-in/passkey", {"answer": answer})
    return client
