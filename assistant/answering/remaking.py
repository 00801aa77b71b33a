"""An answer's prompt put together once more, from its capsule and from what its person may read today."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant import models
from assistant.answering import asking, history, ingredients, prompting, retrieval
from assistant.answering.trimming import GAP
from assistant.conversations import attachments
from assistant.conversations.brought import Brought
from governance.policy import versions
from governance.policy.rules import Place, Policy
from governance.scope import Scope
from inference import prompts
from ingestion import catalog, search
from ingestion.search import Passage


@dataclass(frozen=True)
class Remade:
    """`shown` are the passages that may be cited, `hits` those of them that were found. `prompt` is None where none of what it
    stood on may be read any more.
    """

    prompt: prompts.Prompt | None
    shown: list[Passage]
    hits: list[Passage]
    policy: Policy
    made: dict[str, Any]
    is_other_text: bool  # a passage that might be read says something else now, or is gone
    place: Place  # where what is written from it is judged


def remake(scope: Scope, row: models.Answer) -> Remade:
    """`scope` is that of whoever asked, as it is now. What they may not see any more is not read."""
    with scope.transaction():
        policy = versions.in_force(scope)
        among = () if row.is_model_only else attachments.searched(scope, row)
        permissions = ingredients.permissions(scope, None if row.is_model_only else among)
        past = history.of(scope, row)
        turns = past.turns[row.capsule["usage"].get("turns_dropped", 0) :]
        place = asking.place(scope, row)
        found = search.again(scope, [uuid.UUID(one) for sent in row.capsule["sent"] for one in _chunks(sent)])
    read = retrieval.judged_again(place, policy, row.model, list(found.values()))
    scored = {one["chunk"]: {"score": one["score"], "dense": round(1 - one["distance"], 4)} for one in row.passages}
    sent = [one for one in row.capsule["sent"] if uuid.UUID(one["chunk"]) in read]
    hits = [replace(read[uuid.UUID(one["chunk"])], **scored.get(one["chunk"], {})) for one in sent]
    around = [read[uuid.UUID(part)] for one in sent for part in _chunks(one) if uuid.UUID(part) in read]
    near = [one for one in around if one.chunk_id not in {hit.chunk_id for hit in hits}]
    texts = [_text(one, hit, read) for one, hit in zip(sent, hits, strict=True)]
    excerpts = [
        prompting.excerpt(number, hit, text) for number, (hit, text) in enumerate(zip(hits, texts, strict=True), 1)
    ]
    whole = None if row.capsule["sent"] and not sent else _prompt(row, excerpts, turns)
    made = ingredients.of(whole, hits + near, permissions) if whole else {"permissions": permissions}
    place = asking.of_answer(place, hits + near, past.label)
    return Remade(whole, hits + near, hits, policy, made, _is_other_text(scope, row, found), place)


def _is_other_text(scope: Scope, row: models.Answer, found: Mapping[uuid.UUID, Passage]) -> bool:
    """What lies in a collection that may no longer be read is not asked after."""
    now = {str(chunk): one.content_hash for chunk, one in found.items()}
    gone = [one for one in row.capsule["ingredients"]["passages"] if now.get(one["chunk"]) != one["sha256"]]
    if not gone:
        return False
    shelves = {uuid.UUID(one["collection"]) for one in gone}
    return not shelves.isdisjoint(catalog.readable(scope, shelves))


def _chunks(sent: Mapping[str, Any]) -> list[str]:
    """In the order in which they stand in the document."""
    around: list[str] = sent.get("around") or [sent["chunk"]]
    return around


def _text(sent: Mapping[str, Any], hit: Passage, read: Mapping[uuid.UUID, Passage]) -> str:
    if "around" in sent:
        return "\n\n".join(read[uuid.UUID(one)].text for one in sent["around"] if uuid.UUID(one) in read)
    return GAP.join(hit.text[start:end] for start, end in sent["places"])


def _prompt(row: models.Answer, excerpts: Sequence[prompts.Excerpt], turns: Sequence[prompts.Turn]) -> prompts.Prompt:
    """By the version of then, or today's where that is gone."""
    instruction = Brought.kept(row.brought).instruction
    if row.is_model_only:
        return prompts.model_only(row.question, turns, instruction=instruction)
    wanted = prompts.template(row.capsule["prompt"])
    version = wanted if wanted in prompts.versions() else prompts.DEFAULT
    return prompts.answer(row.question, excerpts, turns, instruction=instruction, version=version)
