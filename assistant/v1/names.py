"""What a `model` names here.

chancery                an answer from everything that the key may read, with its citations
chancery/<collection>   the same from one collection, by its name or its id
the chat model's name   a turn without documents, where the organisation allows it
the embedder's name     /v1/embeddings
"""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass
from datetime import datetime

from governance import access, tenants
from governance.access import Decision, NotVisible
from governance.actions import Action
from governance.errors import NotFound, Unavailable
from governance.scope import Scope
from inference import runners
from ingestion import catalog
from ingestion.models import Collection

GROUNDED = "chancery"
WITHIN = f"{GROUNDED}/"


@dataclass(frozen=True)
class Name:
    """`kind` is grounded, model_only or embedding."""

    id: str
    kind: str
    created_at: datetime
    collection: uuid.UUID | None = None


@dataclass(frozen=True)
class Target:
    """What a chat with that name is about; no collections are all that may be read."""

    collections: tuple[uuid.UUID, ...] = ()
    is_model_only: bool = False


def listed(scope: Scope) -> list[Name]:
    """What this key may use. A model that does not answer at the moment is not among them."""
    tenant = tenants.current(scope)
    names: list[Name] = []
    if access.decide(scope, Action.ASK).allowed:
        names.append(Name(GROUNDED, "grounded", tenant.created_at))
        names += [Name(f"{WITHIN}{row.name}", "grounded", row.created_at, row.pk) for row in _readable(scope)]
        if tenant.allows_model_only and (model := _chat_model()):
            names.append(Name(model, "model_only", tenant.created_at))
    if access.decide(scope, Action.SEARCH).allowed:
        names.append(Name(runners.embedder().name, "embedding", tenant.created_at))
    return names


def one(scope: Scope, wanted: str) -> Name:
    """Raises NotFound for what is not there, and for what this key may not use."""
    found = next((name for name in listed(scope) if wanted in {name.id, f"{WITHIN}{name.collection}"}), None)
    if found is None:
        raise _unknown(wanted)
    return found


def target(scope: Scope, wanted: str) -> Target:
    """What to answer from. Raises NotFound; Unavailable where only the model could tell whether the name is its own."""
    if wanted == GROUNDED:
        return Target()
    if wanted.startswith(WITHIN):
        return Target((_collection(scope, wanted),))
    model = _chat_model()
    if model == wanted:
        return Target(is_model_only=True)
    if model is None and wanted != runners.embedder().name:
        raise Unavailable(f"The model does not answer at the moment. {_choice()}")
    raise _unknown(wanted)


def _collection(scope: Scope, wanted: str) -> uuid.UUID:
    named = wanted.removeprefix(WITHIN)
    with contextlib.suppress(ValueError):
        by_id = uuid.UUID(named)
        access.require(scope, Action.COLLECTION_READ, by_id)
        return by_id
    for row in _readable(scope):
        if row.name == named:
            return row.pk
    raise _unknown(wanted)


def _readable(scope: Scope) -> list[Collection]:
    rows = catalog.listed(scope)
    reads = access.visible(scope, Action.COLLECTION_READ, [row.pk for row in rows])
    return [row for row in rows if row.pk in reads]


def _unknown(wanted: str) -> NotFound:
    """The same for what is not there and what is not theirs. It goes on the record without the name, which is a text."""
    message = f"There is no model of this name that you may use. {_choice()}"
    return NotVisible(message, Decision(False, Action.ASK, "no model of that name, or not theirs to use"))


def _choice() -> str:
    return f"Use {GROUNDED}, or one that /v1/models lists."


def _chat_model() -> str | None:
    state = runners.chat().probe()
    return state.model if state.is_ready else None
