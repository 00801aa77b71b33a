"""Limits of groups, people, keys and models, in tokens, seconds and money, a day and a month."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from governance import groups, models, quotas
from governance.access import Denied
from governance.errors import InvalidInput, NotFound, QuotaHeld, QuotaSpent
from governance.quotas import alerts, limits, prices, using
from governance.quotas.limits import Draft, Subject
from governance.quotas.models import Measure, Per
from governance.quotas.prices import Priced
from governance.scope import Scope
from tests.cast import House
from tests.governance.database import leaves


def limit(
    house: House,
    subject: Subject,
    amount: str,
    measure: Measure = Measure.TOKENS,
    per: Per = Per.DAY,
    alert_at: tuple[int, ...] = (80, 100),
) -> None:
    limits.write(house.ada, Draft(subject, measure, per, Decimal(amount), alert_at))


def used(scope: Scope, tokens: int, **more: Any) -> None:
    one = uuid.uuid4()
    quotas.reserve(scope, one, tokens, model=more.get("model", quotas.USUAL))
    quotas.settle(scope, one, tokens, seconds=more.get("seconds", 0))


def sums(house: House) -> dict[tuple[str, str], tuple[int, int]]:
    """(used, set aside) in tokens by kind and subject, as the day's sums have it."""
    with house.system.transaction():
        rows = models.Spent.objects.values_list("kind", "subject", "tokens", "held_tokens")
        return {(kind, subject): (tokens, held) for kind, subject, tokens, held in rows}


def test_each_of_many_limits_is_counted_by_itself_and_the_refusal_names_which(house: House) -> None:
    others, bob = groups.create(house.ada, "Others"), house.ids["bob"]
    groups.add(house.ada, others, house.ids["charlie"])
    limit(house, Subject(group=house.team), "1000")
    limit(house, Subject(person=house.ids["charlie"]), "2000")
    limit(house, Subject(model="large"), "3000")
    used(house.bob, 600)
    used(house.charlie, 600, model="large")
    cases: list[tuple[Scope, int, str, str, str]] = [
        (house.bob, 401, quotas.USUAL, "group", "1,000 tokens a day for your group is used up; 400 are left"),
        (
            house.charlie,
            1_401,
            quotas.USUAL,
            "person",
            "2,000 tokens a day for your own use is used up; 1,400 are left",
        ),
        (house.ada, 2_401, "large", "model", "3,000 tokens a day for this model is used up; 2,400 are left"),
    ]
    for scope, tokens, model, of, said in cases:
        with pytest.raises(QuotaSpent, match=said) as refused:
            quotas.reserve(scope, uuid.uuid4(), tokens, model=model)
        told = refused.value.quota
        assert (told["of"], told["measure"], told["per"], told["asked"]) == (of, "tokens", "day", tokens)
        assert 0 < refused.value.wait_s <= 86_400
        assert refused.value.headers["RateLimit-Remaining"] == str(told["left"])
        quotas.reserve(scope, uuid.uuid4(), tokens - 1, model=model)
    assert sums(house)["group", str(house.team)] == (600, 400)
    assert sums(house)["group", str(others)] == (600, 1_400)
    assert sums(house)["person", str(bob)] == (600, 400)


def test_of_limits_for_each_person_ones_own_goes_first_then_the_widest_of_their_groups(house: House) -> None:
    def most(scope: Scope) -> list[int]:
        return [one.most for one in quotas.left(scope)]

    limit(house, Subject(is_each=True), "1000")
    assert most(house.bob) == most(house.charlie) == [1_000]
    limit(house, Subject(group=house.team, is_each=True), "5000")
    assert (most(house.bob), most(house.charlie)) == ([5_000], [1_000])
    limit(house, Subject(person=house.ids["bob"]), "2000")
    assert most(house.bob) == [2_000]
    used(house.bob, 1_500)
    assert [one.used for one in quotas.left(house.charlie)] == [0]
    with pytest.raises(QuotaSpent, match="2,000 tokens a day for your own use"):
        quotas.reserve(house.bob, uuid.uuid4(), 501)


def test_money_is_counted_by_the_price_of_the_model(house: House) -> None:
    prices.write(house.ada, "chf", {quotas.USUAL: Priced(Decimal("0.5"), Decimal(2))})
    limit(house, Subject(is_each=True), "10", Measure.MONEY, Per.MONTH)
    one = uuid.uuid4()
    quotas.reserve(house.bob, one, 2_000, 4_000)  # 2 * 2 + 4 * 0.5
    quotas.settle(house.bob, one, 1_000, 4_000)
    (left,) = quotas.left(house.bob)
    assert left.as_json() | {"resets_at": ""} == {
        "of": "tenant", "is_each": True, "measure": "money", "per": "month", "currency": "CHF",
        "limit": 10, "used": 4, "set_aside": 0, "left": 6, "resets_at": "",
    }  # fmt: skip
    quotas.reserve(house.bob, uuid.uuid4(), 10_000, model="costs nothing")
    with pytest.raises(
        QuotaSpent, match=r"The budget of 10\.00 CHF a month for your own use is used up; 6\.00 CHF are left"
    ):
        quotas.reserve(house.bob, uuid.uuid4(), 3_001)
    assert quotas.left(house.bob)[0].used == 4_000_000_000


def test_seconds_are_counted_and_a_month_holds_its_days(house: House) -> None:
    limit(house, Subject(), "600", Measure.SECONDS, Per.MONTH)
    used(house.bob, 10, seconds=200.5)
    with house.system.transaction():  # as if it had been on another day of the month, which its neighbour is not
        today = datetime.now(UTC).date()
        other = today - timedelta(days=1) if today.day > 1 else today + timedelta(days=1)
        models.Spent.objects.update(day=other)
    used(house.bob, 10, seconds=300)
    (left,) = quotas.left(house.bob)
    assert (left.used, left.left) == (500_500, 99_500)
    with pytest.raises(
        QuotaSpent, match="600 seconds of the model a month for your organisation is used up; 99 are left"
    ):
        quotas.reserve(house.bob, uuid.uuid4(), 1, seconds=100)
    assert quotas.reserve(house.bob, uuid.uuid4(), 1, seconds=99)
    assert left.opens_at.day == 1
    assert left.opens_at > datetime.now(UTC)


def test_what_others_have_set_aside_is_said_to_be_that_and_the_wait_is_short(house: House) -> None:
    limit(house, Subject(group=house.team), "1000")
    quotas.reserve(house.bob, uuid.uuid4(), 900)
    with pytest.raises(QuotaHeld, match="set aside for answers under way") as refused:
        quotas.reserve(house.bob, uuid.uuid4(), 200)
    assert refused.value.wait_s < 60
    assert leaves(house, "quota.reached") == []


def test_a_reservation_is_raised_to_what_the_model_will_be_asked_and_given_back_where_none_was(house: House) -> None:
    limit(house, Subject(is_each=True), "1000")
    one, two = uuid.uuid4(), uuid.uuid4()
    quotas.reserve(house.bob, one, 100, is_asked=False)
    quotas.reserve(house.bob, two, 100, is_asked=False)
    quotas.reserve(house.bob, one, 100, 700)
    assert sums(house)["person", str(house.ids["bob"])] == (0, 900)
    with pytest.raises(QuotaSpent):
        quotas.reserve(house.bob, two, 100, 700)
    assert sums(house)["tenant", ""] == (0, 900)
    for each in (one, two):
        quotas.close(house.system, each)
    assert sums(house) == dict.fromkeys(sums(house), (800, 0))


def test_the_admins_are_told_once_at_each_part_and_when_it_is_used_up(house: House) -> None:
    limit(house, Subject(is_each=True), "1000", alert_at=(50, 80, 100))
    used(house.bob, 499)
    assert leaves(house, "quota.reached") == []
    used(house.bob, 350)
    used(house.bob, 50)
    assert [leaf["facts"]["percent"] for leaf in leaves(house, "quota.reached")] == [50, 80]
    with pytest.raises(QuotaSpent):
        quotas.reserve(house.bob, uuid.uuid4(), 500)
    with pytest.raises(QuotaSpent):
        quotas.reserve(house.bob, uuid.uuid4(), 500)
    told = [leaf["facts"] for leaf in leaves(house, "quota.reached")]
    assert [one["percent"] for one in told] == [50, 80, 100]
    assert told[-1]["subject"] == str(house.ids["bob"])
    assert (told[-1]["of"], told[-1]["limit"], told[-1]["used"]) == ("tenant", 1_000, 899)
    used(house.charlie, 600)
    assert [(one.who, one.percent) for one in alerts.listed(house.ada)] == [
        ("Charlie", 50), ("Bob", 100), ("Bob", 80), ("Bob", 50),
    ]  # fmt: skip


def test_whoever_raises_a_limit_is_told_as_the_new_one_is_come_near_to(house: House) -> None:
    for amount, further, told in (("1000", 850, [80]), ("10000", 7_000, []), ("10000", 250, [80]), ("9000", 10, [80])):
        before = len(leaves(house, "quota.reached"))
        limit(house, Subject(group=house.team), amount)
        used(house.bob, further)
        used(house.bob, 1)
        assert [leaf["facts"]["percent"] for leaf in leaves(house, "quota.reached")[before:]] == told, amount


def test_of_money_no_more_is_said_to_be_left_than_there_is(house: House) -> None:
    prices.write(house.ada, "EUR", {quotas.USUAL: Priced(Decimal(0), Decimal(1))})
    limit(house, Subject(is_each=True), "1", Measure.MONEY)
    used(house.bob, 1)
    (left,) = quotas.left(house.bob)
    assert (left.left, left.rest, left.whole) == (999_000_000, "0.99 EUR", "1.00 EUR")
    with pytest.raises(QuotaSpent, match=r"0\.99 EUR are left"):
        quotas.reserve(house.bob, uuid.uuid4(), 1_000)


def test_what_the_organisations_tokens_a_day_cannot_be_is_refused_and_not_left_out(house: House) -> None:
    limit(house, Subject(), "5000")
    for amount, alert_at in (("2000000001", (80, 100)), ("6000", (50,)), ("6000", ())):
        with pytest.raises(InvalidInput):
            limit(house, Subject(), amount, alert_at=alert_at)
    limit(house, Subject(), "2000000000", alert_at=(100, 80))
    with house.system.transaction():
        assert models.Tenant.objects.get(pk=house.tenant).tokens_per_day == 2_000_000_000


def test_limits_are_an_admins_and_stand_on_the_record(house: House) -> None:
    for act in (
        lambda: limits.write(house.bob, Draft(Subject(), Measure.TOKENS, Per.DAY, Decimal(5_000))),
        lambda: limits.take_away(house.bob, uuid.uuid4()),
        lambda: limits.listed(house.bob),
        lambda: prices.write(house.bob, "EUR", {}),
        lambda: using.most(house.olga),
        lambda: alerts.listed(house.olga),
    ):
        with pytest.raises(Denied):
            act()
    limit(house, Subject(), "5000")
    with house.system.transaction():
        assert models.Tenant.objects.get(pk=house.tenant).tokens_per_day == 5_000
    limit(house, Subject(group=house.team), "5000", alert_at=())
    limit(house, Subject(group=house.team), "7000")
    made = [one for one in limits.listed(house.ada) if one.of == "group"]
    assert [(one.who, one.bound.whole, one.bound.alert_at) for one in made] == [("Team", 7_000, (80, 100))]
    assert made[0].id
    limits.take_away(house.ada, made[0].id)
    told = [leaf["facts"] for leaf in leaves(house, "quota.changed")]
    assert [(one["before"], one["limit"]) for one in told] == [(None, 5_000), (5_000, 7_000), (7_000, None)]
    with pytest.raises(NotFound):
        limits.take_away(house.ada, made[0].id)


def test_a_limit_of_what_is_not_there_or_of_nonsense_is_refused(house: House, neighbour: House) -> None:
    for subject in (Subject(group=neighbour.team), Subject(person=neighbour.ids["bob"]), Subject(key=uuid.uuid4())):
        with pytest.raises(NotFound):
            limit(house, subject, "5000")
    for draft in (
        Draft(Subject(person=house.ids["bob"], is_each=True), Measure.TOKENS, Per.DAY, Decimal(5_000)),
        Draft(Subject(person=house.ids["bob"], model="x"), Measure.TOKENS, Per.DAY, Decimal(5_000)),
        Draft(Subject(), Measure.SECONDS, Per.DAY, Decimal(119)),
        Draft(Subject(), Measure.TOKENS, Per.MONTH, Decimal("NaN")),
        Draft(Subject(), Measure.MONEY, Per.MONTH, Decimal(5), [101]),
    ):
        with pytest.raises(InvalidInput):
            limits.write(house.ada, draft)
    for currency, price in (("euro", Priced(Decimal(1), Decimal(1))), ("EUR", Priced(Decimal(-1), Decimal(1)))):
        with pytest.raises(InvalidInput):
            prices.write(house.ada, currency, {"x": price})
    for model in ("", "x" * 101, "a\x00b"):
        with pytest.raises(InvalidInput):
            prices.write(house.ada, "EUR", {model: Priced(Decimal(1), Decimal(1))})


def test_two_hundred_at_once_never_pass_any_of_the_limits_that_hold(house: House) -> None:
    """Each of them sets 90 aside, uses 40 and settles; three limits hold, of which the group's is the least."""
    limit(house, Subject(), "20000")
    limit(house, Subject(group=house.team), "1000")
    limit(house, Subject(is_each=True), "9000")
    bob, seen = house.bob, list[int]()

    def ask(number: int) -> bool:
        try:
            one = uuid.UUID(int=uuid.uuid4().int)
            quotas.reserve(bob, one, 90)
            seen.append(sum(next(pair for of, pair in sums(house).items() if of[0] == "group")))
            quotas.settle(bob, one, 40)
        except QuotaSpent:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(20) as pool:
        passed = sum(pool.map(ask, range(200)))
    assert max(seen) <= 1_000
    assert 11 <= passed <= 24  # as many as are let in at once where all wait; as many as fit one after another
    every = sums(house)
    assert every == dict.fromkeys(every, (40 * passed, 0))
    with house.system.transaction():
        rows = list(models.Reservation.objects.values_list("used", flat=True))
    assert rows == [40] * passed


def test_who_uses_most_is_told_to_admins(house: House) -> None:
    used(house.bob, 300, seconds=3)
    used(house.charlie, 100, model="large")
    found = using.most(house.ada)
    assert (found.whole.tokens, found.whole.seconds) == (400, 3)
    assert [(one.who, one.tokens, one.percent) for one in found.by["person"]] == [
        ("Bob", 300, 75),
        ("Charlie", 100, 25),
    ]
    assert [(one.who, one.tokens) for one in found.by["group"]] == [("Team", 300)]
    assert [(one.who, one.tokens) for one in found.by["model"]] == [("usual", 300), ("large", 100)]
