"""What is hidden from somebody is worked out once a statement for each table it reads, however many rows that has."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from governance import grants
from governance.grants import Holder
from governance.roles import Level
from governance.scope import Scope
from ingestion import catalog
from ingestion.documents import restrictions
from ingestion.models import Document
from tests.cast import House
from tests.ingestion import shelves

TABLES = ("document", "version", "chunk", "embedding", "posting")
LISTED = 40  # beside those with text


@pytest.fixture
def shelf(house: House) -> uuid.UUID:
    made = catalog.create(house.ada, "Plans").pk
    grants.give(house.ada, made, Holder(group=house.team), Level.READ)
    kept = [shelves.indexed(house.system, made, [f"The plan, part {n}."]).document_id for n in range(4)]
    restrictions.restrict(house.ada, kept[0], [Holder(person=house.ids["olga"])])
    with house.system.transaction():
        Document.objects.bulk_create(
            Document(tenant_id=house.tenant, collection_id=made, name=f"{n}.txt") for n in range(LISTED)
        )
    return made


def explained(scope: Scope, statement: str) -> dict[str, Any]:
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) {statement}")
        found = cursor.fetchone()[0]
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for one in plan.get("Plans", ()):
        yield from nodes(one)


@pytest.mark.parametrize("table", TABLES)
def test_it_is_asked_once_and_not_for_each_row(house: House, shelf: uuid.UUID, table: str) -> None:
    plan = explained(house.bob, f"SELECT count(*) FROM {table} WHERE tenant_id = '{house.tenant}'")
    below = [one for one in nodes(plan) if one.get("Parent Relationship") == "SubPlan"]
    asked = [one for one in below if "chancery.hidden_" in json.dumps(one)]
    assert asked, plan
    assert [one["Actual Loops"] for one in asked] == [1] * len(asked)
    filters = " ".join(one.get("Filter", "") for one in nodes(plan))
    assert "hashed SubPlan" in filters  # looked up in a set, and not gone through
    if table == "document":
        (read,) = [one for one in nodes(plan) if one.get("Relation Name") == "document"]
        assert read["Actual Rows"] >= LISTED  # so that once is not once a row
