"""Who may be spared the reading of what a model has read for somebody else: those alone who may read the same."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable

from governance.scope import Scope
from ingestion import catalog
from ingestion.documents import restrictions


def key(scope: Scope, searched: Iterable[uuid.UUID], *, is_model_only: bool) -> str:
    """Equal for people of one tenant who may read the same documents; without documents, each person's own.

    What is attached to a conversation is read by one person alone: it counts where it is among what is `searched`.
    How long an answer takes tells whether its beginning was read before. So nobody shares with another who may read
    more, or less.
    """
    parts = [str(scope.tenant)]
    if is_model_only:
        parts.append(str(scope.person))
    else:
        parts += [*sorted(map(str, catalog.readable(scope, searched))), "but", *map(str, restrictions.hidden(scope))]
    return hashlib.sha256("/".join(parts).encode()).hexdigest()
