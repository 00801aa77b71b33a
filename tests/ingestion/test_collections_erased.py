"""A deleted collection whose time is over: erased in every store, certified, and by whoever goes on after a worker that dies."""

from __future__ import annotations

import hashlib
import io
import json
import uuid
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from assistant.models import SetQuestion
from governance import grants, tenants
from governance.audit.lifecycle import erasing as people_erased
from governance.errors import Conflict, Forbidden, NotFound
from governance.leases import LeaseLostError
from governance.models import Grant, Resource
from governance.scope import Scope
from inference import runners
from ingestion import catalog, line
from ingestion.documents import binned, files, purging, removal
from ingestion.leaving import certificates, counting, deleted, erasing, export
from ingestion.line import leases
from ingestion.models import Collection, Deletion, Discarded, Document, Status
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import bells, ingests
from tests.ingestion.leavings import TEXT, age, certificate, waiting
from tests.ingestion.test_leaving import taken, told


def test_when_its_time_is_over_it_is_erased_and_a_certificate_says_what_there_was(
    house: House, collection: uuid.UUID
) -> None:
    row = bells.ingested(house, collection, TEXT, "hotels.md")
    bells.ingested(house, collection, TEXT.replace("140", "150"), "hotels.md")
    thrown = bells.ingested(house, collection, "A draft.", "draft.txt")
    removal.delete(house.ada, thrown.pk)
    kept = catalog.create(house.ada, "Kept").pk
    bells.ingested(house, kept, "A hotel that stays.")
    with taken(export.start(house.ada, collection)) as zipped:
        versions = told(zipped, "about/00001-hotels.md.json")["versions"]
    with house.system.transaction():
        SetQuestion.objects.create(tenant_id=house.tenant, collection_id=collection, key="1", question="How much?")
    there = counting.stores(house.system, collection)
    assert there["question sets"] == 1
    catalog.delete(house.ada, collection)
    age(house, collection, 31)
    assert purging.verify_index(house.system).overdue == 1
    assert erasing.go_on(house.system) == 2

    found = certificate(house, collection)
    before = {one["store"]: one["before"] for one in found["stores"]}
    assert before == there
    assert (before["documents"], before["versions"], before["files"], before["grants"]) == (2, 3, 3, 2)
    assert before["passages"] == before[f"vectors of {runners.embedder().name}"] > 2
    assert before["words of the index"] > before["passages"]
    assert {one["after"] for one in found["stores"]} == {0}
    assert counting.stores(house.system, collection) == dict.fromkeys(counting.stores(house.system, collection), 0)
    assert set(found["verify_index"].values()) == {0}
    # Whoever has the export can tell that it was this which went.
    lines = [f"{row.pk} {one['number']} {one['sha256']}\n" for one in versions]
    assert found["contents"] == {"versions": 2, "sha256": _sha256("".join(sorted(lines)))}
    (leaf,) = leaves(house, "collection.erased")
    row_of = certificates.get(house.olga, collection)
    assert leaf["facts"]["certificate"] == people_erased.digest(found)
    assert (leaf["id"], leaf["facts"]["documents"]) == (str(row_of.event), 2)
    assert [leaf["facts"]["why"] for leaf in leaves(house, "collection.purged")] == ["over"]
    assert (found["purged_by"], found["deleted_by"]) == (None, str(house.ids["ada"]))
    with house.system.transaction():
        assert not Collection.objects.filter(pk=collection).exists()
        assert not Resource.objects.filter(pk=collection).exists()
        assert not Grant.objects.filter(resource=collection).exists()
    assert ingests.found(house, "hotel") == ["A hotel that stays."]
    assert erasing.go_on(house.system) == 0
    assert len(leaves(house, "collection.erased")) == 1


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_certificate_is_for_admins_and_officers_of_the_house(
    house: House, neighbour: House, collection: uuid.UUID
) -> None:
    catalog.delete(house.ada, collection)
    deleted.purge(house.ada, collection)
    erasing.go_on(house.system)
    for scope in (house.ada, house.olga):
        assert [row.collection for row in certificates.listed(scope)] == [collection]
    for scope in (house.bob, house.charlie):
        with pytest.raises(Forbidden):
            certificates.listed(scope)
        for one in (collection, uuid.uuid4()):
            with pytest.raises(Forbidden):
                certificates.get(scope, one)
        with scope.transaction():  # nor does Postgres show it
            assert not Deletion.objects.exists()
    assert certificates.listed(neighbour.ada) == []
    with pytest.raises(NotFound):
        certificates.get(neighbour.ada, collection)
    with house.ada.transaction():
        assert Deletion.objects.update(name="Another") == 0  # not even an admin writes one


def test_there_is_no_certificate_while_a_file_is_left(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, TEXT)
    catalog.delete(house.ada, collection)
    deleted.purge(house.ada, collection)
    with mock.patch.object(files, "remove", side_effect=OSError("the disk is away")):
        erasing.go_on(house.system)
    row = certificates.get(house.ada, collection)
    assert (row.erased_at, leaves(house, "collection.erased")) == (None, [])
    assert row.before["documents"] == 1
    with pytest.raises(Conflict):
        certificates.told(row)
    assert purging.verify_index(house.system).overdue == 1
    erasing.go_on(house.system)
    assert certificate(house, collection)["stores"][0] == {"store": "collections", "before": 1, "after": 0}


def test_what_goes_wrong_in_one_tenant_holds_up_no_other(house: House, neighbour: House) -> None:
    for one in (house, neighbour):
        made = catalog.create(one.ada, "Travel").pk
        catalog.delete(one.ada, made)
        deleted.purge(one.ada, made)
    step = erasing.go_on

    def broken(system: Scope) -> int:
        if system.tenant == house.tenant:
            raise OSError("the disk is away")
        return step(system) if system.tenant == neighbour.tenant else 0

    with mock.patch.object(tenants, "every", return_value=[house.tenant, neighbour.tenant]):
        purging.everywhere(broken)
    assert [row.erased_at is None for row in certificates.listed(neighbour.ada)] == [False]
    assert certificates.listed(house.ada) == []


def test_a_worker_that_dies_on_the_way_is_followed_by_one_that_goes_on(house: House, collection: uuid.UUID) -> None:
    for n in range(3):
        bells.ingested(house, collection, f"A hotel, number {n}.", f"{n}.txt")
    catalog.delete(house.ada, collection)
    deleted.purge(house.ada, collection)
    erase, left = removal.erase, [1]

    def dies(*args: Any) -> None:
        if not left:
            raise ingests.KilledError
        left.pop()
        erase(*args)

    for broken in (removal, grants):
        name = "erase" if broken is removal else "forget"
        effect = dies if broken is removal else ingests.KilledError
        with mock.patch.object(broken, name, side_effect=effect), pytest.raises(ingests.KilledError):
            erasing.go_on(house.system)
    erasing.go_on(house.system)
    stores = {one["store"]: one for one in certificate(house, collection)["stores"]}
    assert (stores["documents"]["before"], stores["files"]["before"]) == (3, 3)
    assert len(leaves(house, "document.deleted")) == 3


def test_an_ingest_under_way_waits_for_it_to_come_back(house: House, collection: uuid.UUID) -> None:
    row = bells.upload(house, collection, TEXT)
    catalog.delete(house.ada, collection)
    assert line.take([house.tenant]) is None
    assert leases.claim(house.tenant, bells.latest(row)) is None
    with bells.silent() as rung:
        deleted.restore(house.ada, collection)
    assert rung == [True]
    bells.ingest(house, row)
    assert ingests.version(house, row).status == Status.READY


def test_whoever_reads_a_document_of_it_as_it_goes_for_good_writes_nothing_more(
    house: House, collection: uuid.UUID
) -> None:
    row = bells.upload(house, collection, ingests.long(30))
    claimed = line.take([house.tenant])
    assert claimed is not None
    catalog.delete(house.ada, collection)
    deleted.purge(house.ada, collection)
    with mock.patch.object(erasing, "_documents", return_value=erasing.AT_ONCE):
        erasing.go_on(house.system)  # only counted yet
    with pytest.raises(LeaseLostError), claimed.held():
        pytest.fail("it still holds its lease")
    erasing.go_on(house.system)
    stores = {one["store"]: one["before"] for one in certificate(house, collection)["stores"]}
    assert (stores["documents"], stores["passages"], stores["files"]) == (1, 0, 1)
    with house.system.transaction():
        assert not Document.objects.filter(pk=row.pk).exists()


def test_every_table_that_holds_something_of_a_collection_is_counted(house: House, collection: uuid.UUID) -> None:
    """A new one is added to ingestion.leaving.counting, or registered at ingestion.leaving.kept by the floor above."""
    with house.system.transaction(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('collection_id', 'resource_id')"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        )
        tables = {name for (name,) in cursor.fetchall()}
    assert tables == {
        "document", "version", "chunk", "embedding", "posting", "source", "source_item", "source_run", "grant",
        "document_reader",
        "set_question", "set_run",
        "access_offer", "access_request", "support_reach",
    }  # fmt: skip
    told = counting.stores(house.system, collection)
    assert {"question sets", "runs of question sets"} <= set(told)


def test_where_nothing_is_kept_there_is_no_way_back(house: House, collection: uuid.UUID) -> None:
    binned.keep_for(house.ada, 0)
    catalog.delete(house.ada, collection)
    assert waiting(house) == []
    with pytest.raises(NotFound):
        deleted.restore(house.ada, collection)
    erasing.go_on(house.system)
    assert certificate(house, collection)["purged_by"] is None


def test_the_command_lists_restores_erases_and_writes_the_certificate(
    house: House, collection: uuid.UUID, tmp_path: Path
) -> None:
    bells.ingested(house, collection, TEXT)

    def run(*deed: str) -> str:
        out = io.StringIO()
        who = ("--tenant", house.slug, "--user", house.email("ada"))
        call_command("deleted_collection", *deed, *who, stdout=out)
        return out.getvalue()

    catalog.delete(house.ada, collection)
    assert "1 documents  Travel" in run("list")
    assert "Travel is back" in run("restore", "Travel")
    catalog.delete(house.ada, collection)
    file = tmp_path / "certificate.json"
    run("erase", str(collection), "--out", str(file))
    read = json.loads(file.read_text(encoding="utf-8"))
    assert read["sha256"] == people_erased.digest(read["certificate"])
    assert json.loads(run("certificate", str(collection))) == read
    assert run("list") == ""
    out = io.StringIO()
    call_command("verify_index", "--tenant", house.slug, stdout=out)
    assert f"{house.slug}  chunks 0  vectors 0" in out.getvalue()
    with house.system.transaction():
        Discarded.objects.create(tenant_id=house.tenant, path="somewhere")
    with pytest.raises(CommandError, match="1 things are left"):
        call_command("verify_index", "--tenant", house.slug, stdout=out)
