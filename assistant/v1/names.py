"""What a `model` names here.

chancery                an answer from everything that the key may read, with its citations
chancery/<collection>   the same from one collection, by its name or its id
chancery/<assistant>    asked of an assistant that an admin composed, by its name or its id, where no collection is called so
the chat model's name   a turn without documents, where the organisation allows it
the embedder's name     /v1/embeddings
"""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass
from datetime import datetime

from assistant.conversations import assistants
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
    """`kind` is grounded, assistant, model_only or embedding."""

    id: str
    kind: str
    created_at: datetime
    collection: uuid.UUID | None = None
    assistant: uuid.UUID | None = None


@dataclass(frozen=True)
class Target:
    """What a chat with that name is about; no collections are all that may be read."""

    collections: tuple[uuid.UUID, ...] = ()
    is_model_only: bool = False
    assistant: uuid.UUID | None = None


def listed(scope: Scope) -> list[Name]:
    """What this key may use. A model that does not answer at the moment is not among them."""
    tenant = tenants.current(scope)
    names: list[Name] = []
    if access.decide(scope, Action.ASK).allowed:
        names.append(Name(GROUNDED, "grounded", tenant.created_at))
        within = {
            row.name: Name(f"{WITHIN}{row.name}", "assistant", row.created_at, assistant=row.pk)
            for row in assistants.offered(scope)
        }
        within |= {row.name: Name(f"{WITHIN}{row.name}", "grounded", row.created_at, row.pk) for row in readable(scope)}
        names += within.values()
        if tenant.allows_model_only and (model := _chat_model()):
            names.append(Name(model, "model_only", tenant.created_at))
    if access.decide(scope, Action.SEARCH).allowed:
        names.append(Name(runners.embedder().name, "embedding", tenant.created_at))
    return names


def one(scope: Scope, wanted: str) -> Name:
    """Raises NotFound for what is not there, and for what this key may not use."""
    found = next(
        (name for name in listed(scope) if wanted in {name.id, f"{WITHIN}{name.collection or name.assistant}"}), None
    )
    if found is None:
        raise _unknown(wanted)
    return found


def target(scope: Scope, wanted: str) -> Target:
    """What to answer from. Raises NotFound; Unavailable where only the model could tell whether the name is its own."""
    if wanted == GROUNDED:
        return Target()
    if wanted.startswith(WITHIN):
        return _within(scope, wanted)
    model = _chat_model()
    if model == wanted:
        return Target(is_model_only=True)
    if model is None and wanted != runners.embedder().name:
        raise Unavailable(f"The model does not answer at the moment. {_choice()}")
    raise _unknown(wanted)


def _within(scope: Scope, wanted: str) -> Target:
    named = wanted.removeprefix(WITHIN)
    found = {row.name: Target(assistant=row.pk) for row in assistants.offered(scope)}
    by_id = {str(target.assistant): target for target in found.values()}
    if named.lower() in by_id:
        return by_id[named.lower()]
    with contextlib.suppress(ValueError):
        collection = uuid.UUID(named)
        access.require(scope, Action.COLLECTION_READ, collection)
        return Target((collection,))
    found |= {row.name: Target((row.pk,)) for row in readable(scope)}
    if named not in found:
        raise _unknown(wanted)
    return found[named]


def readable(scope: Scope) -> list[Collection]:
    """The collections whose documents this scope may read, by name."""
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
