"""How service accounts are run: by the API, in the rooms of admins and owners, and never by a session of their own."""

from __future__ import annotations

from typing import Any

from governance import assignments, models
from governance.roles import Role
from governance.service_accounts import service_keys
from governance.service_accounts.service_keys import Narrowed
from tests.assistant import portal
from tests.assistant.service_accounts.exchange import bearer
from tests.cast import House
from tests.governance.service_accounts.programs import Program


def test_it_has_no_session_and_no_role_by_itself(made: Program) -> None:
    house = made.house
    with house.system.transaction():
        row = models.Person.objects.get(pk=made.id)
    assert not row.has_usable_password()
    client = portal.signed_in(house, "bob")
    session = client.session
    session["_auth_user_id"], session["_auth_user_hash"] = str(made.id), row.get_session_auth_hash()
    session.save()
    assert client.get("/c/").status_code == 302, "even a session that somebody wrote opens nothing"
    assignments.give(house.ada, made.id, Role.TENANT_ADMIN)
    assert bearer(made.key.secret).get("/api/v1/service-accounts").status_code == 403


def test_admins_run_them_by_the_api(house: House) -> None:
    ada = bearer(house.key("ada"))

    def sent(verb: str, address: str, body: Any) -> Any:
        return getattr(ada, verb)(f"/api/v1/{address}", body, content_type="application/json")

    new = sent(
        "post", "service-accounts", {"name": "Mail", "purpose": "Sends it.", "owner": str(house.ids["bob"])}
    ).json()
    place = f"service-accounts/{new['id']}"
    key = sent("post", f"{place}/keys", {"name": "k", "scopes": ["ask"], "allowed": ["10.0.0.0/8"]})
    assert key.status_code == 201
    assert sent("post", f"{place}/keys", {"name": "k", "scopes": ["all"]}).status_code == 400
    assert sent("post", f"{place}/keys", {"name": "k", "scopes": ["act_for"]}).status_code == 403, (
        "ada's key has it not"
    )
    assert sent("put", f"{place}/keys/{key.json()['id']}", {"per_minute": 7}).status_code == 204
    followed = sent("post", f"{place}/keys/{key.json()['id']}/rotate", {"days": 5, "overlap_hours": 1})
    assert followed.json()["key"] != key.json()["key"]
    assert sent("delete", f"{place}/keys/{followed.json()['id']}", {}).status_code == 204
    changed = sent("patch", place, {"permission": {"acts_for": "group", "group": str(house.team)}, "is_active": False})
    shown_ = changed.json()
    assert (shown_["permission"]["acts_for"], shown_["is_active"], shown_["keys"]) == ("group", False, [])
    assert shown_["purpose"] == "Sends it."
    assert [one["id"] for one in ada.get("/api/v1/service-accounts").json()["service_accounts"]] == [new["id"]]
    assert sent("put", "key-rules", {"allows_personal_keys": True, "key_days_max": 30}).json()["key_days_max"] == 30
    assert sent("put", "key-rules", {"allows_personal_keys": True, "key_days_max": 0}).status_code == 400


def test_rooms_for_admins_and_owners(house: House) -> None:
    ada = portal.signed_in(house, "ada")
    assert "There are no service accounts" in ada.get("/services/").content.decode()
    draft = {"name": "Reports", "purpose": "Figures.", "owner": str(house.ids["bob"])}
    refused = ada.post("/services/", draft | {"purpose": " "})
    assert refused.status_code == 400
    assert "Reports" in refused.content.decode()
    place = ada.post("/services/", draft)["Location"]
    assert "It has no key" in ada.get(place).content.decode()
    made = ada.post(f"{place}/keys", {"name": "k", "scopes": ["ask"], "days": "7", "allowed": "10.0.0.0/8"})
    assert "chy_" in made.content.decode()
    assert "Ends in 6 days" in ada.get("/services/").content.decode()
    wrong = ada.post(f"{place}/keys", {"name": "k", "scopes": ["ask"], "days": "7", "allowed": "10.0.0.0/99"})
    assert wrong.status_code == 400
    assert "10.0.0.0/99" in wrong.content.decode()
    for path, sent in {"permission": {"acts_for": "somebody"}, "change": draft | {"name": ""}}.items():
        assert ada.post(f"{place}/{path}", sent).status_code == 400
    bob, charlie = portal.signed_in(house, "bob"), portal.signed_in(house, "charlie")
    for seen in ("Reports", "Ends in 6 days"):
        assert seen in bob.get("/keys/").content.decode()
    assert bob.get(place).status_code == 200
    assert "New key" not in bob.get(place).content.decode()
    assert "that you answer for" not in charlie.get("/keys/").content.decode()
    assert charlie.get(place).status_code == 404
    assert bob.post(f"{place}/switch", {"to": "off"}).status_code == 302
    assert "Switched off" in ada.get(place).content.decode()
    assert ada.get(f"/people/{place.rpartition('/')[2]}")["Location"] == place
    ada.post("/services/key-rules", {"key_days_max": "30"})
    assert "allows no keys" in bob.get("/keys/").content.decode()
    with house.system.transaction():
        assert service_keys.Held(models.ApiKey.objects.get(person__is_service=True), None).narrowed == Narrowed(
            ("10.0.0.0/8",)
        )
