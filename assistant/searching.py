"""Looking passages up for a program: the same search as an answer's, recorded, without what no model may be shown."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from governance import access
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.scope import Scope
from ingestion import understanding
from ingestion.search import Passage
from ingestion.understanding import Turn, Understood


def find(
    scope: Scope,
    query: str,
    collections: Sequence[uuid.UUID] = (),
    limit: int = 8,
    *,
    earlier: Sequence[Turn] = (),
    without: Collection[str] = (),
) -> tuple[list[Passage], Understood]:
    """Best first. `earlier` are the turns before, `without` parts of the understanding to leave out.

    Raises Forbidden, NotFound for a collection that may not be read, InvalidInput, Unavailable.
    """
    access.require(scope, Action.SEARCH)
    found, understood = understanding.passages(scope, query, collections, limit, earlier=earlier, off=without)
    # What gave orders as it came in goes to no model, and what asks here may be one.
    held = {str(passage.chunk_id) for passage in found.passages if passage.is_quarantined}
    facts = found.as_facts(collections)
    facts["withheld"] = [one | {"why": "quarantine"} for one in facts["passages"] if one["chunk"] in held]
    facts["passages"] = [one for one in facts["passages"] if one["chunk"] not in held]
    events.record(scope, Event.SEARCHED, facts=facts, payload={"query": query, "understood": understood.as_json()})
    return [passage for passage in found.passages if not passage.is_quarantined], understood
