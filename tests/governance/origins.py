"""Memberships by another word than a hand's."""

from __future__ import annotations

import uuid

from governance import memberships
from governance.identity import providers
from governance.memberships import Origin, Source
from tests.cast import House


def provider(house: House, name: str = "Login") -> uuid.UUID:
    host = f"https://{name.lower()}.{house.slug}.example"
    return providers.create(house.ada, providers.Draft(name, host, "chancery", "hush", (f"{house.slug}.example",)))


def by_claim(house: House, person: uuid.UUID, name: str = "Login") -> Origin:
    """Puts them into the team."""
    origin = Origin(Source.CLAIM, provider(house, name))
    with house.system.transaction():
        memberships.hold(house.system, house.team, person, origin)
    return origin
