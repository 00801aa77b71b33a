"""Where the floor above keeps something of a collection: registered at start, counted and erased with the collection."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from django.db.models import Model, QuerySet

# The rows of one collection, in the tenant's own system transaction.
Rows = Callable[[uuid.UUID], QuerySet[Model]]

_registered: dict[str, Rows] = {}


def register(name: str, rows: Rows) -> None:
    """Under a name for people, such as "questions"; the order of registering is the order of erasing."""
    if _registered.get(name, rows) is not rows:
        raise ValueError(f"the store {name} is registered already")
    _registered[name] = rows


def registered() -> Mapping[str, Rows]:
    return dict(_registered)
