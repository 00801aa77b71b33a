from __future__ import annotations

import uuid

import pytest

from governance import grants
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.grants import Holder
from governance.roles import Level
from ingestion import catalog
from ingestion.catalog import Rights
from ingestion.models import Collection
from tests.cast import House


def test_its_maker_manages_a_collection_and_others_do_not_see_it(house: House) -> None:
    made = catalog.create(house.ada, "  Travel   rules ", "How we travel")

    (row,) = catalog.listed(house.ada)
    assert (row.pk, row.name, row.description) == (made.pk, "Travel rules", "How we travel")
    assert catalog.rights(house.ada, [made.pk]) == {made.pk: Rights(True, True, True, 0)}
    assert catalog.listed(house.charlie) == []
    assert catalog.rights(house.charlie, [made.pk]) == {}
    with pytest.raises(NotFound):
        catalog.get(house.charlie, made.pk)


def test_a_grant_to_a_group_shows_the_collection_with_what_it_gives(house: House) -> None:
    made = catalog.create(house.ada, "Travel")
    grants.give(house.ada, made.pk, Holder(group=house.team), Level.READ)

    assert catalog.listed(house.bob) == [made]
    assert catalog.rights(house.bob, [made.pk]) == {made.pk: Rights(True, False, False, 0)}
    assert catalog.readable(house.bob) == [made.pk]
    with pytest.raises(Forbidden):
        catalog.change(house.bob, made.pk, name="Mine")


def test_an_admin_runs_a_collection_without_reading_it(house: House) -> None:
    made = catalog.create(house.system, "Board")
    assert catalog.rights(house.ada, [made.pk]) == {made.pk: Rights(False, False, True, None)}
    assert catalog.readable(house.ada) == []
    assert catalog.change(house.ada, made.pk, description="For the board").description == "For the board"


def test_an_employee_cannot_make_a_collection(house: House) -> None:
    with pytest.raises(Forbidden):
        catalog.create(house.bob, "Mine")


def test_two_collections_of_one_name_conflict_until_the_first_is_deleted(house: House) -> None:
    first = catalog.create(house.ada, "Travel")
    with pytest.raises(Conflict):
        catalog.create(house.ada, "Travel")
    other = catalog.create(house.ada, "Leave")
    with pytest.raises(Conflict):
        catalog.change(house.ada, other.pk, name="Travel")

    catalog.delete(house.ada, first.pk)
    assert catalog.create(house.ada, "Travel").pk != first.pk


@pytest.mark.parametrize("name", ["", "   ", "a\x07b", "x" * 201])
def test_a_name_that_cannot_be_shown_is_refused(shared_house: House, name: str) -> None:
    with pytest.raises(InvalidInput):
        catalog.create(shared_house.ada, name)


def test_a_deleted_collection_is_nobodys(house: House) -> None:
    made = catalog.create(house.ada, "Travel")
    grants.give(house.ada, made.pk, Holder(group=house.team), Level.MANAGE)
    catalog.delete(house.bob, made.pk)

    for scope in (house.ada, house.bob):
        assert catalog.listed(scope) == []
        assert catalog.names(scope, [made.pk]) == {}
        with pytest.raises(NotFound):
            catalog.get(scope, made.pk)
        with pytest.raises(NotFound):
            catalog.change(scope, made.pk, name="Again")
    with house.system.transaction():
        assert Collection.objects.get(pk=made.pk).deleted_at is not None


def test_another_tenant_gets_the_same_answer_as_for_an_id_nobody_has(house: House, neighbour: House) -> None:
    made = catalog.create(house.ada, "Travel")
    answers = []
    for wanted in (made.pk, uuid.uuid4()):
        with pytest.raises(NotFound) as refused:
            catalog.get(neighbour.ada, wanted)
        answers.append(refused.value.message)
    assert answers[0] == answers[1]
    assert catalog.listed(neighbour.ada) == []
