"""Runs end, fail, are taken over, paused and put off; nothing is lost or doubled."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from governance.errors import Conflict, NotFound
from governance.leases import Claim
from ingestion import catalog, tasks
from ingestion.connectors import folder
from ingestion.connectors.base import Change, Item, ItemDown, ItemRefused, SourceDown
from ingestion.leaving import deleted, erasing
from ingestion.models import ItemState, Source, SourceItem, SourceState
from ingestion.sources import items, leases, registry, work
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import bells
from tests.ingestion.sources.share import Faulty, Share


def test_an_item_that_cannot_be_read_now_is_tried_again_each_time_later(share: Share, faulty: type[Faulty]) -> None:
    faulty.reads["a.txt"] = ItemDown("It does not come.", "Wait.")
    share.sync()
    first = share.item("a.txt")
    assert (first.state, first.error, first.remedy, first.attempts) == (
        ItemState.FAILED,
        "It does not come.",
        "Wait.",
        1,
    )
    assert share.sync().counts["failed"] == 0  # not before its time
    waits = [first.retry_at]
    for _ in range(2):
        with share.house.system.transaction():
            SourceItem.objects.filter(pk=first.pk).update(retry_at=timezone.now())
        assert share.sync().counts["failed"] == 1
        waits.append(share.item("a.txt").retry_at)
    pauses = [(at - timezone.now()).total_seconds() for at in waits if at]
    assert pauses[0] < pauses[1] < pauses[2]
    faulty.reads["a.txt"] = b"At last."
    items.again(share.house.ada, share.collection, share.source, first.pk)
    share.go_on()
    assert share.text("a.txt") == "At last."


@pytest.mark.parametrize("end", [[], [SourceDown("gone")]], ids=["cut", "broken"])
def test_a_list_without_an_end_deletes_nothing(share: Share, faulty: type[Faulty], end: list[Any]) -> None:
    share.sync()
    faulty.reads = {}

    def listing(self: Faulty, cursor: str) -> Iterator[Change]:
        for fault in end:
            raise fault
        yield from ()

    with mock.patch.object(Faulty, "changes", listing):
        run = share.sync()
    assert run.state == "failed"
    assert run.error
    assert set(share.documents()) == {"a.txt", "b.txt"}
    assert share.state.row.failures == 1
    assert share.state.row.next_run_at
    assert share.state.row.state == SourceState.ACTIVE


def test_an_error_of_ours_ends_the_run_and_is_not_swallowed(share: Share, faulty: type[Faulty]) -> None:
    faulty.reads["a.txt"] = ZeroDivisionError("secret words")
    with pytest.raises(ZeroDivisionError):
        share.sync()
    run = registry.history(share.house.ada, share.collection, share.source)[0]
    assert (run.state, "secret" in run.error) == ("failed", False)


def test_the_organisations_limit_holds_and_the_rest_waits(share: Share, house: House) -> None:
    from governance import tenants
    from governance.tenants import Limits

    for name in ("a.txt", "b.txt", "c.txt"):
        share.put(name, f"Paper {name}.")
    row = tenants.current(house.ada)
    limits = {name: getattr(row, name) for name in Limits.__dataclass_fields__}
    tenants.change(house.ada, row.name, Limits(**(limits | {"documents_max": 2})))
    run = share.sync()
    assert (run.state, len(share.documents())) == ("failed", 2)
    assert "limit" in run.error
    assert share.state.waiting == 1
    tenants.change(house.ada, row.name, Limits(**limits))
    share.sync()
    assert len(share.documents()) == 3


def test_a_worker_that_died_leaves_its_work_to_the_next_without_a_double(share: Share, house: House) -> None:
    for number in range(4):
        share.put(f"{number}.txt", f"Paper {number}.")
    real, calls = folder.Folder.read, list[str]()

    def dies(self: folder.Folder, item: Item) -> Any:
        calls.append(item.key)
        if len(calls) == 3:
            raise SystemExit  # as kill -9: nothing after it runs that would write
        return real(self, item)

    with (
        mock.patch.object(folder.Folder, "read", dies),
        pytest.raises(SystemExit),
        mock.patch.object(Claim, "release"),
    ):
        share.sync()
    assert len(share.documents()) == 2
    with house.system.transaction():
        assert Source.objects.get(pk=share.source).run is not None
        Source.objects.filter(pk=share.source).update(lease_until=timezone.now())
    run = share.go_on()
    assert (run.state, run.counts["brought"], run.counts["listed"]) == ("done", 4, 4)
    assert sorted(share.documents()) == ["0.txt", "1.txt", "2.txt", "3.txt"]


def test_a_worker_that_was_overtaken_writes_nothing(share: Share, house: House) -> None:
    share.put("a.txt", "Paper.")
    real = folder.Folder.read

    def overtaken(self: folder.Folder, item: Item) -> Any:
        with house.system.transaction():
            Source.objects.filter(pk=share.source).update(lease=uuid.uuid4())
        return real(self, item)

    with mock.patch.object(folder.Folder, "read", overtaken), bells.silent():
        work.work(house.tenant, share.source)
    assert share.documents() == {}
    with house.system.transaction():
        assert SourceItem.objects.get(source=share.source).state == ItemState.DUE


def test_two_workers_do_not_have_one_source(share: Share, house: House) -> None:
    claimed = leases.claim(house.tenant, share.source)
    assert claimed
    assert leases.claim(house.tenant, share.source) is None
    claimed.release()
    assert leases.claim(house.tenant, share.source)


def is_due(share: Share) -> bool:
    return (share.house.tenant, share.source) in leases.due(1000)


def test_it_is_due_by_its_schedule_and_by_somebodys_word(share: Share, house: House) -> None:
    assert is_due(share)  # for the first time, at once
    share.sync()
    row = share.state.row
    assert row.next_run_at
    assert 55 < (row.next_run_at - timezone.now()).total_seconds() / 60 <= 60
    assert not is_due(share)
    with house.system.transaction():
        Source.objects.filter(pk=share.source).update(next_run_at=timezone.now())
    assert is_due(share)
    registry.pause(house.ada, share.collection, share.source)
    assert not is_due(share)
    with pytest.raises(Conflict):
        registry.pause(house.ada, share.collection, share.source)
    registry.resume(house.ada, share.collection, share.source)
    assert is_due(share)
    leases.put_off(house.tenant, share.source)
    assert not is_due(share)


def test_a_pause_takes_a_run_out_of_the_workers_hands(share: Share, house: House) -> None:
    for number in range(3):
        share.put(f"{number}.txt", f"Paper {number}.")
    real, done = folder.Folder.read, list[str]()

    def paused(self: folder.Folder, item: Item) -> Any:
        if done:
            registry.pause(house.ada, share.collection, share.source)
        done.append(item.key)
        return real(self, item)

    with mock.patch.object(folder.Folder, "read", paused):
        run = share.sync()
    assert (run.state, len(share.documents())) == ("stopped", 1)
    registry.resume(house.ada, share.collection, share.source)
    share.sync()
    assert len(share.documents()) == 3


def test_a_source_goes_without_its_documents_or_with_them(share: Share, house: House) -> None:
    share.put("a.txt", "Paper.")
    share.sync()
    other = registry.create(house.ada, share.collection, share.draft(name="Again"))
    registry.delete(house.ada, share.collection, other, documents=False)
    with pytest.raises(NotFound):
        registry.get(house.ada, share.collection, other)
    assert len(share.documents()) == 1
    registry.delete(house.ada, share.collection, share.source, documents=True)
    assert is_due(share)
    with bells.silent():
        work.work(house.tenant, share.source)
    assert share.documents() == {}
    assert registry.listed(house.ada, share.collection) == []
    assert {leaf["facts"]["documents"] for leaf in leaves(house, "source.deleted")} == {"kept", "deleted"}


def test_a_deleted_collection_takes_its_sources_along(share: Share, house: House) -> None:
    share.put("a.txt", "Paper.")
    share.sync()
    catalog.delete(house.ada, share.collection)
    assert not is_due(share)
    deleted.restore(house.ada, share.collection)
    assert registry.get(house.ada, share.collection, share.source).documents == 1
    catalog.delete(house.ada, share.collection)
    deleted.purge(house.ada, share.collection)
    erasing.go_on(house.system)
    with house.system.transaction():
        assert not Source.objects.filter(pk=share.source).exists()
        assert not SourceItem.objects.filter(source=share.source).exists()


def test_refused_items_carry_their_remedy(share: Share, faulty: type[Faulty]) -> None:
    faulty.reads["a.txt"] = ItemRefused("It may not be read.", "Ask for it.")
    share.sync()
    page = items.troubled(share.house.ada, share.collection, share.source)
    assert [(row.name, row.state, row.error, row.remedy) for row in page.rows] == [
        ("a.txt", ItemState.REFUSED, "It may not be read.", "Ask for it.")
    ]


def test_the_sweep_rings_for_what_is_due_and_once(share: Share) -> None:
    with mock.patch.object(tasks.work_on_source, "apply_async") as rung, mock.patch.object(leases, "due") as due:
        due.return_value = [(share.house.tenant, share.source)]
        assert tasks.sweep_sources() == 1
    rung.assert_called_once_with((str(share.house.tenant), str(share.source)), retry=False)
    assert not is_due(share)
    claimed = leases.claim(share.house.tenant, share.source)
    assert claimed  # to be rung for is no claim
