"""What is looked up for an answer: found as this person, judged by policy, weighed, and recorded before a model reads it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from assistant import models
from assistant.answering import asking, evidence
from assistant.answering.evidence import Decision, Evidence
from assistant.answering.history import History
from assistant.answering.steps import Step
from assistant.streams import stream
from governance import stopwatch
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.policy import enforcement, engine, residence
from governance.policy.engine import Verdict
from governance.policy.rules import Action, Place, Policy, Stage
from governance.scope import Scope
from inference import runners
from ingestion import catalog, cutting, orders, search, understanding
from ingestion.documents import labelled
from ingestion.documents.labelled import Mark
from ingestion.models import Strictness
from ingestion.search import Found, Passage
from ingestion.understanding import Part

Sections = Mapping[uuid.UUID, list[Passage]]

KEEPERS = 3  # collections whose keepers are named
ABOVE = "above"  # the part of a passage that its document's name and headings are


@dataclass(frozen=True)
class LookedUp:
    """`passages` may be shown to the model; `receipt` is what the person sees of the search. `sections` holds, by passage, what
    it stands in the middle of, in its order, where its collection gives that along.
    """

    passages: list[Passage]
    evidence: Evidence
    receipt: dict[str, Any]
    sections: Sections = field(default_factory=dict)
    label: Mark | None = None  # the highest of what the model is given, and of the turns before
    question: str = ""  # as it was understood: by itself, without what was said before

    @property
    def quotes_by(self) -> dict[str, str]:
        """By what the passages' own best words are found, where they are needed."""
        return {
            "question": self.question,
            "index": self.receipt.get("index", ""),
            "strictness": self.evidence.strictness,
        }


NOTHING = LookedUp([], Evidence(Decision.ANSWER, 0.0, Strictness.LENIENT, {}), {})  # of talk that needs no documents


def look_up(
    scope: Scope,
    row: models.Answer,
    policy: Policy,
    among: Sequence[uuid.UUID],
    most: int,
    past: History,
    place: Place,
) -> LookedUp:
    """`among` are the collections to search, all that may be read where there are none; `past` was said before."""
    off = row.understanding.get("off", ())
    earlier = [understanding.Turn(turn.question, turn.answer) for turn in past.last]
    found, understood = understanding.passages(scope, row.question, among, most, earlier=earlier, off=off)
    judge = _Judge(place, policy, row.model)
    with stopwatch.step(Step.PASSAGE_POLICY):
        judged = [judge.of(passage) for passage in found.passages]
        passed, withheld = _sorted(judged)
        sections, beside = _sections(scope, passed, judge)
        found = _cleared(found, judge)
    with stopwatch.step(Step.GATE):
        near = runners.embedder(found.receipt["index"]).near
        weighed = evidence.weigh(
            understood.wanted, passed, near, evidence.strictest(found.passages), understood.explained
        )
    if weighed.decision is not Decision.ANSWER:
        found.receipt["keepers"] = _keepers(scope, found)
    with stopwatch.step(Step.RECORDING), events.together(scope):
        told = [noted for one in (*judged, *beside) for noted in one.noted()]
        enforcement.note_each(scope, told, interaction=row.pk, stage=Stage.PASSAGE)
        carried = labelled.highest([*(one.label for one in passed), past.label]) if weighed.suffices else None
        _record(scope, row, _renamed(found, judged), withheld, weighed, carried)
    return LookedUp(passed, weighed, found.receipt, sections, carried, understood.question)


def _keepers(scope: Scope, found: Found) -> list[dict[str, Any]]:
    """Whom to ask: who keeps the collections of the nearest passages, or those that were searched in vain."""
    nearest = list(dict.fromkeys(one.collection_id for one in found.passages))
    wanted = nearest or [uuid.UUID(one["id"]) for one in found.receipt["collections"]]
    kept = catalog.keepers(scope, wanted[:KEEPERS])
    names = {one["id"]: one["name"] for one in found.receipt["collections"]}
    return [{"collection": names.get(str(one), ""), "people": kept[one]} for one in wanted if one in kept]


def _sections(
    scope: Scope, passed: list[Passage], judge: _Judge
) -> tuple[dict[uuid.UUID, list[Passage]], list[_Judged]]:
    """What stands around is read as this person and judged as what was found is; what is withheld ends it there. No passage
    is given twice.
    """
    asked = cutting.around(scope, {one.collection_id for one in passed})
    taken = {one.chunk_id for one in passed}
    sections, judged = dict[uuid.UUID, list[Passage]](), list[_Judged]()
    for one in passed:
        if most := asked.get(one.collection_id):
            before, after = search.section_around(scope, one, most)
            sides = [_shown(near, judge, taken, judged) for near in (before[::-1], after)]
            if any(sides):
                sections[one.chunk_id] = [*sides[0][::-1], one, *sides[1]]
    return sections, judged


def _shown(near: list[Passage], judge: _Judge, taken: set[uuid.UUID], judged: list[_Judged]) -> list[Passage]:
    """From the passage outwards."""
    shown = []
    for one in near:
        if one.chunk_id in taken:
            break
        judged.append(judge.of(one))
        if judged[-1].refusal is not None:
            break
        taken.add(one.chunk_id)
        shown.append(judged[-1].shown)
    return shown


def _cleared(found: Found, judge: _Judge) -> Found:
    """What was understood names documents and words of them: as far as policy lets them be shown. What is quoted
    the question says itself.
    """
    understood = found.receipt["understood"]
    collections = [uuid.UUID(one["id"]) for one in found.receipt["collections"]]
    notes = [
        note if note["part"] == Part.QUOTES else note | {"meant": judge.cleared(note["meant"], collections)}
        for note in understood["notes"]
    ]
    searched = [judge.cleared(one, collections) for one in understood["searched"]]
    return replace(found, receipt=found.receipt | {"understood": understood | {"notes": notes, "searched": searched}})


def _renamed(found: Found, judged: list[_Judged]) -> Found:
    """With the names of documents as they may be shown."""
    names = {str(one.passage.chunk_id): one.shown.document_name for one in judged if one.is_cut_above}
    kept = [line | {"name": names.get(line["chunk"], line["name"])} for line in found.receipt["kept"]]
    passages = tuple(
        replace(one, document_name=names.get(str(one.chunk_id), one.document_name)) for one in found.passages
    )
    return replace(found, passages=passages, receipt=found.receipt | {"kept": kept})


def judged_again(place: Place, policy: Policy, model: str, passages: Sequence[Passage]) -> dict[uuid.UUID, Passage]:
    """As they may be shown to the model by this policy, by id; what is withheld is left out. Nothing is recorded."""
    judge = _Judge(place, policy, model)
    judged = [judge.of(one) for one in passages]
    return {one.passage.chunk_id: one.shown for one in judged if one.refusal is None}


@dataclass(frozen=True)
class _Judged:
    """What policy says of a passage, and of its document's name and headings, which a model and a reader are shown too.

    `above` is None where nothing was to be said of them. `holds_back` keeps it from the model although today's rules let it
    pass.
    """

    passage: Passage
    verdict: Verdict
    above: Verdict | None = None
    holds_back: bool = False

    def noted(self) -> list[tuple[uuid.UUID, Verdict, str]]:
        told = [(self.passage.chunk_id, self.verdict, "")]
        return told + ([(self.passage.chunk_id, self.above, ABOVE)] if self.above else [])

    @property
    def is_cut_above(self) -> bool:
        return self.above is not None and self.above.action is Action.REDACT

    @property
    def refusal(self) -> Verdict | None:
        """Why it is withheld; None where it may be shown."""
        blocking = next((one for one in (self.verdict, self.above) if one and one.action is Action.BLOCK), None)
        if blocking is None and self.holds_back:
            return replace(self.verdict, action=Action.BLOCK, text="", message=orders.HELD_BACK)
        return blocking

    @property
    def shown(self) -> Passage:
        passage = replace(self.passage, text=self.verdict.text)
        if not self.is_cut_above or self.above is None:
            return passage
        # What was cut may have held the end of a line: which part is the name is then no longer known.
        lines = self.above.text.split("\n")
        is_whole = len(lines) == 1 + len(passage.heading_path)
        name, headings = (lines[0], lines[1:]) if is_whole else (" ".join(lines), [])
        locator = {key: value for key, value in passage.locator.items() if key != "heading"}
        return replace(passage, document_name=name, heading_path=tuple(headings), locator=locator)


class _Judge:
    """The passages of one question; several may stand under the same headings."""

    def __init__(self, place: Place, policy: Policy, model: str) -> None:
        self.place, self.policy, self.model = place, policy, model
        self._above: dict[tuple[Place, str], Verdict] = {}

    def of(self, passage: Passage) -> _Judged:
        if not residence.may_go(passage.classification, self.model):
            return _Judged(passage, residence.withheld(self.policy.stamp))
        verdict = self._check(passage, passage.text)
        over = (asking.of_passage(self.place, passage), "\n".join((passage.document_name, *passage.heading_path)))
        if over not in self._above:
            self._above[over] = self._check(passage, over[1])
        above = self._above[over] if self._above[over].decisions else None
        return _Judged(passage, verdict, above, passage.is_quarantined)

    def cleared(self, text: str, collections: list[uuid.UUID]) -> str:
        """A short text as it may be shown; empty where it may not."""
        verdict = engine.check(self.policy, Stage.PASSAGE, text, self.place.of(collections=collections, labels=None))
        return "" if verdict.action is Action.BLOCK else verdict.text

    def _check(self, passage: Passage, text: str) -> Verdict:
        return engine.check(self.policy, Stage.PASSAGE, text, asking.of_passage(self.place, passage))


def _sorted(judged: list[_Judged]) -> tuple[list[Passage], dict[uuid.UUID, Verdict]]:
    """Passages that may be shown to the model; one that gives orders, or may not leave the house, is withheld."""
    passed, withheld = [], {}
    for one in judged:
        if (refusal := one.refusal) is not None:
            withheld[one.passage.chunk_id] = refusal
        else:
            passed.append(one.shown)
    return passed, withheld


def _record(
    scope: Scope,
    row: models.Answer,
    found: Found,
    withheld: dict[uuid.UUID, Verdict],
    weighed: Evidence,
    carried: Mark | None,
) -> None:
    by_chunk = {passage.chunk_id: passage for passage in found.passages}
    told = [
        {"chunk": str(chunk), "document": by_chunk[chunk].document_name, "why": why.message}
        for chunk, why in withheld.items()
    ]
    receipt = found.receipt | {"withheld": told, "evidence": weighed.as_json()}
    facts = found.as_facts(row.collections)
    kept_back = {str(chunk): why for chunk, why in withheld.items()}
    given = [one for one in facts["passages"] if one["chunk"] not in kept_back]
    facts["withheld"] = [
        one | {"why": _why(kept_back[one["chunk"]]), "rules": _blocking(kept_back[one["chunk"]])}
        for one in facts["passages"]
        if one["chunk"] in kept_back
    ]
    facts["passages"] = given
    facts |= {"label": carried.rank} if carried else {}
    models.Answer.objects.filter(pk=row.pk, lease=row.lease).update(receipt=receipt, passages=given)
    events.record(scope, Event.RETRIEVED, interaction=row.pk, facts=facts, payload={"receipt": receipt})
    transaction.on_commit(lambda: stream.wake(row.pk))  # whoever waits sees what is read while the model reads it


def _why(verdict: Verdict) -> str:
    """By the rules of today, or by what was found as its document came in."""
    return "policy" if _blocking(verdict) else "quarantine"


def _blocking(verdict: Verdict) -> list[str]:
    return sorted({one.rule for one in verdict.decisions if one.action is Action.BLOCK})
