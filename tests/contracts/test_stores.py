"""What every vector store must hold to. Another adapter is one more line in STORES."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
from django.db import DatabaseError
from numpy.typing import NDArray

from governance import grants
from governance.grants import Holder
from governance.roles import Level
from ingestion import catalog
from ingestion.models import Version
from ingestion.stores.base import Entry, VectorStore
from ingestion.stores.pgvector import PgVector
from tests.cast import House
from tests.ingestion import shelves

STORES = [PgVector]
INDEX = "test"
Vector = NDArray[np.float32]
Filled = tuple[uuid.UUID, Version, list[uuid.UUID]]


@pytest.fixture(params=STORES, ids=lambda made: made.__name__)
def store(request: pytest.FixtureRequest) -> VectorStore:
    made: VectorStore = request.param()
    return made


def _axis(*weights: float) -> Vector:
    vector: Vector = np.zeros(8, dtype=np.float32)
    vector[: len(weights)] = weights
    vector /= np.linalg.norm(vector)
    return vector


def _filled(house: House, store: VectorStore, vectors: list[Vector], *, is_current: bool = True) -> Filled:
    collection = catalog.create(house.ada, f"Shelf {uuid.uuid4().hex[:6]}").pk
    made = shelves.document(house.system, collection, [f"text {n}" for n in range(len(vectors))], is_current=is_current)
    ids = shelves.chunks(house.system, made)
    store.upsert(house.system, INDEX, [Entry(i, collection, made.pk, v) for i, v in zip(ids, vectors, strict=True)])
    return collection, made, ids


def test_the_nearest_come_first_with_their_cosine(house: House, store: VectorStore) -> None:
    collection, _, ids = _filled(house, store, [_axis(0, 1), _axis(1, 0), _axis(1, 1)])
    hits = store.search(house.ada, INDEX, _axis(1, 0), [collection], 2)
    assert [hit.chunk for hit in hits] == [ids[1], ids[2]]
    assert [hit.similarity for hit in hits] == pytest.approx([1.0, 2**-0.5], abs=1e-6)


def test_an_upsert_of_the_same_chunk_replaces_its_vector(house: House, store: VectorStore) -> None:
    collection, made, ids = _filled(house, store, [_axis(1, 0)])
    store.upsert(house.system, INDEX, [Entry(ids[0], collection, made.pk, _axis(0, 1))])
    (hit,) = store.search(house.ada, INDEX, _axis(0, 1), [collection], 5)
    assert hit.similarity == pytest.approx(1.0, abs=1e-6)


def test_a_search_stays_among_the_chunks_it_was_given(house: House, store: VectorStore) -> None:
    collection, _, ids = _filled(house, store, [_axis(1, 0), _axis(0, 1)])
    hits = store.search(house.ada, INDEX, _axis(1, 0), [collection], 5, among=[ids[1]])
    assert [hit.chunk for hit in hits] == [ids[1]]
    assert store.search(house.ada, INDEX, _axis(1, 0), [collection], 5, among=[]) == []


def test_indexes_do_not_mix(house: House, store: VectorStore) -> None:
    collection, made, ids = _filled(house, store, [_axis(1, 0)])
    assert store.search(house.ada, "another", _axis(1, 0), [collection], 5) == []
    assert store.missing(house.system, INDEX, made.pk) == []
    assert store.missing(house.system, "another", made.pk) == ids


def test_what_is_not_current_is_not_found(house: House, store: VectorStore) -> None:
    collection, _, _ = _filled(house, store, [_axis(1, 0)], is_current=False)
    assert store.search(house.ada, INDEX, _axis(1, 0), [collection], 5) == []


def test_a_deleted_version_is_not_found_and_deleting_it_again_is_no_error(house: House, store: VectorStore) -> None:
    collection, made, _ = _filled(house, store, [_axis(1, 0)])
    store.delete(house.system, made.pk)
    store.delete(house.system, made.pk)
    assert store.search(house.ada, INDEX, _axis(1, 0), [collection], 5) == []


def test_nobody_finds_what_they_may_not_read_even_when_they_name_its_collection(
    house: House, neighbour: House, store: VectorStore
) -> None:
    collection, _, ids = _filled(house, store, [_axis(1, 0)])
    for outsider in (house.charlie, house.bob, house.olga, neighbour.ada, neighbour.system):
        assert store.search(outsider, INDEX, _axis(1, 0), [collection], 5) == []
        assert store.search(outsider, INDEX, _axis(1, 0), [collection], 5, among=ids) == []
    grants.give(house.ada, collection, Holder(group=house.team), Level.READ)
    assert [hit.chunk for hit in store.search(house.bob, INDEX, _axis(1, 0), [collection], 5)] == ids


def test_only_background_work_writes(house: House, store: VectorStore) -> None:
    collection, made, ids = _filled(house, store, [_axis(1, 0)])
    with pytest.raises(DatabaseError):
        store.upsert(house.ada, "another", [Entry(ids[0], collection, made.pk, _axis(1, 0))])


def test_an_index_beside_is_filled_counted_and_discarded(house: House, store: VectorStore) -> None:
    """Of other dimensions than the live one, whose vectors stay where they are and are found as before."""
    collection, made, ids = _filled(house, store, [_axis(1, 0), _axis(0, 1)])
    store.open(house.system, "next")
    store.open(house.system, "next")
    assert store.behind(house.system, INDEX, None, 10) == []
    behind = store.behind(house.system, "next", None, 10)
    assert behind == sorted(ids)
    assert store.behind(house.system, "next", behind[0], 10) == behind[1:]
    assert store.behind(house.system, "next", None, 1) == behind[:1]

    other = np.ones(3, dtype=np.float32) / np.float32(3**0.5)
    store.upsert(house.system, "next", [Entry(one, collection, made.pk, other) for one in ids])
    assert (store.count(house.system, "next"), store.count(house.system, INDEX)) == (2, 2)
    assert [hit.chunk for hit in store.search(house.ada, INDEX, _axis(1, 0), [collection], 1)] == ids[:1]
    assert len(store.search(house.ada, "next", other, [collection], 5)) == 2

    assert store.discard(house.system, "next", 1) == 1
    assert store.discard(house.system, "next", 10) == 1
    assert store.discard(house.system, "next", 10) == 0
    assert (store.count(house.system, "next"), store.count(house.system, INDEX)) == (0, 2)


def test_nobody_but_background_work_discards_and_nobody_but_admins_opens(house: House, store: VectorStore) -> None:
    _filled(house, store, [_axis(1, 0)])
    with pytest.raises(DatabaseError):
        store.open(house.bob, "next")
    with pytest.raises(DatabaseError):
        store.discard(house.ada, INDEX, 10)
    assert store.count(house.system, INDEX) == 1
