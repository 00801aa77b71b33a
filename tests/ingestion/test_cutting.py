"""How a collection cuts: validated, kept, seen by what is read from then on, and by the rest once it is read again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from unittest import mock

import pytest

from governance import grants
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.roles import Level
from ingestion import catalog, cutting, line, pipeline, search, tasks
from ingestion.cutting import Cutting
from ingestion.documents import files
from ingestion.models import Chunk, Document, Status, Version
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import bells, ingests

TEXT = "# Rates\n\n## Hotels\n\n" + "\n\n".join(f"Sentence {n} speaks of hotels and of their beds." for n in range(40))


@pytest.fixture(autouse=True)
def _unrung() -> Iterator[None]:
    with mock.patch.object(tasks, "ring_rereading"), mock.patch.object(tasks, "ring"):
        yield


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Travel").pk


def texts(house: House, row: Document) -> list[str]:
    with house.system.transaction():
        current = Document.objects.get(pk=row.pk).current_id
        assert current is not None
        found = Chunk.objects.filter(tenant_id=house.tenant, version_id=current).order_by("ordinal")
        return list(found.values_list("text", flat=True))


def contexts(house: House) -> list[str]:
    with house.system.transaction():
        return list(Chunk.objects.filter(tenant_id=house.tenant).order_by("ordinal").values_list("context", flat=True))


def work_off(house: House) -> None:
    while cutting.go_on(house.tenant):
        pass
    while (claimed := line.take([house.tenant])) is not None:
        pipeline.work(claimed)


def test_what_is_read_is_cut_as_its_collection_says(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, TEXT, "rates.md")
    wide = contexts(house)
    assert all("Hotels" in one.partition("\n")[0] for one in wide)
    other = catalog.create(house.ada, "Other").pk
    cutting.change(house.ada, other, Cutting(size=40, most=50, has_title=False, has_path=False))
    with house.system.transaction():
        Chunk.objects.filter(tenant_id=house.tenant).delete()
    bells.ingested(house, other, TEXT, "rates.md")
    narrow = contexts(house)
    assert len(narrow) > 2 * len(wide)
    assert all(one.startswith("Sentence") for one in narrow)


def test_what_is_there_is_cut_anew_once_it_is_read_again(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, TEXT, "rates.md")
    before = texts(house, row)
    assert cutting.standing(house.ada, collection) == cutting.Standing(1, 0, is_under_way=False)
    cutting.change(house.ada, collection, Cutting(size=40, most=50))
    assert cutting.standing(house.ada, collection) == cutting.Standing(1, 1, is_under_way=False)
    assert texts(house, row) == before

    assert cutting.read_again(house.ada, collection) == 1
    assert cutting.standing(house.ada, collection).is_under_way
    assert cutting.every().count(house.tenant) == 1
    assert cutting.go_on(house.tenant)
    with house.system.transaction():
        assert Version.objects.get(document=row.pk, number=2).status == Status.QUEUED
    assert texts(house, row) == before  # readers see the old ones until the new ones are whole
    work_off(house)
    assert len(texts(house, row)) > len(before)
    assert " ".join(" ".join(texts(house, row)).split()) == " ".join(" ".join(before).split())
    assert cutting.standing(house.ada, collection) == cutting.Standing(1, 0, is_under_way=False)
    with house.system.transaction():
        one, two = Version.objects.filter(document=row.pk).order_by("number")
    assert (one.sha256, one.path != two.path, two.is_bulk) == (two.sha256, True, True)
    assert [leaf["facts"]["documents"] for leaf in leaves(house, "collection.reread")] == [1]
    assert len(leaves(house, "document.retried")) == 1
    with pytest.raises(Conflict):
        cutting.read_again(house.ada, collection)


def test_a_file_that_is_gone_is_not_tried_for_ever(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, TEXT, "rates.md")
    before = texts(house, row)
    files.remove(ingests.version(house, row).path)
    cutting.change(house.ada, collection, Cutting(size=40, most=50))
    cutting.read_again(house.ada, collection)
    work_off(house)
    assert texts(house, row) == before
    assert not cutting.standing(house.ada, collection).is_under_way


def test_a_new_upload_meanwhile_wins(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, TEXT, "rates.md")
    cutting.change(house.ada, collection, Cutting(size=40, most=50))
    cutting.read_again(house.ada, collection)
    bells.upload(house, collection, "Everything is new here.", "rates.md")
    work_off(house)
    assert texts(house, row) == ["Everything is new here."]


@pytest.mark.parametrize(
    "wanted",
    [
        Cutting(size=39, most=100),
        Cutting(size=120, most=100),
        Cutting(size=180, most=241),
        Cutting(around=4),
        Cutting(around=-1),
    ],
)
def test_what_makes_no_sense_is_refused(house: House, collection: uuid.UUID, wanted: Cutting) -> None:
    with pytest.raises(InvalidInput):
        cutting.change(house.ada, collection, wanted)
    assert cutting.of_collection(house.system, collection) == Cutting()


def test_only_who_runs_the_collection_sets_how_it_is_cut(house: House, neighbour: House, collection: uuid.UUID) -> None:
    grants.give(house.ada, collection, grants.Holder(group=house.team), Level.CONTRIBUTE)
    for deed in (
        lambda scope: cutting.change(scope, collection, Cutting(size=100)),
        lambda scope: cutting.standing(scope, collection),
        lambda scope: cutting.read_again(scope, collection),
    ):
        with pytest.raises(Forbidden):
            deed(house.bob)
        for stranger in (house.charlie, neighbour.ada):
            with pytest.raises(NotFound):
                deed(stranger)


def test_a_section_ends_at_its_heading_and_at_what_is_held_back(house: House, collection: uuid.UUID) -> None:
    cutting.change(house.ada, collection, Cutting(size=40, most=50))
    before = "# Rates\n\n## Trains\n\n" + "Trains are booked in second class, whoever books them. " * 12
    row = bells.ingested(house, collection, before + TEXT.removeprefix("# Rates"), "rates.md")
    with house.system.transaction():
        chunks = list(Chunk.objects.filter(tenant_id=house.tenant, document_id=row.pk).order_by("ordinal"))
        hotels = [one for one in chunks if one.heading_path[-1] == "Hotels"]
        assert hotels[0].ordinal > 1
        Chunk.objects.filter(tenant_id=house.tenant, pk=hotels[3].pk).update(is_quarantined=True)
    second = search.passage(house.ada, hotels[1].pk)
    left, right = search.section_around(house.ada, second, 3)
    assert [one.chunk_id for one in left] == [hotels[0].pk]
    assert [one.chunk_id for one in right] == [hotels[2].pk]
