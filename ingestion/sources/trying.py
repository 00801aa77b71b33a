"""Settings of a source tried out, before they are kept or afterwards."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from governance.audit import events
from governance.audit.vocabulary import Event
from governance.scope import Scope
from ingestion import catalog, connectors
from ingestion.connectors.base import ConnectorFault
from ingestion.sources import credentials, drafts, grounds, registry
from ingestion.sources.drafts import Draft

SECONDS = 20.0


@dataclass(frozen=True)
class Tried:
    """What came of trying the settings; `said` and `remedy` are for whoever wrote them."""

    is_good: bool
    said: str
    remedy: str = ""


def attempt(scope: Scope, collection: uuid.UUID, draft: Draft, source: uuid.UUID | None = None) -> Tried:
    """Try the settings, without keeping them; of a source that is there with its own secrets where none are written.

    Raises NotFound, Forbidden, InvalidInput.
    """
    registry.require(scope, collection)
    ground = grounds.of(scope)
    draft = drafts.checked(replace(draft, name=draft.name.strip() or draft.kind), ground)
    secrets, settings = dict(draft.secrets), dict(draft.settings)
    if source is not None:
        with scope.transaction():
            row = registry.found(collection, source)
        secrets, settings = (
            registry.opened(row, draft),
            settings | {name: value for name, value in credentials.told(row).items() if name not in settings},
        )
    ground = replace(ground, item_seconds=SECONDS, list_seconds=SECONDS)
    try:
        with connectors.connector(draft.kind, settings, secrets, ground) as place:
            tried = Tried(True, place.probe())
    except ConnectorFault as fault:
        tried = Tried(False, fault.message, fault.remedy)
    facts = {"collection": collection, "kind": draft.kind, "is_good": tried.is_good}
    with scope.transaction():
        events.record(scope, Event.SOURCE_TESTED, resource=(catalog.KIND, collection), facts=facts)
    return tried
