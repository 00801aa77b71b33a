from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from governance import models, quotas
from governance.errors import Busy
from governance.scope import Scope
from tests.cast import House
from tests.governance.database import as_role


def allow(house: House, tokens: int | None) -> None:
    with house.system.transaction():
        assert models.Tenant.objects.filter(pk=house.tenant).update(tokens_per_day=tokens) == 1


def kept(house: House) -> list[tuple[int, int | None]]:
    with house.system.transaction():
        return list(models.Reservation.objects.order_by("created_at").values_list("reserved", "used"))


def test_without_a_limit_there_is_a_row_all_the_same(house: House) -> None:
    quotas.reserve(house.bob, uuid.uuid4(), 5_000)
    assert kept(house) == [(5_000, None)]


def test_the_limit_may_be_reached_and_not_passed(house: House) -> None:
    allow(house, 1_000)
    quotas.reserve(house.bob, uuid.uuid4(), 600)
    quotas.reserve(house.charlie, uuid.uuid4(), 400)
    with pytest.raises(Busy, match="1,000 tokens") as refused:
        quotas.reserve(house.bob, uuid.uuid4(), 1)
    assert 0 < refused.value.wait_s <= 86_400
    assert kept(house) == [(600, None), (400, None)]


def test_what_was_not_used_is_free_again(house: House) -> None:
    allow(house, 1_000)
    first = uuid.uuid4()
    quotas.reserve(house.bob, first, 1_000)
    quotas.settle(house.bob, first, 100)
    quotas.reserve(house.bob, uuid.uuid4(), 900)
    with pytest.raises(Busy):
        quotas.reserve(house.bob, uuid.uuid4(), 1)


def test_more_than_was_reserved_counts_too(house: House) -> None:
    allow(house, 1_000)
    first = uuid.uuid4()
    quotas.reserve(house.bob, first, 100)
    quotas.settle(house.bob, first, 999)
    with pytest.raises(Busy):
        quotas.reserve(house.bob, uuid.uuid4(), 2)


def test_reserving_and_settling_twice_counts_once(house: House) -> None:
    allow(house, 1_000)
    once = uuid.uuid4()
    for _ in range(2):
        quotas.reserve(house.bob, once, 800)
    assert kept(house) == [(800, None)]
    for used in (300, 700):
        quotas.settle(house.bob, once, used)
    quotas.reserve(house.bob, once, 800)
    assert kept(house) == [(800, 300)]


def test_what_nobody_knows_the_use_of_counts_as_it_was_reserved(house: House) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    for one in (first, second):
        quotas.reserve(house.bob, one, 800)
    quotas.settle(house.bob, first, 300)
    for one in (first, second, uuid.uuid4()):
        quotas.close(house.system, one)
    assert kept(house) == [(800, 300), (800, 800)]


def test_settling_what_was_never_reserved_is_nothing(house: House) -> None:
    quotas.settle(house.bob, uuid.uuid4(), 10)
    assert kept(house) == []


def test_yesterday_does_not_count_today(house: House) -> None:
    allow(house, 1_000)
    quotas.reserve(house.bob, uuid.uuid4(), 1_000)
    with house.system.transaction():
        yesterday = timezone.now().date() - timedelta(days=1)
        models.Reservation.objects.update(day=yesterday)
        models.Spent.objects.update(day=yesterday)
    quotas.reserve(house.bob, uuid.uuid4(), 1_000)


def test_a_neighbours_use_does_not_count(house: House, neighbour: House) -> None:
    allow(house, 1_000)
    quotas.reserve(neighbour.bob, uuid.uuid4(), 1_000_000)
    quotas.reserve(house.bob, uuid.uuid4(), 1_000)
    assert kept(house) == [(1_000, None)]


def test_reservations_at_once_never_pass_the_limit(house: House) -> None:
    allow(house, 1_000)
    scope, outcomes = house.bob, []
    together = threading.Barrier(8)

    def reserve() -> None:
        together.wait()
        outcomes.append(_reserved(scope))
        connection.close()

    threads = [threading.Thread(target=reserve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 5 + [True] * 3
    assert sum(reserved for reserved, _ in kept(house)) == 900


def _reserved(scope: Scope) -> bool:
    try:
        quotas.reserve(scope, uuid.uuid4(), 300)
    except Busy:
        return False
    return True


def test_a_second_reservation_waits_for_the_firsts_commit(house: House) -> None:
    """Seen, not timed: while somebody else has changed the tenant's sums and not committed, they are waited for."""
    quotas.reserve(house.charlie, uuid.uuid4(), 7)
    with as_role("chancery_app") as other, other.transaction():
        other.execute("SELECT set_config('chancery.tenant', %s, true)", [str(house.tenant)])
        held = other.execute("UPDATE spent SET tokens = tokens WHERE kind = 'tenant'")
        assert held.rowcount == 1
        with pytest.raises(OperationalError, match="lock timeout"):
            _reserve_impatiently(house.bob)
    assert kept(house) == [(7, None)]


def _reserve_impatiently(scope: Scope) -> None:
    with scope.transaction():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
        quotas.reserve(scope, uuid.uuid4(), 1)
