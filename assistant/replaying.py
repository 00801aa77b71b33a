"""An answer written again from its capsule, and held against what was delivered then.

In the deterministic lane of a model worker the same ingredients give the same bytes. So where an answer was produced there and
nothing has changed, its replay is identical; elsewhere the comparison names each ingredient that is no longer what it was.
Access is asked anew, by the rights of whoever asked as they are now: what they may not see any more is not read.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import connection

from assistant import conversations, models
from assistant.answering import checking, delivery, ingredients, outcomes, prompting, quotations, remaking
from assistant.answering.checking import Checked
from assistant.answering.holding import Holding
from assistant.answering.remaking import Remade
from assistant.models import Status
from governance import quotas, tenants
from governance.audit import events, health
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Unavailable
from governance.policy.engine import Verdict
from governance.policy.rules import Stage
from governance.policy.streaming import Gate, Piece
from governance.scope import Scope
from inference import runners
from inference.runners.base import ChatRequest, RunnerState
from inference.runners.speech import Speech
from ingestion.models import Strictness

LONGEST_S = 600.0


class Ingredient(StrEnum):
    MODEL = "model"
    ENGINE = "engine"
    LANE = "lane"
    SAMPLER = "sampler"
    PROMPT = "prompt"  # the words that its version begins with
    PASSAGE = "passage"
    HISTORY = "history"
    POLICY = "policy"
    PERMISSION = "permission"
    LABEL = "label"  # a document's, or whether its text stays in the house
    TEMPLATE = "template"  # how a prompt is put together of the same parts
    ORDER = "order"  # what a document counts for, or how fast its collection ages
    CHECKS = "checks"  # what is let through of the same words


@dataclass(frozen=True)
class Change:
    """What an ingredient was and what it is, where that can be said in a line."""

    ingredient: Ingredient
    then: str = ""
    now: str = ""


@dataclass(frozen=True)
class Replayed:
    """`then` and `now` are the two texts, as they were delivered and as they would be. `was_promised` says that they have to
    be the same: it was answered in the deterministic lane, and nothing has changed. Of an answer that the check stopped, then
    and now, nobody knows the lane.
    """

    then: str
    now: str
    changed: tuple[Change, ...]
    lane: str

    @property
    def is_identical(self) -> bool:
        return self.then.encode() == self.now.encode()

    @property
    def was_promised(self) -> bool:
        return not self.changed and bool(self.lane)

    def as_json(self) -> dict[str, Any]:
        return {
            "is_identical": self.is_identical,
            "was_promised": self.was_promised,
            "changed": [{"ingredient": str(one.ingredient), "then": one.then, "now": one.now} for one in self.changed],
            "lane": self.lane,
            "then": self.then,
            "now": self.now,
        }


@dataclass
class Rehearsal(delivery.Delivery):
    """What would leave, and does not."""

    said: list[str] = field(default_factory=list)

    def end(self) -> None:
        """Raises as `send` does: it may have taken long since it was asked last."""
        self.asked_at = 0.0
        self._ask_again()

    def send(self, piece: Piece, checked: Checked | None = None) -> None:
        self._ask_again()
        self.said.append((checked or checking.check(piece.text, self.passages)).text)

    def withhold(self, text: str, why: str) -> None:
        """It is forgotten."""

    def _refuse(self, verdict: Verdict) -> None:
        """It was quoted to nobody."""


def replay(scope: Scope, answer: uuid.UUID) -> Replayed:
    """One's own answer. Takes as long as an answer, alone at the model, and counts towards the quota as one.

    Raises NotFound; Conflict where there is nothing to run again; QuotaSpent, Busy, Unavailable.
    """
    row, number = conversations.answer_of(scope, answer), uuid.uuid4()
    if row.status != Status.ANSWERED or "ingredients" not in row.capsule:
        raise Conflict("Only an answer that was written to its end, and whose ingredients were kept, can be run again.")
    with scope.transaction():
        health.require(scope, tenants.current(scope))
    model = row.model or quotas.USUAL
    read = row.capsule["usage"]["prompt_tokens"]  # it is told the same again, or nearly
    quotas.reserve(scope, number, row.max_tokens, read, seconds=LONGEST_S, model=model)
    begun, rehearsal = time.monotonic(), Rehearsal(scope, row.pk, number)
    try:
        remade, runner = remaking.remake(scope, row), runners.chat(row.model)
        state = runner.probe()
        rehearsal.passages, rehearsal.policy = remade.shown, remade.policy
        speech = _run(row, remade, state, rehearsal)
        said = "".join(rehearsal.said)
        then = "".join(segment.text for segment in row.segments.all())
        changed = tuple(_changes(row, remade, state, speech, is_same=then == said))
        found = Replayed(then, said, changed, speech.lane if speech else "")
        _record(scope, answer, found, rehearsal.used.tokens)
    finally:
        used = rehearsal.used
        quotas.settle(scope, number, used.written, used.read, seconds=time.monotonic() - begun if used.tokens else 0)
    return found


def _run(row: models.Answer, remade: Remade, state: RunnerState, rehearsal: Rehearsal) -> Speech | None:
    if remade.prompt is None:
        return None
    rehearsal.place = remade.place
    gate = Gate(remade.policy.applying(rehearsal.place), stamp=remade.policy.stamp, place=rehearsal.place)
    kept = row.capsule["ingredients"]["quotes"]
    near = prompting.near(kept["index"], remade.hits)
    question, strictness = kept["question"], Strictness(kept["strictness"])
    holding = Holding(rehearsal, lambda: quotations.instead(question, remade.hits, near), strictness)
    request = ChatRequest(
        messages=remade.prompt.messages,
        max_tokens=prompting.longest(row, state),
        share=f"{rehearsal.scope.tenant}/{rehearsal.scope.person}",
        cache=str(rehearsal.token),  # nobody is spared the reading of it
        **(row.sampler | {"is_deterministic": True}),
    )
    speech = _heard(row, request, rehearsal, holding, gate)
    if gate.blocked is None:
        if speech.finish in outcomes.BROKEN_OFF:
            raise Unavailable("The model broke off before its end, so there is nothing to compare. Try again.")
        said = holding.end()
        if kept.get("adds") and not said:
            holding.add(lambda passage, text: quotations.left_out(question, passage, text, near))
    rehearsal.end()
    return speech


def _heard(row: models.Answer, request: ChatRequest, rehearsal: Rehearsal, holding: Holding, gate: Gate) -> Speech:
    with runners.chat(row.model).stream(request) as handle:
        connection.close()  # it takes long: somebody else may have the connection meanwhile
        read = row.capsule["usage"]["prompt_tokens"]
        speech, late = Speech(handle, request.stop, read), threading.Timer(LONGEST_S, handle.cancel)
        late.daemon = True
        late.start()
        try:
            with rehearsal.counting(speech):
                for text, is_last in speech:
                    if not holding.let_through(gate, text, is_last=is_last):
                        return speech
        finally:
            late.cancel()
        if handle.is_cancelled:
            raise Unavailable("It took too long to be run again. Try when fewer people ask.")
    return speech


def _changes(
    row: models.Answer, remade: Remade, state: RunnerState, speech: Speech | None, *, is_same: bool
) -> list[Change]:
    """In the order in which one would look."""
    then, now = row.capsule["ingredients"], remade.made
    given = _of_what_is_given(row, remade)
    found = _of_the_machine(row, state, speech) + given
    if remade.prompt is not None:
        found += _of_the_prompt(row, remade, remade.prompt.version, is_explained=_explains(given, remade))
    elif remade.since.is_other_text:
        found.append(Change(Ingredient.PASSAGE))
    if speech and not is_same and not found:
        found += _of_the_words(row, speech)
    if _is_weighed_otherwise(then["passages"], now.get("passages", ())):
        found.append(Change(Ingredient.ORDER))  # the last: it explains no other text, for the order of then is kept
    return found


def _of_what_is_given(row: models.Answer, remade: Remade) -> list[Change]:
    """By what the person reads, and by what the model is given of that."""
    before, after, found = row.capsule["policy"], remade.policy.stamp.as_json(), list[Change]()
    if before != after:
        found.append(Change(Ingredient.POLICY, _stamp(before), _stamp(after)))
    if remade.since.is_kept_back or row.capsule["ingredients"]["permissions"] != remade.made["permissions"]:
        found.append(Change(Ingredient.PERMISSION))
    if remade.since.labels is not None:
        found.append(Change(Ingredient.LABEL, *remade.since.labels))
    if remade.since.is_withheld and not found:
        found.append(Change(Ingredient.CHECKS))
    return found


def _explains(given: Sequence[Change], remade: Remade) -> bool:
    """Whether other excerpts of the same passages are no wonder. A label makes none where no rule for passages asks for it."""
    named = {one.ingredient for one in given}
    if remade.since.is_withheld or named & {Ingredient.POLICY, Ingredient.PERMISSION}:
        return True
    return Ingredient.LABEL in named and remade.policy.asks_for_labels(Stage.PASSAGE)


def _of_the_prompt(row: models.Answer, remade: Remade, version: str, *, is_explained: bool) -> list[Change]:
    then, now, found = row.capsule["ingredients"], remade.made, list[Change]()
    if remade.since.is_other_text or (then["excerpts"] != now["excerpts"] and not is_explained):
        found.append(Change(Ingredient.PASSAGE))
    if then["wording"] != now["wording"]:
        found.append(Change(Ingredient.PROMPT, row.capsule["prompt"], version))
    if then["history"] != now["history"]:
        found.append(Change(Ingredient.HISTORY))
    if then["messages"] != now["messages"] and not found and not is_explained:
        found.append(Change(Ingredient.TEMPLATE))
    return found


def _of_the_words(row: models.Answer, speech: Speech) -> list[Change]:
    """Where nothing else has changed. By what a lane reckons is told at the end: a model that was stopped before told nothing."""
    if ingredients.digest(speech.written) == row.capsule["ingredients"]["written"]:
        return [Change(Ingredient.CHECKS)]
    return [] if speech.finish else [Change(Ingredient.LANE, row.capsule.get("lane", ""))]


def _is_weighed_otherwise(then: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> bool:
    before = {one["chunk"]: one.get("weighs", "") for one in then}
    return any(before.get(one["chunk"], "") != one.get("weighs", "") for one in now)


def _of_the_machine(row: models.Answer, state: RunnerState, speech: Speech | None) -> list[Change]:
    capsule, found = row.capsule, list[Change]()
    model = capsule["model"]
    if (model["name"], model["sha256"]) != (state.model, state.sha256):
        found.append(Change(Ingredient.MODEL, _model(model), _model({"name": state.model, "sha256": state.sha256})))
    if (model["engine"], model["build"]) != (state.engine, state.build):
        found.append(Change(Ingredient.ENGINE, f"{model['engine']} {model['build']}", f"{state.engine} {state.build}"))
    lane = speech.lane if speech and speech.finish else capsule.get("lane", "")
    if (not lane or capsule.get("lane", "") != lane) and not _is_stopped_alike(row, speech):
        found.append(Change(Ingredient.LANE, capsule.get("lane", ""), lane))
    now = {"temperature": 0.0, "seed": 0} | row.sampler | {"max_tokens": prompting.longest(row, state)}
    now |= {"beside": state.beside} if state.beside else {}
    left_out = speech.left_out if speech and speech.finish else capsule.get("left_out", ())
    now = {name: value for name, value in now.items() if name not in {"is_deterministic", *left_out}}
    if now != capsule["sampler"]:
        found.append(Change(Ingredient.SAMPLER, _sampler(capsule["sampler"]), _sampler(now)))
    return found


def _is_stopped_alike(row: models.Answer, speech: Speech | None) -> bool:
    """Whether the check stopped a model that was asked in the lane at the same words, then and now: it told of none."""
    if speech is None or speech.finish or row.capsule["finish"] or "is_deterministic" not in row.sampler:
        return False
    then: str = row.capsule["ingredients"]["written"]
    return ingredients.digest(speech.written) == then


def _model(told: Mapping[str, str]) -> str:
    return f"{told['name']} {told['sha256'][:12]}".strip()


def _stamp(told: Mapping[str, Any]) -> str:
    return f"{told['version']} {told['sha256'][:12]}"


def _sampler(told: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {str(value)[:12] if name == 'beside' else value}" for name, value in sorted(told.items()))


def _record(scope: Scope, answer: uuid.UUID, found: Replayed, used: int) -> None:
    """Before anybody sees it."""
    facts = {
        "is_identical": found.is_identical,
        "was_promised": found.was_promised,
        "changed": [str(one.ingredient) for one in found.changed],
        "lane": found.lane,
        "tokens": used,
    }
    with scope.transaction():
        events.record(scope, Event.ANSWER_REPLAYED, interaction=answer, facts=facts, payload={"text": found.now})
