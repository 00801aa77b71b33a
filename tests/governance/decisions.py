"""What tests of access ask: every action on a collection, and Postgres itself."""

from __future__ import annotations

import uuid

from django.db import connection

from governance.roles import GRANT_LEVELS, Level
from governance.scope import Scope

ACTIONS = sorted(GRANT_LEVELS)


def from_postgres(scope: Scope, level: Level) -> set[uuid.UUID]:
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.collections(%s)", [int(level)])
        return {row[0] for row in cursor.fetchall()}
