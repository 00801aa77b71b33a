"""What rows that access rests on said at a moment, as Postgres remembers it, and their values as they were."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from governance import models


def rows(kind: str, moment: datetime) -> QuerySet[models.AccessHistory]:
    """What rows of a table said at a moment. In the caller's transaction."""
    there = Q(ended_at=None) | Q(ended_at__gt=moment)
    return models.AccessHistory.objects.filter(there, kind=kind, since__lte=moment)


def identifier(said: Any) -> uuid.UUID | None:
    return uuid.UUID(said) if said else None


def end(said: Any) -> datetime | None:
    return time(said) if said else None


def time(said: str) -> datetime:
    found = parse_datetime(said)
    if found is None:
        raise ValueError(said)
    return found
