"""For whom a service account is given a token in exchange for its key, and what that opens."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from assistant.sso import shown
from governance import grants, groups, keys, models, people
from governance.audit import events
from governance.errors import RecordUnavailable
from governance.identity.refusals import Reason, Refused
from governance.roles import Level, Role
from governance.scope import ActorKind
from governance.service_accounts import accounts, acting
from ingestion import catalog
from tests.assistant import portal
from tests.assistant.service_accounts.exchange import GRANT, ID_TOKEN, PERSON, asked, bearer
from tests.cast import House
from tests.governance.database import leaves
from tests.governance.service_accounts.programs import Program, program


def test_it_acts_with_the_persons_access_and_no_more_than_the_keys_scopes(made: Program) -> None:
    house = made.house
    papers, closed = (catalog.create(house.ada, name).pk for name in ("Papers", "Closed"))
    grants.give(house.ada, papers, grants.Holder(person=house.ids["bob"]), Level.MANAGE)
    told = bearer(made.key.secret).post(
        "/api/v1/token",
        f"grant_type={GRANT}&subject_token={house.email('bob')}&subject_token_type={PERSON}&scope=read",
        content_type="application/x-www-form-urlencoded",
    )
    assert told.status_code == 200
    body = told.json()
    assert (body["token_type"], body["scope"], 890 <= body["expires_in"] <= 900) == ("Bearer", "read", True)
    assert told["Cache-Control"] == "private, no-store"
    as_bob = bearer(body["access_token"])
    me = as_bob.get("/api/v1/me").json()
    assert (me["id"], me["scopes"]) == (str(house.ids["bob"]), ["read"])
    assert as_bob.get(f"/api/v1/collections/{papers}").status_code == 200
    assert as_bob.get(f"/api/v1/collections/{closed}").status_code == 404
    assert (
        as_bob.patch(f"/api/v1/collections/{papers}", {"name": "x"}, content_type="application/json").status_code == 403
    )
    assert bearer(made.key.secret).get(f"/api/v1/collections/{papers}").status_code == 404, (
        "its own access is not bob's"
    )


def test_the_record_names_both_and_the_person_sees_it(made: Program) -> None:
    house, secret = made.house, made.token("bob")
    bearer(secret).get(f"/api/v1/collections/{uuid.uuid4()}")
    (exchanged,) = leaves(house, "key.exchanged")
    assert exchanged["actor"] == {"kind": "service", "id": str(made.id), "key": str(made.key.id)}
    assert exchanged["facts"]["person"] == str(house.ids["bob"])
    (denied,) = leaves(house, "access.denied")
    assert denied["actor"] == {
        "kind": "person",
        "id": str(house.ids["bob"]),
        "key": exchanged["resource"]["id"],
        "service": str(made.id),
    }
    shown_to_bob = portal.signed_in(house, "bob").get("/my-data/").content.decode()
    assert "Reports (service)" in shown_to_bob
    assert "Reports (service)" not in portal.signed_in(house, "charlie").get("/my-data/").content.decode()
    made.token("bob")
    ((row),) = acting.for_me(house.bob)
    assert (row.service_id, row.times) == (made.id, 2)
    page = portal.signed_in(house, "olga").get("/record/").content.decode()
    assert "Bob, by Reports (service), was turned away" in page


def test_whoever_it_may_not_act_for_is_not_there(house: House, neighbour: House) -> None:
    made = program(house, "ask", "act_for", acts_for="group")
    off = people.create(house.ada, "off@people.example", "Off")
    groups.add(house.ada, house.team, off)
    people.switch_off(house.ada, off)
    other = program(house, "ask", acts_for="everybody")
    groups.add(house.ada, house.team, other.id)
    nobody = [
        off,
        house.ids["charlie"],
        house.email("charlie"),
        neighbour.ids["bob"],
        neighbour.email("bob"),
        uuid.uuid4(),
    ]
    told = [asked(made.key.secret, one) for one in [*nobody, "nobody@people.example", "%", "", other.id, made.id]]
    assert {one.status_code for one in told if one.status_code != 400} == {404}
    assert {one.status_code for one in told} == {404, 400}, "nothing at all is no subject"
    assert len({one.json()["error"]["message"] for one in told if one.status_code == 404}) == 1
    assert len(leaves(house, "access.denied")) == sum(one.status_code == 404 for one in told)
    assert asked(made.key.secret, house.ids["bob"]).status_code == 200
    groups.delete(house.ada, house.team)
    assert asked(made.key.secret, house.ids["bob"]).status_code == 404


def test_who_may_not_exchange_at_all(made: Program) -> None:
    house, bob = made.house, made.house.ids["bob"]
    weak = made.another("ask", "read").secret
    token = made.token("bob")
    for secret in (weak, token, house.key("ada"), house.key("bob")):
        assert asked(secret, bob).status_code == 403
    assert asked("chy_unknown", bob).status_code == 401
    accounts.permit(house.ada, made.id, "nobody")
    assert asked(made.key.secret, bob).status_code == 404
    with pytest.raises(Exception, match=r"act_for|Scopes"):
        keys.issue(house.bob, bob, "mine", ["act_for"], 1)


def test_acting_for_an_admin_raises_nothing(made: Program) -> None:
    house = made.house
    token = asked(made.key.secret, house.ids["ada"]).json()["access_token"]
    scope = keys.resolve(token)
    assert scope
    assert (scope.kind, scope.actor, scope.service) == (ActorKind.PERSON, house.ids["ada"], made.id)
    assert Role.TENANT_ADMIN in scope.roles
    assert scope.key_scopes == frozenset({"ask", "read"})
    as_ada = bearer(token)
    assert as_ada.get("/api/v1/service-accounts").status_code == 403
    assert as_ada.post("/api/v1/collections", {"name": "x"}, content_type="application/json").status_code == 403
    for wider in ("manage", "ask record", "act_for"):
        assert asked(made.key.secret, house.ids["ada"], scope=wider).status_code == 400
    with pytest.raises(Exception, match="yourself"):
        keys.issue(scope, house.ids["ada"], "mine", ["ask"], 1)
    assert portal.signed_in(house, "ada").get("/services/").status_code == 200
    assert as_ada.get("/services/").status_code == 302, "a token is no session"


def test_an_id_token_names_whoever_it_is_about(made: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the provider's own checks refuse is in tests/assistant/sso; here is what comes of either."""
    house = made.house
    accounts.permit(house.ada, made.id, "everybody", audiences=["intranet"])
    seen: list[Any] = []

    def person(scope: Any, token: str, audiences: list[str]) -> uuid.UUID | None:
        seen.append(audiences)
        if token == "forged":
            raise Refused(Reason.SIGNATURE)
        return house.ids["bob"] if token == "bob's" else None

    monkeypatch.setattr(shown, "person", person)
    token = asked(made.key.secret, "bob's", ID_TOKEN).json()["access_token"]
    assert bearer(token).get("/api/v1/me").json()["id"] == str(house.ids["bob"])
    assert seen == [["intranet"]]
    assert leaves(house, "key.exchanged")[0]["facts"]["how"] == "id_token"
    forged, unknown = asked(made.key.secret, "forged", ID_TOKEN), asked(made.key.secret, "unknown", ID_TOKEN)
    assert (forged.status_code, unknown.status_code) == (404, 404)
    assert forged.json()["error"]["message"] == unknown.json()["error"]["message"]
    assert leaves(house, "access.denied")[0]["facts"]["reason"] == f"ID token: {Reason.SIGNATURE}"


def test_a_denial_of_the_record_stops_the_exchange(made: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise RecordUnavailable(events.CANNOT)

    monkeypatch.setattr("governance.service_accounts.acting.events.record", away)
    assert asked(made.key.secret, made.house.ids["bob"]).status_code == 503
    with made.house.system.transaction():
        assert not models.ApiKey.objects.filter(service=made.id).exists()
