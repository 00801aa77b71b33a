"""A deleted collection within its time: nobody's at once, and back as it was for who may bring it back."""

from __future__ import annotations

import uuid
from functools import partial

import pytest

from governance import grants, tenants
from governance.errors import Conflict, Forbidden, NotFound
from governance.grants import Holder
from governance.models import Grant
from governance.roles import Level
from ingestion import catalog, documents, search
from ingestion.documents import binned, purging, removal
from ingestion.leaving import deleted, erasing
from ingestion.models import Chunk
from ingestion.search import topics
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import bells, crowds, ingests
from tests.ingestion.leavings import TEXT, certificate, waiting


def test_it_is_nobodys_at_once_and_comes_back_as_it_was(house: House, collection: uuid.UUID) -> None:
    row = bells.ingested(house, collection, TEXT, "hotels.md")
    thrown = bells.ingested(house, collection, "A draft.", "draft.txt")
    removal.delete(house.ada, thrown.pk)
    chunk = search.document_text(house.ada, row.pk)[0].chunk_id
    held = documents.room(house.ada).held
    catalog.delete(house.ada, collection)

    for scope in (house.ada, house.bob, house.system):
        for look in (documents.get, documents.open_file):
            with pytest.raises(NotFound):
                look(scope, row.pk)
        with pytest.raises(NotFound):
            catalog.get(scope, collection)
        with pytest.raises(NotFound):
            search.passage(scope, chunk)
        assert search.passages(scope, "hotel night").passages == ()
        assert topics.headings(scope, 5) == []
        assert collection not in catalog.readable(scope)
    assert documents.room(house.ada).held == held - 1
    assert erasing.go_on(house.system) == 0  # its time has only begun
    assert purging.verify_index(house.system).total == 0

    assert [(one.row.name, one.documents) for one in deleted.found(house.ada)] == [("Travel", 1)]
    with bells.silent():
        assert deleted.restore(house.ada, collection).name == "Travel"
    assert waiting(house) == []
    assert search.passage(house.bob, chunk).document_id == row.pk
    assert ingests.found(house, "hotel night")[0] == "A night in a hotel is paid up to 140 euros."
    assert [one.name for one in binned.found(house.ada, collection).rows] == ["draft.txt"]
    assert {one.level for one in grants.listed(house.ada, collection)} == {Level.MANAGE, Level.READ}
    assert [leaf["facts"] for leaf in leaves(house, "collection.restored")] == [{"documents": 1}]


def test_only_who_ran_it_finds_it_brings_it_back_or_ends_it(
    house: House, neighbour: House, collection: uuid.UUID
) -> None:
    bells.ingested(house, collection, TEXT)
    catalog.delete(house.ada, collection)
    for scope in (house.bob, house.charlie, house.olga, neighbour.ada):
        assert deleted.found(scope) == []
        for deed in (deleted.restore, deleted.purge):
            with pytest.raises(NotFound) as there:
                deed(scope, collection)
            with pytest.raises(NotFound) as nowhere:
                deed(scope, uuid.uuid4())
            assert there.value.message == nowhere.value.message
    # One that is there is not among the deleted, and no way around its own rights.
    live = catalog.create(house.ada, "Live").pk
    with pytest.raises(NotFound):
        deleted.restore(house.ada, live)
    with pytest.raises(NotFound):
        deleted.purge(house.ada, live)
    assert waiting(house) == [collection]


def test_a_manager_by_a_grant_alone_may_and_one_whom_a_grant_denies_may_not(house: House) -> None:
    made = catalog.create(house.ada, "Shared").pk
    grants.give(house.ada, made, Holder(person=house.ids["bob"]), Level.MANAGE)
    grants.give(house.ada, made, Holder(person=house.ids["charlie"]), Level.MANAGE)
    grants.give(house.ada, made, Holder(person=house.ids["charlie"]), Level.MANAGE, denies=True)
    catalog.delete(house.bob, made)
    assert (waiting(house, "bob"), waiting(house, "charlie")) == ([made], [])
    assert [one.documents for one in deleted.found(house.bob)] == [0]
    with pytest.raises(NotFound):
        deleted.restore(house.charlie, made)
    deleted.restore(house.bob, made)
    catalog.delete(house.bob, made)
    deleted.purge(house.bob, made)
    assert waiting(house, "bob") == waiting(house, "ada") == []
    for _ in range(2):
        with pytest.raises(NotFound):
            deleted.restore(house.bob, made)


def test_an_admin_brings_back_what_they_may_not_read_and_is_not_told_what_it_holds(house: House) -> None:
    made = catalog.create(house.ada, "Salaries").pk
    bells.ingested(house, made, TEXT)
    catalog.delete(house.ada, made)
    with house.system.transaction():
        Grant.objects.filter(resource=made).delete()
    assert [(one.row.pk, one.documents) for one in deleted.found(house.ada)] == [(made, None)]
    deleted.restore(house.ada, made)
    assert catalog.get(house.ada, made).deleted_at is None
    with pytest.raises(Forbidden):
        documents.listed(house.ada, made)


def test_it_does_not_come_back_over_another_one_nor_into_a_full_house(house: House, collection: uuid.UUID) -> None:
    bells.ingested(house, collection, TEXT)
    catalog.delete(house.ada, collection)
    other = catalog.create(house.ada, "Travel").pk
    with pytest.raises(Conflict, match="named “Travel” now"):
        deleted.restore(house.ada, collection)
    with pytest.raises(NotFound):  # and what failed has revived nothing
        documents.listed(house.bob, collection)
    catalog.change(house.ada, other, name="Other")
    tenants.write(house.ada, {"documents_max": 0})
    with pytest.raises(Conflict, match="limit"):
        deleted.restore(house.ada, collection)
    tenants.write(house.ada, {"documents_max": 1})
    deleted.restore(house.ada, collection)


def test_of_a_restore_and_an_erasure_at_once_one_wins_and_nothing_is_half(house: House) -> None:
    scope = house.ada
    for turn in range(2):
        made = catalog.create(scope, f"Contested {turn}").pk
        bells.ingested(house, made, TEXT)
        catalog.delete(scope, made)
        came = crowds.together(partial(deleted.restore, scope, made), partial(deleted.purge, scope, made))
        assert sorted(came) == ["done", "gone"]
        erasing.go_on(house.system)
        with house.system.transaction():
            left = Chunk.objects.filter(tenant_id=house.tenant, collection_id=made).count()
        assert (left > 0) == (came[0] == "done")
        if came[0] == "done":
            assert len(documents.listed(scope, made)) == 1
        else:
            assert certificate(house, made)["verify_index"]["chunks"] == 0
    assert purging.verify_index(house.system).total == 0
