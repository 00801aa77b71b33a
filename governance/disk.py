"""A disk without room: how it is told, and what is said of it."""

from __future__ import annotations

import errno

from governance.sentence import phrase

NO_ROOM = phrase(
    "There is no room left to store this. Nothing was changed; tell your administrator, and try again later."
)
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))


def is_full(fault: BaseException | None) -> bool:
    """Whether there is no room, or the account that writes may use no more."""
    return isinstance(fault, OSError) and fault.errno in _FULL
