"""Where something of a person is kept, and how it is removed there: a port that every floor registers itself at.

The ground knows of accounts and rights; what stands above it registers its own stores at start. Whoever adds a table, a key
or a file that holds something of a person registers it here, and the certificate of an erasure lists it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from governance.scope import Scope

# Called inside the tenant's own system transaction, once or more often. Returns how much of what was removed: {"answers": 3}.
# What it removes outside of Postgres it removes at once: a transaction that fails after it is tried again.
Erase = Callable[[Scope, uuid.UUID], Mapping[str, int]]

_registered: dict[str, Erase] = {}


def register(name: str, erase: Erase) -> None:
    """Under a name for people, such as "conversations"; the order of registering is the order of erasing."""
    if _registered.get(name, erase) is not erase:
        raise ValueError(f"the store {name} is registered already")
    _registered[name] = erase


def registered() -> Mapping[str, Erase]:
    return dict(_registered)
