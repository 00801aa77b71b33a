"""Who is read next: tenants by turns, whatever one of them brings; and nothing is taken twice, or left behind."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from celery.signals import worker_shutting_down
from django.conf import settings as configured
from django.db import connection
from django.utils import timezone
from redis import Redis

from governance.errors import Forbidden, NotFound
from ingestion import catalog, documents, line, pipeline, tasks
from ingestion.documents import removal
from ingestion.line import pauses
from ingestion.line.leases import VERSIONS, Claim
from ingestion.models import Document, Status, Version
from tests import cast
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import bells, ingests, lines


@pytest.fixture(autouse=True)
def _many_at_once(settings: Any) -> None:
    """The order is looked at, and not how many are at work."""
    settings.INGEST_PER_TENANT = 10_000


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Travel").pk


def taken(houses: Sequence[House], most: int = 10_000) -> list[uuid.UUID]:
    among = [house.tenant for house in houses]
    found: list[uuid.UUID] = []
    while len(found) < most and (claimed := line.take(among)):
        found.append(claimed.pk)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_order_is_that_of_deficit_round_robin(house: House, neighbour: House, seed: int) -> None:
    """Three tenants, lanes by collection and person, machines' and people's; more comes while it is taken."""
    chance = random.Random(seed)
    houses = [house, neighbour, cast.house(f"t{uuid.uuid4().hex[:12]}")]
    shelves = {one.tenant: [catalog.create(one.ada, name).pk for name in ("A", "B")] for one in houses}
    book = lines.Textbook()
    expected: list[uuid.UUID] = []
    order: list[uuid.UUID] = []
    for wave in range(4):
        for one in houses:
            for shelf in shelves[one.tenant]:
                who = chance.choice([None, one.ids["ada"], one.ids["bob"]])
                more = lines.sizes(chance, chance.randrange(6))
                book.come(lines.wait(one, shelf, more, since=chance.randrange(900), who=who, is_bulk=wave == 1))
        most = chance.randrange(2, 20) if wave < 3 else 10_000
        order += taken(houses, most)
        expected += book.taken(most)
    assert order == expected
    assert len(order) > 20


def test_a_thousand_files_of_one_tenant_do_not_hold_up_another_s_one(house: House, neighbour: House) -> None:
    lines.wait(house, catalog.create(house.ada, "Archive").pk, [20_000] * 200)
    taken([house], 3)
    (single,) = lines.wait(neighbour, catalog.create(neighbour.ada, "Note").pk, [20_000], since=9_999)
    assert single.id in taken([house, neighbour], 2)


def test_a_huge_file_costs_as_many_turns_as_it_weighs(house: House, neighbour: House) -> None:
    (huge,) = lines.wait(house, catalog.create(house.ada, "Film").pk, [4_000_000])
    small = lines.wait(neighbour, catalog.create(neighbour.ada, "Notes").pk, [10_000] * 100, since=1)
    order = taken([house, neighbour])
    before = order.index(huge.id)
    weight = sum(one.size + lines.OVERHEAD for one in small[:before])
    assert abs(weight - (huge.size + lines.OVERHEAD)) <= 2 * lines.SHARE
    assert len(order) == 101


def test_one_tenant_has_no_more_at_once_than_it_is_given(
    house: House, neighbour: House, collection: uuid.UUID, settings: Any
) -> None:
    settings.INGEST_PER_TENANT = 2
    lines.wait(house, collection, [100] * 5)
    (theirs,) = lines.wait(neighbour, catalog.create(neighbour.ada, "Notes").pk, [100], since=60)
    first = taken([house, neighbour])
    assert len(first) == 3
    assert theirs.id in first
    with house.system.transaction():
        Version.objects.filter(pk__in=first).update(status=Status.READY)
    assert len(taken([house])) == 2


def test_of_many_hands_no_two_take_the_same(house: House, collection: uuid.UUID) -> None:
    waiting = lines.wait(house, collection, [100] * 24)

    def hand(_: int) -> list[uuid.UUID]:
        try:
            return taken([house])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        order = [version for found in pool.map(hand, range(4)) for version in found]
    assert sorted(order) == sorted(one.id for one in waiting)


def test_what_people_bring_goes_before_what_a_machine_brings(house: House, collection: uuid.UUID) -> None:
    synced = lines.wait(house, collection, [100] * 5, is_bulk=True)
    (single,) = lines.wait(house, collection, [100], since=60, who=house.ids["bob"])
    assert taken([house]) == [single.id, *(one.id for one in synced)]


def test_how_many_stand_before_one_is_how_many_are_taken_before_it(house: House, collection: uuid.UUID) -> None:
    other = catalog.create(house.ada, "Other").pk
    lines.wait(house, collection, [100] * 4, who=house.ids["ada"])
    taken([house], 1)
    lines.wait(house, other, [100] * 3, since=50)
    lines.wait(house, other, [100] * 3, since=20, is_bulk=True)
    lines.wait(house, collection, [100] * 2, since=90, who=house.ids["bob"])
    with house.system.transaction():
        rows = list(Document.objects.filter(latest__status=Status.QUEUED).select_related("latest", "collection"))
    places = {row.latest_id: line.place(house.bob, row) for row in rows}
    for ahead, version in enumerate(taken([house])):
        assert places[version] == line.Place(ahead, is_paused=False)
    assert line.place(house.ada, documents.get(house.ada, rows[0].pk)) is None  # it waits no more


def test_what_a_dead_worker_left_is_taken_and_what_waits_for_an_hour_is_not(
    house: House, collection: uuid.UUID
) -> None:
    left, later, worked_at = lines.wait(house, collection, [100] * 3)
    claimed = line.take([house.tenant])
    assert claimed is not None
    assert claimed.pk == left.id
    now = timezone.now()
    with house.system.transaction():
        Version.objects.filter(pk=left.id).update(lease_until=now - timedelta(seconds=1))
        Version.objects.filter(pk=later.id).update(lease_until=now + timedelta(hours=1))
        Version.objects.filter(pk=worked_at.id).update(status="processing", lease_until=now + timedelta(seconds=60))
    assert taken([house]) == [left.id]
    with house.system.transaction():
        assert Version.objects.get(pk=left.id).attempts == 2


def test_a_paused_collection_waits_and_the_others_are_read(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    (other,) = lines.wait(house, catalog.create(house.ada, "Other").pk, [100])
    pauses.pause(house.ada, collection)
    pauses.pause(house.ada, collection)
    held = documents.get(house.ada, row.pk)
    assert (pauses.hold(held), line.place(house.ada, held)) == (True, line.Place(None, is_paused=True))
    assert taken([house]) == [other.id]
    bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.QUEUED
    with bells.silent() as rung:
        pauses.end(house.ada, collection)
        pauses.end(house.ada, collection)
    assert rung == [True]
    assert taken([house]) == [row.latest_id]
    assert len(leaves(house, "collection.paused")) == len(leaves(house, "collection.resumed")) == 1


def test_only_who_runs_a_collection_pauses_it(house: House, neighbour: House, collection: uuid.UUID) -> None:
    for outsider in (house.bob, house.charlie, neighbour.ada):
        for deed in (pauses.pause, pauses.end):
            with pytest.raises((Forbidden, NotFound)):
                deed(outsider, collection)
    assert catalog.get(house.ada, collection).paused_at is None


def test_what_is_deleted_is_not_taken(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    gone = catalog.create(house.ada, "Gone").pk
    lines.wait(house, gone, [100])
    removal.delete(house.ada, row.pk)
    catalog.delete(house.ada, gone)
    assert taken([house]) == []


def test_who_hears_the_bell_takes_what_waits_and_rings_on(house: House, collection: uuid.UUID) -> None:
    rows = [bells.upload(house, collection, text) for text in ("A hotel.", "A train.")]
    claims = [line.take([house.tenant]) for _ in rows]
    with bells.silent() as rung, mock.patch.object(line, "take", side_effect=[*claims, None, None]):
        tasks.take()
        assert rung == [True]  # for another hand, before the first
        tasks.take()
    assert rung == [True]
    assert [ingests.version(house, row).status for row in rows] == [Status.READY] * 2


def test_who_turns_to_another_tenant_rings_for_the_last_ones_next(house: House, neighbour: House) -> None:
    claims = [Claim(one.system, uuid.uuid4(), uuid.uuid4(), VERSIONS) for one in (house, house, neighbour, house)]
    worked: list[tuple[Claim, int]] = []
    with (
        bells.silent() as rung,
        mock.patch.object(line, "take", side_effect=[*claims, None]),
        mock.patch.object(pipeline, "work", side_effect=lambda claimed: worked.append((claimed, len(rung)))),
    ):
        tasks.take()
    assert worked == list(zip(claims, (1, 1, 2, 3), strict=True))


@pytest.mark.parametrize("reason", ["another's turn", "the worker's end"])
def test_a_hand_that_is_wanted_elsewhere_leaves_the_rest_and_rings(house: House, reason: str) -> None:
    claims = [Claim(house.system, uuid.uuid4(), uuid.uuid4(), VERSIONS) for _ in range(3)]
    with bells.silent() as rung, mock.patch.object(line, "take", side_effect=claims) as asked, ExitStack() as until:
        worked = until.enter_context(mock.patch.object(pipeline, "work"))
        if reason == "another's turn":
            until.enter_context(mock.patch.object(tasks, "HAND_S", 0.0))
        else:
            until.callback(tasks._stops.clear)
            worker_shutting_down.send(sender=None)
        tasks.take()
    assert worked.call_args_list == [mock.call(claims[0])]
    assert rung == [True, True]
    assert asked.call_count == 1


def test_the_sweep_rings_only_where_something_waits(house: House, collection: uuid.UUID) -> None:
    lines.wait(house, collection, [100])
    with bells.silent() as rung:
        assert tasks.sweep()
    assert rung == [True]
    with bells.silent() as rung, mock.patch.object(line, "is_waiting", return_value=False):
        assert not tasks.sweep()
    assert rung == []


def test_one_bell_is_enough_and_an_emptied_broker_is_rung_again() -> None:
    broker = Redis.from_url(configured.REDIS_URL)
    broker.delete(tasks.QUEUE)
    for _ in range(3):
        tasks.ring()
    assert broker.llen(tasks.QUEUE) == 1
    broker.delete(tasks.QUEUE)
    tasks.ring()
    assert broker.llen(tasks.QUEUE) == 1
    broker.delete(tasks.QUEUE)


def test_a_broker_that_is_away_is_no_fault(settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    tasks.ring()


def test_an_ingest_of_its_own_goes_past_the_line(house: House, collection: uuid.UUID) -> None:
    lines.wait(house, collection, [100])
    row = bells.upload(house, collection, "A hotel.")
    pipeline.ingest(house.tenant, bells.latest(row))
    assert ingests.version(house, row).status == Status.READY
