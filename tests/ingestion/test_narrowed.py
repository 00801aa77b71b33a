"""Documents narrower than their collection, in a world drawn at random: every way to a document gives what the rule says."""

from __future__ import annotations

import io
import random
import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from governance import grants, groups, labels, people
from governance.errors import Forbidden, NotFound
from governance.grants import Holder
from governance.roles import Level
from governance.scope import Scope
from ingestion import catalog, documents, search
from ingestion.documents import restrictions, uploads
from ingestion.models import Chunk, Document, Reader, Version
from ingestion.search import postings, vocabulary
from tests.cast import House
from tests.ingestion import shelves

QUESTION = "What does the budget of the harbour say?"
NAMES = ("public", "internal", "confidential", "strictly confidential")


@dataclass
class World:
    """Who may read which document, by the rule as this file says it."""

    people: list[uuid.UUID]
    groups: dict[uuid.UUID, set[uuid.UUID]]
    grants: dict[uuid.UUID, set[Holder]]
    readers: dict[uuid.UUID, set[Holder]]
    labels: dict[uuid.UUID, int]
    clearances: dict[Holder, int]
    least: int
    collection: dict[uuid.UUID, uuid.UUID]

    def is_one(self, person: uuid.UUID, holder: Holder) -> bool:
        return holder.person == person or person in self.groups.get(holder.group or uuid.uuid4(), set())

    def sees(self, person: uuid.UUID, document: uuid.UUID) -> bool:
        reads = any(self.is_one(person, one) for one in self.grants[self.collection[document]])
        named = document not in self.readers or any(self.is_one(person, one) for one in self.readers[document])
        cleared = max([self.least, *(rank for one, rank in self.clearances.items() if self.is_one(person, one))])
        return reads and named and self.labels[document] <= cleared


def drawn(house: House, seed: int) -> World:
    chance = random.Random(seed)
    system = house.system
    folk = [people.create(system, f"p{n}@{house.slug}.example", f"P{n}") for n in range(4)]
    bands = {groups.create(system, f"G{n}"): set(chance.sample(folk, 2)) for n in range(3)}
    for group, members in bands.items():
        for one in members:
            groups.add(system, group, one)
    holders = [*(Holder(person=one) for one in folk), *(Holder(group=one) for one in bands)]
    labels.write(house.ada, NAMES, 1)
    cleared = {one: chance.randrange(4) for one in chance.sample(holders, 3)}
    for holder, rank in cleared.items():
        labels.clear(house.ada, holder, rank)
    labels.clear(house.ada, Holder(person=house.ids["ada"]), 3)
    world = World(folk, bands, {}, {}, {}, cleared, 1, {})
    for number in range(2):
        collection = catalog.create(house.ada, f"C{number}").pk
        base = chance.randrange(3)
        restrictions.label_collection(house.ada, collection, base)
        world.grants[collection] = set(chance.sample(holders, 3))
        for holder in world.grants[collection]:
            grants.give(house.ada, collection, holder, Level.READ)
        for at in range(6):
            made = shelves.indexed(system, collection, [f"The budget of the harbour, part {number}{at}: word{at}."])
            _narrowed(house, world, made.document_id, chance, holders, base)
            world.collection[made.document_id] = collection
    return world


def _narrowed(
    house: House, world: World, document: uuid.UUID, chance: random.Random, holders: list[Holder], base: int
) -> None:
    own = chance.choice((None, None, 0, 2, 3))
    world.labels[document] = base if own is None else own
    if own is not None:
        restrictions.label(house.ada, document, own)
    if chance.random() < 0.4:
        chosen = chance.sample(holders, 2)
        restrictions.restrict(house.ada, document, chosen)
        world.readers[document] = {*chosen, Holder(person=house.ids["ada"])}


def ways(scope: Scope, world: World) -> dict[str, set[uuid.UUID]]:
    """Each way to a document, and what it leads to. Those that begin with SQL ask for all rows there are."""
    reads = catalog.readable(scope, [])
    found: dict[str, set[uuid.UUID]] = {"listed": set(), "ids": set()}
    for one in reads:
        found["listed"] |= {row.pk for row in documents.listed(scope, one)}
        found["ids"] |= set(documents.ids(scope, one))
    found["readable"] = documents.readable(scope, world.labels)
    found["got"] = {one for one in world.labels if _is_got(scope, one)}
    found["explained"] = {one for one in world.labels if restrictions.why(scope, one).seen}
    found["ranked"] = set(restrictions.ranks(scope, world.labels))
    with scope.transaction():
        found["sql documents"] = set(Document.objects.values_list("pk", flat=True))
        found["sql versions"] = set(Version.objects.values_list("document_id", flat=True))
        chunks = dict(Chunk.objects.filter(tenant_id=scope.tenant).values_list("id", "document_id"))
    found["sql chunks"] = set(chunks.values())
    if reads:
        searched = search.passages(scope, QUESTION, limit=50)
        found["searched"] = {one.document_id for one in searched.passages}
        assert searched.receipt["chunks"] == len(found["searched"])  # what is not seen is not counted
        assert postings.weigh(scope, QUESTION, reads).chunks == len(found["searched"])
    return found


def _is_got(scope: Scope, document: uuid.UUID) -> bool:
    try:
        return documents.get(scope, document).pk == document
    except NotFound:
        return False


def test_every_way_to_a_document_gives_what_the_rule_says(house: House) -> None:
    world = drawn(house, 1)
    hidden = shown = 0
    for person in world.people:
        scope = people.scope_in(house.tenant, person)
        wanted = {one for one in world.labels if world.sees(person, one)}
        shown, hidden = shown + len(wanted), hidden + len(world.labels) - len(wanted)
        for name, got in ways(scope, world).items():
            assert got == wanted, name
    assert shown > 5
    assert hidden > 5


def _told(scope: Scope, document: uuid.UUID, *, chunk: uuid.UUID) -> list[Any]:
    """What is said of a document and of a passage, whichever way it is asked for."""
    said: list[Any] = []
    for ask in (
        lambda: documents.get(scope, document),
        lambda: documents.open_file(scope, document),
        lambda: documents.within(scope, document),
        lambda: documents.retry(scope, document),
        lambda: search.passage(scope, chunk),
        lambda: search.document_text(scope, document),
        lambda: restrictions.lift(scope, document),
        lambda: restrictions.label(scope, document, None),
        lambda: restrictions.restrict(scope, document, [Holder(person=scope.person)]),
        lambda: restrictions.named(scope, document),
    ):
        with pytest.raises((NotFound, Forbidden)) as refused:
            ask()
        said.append((type(refused.value), str(refused.value)))
    return said


def test_what_is_restricted_is_answered_as_what_is_not_there(house: House, collection: uuid.UUID) -> None:
    made = shelves.indexed(house.system, collection, [QUESTION])
    chunk = shelves.chunks(house.system, made)[0]
    shelves.indexed(house.system, collection, ["Trains are booked in second class."])
    shelf = [collection]

    def searched() -> list[Any]:
        found = search.passages(house.bob, QUESTION, limit=5)
        return [found, postings.weigh(house.bob, QUESTION, shelf), vocabulary.known(house.bob, ["harbour"], shelf)]

    everything = searched()
    restrictions.restrict(house.ada, made.document_id, [Holder(person=house.ids["olga"])])
    assert searched() != everything
    restricted = searched()
    assert _told(house.bob, made.document_id, chunk=chunk) == _told(house.bob, uuid.uuid4(), chunk=uuid.uuid4())
    assert search.passages(house.ada, QUESTION, limit=5).passages[0].document_id == made.document_id
    with house.system.transaction():
        Version.objects.filter(document=made.document_id).delete()
        Reader.objects.filter(document=made.document_id).delete()
        Document.objects.filter(pk=made.document_id).delete()
    assert searched() == restricted  # rows, scores, receipt, frequencies: as if it had never been


def test_a_restriction_never_widens(house: House, collection: uuid.UUID) -> None:
    made = shelves.indexed(house.system, collection, [QUESTION])
    restrictions.restrict(house.ada, made.document_id, [Holder(person=house.ids["charlie"])])
    assert not restrictions.why(house.charlie, made.document_id).seen
    assert documents.readable(house.charlie, [made.document_id]) == set()
    assert documents.readable(house.ada, [made.document_id]) == {made.document_id}


def test_who_runs_a_collection_sees_the_name_of_what_is_kept_from_them_and_not_its_words(
    house: House, collection: uuid.UUID
) -> None:
    made = shelves.indexed(house.system, collection, [QUESTION])
    grants.give(house.ada, collection, Holder(group=house.team), Level.MANAGE)
    restrictions.restrict(house.ada, made.document_id, [Holder(person=house.ids["ada"])])
    (kept,) = restrictions.kept(house.bob, collection)
    assert (kept.id, kept.is_restricted, kept.is_seen) == (made.document_id, True, False)
    assert search.passages(house.bob, QUESTION, limit=5).passages == ()
    with house.bob.transaction():
        assert not Version.objects.filter(document=made.document_id).exists()
    with pytest.raises(NotFound):
        documents.get(house.bob, made.document_id)
    restrictions.restrict(house.bob, made.document_id, [Holder(group=house.team)])
    assert documents.get(house.bob, made.document_id).pk == made.document_id
    restrictions.lift(house.bob, made.document_id)
    assert restrictions.kept(house.ada, collection) == []


def test_what_came_within_a_restricted_document_is_as_narrow(house: House, collection: uuid.UUID) -> None:
    outer = shelves.indexed(house.system, collection, ["A letter."])
    inner = shelves.indexed(house.system, collection, [QUESTION])
    with house.system.transaction():
        Document.objects.filter(pk=inner.document_id).update(parent=outer.document_id, path="a.txt")
    assert documents.readable(house.bob, [inner.document_id]) == {inner.document_id}
    restrictions.restrict(house.ada, outer.document_id, [Holder(person=house.ids["ada"])])
    assert documents.readable(house.bob, [inner.document_id]) == set()
    assert [one.document_id for one in search.passages(house.bob, QUESTION, limit=5).passages] == []
    assert not restrictions.why(house.bob, inner.document_id).seen


def test_nobody_gives_or_takes_a_label_above_what_they_are_cleared_for(house: House, collection: uuid.UUID) -> None:
    made = shelves.indexed(house.system, collection, [QUESTION])
    labels.write(house.ada, NAMES, 1)
    with pytest.raises(Forbidden):
        restrictions.label(house.ada, made.document_id, 2)
    labels.clear(house.ada, Holder(person=house.ids["ada"]), 2)
    restrictions.label(house.ada, made.document_id, 2)
    assert documents.readable(house.bob, [made.document_id]) == set()
    labels.clear(house.ada, Holder(group=house.team), 2)
    assert documents.readable(house.bob, [made.document_id]) == {made.document_id}
    assert restrictions.ranks(house.bob, [made.document_id]) == {made.document_id: 2}
    (took, *_) = labels.cleared(house.ada)
    for one in labels.cleared(house.ada):
        labels.take_back(house.ada, one.id)
    assert took.rank == 2
    with pytest.raises(Forbidden):
        restrictions.label(house.ada, made.document_id, 0)  # they run the collection, and are cleared no more


def test_nobody_brings_what_they_could_not_see(house: House, collection: uuid.UUID) -> None:
    labels.write(house.ada, NAMES, 1)
    labels.clear(house.ada, Holder(person=house.ids["ada"]), 3)
    grants.give(house.ada, collection, Holder(group=house.team), Level.CONTRIBUTE)
    restrictions.label_collection(house.ada, collection, 1)
    assert uploads.upload(house.bob, collection, "rates.txt", io.BytesIO(b"140 euros a night."))
    restrictions.label_collection(house.ada, collection, 2)
    with pytest.raises(Forbidden):
        uploads.upload(house.bob, collection, "meals.txt", io.BytesIO(b"A daily rate."))
    assert len(documents.listed(house.ada, collection)) == 1
