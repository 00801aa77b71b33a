"""What is explained is what is decided, at every moment of thousands of random worlds, and Postgres says the same.

Worlds of 3 people, 3 groups and 3 collections change one thing at a time. After each change some of them are asked as they are
then: the decision, the list, `access_filter` and `chancery.collections`. Afterwards the history is asked of every moment.
"""

from __future__ import annotations

import copy
import random
import uuid
from datetime import datetime, timedelta

from django.db import connection

from governance import access, explanations, history, models, people
from governance.roles import GRANT_LEVELS, Level
from governance.scope import ActorKind, Scope
from tests.cast import House
from tests.governance.decisions import ACTIONS
from tests.governance.worlds import SIZE, World

SEED = 8
# Each of the 2,000 is another one than the step before; so much happens before the first.
WORLDS, STEPS, BEFORE = 50, 40, 8
ASKED_NOW, ASKED_LATER = 6, 5  # worlds a step


def clock(house: House) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def begin(house: House, dice: random.Random) -> list[World]:
    worlds = [World(house.tenant, dice) for _ in range(WORLDS)]
    with house.system.transaction():
        made: dict[type, list[object]] = {}
        for world in worlds:
            for row in world.rows():
                made.setdefault(type(row), []).append(row)
        for model, rows in made.items():
            model.objects.bulk_create(rows)  # type: ignore[attr-defined]
    return worlds


def ask_now(world: World, person: int, action: str, scope: Scope | None, at: datetime) -> int:
    """All there are to ask it of the rows as they stand; how many answers there were."""
    level = Level(GRANT_LEVELS[action])  # type: ignore[index]
    right = {r for n, r in enumerate(world.resources) if world.may(person, n, action, at)}
    granted = {
        r for n, r in enumerate(world.resources)
        if person not in world.off and n not in world.retired and world.by_grant(person, n, action, at)
    }  # fmt: skip
    whoever = scope or Scope(world.tenant, ActorKind.PERSON, world.people[person])
    with whoever.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.collections(%s)", [int(level)])
        assert {row[0] for row in cursor.fetchall()} == granted
        if scope is None:
            assert person in world.off
            return 0
        decided = access.decide_each(scope, action, world.resources)  # type: ignore[arg-type]
        assert {one for one, decision in decided.items() if decision.allowed} == right
        rows = models.Resource.objects.filter(access.access_filter(scope, action), pk__in=world.resources)  # type: ignore[arg-type]
        assert set(rows.values_list("pk", flat=True)) == right
    return len(decided)


def keys_of(worlds: list[World]) -> list[uuid.UUID]:
    return [key for world in worlds for key in (world.key, world.exchanged)]


def ask_later(house: House, world: World, then: history.Then, at: datetime) -> tuple[int, int]:
    """Everybody, everything, with and without the key, of the history; (allowed, refused)."""
    told = [0, 0]
    for number, person in enumerate(world.people):
        for place, resource in enumerate(world.resources):
            for action in ACTIONS:
                for key in {0: (None, world.key), 1: (None, world.exchanged)}.get(number, (None,)):
                    found = explanations.explained(then, house.tenant, person, action, resource, key)
                    right = world.may(number, place, action, at, key=key)
                    assert found.allowed == right, (found, world)
                    assert sound(found), found
                    told[not found.allowed] += 1
    return told[0], told[1]


def sound(found: explanations.Explanation) -> bool:
    """What is allowed has a way that allows it and counts; what is refused has none, but maybe a denial."""
    if found.allowed:
        ways = found.deciding
        return bool(ways) and all(not way.denies and (way.until is None or way.until > found.at) for way in ways)
    return all(way.denies for way in found.deciding)


def test_explanation_and_decision_agree_at_every_moment_and_with_postgres(house: House) -> None:
    dice = random.Random(SEED)
    worlds = begin(house, dice)
    with house.system.transaction():
        now = clock(house)
        for world in worlds * BEFORE:
            world.change(now)
    kept: list[tuple[datetime, list[World]]] = []
    decided = 0
    for _ in range(STEPS):
        now = clock(house)
        with house.system.transaction():
            for world in worlds:
                world.change(now)
        at = clock(house)
        chosen = dice.sample(worlds, ASKED_NOW)
        asked = [(world, dice.randrange(SIZE), dice.choice(ACTIONS)) for world in chosen]
        for (world, person, action), scope in zip(
            asked, people.scopes_of([(world.people[person], None) for world, person, _ in asked]), strict=True
        ):
            decided += ask_now(world, person, action, scope, at)
        by_keys = [(world, person, key) for world in chosen for person, key in enumerate((world.key, world.exchanged))]
        for (world, person, key), scope in zip(
            by_keys, people.scopes_of([(world.people[person], key) for world, person, key in by_keys]), strict=True
        ):
            assert (scope is not None) == (person not in world.off and world.opens(person, key, at)), world
        kept.append((at, [copy.deepcopy(world) for world in dice.sample(worlds, ASKED_LATER)]))
    allowed = refused = 0
    kept.append((at + timedelta(hours=2), worlds[:ASKED_LATER]))  # of what is still to come
    for moment, then_worlds in kept:
        resources: list[uuid.UUID] = [one for world in then_worlds for one in world.resources]
        then = history.at(house.system, moment, resources=resources, keys=keys_of(then_worlds))
        for world in then_worlds:
            told = ask_later(house, world, then, moment)
            allowed, refused = allowed + told[0], refused + told[1]
    assert decided > 2 * STEPS * ASKED_NOW
    assert min(allowed, refused) > 1_000, (allowed, refused)  # neither is rare
