"""From rules and a text to a verdict. Pure: what is recorded, and where, is the caller's business.

Every rule of the stage is asked; the strongest action wins. A detector that crashes or takes too long is a verdict of
its own, because a text that could not be checked is a text that was not checked. What follows is the rule's own choice;
where it makes none, a rule that would have held something back blocks on the way out (a passage, an answer), and flags on
the way in (a question, a document): what came in is looked at again before anything leaves. A rule that never holds
anything back flags.
"""

from __future__ import annotations

import functools
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from governance.policy import detectors, invisible, patience
from governance.policy.detectors import Finding, Looked
from governance.policy.rules import ANYWHERE, Action, Place, Policy, Rule, Stage, Stamp
from governance.sentence import phrase

UNCHECKED = phrase("The text could not be checked, so it was stopped. Try again, or tell your administrator.")
PATIENCE_S = 30.0  # with one detector, however short the text: a busy machine is no hanging detector
PATIENCE_PER_CHARACTER_S = 1e-4  # about twenty times what they take
_REASONS_SHOWN = 3
_WAY_OUT = frozenset({Stage.PASSAGE, Stage.OUTPUT})


@dataclass(frozen=True)
class Decision:
    """What one rule decided. `spans` are (start, end, type) in the text that was given; `error` names a
    failed detector's fault, and is empty otherwise; `model` the one that it asked. Nothing in here quotes the text.
    """

    rule: str
    detector: str
    stage: Stage
    action: Action
    score: float
    threshold: float
    reason: str
    message: str
    spans: tuple[tuple[int, int, str], ...]
    latency_ms: float = field(compare=False)
    error: str = ""
    model: str = ""

    @property
    def is_clear(self) -> bool:
        """A model was asked and had nothing against the text: nothing was found, and nothing follows."""
        return bool(self.model) and not self.spans and self.action is Action.ALLOW

    def as_json(self) -> dict[str, object]:
        """The shape of the public contract."""
        told: dict[str, object] = {
            "rule": self.rule,
            "detector": self.detector,
            "stage": str(self.stage),
            "action": str(self.action),
            "score": round(self.score, 4),
            "threshold": self.threshold,
            "reason": self.reason,
            "spans": [{"start": start, "end": end, "type": kind} for start, end, kind in self.spans],
        }
        return told | ({"model": self.model} if self.model else {})


@dataclass(frozen=True)
class Verdict:
    """`text` is what may go on: with marks such as "[redacted: iban]" where something was cut out, empty when
    blocked. `message` is the sentence for the person, empty when the text passed. `policy` is the version that spoke;
    None where rules were asked that belong to none. `place` is where the text was looked at. `latency_ms` is what all
    rules of the stage took together, those that found nothing too.
    """

    action: Action
    decisions: tuple[Decision, ...]
    text: str
    message: str = ""
    policy: Stamp | None = None
    place: Place = ANYWHERE
    latency_ms: float = field(default=0.0, compare=False)

    def as_json(self) -> dict[str, object]:
        told: dict[str, object] = {
            "action": str(self.action),
            "decisions": [decision.as_json() for decision in self.decisions],
        }
        return told | ({"policy": self.policy.as_json()} if self.policy else {})


@dataclass(frozen=True)
class Inspection:
    """What one rule's detector found at or over the rule's threshold, in order of start. `model` is the one it asked."""

    rule: Rule
    findings: tuple[Finding, ...]
    latency_ms: float
    error: str = ""
    model: str = ""


def check(policy: Policy, stage: Stage, text: str, place: Place = ANYWHERE) -> Verdict:
    """The verdict of a policy's version on a whole text, which carries its stamp. Never raises for what a detector
    does.
    """
    verdict = evaluate(policy.applying(place), stage, text, place.tenant)
    return replace(verdict, policy=policy.stamp, place=place)


def evaluate(rules: Iterable[Rule], stage: Stage, text: str, tenant: uuid.UUID | None = None) -> Verdict:
    """The verdict of these rules on a whole text at this stage. Never raises for what a detector does."""
    return judge(inspect(rules, stage, text, tenant), stage, text)


def evaluate_each(rules: Iterable[Rule], stage: Stage, texts: Sequence[str]) -> list[Verdict]:
    """`evaluate` of each of many short texts, for which a thread each would take as long as looking at them does."""
    asked = [rule for rule in rules if stage in rule.stages]
    limit_s = PATIENCE_S + max(map(len, texts), default=0) * PATIENCE_PER_CHARACTER_S
    found = patience.results([job for text in texts for job in _jobs(asked, text)], limit_s)
    if any(isinstance(one, patience.Failure) and isinstance(one.fault, patience.TookTooLong) for one in found):
        # Nobody who took too long is asked again in one go: a text that does that to a detector is not the others' fault.
        return [evaluate(asked, stage, text) for text in texts]
    each = len(asked)
    by_text = (found[at * each : (at + 1) * each] for at in range(len(texts)))
    return [judge(_inspected(asked, of), stage, text) for text, of in zip(texts, by_text, strict=True)]


def inspect(rules: Iterable[Rule], stage: Stage, text: str, tenant: uuid.UUID | None = None) -> tuple[Inspection, ...]:
    """Ask each rule of the stage. `tenant` is whose text it is, where that is known."""
    asked, limit_s = [rule for rule in rules if stage in rule.stages], PATIENCE_S + len(text) * PATIENCE_PER_CHARACTER_S
    return _inspected(asked, patience.results(_jobs(asked, text, tenant), limit_s))


def _jobs(rules: Iterable[Rule], text: str, tenant: uuid.UUID | None = None) -> list[patience.Job[Inspection]]:
    looks = _Looks(text, tenant)
    return [patience.Job(rule.detector, functools.partial(_inspect, rule, looks)) for rule in rules]


def _inspected(rules: Sequence[Rule], found: Sequence[Inspection | patience.Failure]) -> tuple[Inspection, ...]:
    return tuple(
        one if isinstance(one, Inspection) else _failed(rule, one) for rule, one in zip(rules, found, strict=True)
    )


def judge(
    inspections: Sequence[Inspection], stage: Stage, text: str, start: int = 0, end: int | None = None
) -> Verdict:
    """The verdict on `text[start:end]`; spans count from `start`. No finding may reach across either end."""
    stop = len(text) if end is None else end
    made = decisions(inspections, stage, start, stop)
    action = max((decision.action for decision in made), default=Action.ALLOW)
    message = next((one.message for one in made if one.action == action and action > Action.ALLOW), "")
    took = sum(inspection.latency_ms for inspection in inspections)
    if action == Action.BLOCK:
        return Verdict(action, made, "", message, latency_ms=took)
    cut = [span for decision in made if decision.action == Action.REDACT for span in decision.spans]
    return Verdict(action, made, redact(text[start:stop], cut), message, latency_ms=took)


def decisions(inspections: Sequence[Inspection], stage: Stage, start: int, end: int) -> tuple[Decision, ...]:
    """What the rules decide about findings between `start` and `end`; spans count from `start`."""
    made = (_decide(inspection, stage, start, end) for inspection in inspections)
    return tuple(decision for decision in made if decision is not None)


def redact(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """`text` with a mark in place of each span; overlapping ones become one mark that names the longest."""
    pieces, last = [], 0
    for start, end, kind in merge(spans):
        pieces += [text[last:start], f"[redacted: {kind.replace('_', ' ')}]"]
        last = end
    return "".join((*pieces, text[last:]))


def merge(spans: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Overlapping spans as one, of the type of the longest, the first of equals."""
    merged: list[tuple[int, int, str]] = []
    longest = 0
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not merged or start >= merged[-1][1]:
            merged.append((start, end, kind))
            longest = end - start
            continue
        before = merged[-1]
        winner = kind if end - start > longest else before[2]
        longest = max(longest, end - start)
        merged[-1] = (before[0], max(before[1], end), winner)
    return merged


class _Looks:
    """What detectors saw in a text: rules that differ in their threshold and action alone look at it once."""

    def __init__(self, text: str, tenant: uuid.UUID | None) -> None:
        self._text, self.tenant = text, tenant
        self._made: list[tuple[Rule, Looked]] = []

    def of(self, rule: Rule) -> Looked:
        for other, looked in self._made:
            if (other.detector, other.options) == (rule.detector, rule.options):
                return looked
        looked = _look(rule, self._text, self)
        self._made.append((rule, looked))
        return looked

    @functools.cached_property
    def seen(self) -> invisible.Seen | None:
        """Made when the first rule asks for it, in the thread that looks."""
        return invisible.see(self._text)


def _inspect(rule: Rule, looks: _Looks) -> Inspection:
    began = time.perf_counter()
    looked = looks.of(rule)
    counted = tuple(finding for finding in looked.findings if finding.score >= rule.threshold)
    return Inspection(rule, counted, (time.perf_counter() - began) * 1000, model=looked.model)


def _failed(rule: Rule, failure: patience.Failure) -> Inspection:
    return Inspection(rule, (), failure.seconds * 1000, f"{type(failure.fault).__name__} in detector {rule.detector}")


def _look(rule: Rule, text: str, looks: _Looks) -> Looked:
    detector = detectors.get(rule.detector)
    looked = detector.look(text, rule.options, looks.tenant)
    found = list(looked.findings)
    if not detector.reads_as_seen and (seen := looks.seen):
        for one in detector.detect(seen.text, rule.options):
            start, end = seen.span(one.start, one.end)
            found.append(replace(one, start=start, end=end))
    return Looked(sorted(found, key=lambda one: (one.start, one.end)), looked.model)


def _decide(inspection: Inspection, stage: Stage, start: int, end: int) -> Decision | None:
    if inspection.error:
        return _unchecked(inspection, stage)
    rule = inspection.rule
    found = [finding for finding in inspection.findings if start <= finding.start and finding.end <= end]
    if not found:
        return _cleared(inspection, stage) if inspection.model and not inspection.findings and start == 0 else None
    return Decision(
        rule=rule.name,
        detector=rule.detector,
        stage=stage,
        action=rule.action,
        score=max(finding.score for finding in found),
        threshold=rule.threshold,
        reason=_reasons(found),
        message=rule.message,
        spans=tuple(merge((one.start - start, one.end - start, one.type) for one in found)),
        latency_ms=inspection.latency_ms,
        model=inspection.model,
    )


def _cleared(inspection: Inspection, stage: Stage) -> Decision:
    """What a model had nothing against is told too: once, where the text begins."""
    rule = inspection.rule
    return Decision(
        rule=rule.name,
        detector=rule.detector,
        stage=stage,
        action=Action.ALLOW,
        score=0.0,
        threshold=rule.threshold,
        reason="a model says that it is not so",
        message="",
        spans=(),
        latency_ms=inspection.latency_ms,
        model=inspection.model,
    )


def _unchecked(inspection: Inspection, stage: Stage) -> Decision:
    rule = inspection.rule
    holds_back = rule.action >= Action.REDACT
    action = rule.on_failure or (Action.BLOCK if holds_back and stage in _WAY_OUT else min(rule.action, Action.FLAG))
    return Decision(
        rule=rule.name,
        detector=rule.detector,
        stage=stage,
        action=action,
        score=1.0,
        threshold=rule.threshold,
        reason="the detector failed, so the text counts as not checked",
        message=UNCHECKED if action is Action.BLOCK else rule.message,
        spans=(),
        latency_ms=inspection.latency_ms,
        error=inspection.error,
    )


def _reasons(findings: Iterable[Finding]) -> str:
    """The different reasons of findings as one phrase."""
    distinct = list(dict.fromkeys(finding.reason for finding in findings))
    shown = "; ".join(distinct[:_REASONS_SHOWN])
    return shown if len(distinct) <= _REASONS_SHOWN else f"{shown}; and {len(distinct) - _REASONS_SHOWN} more"
