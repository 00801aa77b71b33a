"""What narrowed a document for somebody is told of every moment as it was decided then, by Postgres and by the rows."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from governance import history, labels, models, people
from governance.errors import InvalidInput
from governance.labels.models import Clearance
from governance.models import Membership, Tenant
from governance.roles import Level
from ingestion import catalog
from ingestion.documents import narrowing, restrictions
from ingestion.models import Collection, Document, Reader
from tests.cast import House

SEED, STEPS, PEOPLE, SHELVES, EACH = 81, 60, 3, 2, 4
Seen = dict[tuple[uuid.UUID, uuid.UUID], bool]


@dataclass
class World:
    """Rows alone: what they come to is asked of Postgres at each step, and of the history afterwards."""

    house: House
    dice: random.Random
    people: list[uuid.UUID]
    groups: list[uuid.UUID]
    shelves: list[uuid.UUID]
    documents: list[uuid.UUID]

    def change(self) -> None:
        """One thing, as the tenant's own work in its transaction."""
        deeds = (self.least, self.clear, self.join, self.shelve, self.label, self.label, self.restrict, self.restrict)
        self.dice.choice(deeds)()

    def least(self) -> None:
        Tenant.objects.filter(pk=self.house.tenant).update(clearance=self.dice.choice([None, 0, 1, 1, 2]))

    def clear(self) -> None:
        holder = self.holder()
        Clearance.objects.filter(**holder).delete()
        if self.dice.random() < 0.7:
            Clearance.objects.create(tenant_id=self.house.tenant, rank=self.dice.randrange(4), **holder)

    def join(self) -> None:
        pair = {"person_id": self.dice.choice(self.people), "group_id": self.dice.choice(self.groups)}
        if not Membership.objects.filter(**pair).delete()[0]:
            Membership.objects.create(tenant_id=self.house.tenant, source="manual", **pair)

    def shelve(self) -> None:
        Collection.objects.filter(pk=self.dice.choice(self.shelves)).update(label=self.dice.randrange(3))

    def label(self) -> None:
        one = self.dice.choice(self.documents)
        Document.objects.filter(pk=one).update(label=self.dice.choice([None, 0, 1, 2, 3]))

    def restrict(self) -> None:
        one = self.dice.choice(self.documents)
        Reader.objects.filter(document=one).delete()
        is_restricted = self.dice.random() < 0.7
        Document.objects.filter(pk=one).update(is_restricted=is_restricted)
        if not is_restricted:
            return
        shelf = Document.objects.values_list("collection", flat=True).get(pk=one)
        for holder in {tuple(self.holder().items()): self.holder() for _ in range(2)}.values():
            Reader.objects.get_or_create(tenant_id=self.house.tenant, collection_id=shelf, document_id=one, **holder)

    def holder(self) -> dict[str, Any]:
        if self.dice.random() < 0.5:
            return {"person_id": self.dice.choice(self.people), "group_id": None}
        return {"person_id": None, "group_id": self.dice.choice(self.groups)}


def begun(house: House) -> World:
    """Everybody may read both collections; of the documents each third came within the one before."""
    dice, system = random.Random(SEED), house.system
    folk = [people.create(system, f"t{n}@{house.slug}.example", f"T{n}") for n in range(PEOPLE)]
    labels.write(house.ada, ("a", "b", "c", "d"), None)
    shelves = [catalog.create(house.ada, f"Then {n}").pk for n in range(SHELVES)]
    documents: list[uuid.UUID] = []
    with system.transaction():
        groups = [models.Group.objects.create(tenant_id=house.tenant, name=f"Then {n}").pk for n in range(2)]
        for shelf in shelves:
            for one in folk:
                models.Grant.objects.create(
                    tenant_id=house.tenant, resource_id=shelf, person_id=one, level=Level.READ, source="manual"
                )
            for number in range(EACH):
                row = Document(tenant_id=house.tenant, collection_id=shelf, name=f"{number}.txt")
                if number % 3 == 2:
                    row.parent_id, row.path = documents[-1], "within.txt"
                row.save(force_insert=True)
                documents.append(row.pk)
    return World(house, dice, folk, groups, shelves, documents)


def decided(world: World) -> Seen:
    """By Postgres, on the rows as they stand."""
    found: Seen = {}
    for person in world.people:
        scope = people.scope_in(world.house.tenant, person)
        with scope.transaction():
            there = set(Document.objects.filter(pk__in=world.documents).values_list("pk", flat=True))
        found |= {(person, one): one in there for one in world.documents}
    return found


def clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def test_every_moment_is_explained_as_it_was_decided(house: House) -> None:
    world = begun(house)
    kept: list[tuple[datetime, Seen]] = []
    for _ in range(STEPS):
        with house.system.transaction():
            world.change()
        kept.append((clock(), decided(world)))
    last = kept[-1][1]
    for person, one in world.dice.sample(sorted(last), 6):
        why = restrictions.why(people.scope_in(house.tenant, person), one)
        assert (why.seen, bool(why.said)) == (last[person, one], True)
    kept.append((clock() + timedelta(hours=1), last))  # what is to come is told from what stands now
    told = [0, 0]
    for moment, right in kept:
        stood = history.at(house.system, moment)
        for one in world.documents:
            for person, reason in narrowing.why_then(house.ada, stood, one, world.people).items():
                seen = reason is None or reason.seen
                assert seen == right[person, one], (moment, reason, person, one)
                told[seen] += 1
    assert min(told) > 100, told  # neither is rare


def test_before_that_history_nothing_is_said(house: House) -> None:
    row = Document(tenant_id=house.tenant, collection_id=catalog.create(house.ada, "Old").pk, name="old.txt")
    with house.system.transaction():
        row.save(force_insert=True)
    stood = history.at(house.system, history.known_since(house.ada))
    early = history.Then(history.labels_known_since(house.ada) - timedelta(seconds=1), is_on=True)
    assert narrowing.why_then(house.ada, stood, row.pk, [house.ids["bob"]]) == {house.ids["bob"]: None}
    with pytest.raises(InvalidInput):
        narrowing.why_then(house.ada, early, row.pk, [house.ids["bob"]])
