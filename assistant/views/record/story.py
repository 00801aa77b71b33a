"""The events of one interaction, told as one story: asked, judged, searched, answered, ended; with times.

It computes only, from what the record gave out: masked events, and words while they are open.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from governance.audit.interactions import Interaction
from governance.audit.rows import Opened, Recorded
from governance.audit.vocabulary import Event

SHOWN_APART = {"text", "written", "receipt", "withheld", "citations"}
NAMES = {"reason": noop("Reason"), "case": noop("Case"), "sampler": noop("Settings that came with it")}
# Of an answer's way, and where each part of it ends.
PHASES = ("search", "first words", "writing")
LOOKS = {
    Event.RECORD_OPENED, Event.RECORD_CLOSED, Event.RECORD_READ, Event.OPENING_ASKED, Event.OPENING_APPROVED,
    Event.OPENING_DECLINED, Event.CASE_CHANGED,
}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """One event of the story, with its words where they are open."""

    event: Recorded
    after_s: float  # since the question came
    words: Opened | None = None

    @property
    def payload(self) -> Mapping[str, Any]:
        return (self.words.payload or {}) if self.words else {}

    @property
    def rest(self) -> list[tuple[str, str]]:
        """What came beside the text: turns, an instruction and settings of a client's own, a case's number."""
        shown = {name: value for name, value in self.payload.items() if name not in SHOWN_APART}
        return [
            (
                _(NAMES.get(name, name)),
                said if isinstance(said, str) else json.dumps(said, ensure_ascii=False, indent=2),
            )
            for name, said in shown.items()
        ]

    @property
    def is_erased(self) -> bool:
        return bool(self.words and self.words.is_erased)


@dataclass(frozen=True)
class Phase:
    """A part of the way, in seconds, and as percent of the whole for the plot."""

    name: str
    seconds: float
    left: float
    width: float


@dataclass(frozen=True)
class Passage:
    """What the model was given of one passage: never its text, which the record does not keep twice."""

    rank: int
    chunk: str
    document: str
    sha256: str
    score: float | None
    name: str  # empty while it is masked
    is_withheld: bool
    why: str = ""
    markers: Sequence[int] = ()


@dataclass
class Story:
    asked: Told | None = None
    input_verdicts: list[Told] = field(default_factory=list)
    passage_verdicts: list[Told] = field(default_factory=list)
    output_verdicts: list[Told] = field(default_factory=list)
    retrieval: Told | None = None
    passages: list[Passage] = field(default_factory=list)
    segments: list[Told] = field(default_factory=list)
    withheld: list[Told] = field(default_factory=list)  # written, and never sent
    between: list[Told] = field(default_factory=list)  # stopped, asked again, feedback
    end: Told | None = None
    looks: list[Told] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    total_s: float = 0.0

    @property
    def status(self) -> str:
        return str(self.end.event.facts.get("status", "")) if self.end else ""

    @property
    def capsule(self) -> Mapping[str, Any]:
        facts = self.end.event.facts if self.end else {}
        return {
            name: facts[name]
            for name in ("policy", "prompt", "model", "sampler", "left_out", "access", "finish", "usage")
            if name in facts
        }

    @property
    def has_trouble_in_passages(self) -> bool:
        return any(told.event.facts.get("action") != "allow" for told in self.passage_verdicts)

    @property
    def has_trouble_in_output(self) -> bool:
        return any(told.event.facts.get("action") != "allow" for told in self.output_verdicts)

    @property
    def receipt(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.retrieval.payload.get("receipt", {}) if self.retrieval else {}
        return found

    @property
    def actor(self) -> uuid.UUID | None:
        return self.asked.event.actor if self.asked else None


def tell(found: Interaction) -> Story:
    story, began = Story(), found.events[0].at
    for event in found.events:
        _place(story, Told(event, (event.at - began).total_seconds(), found.words.get(event.id)))
    story.passages = _passages(story)
    story.total_s = story.end.after_s if story.end else max((s.after_s for s in story.segments), default=0.0)
    story.phases = _phases(story)
    return story


def _place(story: Story, told: Told) -> None:
    action, stage = told.event.action, told.event.facts.get("stage")
    if action == Event.PROMPT_RECEIVED:
        story.asked = told
    elif action == Event.POLICY_DECIDED:
        {"input": story.input_verdicts, "passage": story.passage_verdicts}.get(
            str(stage), story.output_verdicts
        ).append(told)
    elif action == Event.RETRIEVED:
        story.retrieval = told
    elif action == Event.SEGMENT_DELIVERED:
        story.segments.append(told)
    elif action == Event.SEGMENT_WITHHELD:
        story.withheld.append(told)
    elif action == Event.ANSWER_FINISHED:
        story.end = told
    else:
        (story.looks if action in LOOKS else story.between).append(told)


def _passages(story: Story) -> list[Passage]:
    if story.retrieval is None:
        return []
    facts = story.retrieval.event.facts
    names = {line["chunk"]: line["name"] for line in story.receipt.get("kept", ())}
    why = {line["chunk"]: line.get("why", "") for line in story.receipt.get("withheld", ())}
    marked: dict[str, set[int]] = {}
    for segment in story.segments:
        for one in segment.event.facts.get("citations", ()):
            marked.setdefault(str(one["chunk"]), set()).add(int(one["marker"]))
    given = [
        Passage(
            rank,
            one["chunk"],
            one.get("document", ""),
            one.get("sha256", ""),
            one.get("score"),
            names.get(one["chunk"], ""),
            is_withheld=False,
            markers=sorted(marked.get(one["chunk"], ())),
        )
        for rank, one in enumerate(facts.get("passages", ()), 1)
    ]
    # Leaves of a format before the third name the passage alone.
    chunks = [one if isinstance(one, str) else str(one["chunk"]) for one in facts.get("withheld", ())]
    held = [
        Passage(0, chunk, "", "", None, names.get(chunk, ""), is_withheld=True, why=why.get(chunk, ""))
        for chunk in chunks
    ]
    return given + held


def _phases(story: Story) -> list[Phase]:
    """Waiting and searching are one: the record does not say when a worker took the question."""
    ends = (
        story.retrieval.after_s if story.retrieval else None,
        story.segments[0].after_s if story.segments else None,
        story.end.after_s if story.end else None,
    )
    phases, before, whole = [], 0.0, story.total_s or 1.0
    for name, end in zip(PHASES, ends, strict=True):
        if end is not None and end >= before:
            phases.append(Phase(name, end - before, 100 * before / whole, 100 * (end - before) / whole))
            before = end
    return phases
