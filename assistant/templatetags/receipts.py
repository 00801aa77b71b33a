"""What an answer took, in the words of the portal: where the wait went, and what became of the tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext

from assistant.answering.steps import Step
from assistant.models import Answer
from assistant.replaying import Change, Ingredient

register = template.Library()

LABELS = {
    Step.INPUT_POLICY: noop("Policy on the question"),
    Step.QUEUE: noop("Waiting for a worker"),
    Step.AWAY: noop("Waiting for the model to be back"),
    Step.PREPARING: noop("Rights, quota and earlier turns"),
    Step.UNDERSTANDING: noop("Understanding the question"),
    Step.VECTORS: noop("Search by meaning"),
    Step.WORDS: noop("Search by words"),
    Step.FETCHING: noop("Reading what was found"),
    Step.RANKING: noop("Putting it in order"),
    Step.PASSAGE_POLICY: noop("Policy on the passages"),
    Step.GATE: noop("Weighing whether it suffices"),
    Step.RECORDING: noop("Recording what was found"),
    Step.PROMPT: noop("Choosing sentences and counting the prompt"),
    Step.LINE: noop("Waiting in the model’s line"),
    Step.READING: noop("The model reads the prompt"),
    Step.FIRST_WORDS: noop("Waiting for the model’s first words"),
    Step.WRITING: noop("The model writes"),
    Step.OUTPUT_POLICY: noop("Policy on the answer"),
    Step.CITING: noop("Checking its sources"),
    Step.DELIVERING: noop("Recording and sending"),
    Step.OTHER: noop("Everything else"),
}
WAITING = {Step.QUEUE, Step.AWAY, Step.LINE}
SENDING = {Step.OUTPUT_POLICY, Step.CITING, Step.DELIVERING, Step.OTHER}
MODEL = {Step.READING, Step.FIRST_WORDS}
PHASES = (
    (noop("Waiting"), WAITING),
    (noop("Searching and checking"), set(Step) - SENDING - MODEL - WAITING - {Step.WRITING}),
    (noop("Reading"), MODEL),
    (noop("Writing"), {Step.WRITING}),
    (noop("Checking and sending"), SENDING),
)
SENT = {
    "whole": noop("sent whole, %(sent)s tokens"),
    "trimmed": noop("%(sent)s of %(of)s tokens sent"),
    "widened": noop("sent with what stands around it, %(sent)s tokens"),
    "no_room": noop("not sent: others said more of it (%(of)s tokens)"),
    "window": noop("not sent: the model’s window was full (%(of)s tokens)"),
}

INGREDIENTS = {
    Ingredient.MODEL: noop("The model"),
    Ingredient.ENGINE: noop("The engine that runs it"),
    Ingredient.LANE: noop("The deterministic lane"),
    Ingredient.SAMPLER: noop("How the next word is chosen"),
    Ingredient.PROMPT: noop("The words that every prompt begins with"),
    Ingredient.PASSAGE: noop("The text of a passage, or its document"),
    Ingredient.HISTORY: noop("What was said before"),
    Ingredient.POLICY: noop("The policy"),
    Ingredient.PERMISSION: noop("What you may read"),
    Ingredient.LABEL: noop("A document’s label, or whether its text stays in the house"),
    Ingredient.TEMPLATE: noop("How a prompt is put together"),
    Ingredient.ORDER: noop("What a document counts for, or how fast its collection ages; the order of then is kept"),
    Ingredient.CHECKS: noop("What is let through of the same words"),
}


@dataclass(frozen=True)
class Lap:
    """A part of the way: `left` and `width` are per cent of the whole."""

    label: str
    seconds: float
    left: float
    width: float
    is_longest: bool = False


@dataclass(frozen=True)
class Way:
    seconds: float
    phases: Sequence[Lap]
    steps: Sequence[Lap]

    @property
    def longest(self) -> Lap:
        return next(one for one in self.steps if one.is_longest)


@register.filter
def way(answer: Answer) -> Way | None:
    """Where the wait went; None for an answer of which nothing is known."""
    took = {Step(name): ms for name, ms in answer.times.items() if name in set(Step)}
    if not any(took.values()):
        return None
    phases = [(_(label), sum(took.get(step, 0) for step in steps)) for label, steps in PHASES]
    steps = [(_(LABELS[step]), took[step]) for step in Step if took.get(step)]
    return Way(sum(took.values()) / 1000, _laps(phases), _laps(steps))


@register.filter
def ingredient(change: Change) -> str:
    return _(INGREDIENTS[change.ingredient])


@register.filter
def kept_lines(answer: Answer) -> list[dict[str, Any]]:
    """The passages of the receipt, each with how much of it was `sent` to the model, and its `day` where its age counted."""
    sent = {one["chunk"]: one for one in _usage(answer).get("passages", ())}
    return [
        line | {"sent": _sent(sent.get(line["chunk"])), "day": _day(line.get("dated"))}
        for line in answer.receipt.get("kept", ())
    ]


@register.filter
def tokens_told(answer: Answer) -> list[str]:
    """Sentences."""
    usage = _usage(answer)
    if not usage.get("prompt_tokens"):
        return []
    told = [_("%(read)s read, %(written)s written.") % _read(usage)]
    if parts := usage.get("parts"):
        told.append(
            _("Of those read, passages took %(passages)s, earlier turns %(history)s, the question %(question)s, and what "
              "every prompt holds %(fixed)s.") % parts
        )  # fmt: skip
    if cached := usage.get("cached_tokens"):
        told.append(_("%(cached)s of them the model had in memory still.") % {"cached": cached})
    if dropped := usage.get("dropped"):
        told.append(_("%(dropped)s of the passages were left out.") % {"dropped": dropped})
    if turns := usage.get("turns_dropped"):
        told.append(
            ngettext("%(turns)s earlier turn had no room.", "%(turns)s earlier turns had no room.", turns)
            % {"turns": turns}
        )
    return told


def _laps(parts: Sequence[tuple[str, int]]) -> list[Lap]:
    whole, most, before, laps = sum(ms for _, ms in parts) or 1, max(ms for _, ms in parts), 0, list[Lap]()
    for label, ms in parts:
        is_longest = ms == most and not any(one.is_longest for one in laps)
        laps.append(Lap(label, ms / 1000, 100 * before / whole, 100 * ms / whole, is_longest))
        before += ms
    return laps


def _usage(answer: Answer) -> Mapping[str, Any]:
    told: Mapping[str, Any] = answer.capsule.get("usage") or {}
    return told


def _read(usage: Mapping[str, Any]) -> dict[str, Any]:
    return {"read": usage["prompt_tokens"], "written": usage["completion_tokens"]}


def _day(dated: str | None) -> date | None:
    return date.fromisoformat(dated) if dated else None


def _sent(one: Mapping[str, Any] | None) -> str:
    return _(SENT[one["why"]]) % {"sent": one["sent"], "of": one["of"]} if one and one["why"] in SENT else ""
