"""Sources do not fight: a membership is held by each that says so, and ends when none does."""

from __future__ import annotations

import random
import uuid
from dataclasses import replace

import pytest
from django.db import IntegrityError

from governance import groups, memberships, models, people
from governance.errors import Conflict
from governance.identity import identities, providers
from governance.memberships import HAND, Origin, Source
from tests.cast import House
from tests.governance import origins
from tests.governance.database import leaves


def held(house: House, person: uuid.UUID) -> dict[uuid.UUID, set[Origin]]:
    """By the admin's page."""
    return {
        member.group.pk: {Origin(one.source, one.by) for one in member.origins}
        for member in groups.of(house.ada, person)
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_any_interleaving_of_sources_leaves_the_union_of_what_each_says(house: House, seed: int) -> None:
    """Each of four sources speaks at random, of random people and groups; a model of four sets says what must come of it."""
    rng = random.Random(seed)
    crowd = [house.ids["bob"], house.ids["charlie"]]
    rooms = [house.team, groups.create(house.ada, "Night"), groups.create(house.ada, "Day")]
    claims = [Origin(Source.CLAIM, origins.provider(house, name)) for name in ("One", "Two")]
    directory = Origin(Source.SCIM, uuid.uuid4())
    said: dict[Origin, set[tuple[uuid.UUID, uuid.UUID]]] = {one: set() for one in (HAND, *claims, directory)}
    said[HAND].add((house.team, house.ids["bob"]))
    for _ in range(30):
        origin, person, group = rng.choice(list(said)), rng.choice(crowd), rng.choice(rooms)
        wanted = {one for one in rooms if rng.random() < 0.5}
        if origin is HAND:
            _by_hand(house, group, person, said)
        elif origin in claims:
            with house.system.transaction():
                memberships.replace(house.system, person, wanted, origin)
            said[origin] = {pair for pair in said[origin] if pair[1] != person} | {(one, person) for one in wanted}
        else:
            members = {one for one in crowd if rng.random() < 0.5}
            with house.system.transaction():
                memberships.replace_members(house.system, group, members, origin)
            said[origin] = {pair for pair in said[origin] if pair[0] != group} | {(group, one) for one in members}
        for one in crowd:
            by = {group: {who for who in said if (group, one) in said[who]} for group in rooms}
            assert held(house, one) == {group: who for group, who in by.items() if who}
            assert people.scope_in(house.tenant, one).groups == {group for group, who in by.items() if who}
    assert _told(house) == {(source.source, *pair) for source, pairs in said.items() for pair in pairs}


def _by_hand(
    house: House, group: uuid.UUID, person: uuid.UUID, said: dict[Origin, set[tuple[uuid.UUID, uuid.UUID]]]
) -> None:
    if (group, person) in said[HAND]:
        groups.remove(house.ada, group, person)
        said[HAND].remove((group, person))
        return
    if any((group, person) in pairs for pairs in said.values()):
        with pytest.raises(Conflict):  # a hand takes away what a hand gave
            groups.remove(house.ada, group, person)
    groups.add(house.ada, group, person)
    said[HAND].add((group, person))


def _told(house: House) -> set[tuple[str, uuid.UUID, uuid.UUID]]:
    """What the record says is held: each event folded, in its order, with whether it was the last to hold."""
    now: dict[tuple[uuid.UUID, uuid.UUID], set[tuple[str, str]]] = {}
    for leaf in leaves(house):
        if not leaf["action"].startswith("group.member"):
            continue
        facts = leaf["facts"]
        of = now.setdefault((uuid.UUID(leaf["resource"]["id"]), uuid.UUID(facts["person"])), set())
        origin = (facts["source"], facts.get("by", ""))
        if leaf["action"] == "group.member_added":
            assert origin not in of
            of.add(origin)
        else:
            of.remove(origin)
            assert facts["kept_by"] == sorted({source for source, _ in of})
    return {(source, *pair) for pair, of in now.items() for source, _ in of}


def test_what_a_claim_gave_ends_with_its_line_and_with_its_provider(house: House) -> None:
    provider = origins.provider(house)
    night = groups.create(house.ada, "Night")
    lines = frozenset({("team", house.team), ("night", night)})
    draft = providers.Draft(
        "Login", "https://login.example", "chancery", "hush", (f"{house.slug}.example",), is_enabled=True
    )
    providers.change(house.ada, provider, replace(draft, groups=lines))
    row = providers.get(house.ada, provider)
    for name in ("bob", "new"):
        email = f"{name}@{house.slug}.example"
        said = identities.Presented(row.issuer, name, email, True, name, frozenset({"team", "night"}))
        if name == "bob":
            with pytest.raises(identities.LocalPerson) as local:
                identities.admit(house.system, row, said)
            identities.link(house.system, provider, row.issuer, name, local.value.person)
        who, _ = identities.admit(house.system, row, said)
        assert people.scope_in(house.tenant, who).groups == {house.team, night}
    providers.change(house.ada, provider, replace(draft, groups=frozenset({("night", night)})))
    assert people.scope_in(house.tenant, who).groups == {night}
    assert house.bob.groups == {house.team, night}  # by hand, too
    providers.delete(house.ada, provider)
    assert people.scope_in(house.tenant, who).groups == frozenset()
    assert house.bob.groups == {house.team}


def test_a_claim_of_before_providers_were_told_apart_is_the_next_ones_who_speaks(house: House) -> None:
    charlie, night = house.ids["charlie"], groups.create(house.ada, "Night")
    nameless, origin = Origin(Source.CLAIM), Origin(Source.CLAIM, origins.provider(house))
    with house.system.transaction():
        for group in (house.team, night):
            memberships.hold(house.system, group, charlie, nameless)
        memberships.replace(house.system, charlie, {house.team}, origin)
    assert held(house, charlie) == {house.team: {origin}}


def test_what_a_provider_gave_that_is_gone_can_be_taken_away_by_hand(house: House) -> None:
    with house.system.transaction():
        memberships.hold(house.system, house.team, house.ids["charlie"], Origin(Source.CLAIM))
    groups.remove(house.ada, house.team, house.ids["charlie"])
    assert house.charlie.groups == frozenset()


@pytest.mark.parametrize("row", [{"source": "rumour"}, {"source": "manual", "held_by": uuid.uuid4()}])
def test_a_source_that_nobody_knows_is_no_row(shared_house: House, row: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), shared_house.system.transaction():
        models.Membership.objects.create(
            tenant_id=shared_house.tenant, group_id=shared_house.team, person_id=shared_house.ids["olga"], **row
        )
