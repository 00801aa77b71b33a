"""A tenant as a support person sees it first: its settings and how it is, in numbers, and which collections were opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from governance.support import looks
from governance.support.looks import Opened, Settings
from ingestion.documents import supported
from ingestion.documents.supported import Shelf


@dataclass(frozen=True)
class Count:
    """Documents by how their last upload stands, answers of the last day by how they ended, sources by their state."""

    kind: str
    status: str
    code: str
    amount: int
    latest: datetime | None


@dataclass(frozen=True)
class Sight:
    settings: Settings
    health: list[Count]
    shelves: list[Shelf]


def sight(opened: Opened) -> Sight:
    """One look. Raises NotFound once it is over."""
    with opened.scope.transaction():
        settings = looks.settings(opened)
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM chancery.support_health()")
            health = [Count(*row) for row in cursor.fetchall()]
        return Sight(settings, health, supported.shelves(opened))
