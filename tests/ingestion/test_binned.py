"""The bin: out of everybody's sight at once, back within its time, and then gone for good."""

from __future__ import annotations

import uuid
from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection
from django.utils import timezone

from governance import grants, tenants
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.grants import Holder
from governance.pages import Order
from governance.roles import Level
from ingestion import catalog, documents, line, search
from ingestion.documents import binned, contents, purging, removal
from ingestion.documents.contents import Wanted
from ingestion.line import leases
from ingestion.models import Document, Status
from ingestion.parsers.limited import sandbox
from ingestion.search import topics
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import bells, ingests
from tests.ingestion.test_parts import mail, within


def age(house: House, document: uuid.UUID, days: int) -> None:
    with binned.opened(house.system):
        Document.objects.filter(pk=document).update(deleted_at=timezone.now() - timedelta(days=days))


def in_bin(house: House, collection: uuid.UUID) -> list[str]:
    return [row.name for row in binned.found(house.ada, collection).rows]


def test_what_is_deleted_is_in_nobodys_sight_and_comes_back_as_it_was(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, "A night in a hotel is paid up to 140 euros.")
    chunk = search.document_text(house.ada, row.pk)[0].chunk_id
    held = documents.room(house.ada).held
    removal.delete(house.ada, row.pk)

    for scope in (house.ada, house.bob, house.system):
        for look in (documents.get, search.document_text, documents.open_file):
            with pytest.raises(NotFound):
                look(scope, row.pk)
        with pytest.raises(NotFound):
            search.passage(scope, chunk)
        assert documents.listed(scope, collection) == []
        assert documents.readable(scope, [row.pk]) == set()
        assert contents.found(scope, collection, Wanted(), Order("name")).total == 0
        assert contents.counted(scope, collection) == {}
        assert search.passages(scope, "hotel night").passages == ()
        assert search.passages(scope, "hotel night").receipt["chunks"] == 0
        assert catalog.rights(scope, [collection])[collection].documents == 0
        assert topics.headings(scope, 5) == []
    assert documents.room(house.ada).held == held - 1
    assert in_bin(house, collection) == ["note.txt"]
    assert purging.verify_index(house.system).total == 0

    assert binned.restore(house.ada, row.pk).pk == row.pk
    assert ingests.found(house, "hotel night") == ["A night in a hotel is paid up to 140 euros."]
    assert search.passage(house.bob, chunk).document_id == row.pk
    assert in_bin(house, collection) == []
    told = [leaf["facts"]["days"] for leaf in leaves(house, "document.deleted")]
    assert (told, len(leaves(house, "document.restored"))) == ([30], 1)


def test_postgres_itself_hides_the_bin_until_it_is_opened(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, "A hotel.")
    removal.delete(house.ada, row.pk)
    count = "SELECT count(*) FROM document WHERE id = %s"
    for scope in (house.ada, house.system):
        with scope.transaction(), connection.cursor() as cursor:
            cursor.execute(count, [row.pk])
            assert cursor.fetchone() == (0,)
            cursor.execute("UPDATE document SET deleted_at = NULL WHERE id = %s", [row.pk])
            assert cursor.rowcount == 0
    for scope, seen in ((house.ada, 1), (house.bob, 1), (house.charlie, 0)):
        with scope.transaction():
            with binned.opened(scope), connection.cursor() as cursor:
                cursor.execute(count, [row.pk])
                assert cursor.fetchone() == (seen,)
            with connection.cursor() as cursor:  # and it is closed again, in the same transaction
                cursor.execute(count, [row.pk])
                assert cursor.fetchone() == (0,)


def test_a_reader_sees_no_bin_and_an_outsider_nothing(house: House, neighbour: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, "A hotel.")
    removal.delete(house.ada, row.pk)
    for scope, refusal in ((house.bob, Forbidden), (house.charlie, NotFound), (neighbour.ada, NotFound)):
        for call, wanted in ((binned.found, collection), (binned.restore, row.pk), (purging.purge_one, row.pk)):
            with pytest.raises(refusal):
                call(scope, wanted)
        with pytest.raises(refusal):
            contents.restore(scope, collection, [row.pk])
    grants.give(house.ada, collection, Holder(group=house.team), Level.CONTRIBUTE)
    with pytest.raises(Forbidden):
        purging.purge_one(house.bob, row.pk)
    assert binned.restore(house.bob, row.pk).pk == row.pk
    with pytest.raises(NotFound):
        binned.restore(house.bob, row.pk)


def test_a_time_that_is_over_ends_it_and_nothing_is_left(house: House, collection: uuid.UUID) -> None:
    rows = [bells.ingested(house, collection, f"A hotel, number {n}.", f"{n}.txt") for n in range(3)]
    for row in rows:
        removal.delete(house.ada, row.pk)
    age(house, rows[0].pk, 31)
    assert purging.verify_index(house.system).overdue == 1
    purging._purge(house.system)
    assert sorted(in_bin(house, collection)) == ["1.txt", "2.txt"]
    with pytest.raises(NotFound):
        binned.restore(house.ada, rows[0].pk)
    purging.purge_one(house.ada, rows[1].pk)
    binned.keep_for(house.ada, 0)
    purging._purge(house.system)
    assert in_bin(house, collection) == []
    assert purging.verify_index(house.system).total == 0
    with house.system.transaction(), connection.cursor() as cursor:
        for table in ("version", "chunk", "embedding", "posting", "discarded"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE tenant_id = %s", [house.tenant])
            assert cursor.fetchone() == (0,), table
    assert len(leaves(house, "document.purged")) == 3


def test_the_purge_looks_only_where_something_waits_to_go(
    house: House, neighbour: House, collection: uuid.UUID
) -> None:
    row = bells.upload(house, collection, "A hotel.")
    removal.delete(house.ada, row.pk)
    assert not {house.tenant, neighbour.tenant} & set(purging.due())  # its time is not over
    age(house, row.pk, 31)
    assert (house.tenant in purging.due(), neighbour.tenant in purging.due()) == (True, False)
    purging._purge(house.system)
    assert house.tenant not in purging.due()
    catalog.delete(house.ada, collection)
    assert house.tenant in purging.due()


def test_an_ingest_that_the_bin_stopped_goes_on_when_it_is_restored(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, "A hotel.")
    run = sandbox.run

    def deleted(*given: object, **more: object) -> object:
        removal.delete(house.ada, row.pk)
        return run(*given, **more)  # type: ignore[arg-type]

    with mock.patch.object(sandbox, "run", deleted):
        bells.ingest(house, row)
    assert leases.claim(house.tenant, bells.latest(row)) is None
    assert line.take([house.tenant]) is None
    with bells.silent() as rung:
        binned.restore(house.ada, row.pk)
    assert rung == [True]
    bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.READY
    assert ingests.found(house, "hotel") == ["A hotel."]


def test_one_of_its_name_that_came_meanwhile_keeps_it_out(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, "The old hotel.")
    removal.delete(house.ada, row.pk)
    other = bells.ingested(house, collection, "The new hotel.")
    assert other.pk != row.pk
    with pytest.raises(Conflict, match=r"note\.txt"):
        binned.restore(house.ada, row.pk)
    removal.delete(house.ada, other.pk)
    binned.restore(house.ada, row.pk)
    assert ingests.found(house, "hotel") == ["The old hotel."]


def test_many_come_back_at_once(house: House, collection: uuid.UUID) -> None:
    rows = [bells.ingested(house, collection, f"Hotel {n}.", f"{n}.txt") for n in range(3)]
    assert sorted(contents.delete(house.ada, collection, [row.pk for row in rows])) == sorted(row.pk for row in rows)
    assert contents.restore(house.ada, collection, [rows[0].pk, rows[2].pk, uuid.uuid4()]) == 2
    assert [row.name for row in documents.listed(house.ada, collection)] == ["0.txt", "2.txt"]


def test_only_an_admin_says_how_long_and_within_bounds(house: House) -> None:
    for scope in (house.bob, house.olga):
        with pytest.raises(Forbidden):
            binned.keep_for(scope, 7)
    for days in (-1, binned.DAYS_MOST + 1):
        with pytest.raises(InvalidInput):
            binned.keep_for(house.ada, days)
    binned.keep_for(house.ada, 7)
    assert tenants.current(house.ada).bin_days == 7
    assert [leaf["facts"]["changed"] for leaf in leaves(house, "tenant.changed")] == [["bin_days"]]


def test_what_came_within_a_document_goes_and_comes_back_with_it(house: House, collection: uuid.UUID) -> None:
    with bells.silent():
        row = bells.ingested(house, collection, mail(a_txt=b"Forty zebras.", b_txt=b"Nine lamas."), "offer.eml")
        parts = within(house, row)
        for part in parts.values():
            bells.ingest(house, part)
        removal.delete(house.ada, parts["b.txt"].pk)
        removal.delete(house.ada, row.pk)
    assert ingests.found(house, "zebras") == []
    assert sorted(in_bin(house, collection)) == ["b.txt", "offer.eml"]  # a.txt went with its mail, and is not listed
    with pytest.raises(Conflict, match=r"offer\.eml"):
        binned.restore(house.ada, parts["b.txt"].pk)
    assert contents.restore(house.ada, collection, [row.pk, parts["a.txt"].pk]) == 1
    assert list(within(house, row)) == ["a.txt"]
    assert "Forty zebras." in ingests.found(house, "zebras")
    with bells.silent():  # one that is named again while the old one lies in the bin is another one
        newer = mail(a_txt=b"Forty zebras.", b_txt=b"Ten lamas.")
        bells.ingested(house, collection, newer, "offer.eml")
    assert sorted(within(house, row)) == ["a.txt", "b.txt"]
    with pytest.raises(Conflict, match=r"b\.txt"):
        binned.restore(house.ada, parts["b.txt"].pk)
    removal.delete(house.ada, row.pk)
    binned.keep_for(house.ada, 0)
    purging._purge(house.system)
    assert purging.verify_index(house.system).total == 0
    with binned.opened(house.system):
        assert not Document.objects.filter(collection=collection).exists()
