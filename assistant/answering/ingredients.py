"""What an answer was made of, as hashes that a replay is held against. They stand in the answer's row, which erasure removes,
and in the record's encrypted words: in clear a hash could be tried against a guess.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from governance.scope import Scope
from inference import prompts
from inference.prompts import Prompt, Turn
from ingestion import catalog
from ingestion.models import Classification
from ingestion.search import Passage, weighing


def digest(*parts: str) -> str:
    """Of texts one after another, each with its length before it: no two lists of texts look alike."""
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


def of(prompt: Prompt, passages: Sequence[Passage], permissions: str) -> dict[str, Any]:
    """`passages` are all that the prompt holds of, those around others too."""
    return {
        "wording": wording(prompt),
        "messages": digest(*(f"{one.role} {one.content}" for one in prompt.messages)),
        "question": digest(prompt.messages[-1].content),
        "history": history(prompt.history),
        "excerpts": [digest(one.title, one.locator, one.text.strip()) for one in prompt.excerpts],
        "passages": [_passage(one) for one in passages],
        "permissions": permissions,
    }


def _passage(one: Passage) -> dict[str, Any]:
    told = {"chunk": str(one.chunk_id), "collection": str(one.collection_id), "sha256": one.content_hash}
    return told | carried(one) | ({"weighs": weighs} if (weighs := weighing.mark(one)) else {})


def carried(one: Passage) -> dict[str, Any]:
    """Under which label's rank it stands, none where there are no labels, and whether its text stays in the house."""
    stays = one.classification == Classification.RESTRICTED
    return {"label": one.label.rank if one.label else None, "stays_home": stays}


def wording(prompt: Prompt) -> str:
    """Of the fixed text that the prompt's version begins with."""
    return digest(prompts.wording(prompts.template(prompt.version)))


def history(turns: Iterable[Turn]) -> str:
    return digest(*(part for turn in turns for part in (turn.question, turn.answer)))


def permissions(scope: Scope, among: Iterable[uuid.UUID] | None) -> str:
    """Of roles, groups and the collections that may be read of those that are searched, or of none where None are."""
    readable = [] if among is None else catalog.readable(scope, among)
    return digest(*sorted(scope.roles), "", *sorted(map(str, scope.groups)), "", *sorted(map(str, readable)))
