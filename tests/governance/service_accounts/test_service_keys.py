"""Keys of service accounts: how long they live, what follows them, and what they are narrowed by."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from governance import keys, models, pace, quotas, tenants
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound, QuotaSpent
from governance.quotas import limits
from governance.quotas.limits import Subject
from governance.quotas.models import Measure, Per
from governance.service_accounts import accounts, networks, service_keys
from governance.service_accounts.accounts import Draft
from governance.service_accounts.service_keys import Narrowed
from tests.cast import House
from tests.governance.database import leaves
from tests.governance.service_accounts.programs import Program, program


def changed(house: House, key: uuid.UUID, **fields: Any) -> None:
    with house.system.transaction():
        models.ApiKey.objects.filter(pk=key).update(**fields)


@pytest.mark.parametrize(
    ("scopes", "days", "narrowed"),
    [
        (["all"], 1, {}),
        (["*"], 1, {}),
        ([], 1, {}),
        (["ask", "root"], 1, {}),
        (["ask"], 0, {}),
        (["ask"], 367, {}),
        (["ask"], 1, {"allowed": ("10.0.0.0/99",)}),
        (["ask"], 1, {"allowed": ("0.0.0.0/0",)}),
        (["ask"], 1, {"allowed": ("::/0",)}),
        (["ask"], 1, {"allowed": ("10.0.0.1/8",)}),
        (["ask"], 1, {"per_minute": 0}),
        (["ask"], 1, {"tokens_per_day": 10}),
    ],
    ids=str,
)
def test_a_key_is_least_and_ends(shared_house: House, scopes: list[str], days: int, narrowed: dict[str, Any]) -> None:
    service = accounts.create(shared_house.ada, Draft("Least", "To try.", shared_house.ids["bob"]))
    with pytest.raises(InvalidInput):
        service_keys.issue(shared_house.ada, service, "k", scopes, days, Narrowed(**narrowed))
    assert service_keys.listed(shared_house.ada, [service]) == {}


def test_a_tenant_says_how_long_keys_live_and_whether_people_have_any(house: House) -> None:
    made, bobs = program(house, "ask"), house.key("bob", "ask")
    tenants.rule_keys(house.ada, allows_personal=False, days_max=7)
    assert keys.resolve(bobs) is None
    assert keys.resolve(made.key.secret), "service accounts go on"
    with pytest.raises(Forbidden):
        keys.issue(house.bob, house.ids["bob"], "k", ["ask"], 1)
    with pytest.raises(InvalidInput):
        made.another("ask", days=8)
    tenants.rule_keys(house.ada, allows_personal=True, days_max=7)
    assert keys.resolve(bobs)
    with pytest.raises(Forbidden):
        tenants.rule_keys(house.bob, allows_personal=True, days_max=366)


def test_a_key_is_followed_by_another_and_ends_by_itself(made: Program) -> None:
    house, before = made.house, made.scope
    service_keys.narrow(house.ada, made.id, made.key.id, Narrowed(("192.0.2.0/24",), 10, 5_000))
    new = service_keys.rotate(house.ada, made.id, made.key.id, days=10, overlap_h=2)
    for secret in (made.key.secret, new.secret):
        assert made.by(secret, "192.0.2.9").key_scopes == before.key_scopes
        assert keys.resolve(secret, address="198.51.100.1") is None
    assert {one.narrowed for one in service_keys.listed(house.ada, [made.id])[made.id]} == {
        Narrowed(("192.0.2.0/24",), 10, 5_000)
    }
    with house.system.transaction():
        old = models.ApiKey.objects.get(pk=made.key.id)
    assert old.replaced_by == new.id
    assert old.expires_at - timezone.now() <= timedelta(hours=2)
    with pytest.raises(Conflict):
        service_keys.rotate(house.ada, made.id, made.key.id)
    changed(house, made.key.id, expires_at=timezone.now())
    assert keys.resolve(made.key.secret, address="192.0.2.9") is None
    assert keys.resolve(new.secret, address="192.0.2.9")
    assert service_keys.rotate(house.ada, made.id, new.id, overlap_h=0)
    assert keys.resolve(new.secret, address="192.0.2.9") is None


def test_a_key_follows_itself_and_makes_none_that_may_more(house: House) -> None:
    made = program(house, "ask", tokens_per_day=5_000)
    other = program(house, "ask")
    new = service_keys.rotate(made.scope, made.id, made.key.id)
    assert made.by(new.secret).key_scopes == frozenset({"ask"})
    assert service_keys.listed(house.ada, [made.id])[made.id][-1].tokens_per_day == 5_000
    for scope, service, key in ((made.scope, made.id, new.id), (made.by(new.secret), other.id, other.key.id)):
        with pytest.raises((Forbidden, NotFound)):
            service_keys.rotate(scope, service, key)
    managing = keys.resolve(house.key("ada", "manage ask"))
    assert managing
    assert service_keys.issue(managing, made.id, "same", ["ask"], 1)
    for wider in (["record"], ["act_for"], ["ask", "search"]):
        with pytest.raises(Forbidden):
            service_keys.issue(managing, made.id, "wider", wider, 1)


def test_every_limit_of_a_key_goes_on_with_the_one_that_follows_it_and_what_was_used(house: House) -> None:
    made = program(house, "ask", tokens_per_day=5_000)
    limits.write(house.ada, limits.Draft(Subject(key=made.key.id), Measure.SECONDS, Per.MONTH, Decimal(600), (50,)))
    before, one = made.scope, uuid.uuid4()
    quotas.reserve(before, one, 4_000, seconds=500)
    quotas.settle(before, one, 4_000, seconds=500)
    after = made.by(service_keys.rotate(before, made.id, made.key.id, overlap_h=1).secret)
    for scope in (before, after):
        held = [(b.measure, b.per, b.most, b.used, b.alert_at) for b in quotas.left(scope) if b.of == "key"]
        assert held == [("seconds", "month", 600_000, 500_000, (50,)), ("tokens", "day", 5_000, 4_000, (80, 100))]
    with pytest.raises(QuotaSpent):
        quotas.reserve(after, uuid.uuid4(), 1_001)


def test_a_good_key_from_a_wrong_place_is_nobody_and_is_on_the_record_once(house: House) -> None:
    made = program(house, "ask", allowed=("10.2.0.0/16", "2001:db8::/48", "203.0.113.7"))
    for address in ("10.2.255.1", "::ffff:10.2.0.1", "2001:db8::5", "203.0.113.7"):
        assert keys.resolve(made.key.secret, address=address), address
    for address in ("10.3.0.1", "::ffff:10.3.0.1", "2001:db8:1::5", "203.0.113.8", "", "unknown", "10.2.0.1:443"):
        assert keys.resolve(made.key.secret, address=address) is None, address
    (leaf,) = leaves(house, "key.refused")
    assert (leaf["facts"], leaf["actor"]["id"]) == ({"reason": "address"}, str(made.id))
    assert keys.holder(made.key.secret), "whose it is can be said wherever it is tried"


def test_networks_are_written_in_one_way() -> None:
    given = [" 10.0.0.0/8", "10.0.0.0/8", "::1", "::ffff:192.0.2.0/120", "2001:DB8::/32"]
    assert networks.checked(given) == ["10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32", "::1/128"]


def test_last_use_is_noted_with_its_place_once_a_minute(made: Program) -> None:
    def used() -> tuple[Any, Any]:
        with made.house.system.transaction():
            row = models.ApiKey.objects.get(pk=made.key.id)
        return row.last_used_at, row.last_used_from

    keys.resolve(made.key.secret, address="192.0.2.1")
    first = used()
    keys.resolve(made.key.secret, address="192.0.2.2")
    assert used() == first
    assert first[1] == "192.0.2.1"
    changed(made.house, made.key.id, last_used_at=timezone.now() - timedelta(minutes=2))
    keys.resolve(made.key.secret, address="::ffff:192.0.2.3")
    assert used()[1] == "192.0.2.3"


def test_of_requests_side_by_side_none_is_one_too_many() -> None:
    who, limit = uuid.uuid4(), 20
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: pace.take(who, limit), range(60)))
    passed = [one for one in taken if one.passes]
    # What fills up while they come is a part of one: three seconds for each.
    assert limit <= len(passed) <= limit + 1
    assert {one.left for one in passed} >= set(range(limit - 1))
    refused = next(one for one in taken if not one.passes)
    assert 0 < refused.wait_s <= 3
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert pace.take(uuid.uuid4(), limit).left == limit - 1


def test_a_keys_allowance_counts_what_it_took_and_what_others_took_not(house: House) -> None:
    made = program(house, "ask", tokens_per_day=1_000)
    quotas.reserve(house.bob, uuid.uuid4(), 5_000)
    quotas.reserve(made.by(made.another("ask").secret), uuid.uuid4(), 5_000)
    first = uuid.uuid4()
    quotas.reserve(made.scope, first, 900)
    with pytest.raises(QuotaSpent, match="key"):
        quotas.reserve(made.scope, uuid.uuid4(), 101)
    quotas.settle(made.scope, first, 100)
    quotas.reserve(made.scope, uuid.uuid4(), 900)
    (left,) = quotas.left(made.scope)
    assert (left.of, left.most, left.used, left.held, left.left) == ("key", 1_000, 100, 900, 0)
    assert quotas.left(house.bob) == []


def test_of_many_at_a_keys_allowance_one_gets_the_last(house: House) -> None:
    made = program(house, "ask", tokens_per_day=1_000)
    scope = made.scope

    def reserve(_: int) -> bool:
        try:
            quotas.reserve(scope, uuid.uuid4(), 300)
        except QuotaSpent:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(reserve, range(8))) == 3


def test_the_owner_is_told_of_a_key_that_ends_and_of_none_twice(house: House) -> None:
    made = program(house, "ask")
    followed, fresh = made.another("ask"), made.another("ask", days=3)
    soon = {
        "expires_at": timezone.now() + timedelta(days=6, hours=1),
        "created_at": timezone.now() - timedelta(days=30),
    }
    for key in (made.key.id, followed.id):
        changed(house, key, **soon)
    changed(house, followed.id, replaced_by=fresh.id)
    assert service_keys.warn(house.tenant) == 1
    assert service_keys.warn(house.tenant) == 0
    (leaf,) = leaves(house, "key.ending")
    assert leaf["resource"]["id"] == str(made.key.id)
    assert leaf["facts"] == {"person": str(made.id), "owner": str(house.ids["bob"]), "days": 6}
    (first, *_) = service_keys.listed(house.bob, [made.id])[made.id]
    assert first.is_ending
