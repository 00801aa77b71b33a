"""Collections and assistants as a model names them: by the name that it was told, or by the id."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from assistant.conversations import assistants
from assistant.v1 import names
from governance.access import Decision, NotVisible
from governance.actions import Action
from governance.scope import Scope


def chosen(scope: Scope, named: Sequence[str]) -> list[uuid.UUID]:
    """Raises NotFound, which says the same of what is not there and of what is not theirs."""
    if not named:
        return []
    rows = names.readable(scope)
    known = {row.name: row.pk for row in rows} | {str(row.pk): row.pk for row in rows}
    return list(dict.fromkeys(_one(known, name) for name in named))


def assistant(scope: Scope, named: str) -> uuid.UUID | None:
    """One that the caller finds; None where none is named. Raises NotFound, in the same words for what is not theirs."""
    if not named.strip():
        return None
    wanted = " ".join(named.split())
    for row in assistants.offered(scope):
        if wanted in (row.name, str(row.pk)):
            return row.pk
    decision = Decision(False, Action.ASK, "no assistant of that name, or not for them")
    raise NotVisible("There is no assistant of this name for you. list_assistants names them.", decision)


def _one(known: dict[str, uuid.UUID], name: str) -> uuid.UUID:
    found = known.get(" ".join(name.split()))
    if found is None:
        # On the record without the name, which is a text.
        decision = Decision(False, Action.COLLECTION_READ, "no collection of that name, or not theirs to read")
        raise NotVisible(
            "There is no collection of this name that you may read. list_collections names them.", decision
        )
    return found
