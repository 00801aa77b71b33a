"""Statements that read by index alone, so that what a search costs grows with what its person may read and with nothing else.

Left to itself Postgres passes over a whole partition where it takes that to be cheaper, and how long that takes tells how much
stands there. The setting goes along with the statement, for no way there and back of its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from governance.scope import Scope

# What readers see of the collections, or of those of their documents alone: joined in the statement that reads, so that a flip
# is seen whole or not at all. Its values are those of `shown`.
SHOWN = """
WITH shown AS MATERIALIZED (
    SELECT d.current_id FROM document d
    WHERE d.tenant_id = %(tenant)s AND d.collection_id = ANY (%(collections)s::uuid[]) AND d.current_id IS NOT NULL
      AND (%(documents)s::uuid[] IS NULL OR d.id = ANY (%(documents)s::uuid[]))
)"""

BEFORE = "SET LOCAL enable_seqscan = off;\n"
AFTER = ";\nSET LOCAL enable_seqscan TO DEFAULT"


def shown(
    scope: Scope, collections: Sequence[uuid.UUID], documents: Sequence[uuid.UUID] | None = None
) -> dict[str, Any]:
    return {
        "tenant": scope.tenant,
        "collections": list(collections),
        "documents": None if documents is None else list(documents),
    }


def rows(statement: str, values: Mapping[str, Any], before: str = BEFORE, after: str = AFTER) -> list[tuple[Any, ...]]:
    """In the caller's transaction. `before` and `after` set, and give nothing back."""
    with connection.cursor() as cursor:
        cursor.execute(before + statement.rstrip() + after, values)
        while cursor.description is None:
            cursor.nextset()
        return list(cursor.fetchall())
