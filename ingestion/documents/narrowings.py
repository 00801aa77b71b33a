"""That something of what narrows a tenant's documents has changed, for whoever watches many readers: not what, nor for whom."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import connection


def marks(tenants: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Of what is restricted, who is named, and of labels and clearances: another mark says that one of them is another now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant, mark FROM chancery.narrowings(%s)", [list(tenants)])
        return dict(cursor.fetchall())
