"""An answer's prompt put together once more, from its capsule and from what its person may read today."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant import models
from assistant.answering import asking, history, ingredients, prompting, retrieval
from assistant.answering.trimming import GAP
from assistant.conversations import attachments
from assistant.conversations.brought import Brought
from governance import labels
from governance.policy import versions
from governance.policy.rules import Place, Policy
from governance.scope import Scope
from inference import prompts
from ingestion import catalog, search
from ingestion.documents import restrictions
from ingestion.search import Passage


@dataclass(frozen=True)
class Since:
    """What has become of the passages that an answer was made of, as far as its person may know. Of a document that is kept
    from them nothing else is told: neither what it says by now nor its label. `labels` are those under which passages stood
    and stand that carry another one, or may leave the house otherwise.
    """

    is_kept_back: bool  # one is of a document that is narrower than its person by now
    is_other_text: bool  # one that might be read says something else now, or is gone
    is_withheld: bool  # one may be read and says what it said, and the model is not given it any more
    labels: tuple[str, str] | None


@dataclass(frozen=True)
class Remade:
    """`shown` are the passages that may be cited, `hits` those of them that were found. `prompt` is None where none of what it
    stood on may be read, or given to the model, any more.
    """

    prompt: prompts.Prompt | None
    shown: list[Passage]
    hits: list[Passage]
    policy: Policy
    made: dict[str, Any]
    since: Since
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
        hidden = frozenset(restrictions.hidden(scope))
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
    return Remade(whole, hits + near, hits, policy, made, _since(scope, row, found, hidden, read), place)


def _since(
    scope: Scope,
    row: models.Answer,
    found: Mapping[uuid.UUID, Passage],
    hidden: Collection[uuid.UUID],
    read: Collection[uuid.UUID],
) -> Since:
    """`hidden` are documents, `read` the passages that the model is given."""
    of = _documents(row)
    then = {uuid.UUID(one["chunk"]): one for one in row.capsule["ingredients"]["passages"]}
    theirs = {chunk: one for chunk, one in then.items() if of.get(chunk) not in hidden}
    same = {chunk for chunk, one in theirs.items() if chunk in found and found[chunk].content_hash == one["sha256"]}
    return Since(
        is_kept_back=len(theirs) < len(then),
        is_other_text=_is_readable(scope, [one for chunk, one in theirs.items() if chunk not in same]),
        is_withheld=not same.issubset(read),
        labels=_labels(scope, [(one, found[chunk]) for chunk, one in theirs.items() if chunk in found]),
    )


def _documents(row: models.Answer) -> dict[uuid.UUID, uuid.UUID]:
    """By passage. What stands around one that was found is of the same document."""
    of = {one["chunk"]: uuid.UUID(one["document"]) for one in row.passages}
    return {uuid.UUID(part): of[one["chunk"]] for one in row.capsule["sent"] for part in _chunks(one)}


def _is_readable(scope: Scope, passages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether any collection of theirs is: what lies in one that may no longer be read is not asked after."""
    shelves = {uuid.UUID(one["collection"]) for one in passages}
    return bool(shelves) and not shelves.isdisjoint(catalog.readable(scope, shelves))


def _labels(scope: Scope, passages: Sequence[tuple[Mapping[str, Any], Passage]]) -> tuple[str, str] | None:
    """By the names of today, the lowest first; empty where it is the same one. Of what was kept without them nothing is known."""
    known = [(then, now) for then, now in passages if "label" in then]
    other = [(then, now) for then, now in known if not ingredients.carried(now).items() <= then.items()]
    if not other:
        return None
    names = dict(enumerate(labels.listed(scope)))
    before = [names.get(rank, "") for rank in sorted({then["label"] for then, _ in other} - {None})]
    after = [mark.name for mark in sorted({now.label for _, now in other if now.label is not None})]
    return ("", "") if before == after else (", ".join(before), ", ".join(after))


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
