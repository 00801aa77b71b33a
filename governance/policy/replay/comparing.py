"""One text before two policies: the one that was in force, and the draft. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import rfc8785

from governance.policy import engine
from governance.policy.engine import Decision, Inspection, Verdict
from governance.policy.rules import Action, Place, Policy, Rule, Stage

Span = tuple[int, int, str]


class Change(StrEnum):
    """What a draft makes different, the gravest first."""

    NEWLY_BLOCKED = "newly_blocked"
    NEWLY_ALLOWED = "newly_allowed"  # it was blocked, and would go on, whole or in part
    CHANGED_REDACTIONS = "changed_redactions"
    CHANGED_OTHERWISE = "changed_otherwise"  # flagged or not, or asked for a reason or not
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Difference:
    """`rules` are those that make it; `spans` are theirs in the text, of the draft, or of before where it has none."""

    change: Change
    before: Action
    after: Action
    rules: dict[str, tuple[Span, ...]]


def judged(policies: Sequence[Policy], stage: Stage, text: str, place: Place) -> list[Verdict]:
    """Each policy's verdict. A detector that two of them ask the same thing is asked once."""
    asked: dict[bytes, Inspection] = {}
    verdicts = []
    for policy in policies:
        wanted = [rule for rule in policy.applying(place) if stage in rule.stages]
        new = {key: rule for rule in wanted if (key := _question(rule)) not in asked}
        asked |= dict(zip(new, engine.inspect(new.values(), stage, text, place.tenant), strict=True))
        inspections = [replace(asked[_question(rule)], rule=rule) for rule in wanted]
        verdicts.append(replace(engine.judge(inspections, stage, text), policy=policy.stamp))
    return verdicts


def compare(before: Verdict, after: Verdict) -> Difference:
    was, is_now = before.action, after.action
    if (was is Action.BLOCK) is not (is_now is Action.BLOCK):
        change = Change.NEWLY_BLOCKED if is_now is Action.BLOCK else Change.NEWLY_ALLOWED
        blocking = after if is_now is Action.BLOCK else before
        return Difference(change, was, is_now, _by_rule(_with(blocking, Action.BLOCK)))
    if was is not Action.BLOCK and before.text != after.text:
        rules = _differing(_with(before, Action.REDACT), _with(after, Action.REDACT))
        return Difference(Change.CHANGED_REDACTIONS, was, is_now, rules)
    if was is not is_now or _acts(before) != _acts(after):
        return Difference(Change.CHANGED_OTHERWISE, was, is_now, _differing(_found(before), _found(after)))
    return Difference(Change.UNCHANGED, was, is_now, {})


def _question(rule: Rule) -> bytes:
    options: dict[str, Any] = dict(rule.options)
    return rfc8785.dumps([rule.detector, options, rule.threshold])


def _with(verdict: Verdict, action: Action) -> list[Decision]:
    return [one for one in verdict.decisions if one.action is action]


def _acts(verdict: Verdict) -> set[tuple[str, Action]]:
    return {(one.rule, one.action) for one in _found(verdict)}


def _found(verdict: Verdict) -> list[Decision]:
    return [one for one in verdict.decisions if not one.is_clear]


def _by_rule(decisions: Sequence[Decision]) -> dict[str, tuple[Span, ...]]:
    return {one.rule: one.spans for one in decisions}


def _differing(before: Sequence[Decision], after: Sequence[Decision]) -> dict[str, tuple[Span, ...]]:
    """The rules that do not do the same on both sides."""
    was = {one.rule: (one.action, one.spans) for one in before}
    is_now = {one.rule: (one.action, one.spans) for one in after}
    differing = sorted(rule for rule in was | is_now if was.get(rule) != is_now.get(rule))
    return {rule: (is_now.get(rule) or was[rule])[1] for rule in differing}
