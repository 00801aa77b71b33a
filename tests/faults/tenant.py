"""Run in the stack's own environment: a tenant with the cast of tests/cast.py, two collections, and keys to call with."""

from __future__ import annotations

import json
import sys
import uuid

import django


def main() -> None:
    django.setup()
    from governance import grants
    from governance.roles import Level
    from ingestion import catalog
    from tests import cast

    house = cast.house(f"t{uuid.uuid4().hex[:12]}")
    collections = {name: catalog.create(house.ada, name).pk for name in ("rules", "plans")}
    for collection in collections.values():
        grants.give(house.ada, collection, grants.Holder(group=house.team), Level.READ)
    made = {
        "slug": house.slug,
        "tenant": str(house.tenant),
        "collections": {name: str(collection) for name, collection in collections.items()},
        "keys": {name: house.key(name) for name in ("ada", "bob")},
        "email": house.email("bob"),
        "password": cast.PASSWORD,
    }
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    main()
