"""Where the floor above keeps something that speaks of documents: registered at start, and told which of them are erased."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

# In the transaction that erases them, while their rows are still there.
Told = Callable[[Sequence[uuid.UUID]], None]

_registered: dict[str, Told] = {}


def register(name: str, told: Told) -> None:
    """Under a name for people, such as "question sets"."""
    if _registered.get(name, told) is not told:
        raise ValueError(f"the store {name} is registered already")
    _registered[name] = told


def tell(documents: Sequence[uuid.UUID]) -> None:
    for told in _registered.values():
        told(documents)
