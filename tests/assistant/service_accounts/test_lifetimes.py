"""What ends a token that was exchanged, and what its key is narrowed by."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from governance import groups, keys, models, people, quotas, tenants
from governance.service_accounts import accounts, acting, service_keys
from tests.assistant.service_accounts.exchange import asked, bearer
from tests.cast import House
from tests.governance.database import leaves
from tests.governance.service_accounts.programs import Program, program

ENDS = ["person", "service", "key", "rotated", "permission", "group", "expired", "tenant"]


@pytest.mark.parametrize("what", ENDS)
def test_a_token_ends_at_the_next_request_with(what: str, house: House) -> None:
    made = program(house, "ask", "act_for", acts_for="group")
    secret = made.token("bob")
    scope = keys.resolve(secret)
    assert scope
    assert people.scopes_of([(scope.person, scope.key)]) == [scope]

    def changed(key: uuid.UUID | None, **fields: Any) -> None:
        with house.system.transaction():
            models.ApiKey.objects.filter(pk__in=[key]).update(**fields)

    deeds: dict[str, Any] = {
        "person": lambda: people.switch_off(house.ada, house.ids["bob"]),
        "service": lambda: accounts.switch_off(house.ada, made.id),
        "key": lambda: keys.revoke(house.ada, made.key.id),
        "rotated": lambda: service_keys.rotate(house.ada, made.id, made.key.id, overlap_h=0),
        "permission": lambda: accounts.permit(house.ada, made.id, "group", house.team),
        "group": lambda: groups.remove(house.ada, house.team, house.ids["bob"]),
        "expired": lambda: changed(scope.key, expires_at=timezone.now()),
        "tenant": lambda: tenants.write(house.system, {"switched_off_at": timezone.now()}),
    }
    deeds[what]()
    assert bearer(secret).get("/api/v1/me").status_code == 401
    # What open streams ask, every 2.5 seconds.
    assert people.scopes_of([(scope.person, scope.key)]) == [None]
    if what == "person":
        people.switch_on(house.ada, house.ids["bob"])
        assert keys.resolve(secret) is None, "it does not come back with them"


def test_a_token_lives_no_longer_than_its_key_and_leaves_no_row(made: Program) -> None:
    house = made.house
    with house.system.transaction():
        models.ApiKey.objects.filter(pk=made.key.id).update(expires_at=timezone.now() + timedelta(seconds=60))
    assert asked(made.key.secret, house.ids["bob"]).json()["expires_in"] <= 60
    assert asked(made.key.secret, house.ids["bob"], expires_in=901).status_code == 400
    with house.system.transaction():
        models.ApiKey.objects.filter(service=made.id).update(expires_at=timezone.now() - timedelta(days=2))
    made.token("bob")
    with house.system.transaction():
        assert models.ApiKey.objects.filter(service=made.id).count() == 1
    assert [one.row.pk for one in service_keys.listed(house.ada, [made.id])[made.id]] == [made.key.id]
    assert keys.mine(house.bob) == [], "a token for bob is no key of bob's"


def test_pace_and_allowance_are_the_keys_whatever_it_acts_by(house: House) -> None:
    made = program(house, "ask", "read", "act_for", acts_for="everybody", per_minute=3, tokens_per_day=1_000)
    first = asked(made.key.secret, house.ids["bob"])
    token = first.json()["access_token"]
    assert (first["RateLimit-Limit"], first["RateLimit-Remaining"]) == ("3", "2")
    assert bearer(token).get("/api/v1/me")["RateLimit-Remaining"] == "1"
    assert bearer(made.key.secret).get("/api/v1/me").status_code == 200
    for address in ("/api/v1/me", "/v1/models"):
        over = bearer(token).get(address)
        assert over.status_code == 429
        assert over["RateLimit-Remaining"] == "0"
        assert 1 <= int(over["Retry-After"]) <= 20  # a third of a minute is one request's
    assert over.json()["error"]["code"] == "rate_limit_exceeded"
    assert [leaf["facts"] for leaf in leaves(house, "key.refused")] == [{"reason": "pace"}], "once a minute"
    scope = keys.resolve(token)
    assert scope
    quotas.reserve(scope, uuid.uuid4(), 900)
    with pytest.raises(Exception, match="for this key"):
        quotas.reserve(made.scope, uuid.uuid4(), 101)
    quotas.reserve(house.bob, uuid.uuid4(), 5_000)


def test_the_address_is_the_connections_unless_a_proxy_of_ours_says_otherwise(house: House, settings: Any) -> None:
    made = program(house, "ask", "read", "act_for", acts_for="everybody", allowed=("203.0.113.0/24",))

    def got(address: str, said: str = "") -> int:
        headers: dict[str, Any] = {"HTTP_X_FORWARDED_FOR": said} if said else {}
        return bearer(made.key.secret).get("/api/v1/me", REMOTE_ADDR=address, **headers).status_code

    assert got("203.0.113.9") == 200
    assert got("198.51.100.1") == 401
    assert got("198.51.100.1", "203.0.113.9") == 401, "nobody's word for it"
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert got("10.0.0.5", "203.0.113.9") == 200
    assert got("10.0.0.5", "203.0.113.9, 198.51.100.1") == 401, "what stands further left was the client's word"
    assert got("10.0.0.5", "198.51.100.1, 203.0.113.9, 10.1.1.1") == 200
    assert got("10.0.0.5", "203.0.113.9, nonsense") == 401
    assert got("10.0.0.5") == 401
    token = keys.presented(made.key.secret, address="203.0.113.9")
    assert token
    secret = acting.exchange(token.scope, house.ids["bob"], "named").secret
    assert bearer(secret).get("/api/v1/me", REMOTE_ADDR="198.51.100.1").status_code == 401
