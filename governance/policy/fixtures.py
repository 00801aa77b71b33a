"""A rule's own test texts: what it must catch, and what it must leave alone. Each runs against the rule by itself."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from governance.policy import engine
from governance.policy.rules import Action, Rule

BOX_S = 30.0  # for all of a version's; a rule takes milliseconds a text


@dataclass(frozen=True)
class Outcome:
    """What came of the rule's test text at `index`. `error` names the detector's fault, and is empty otherwise."""

    rule: str
    index: int
    text: str
    expected: Action
    got: Action
    spans: tuple[tuple[int, int, str], ...]
    error: str = ""

    @property
    def passes(self) -> bool:
        return self.got is self.expected and not self.error

    def as_json(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "index": self.index,
            "expected": str(self.expected),
            "got": str(self.got),
            "passes": self.passes,
            "error": self.error,
        }


@dataclass(frozen=True)
class Report:
    """`untried` names the rules without a text that they must catch; `is_whole` is false where the time ran out."""

    outcomes: tuple[Outcome, ...]
    untried: tuple[str, ...]
    is_whole: bool

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(one for one in self.outcomes if not one.passes)

    @property
    def passes(self) -> bool:
        return self.is_whole and not self.failed and not self.untried

    def as_json(self) -> dict[str, object]:
        return {
            "passes": self.passes,
            "is_whole": self.is_whole,
            "untried": list(self.untried),
            "outcomes": [one.as_json() for one in self.outcomes],
        }


def run(rules: Iterable[Rule], box_s: float = BOX_S, tenant: uuid.UUID | None = None) -> Report:
    """Every enabled rule's texts, within `box_s` seconds. `tenant` is whose rules they are."""
    wanted = [rule for rule in rules if rule.is_enabled]
    ends = time.monotonic() + box_s
    outcomes: list[Outcome] = []
    for rule in wanted:
        for index in range(len(rule.fixtures)):
            if time.monotonic() > ends:
                return Report(tuple(outcomes), _untried(wanted), is_whole=False)
            outcomes.append(_try(rule, index, tenant))
    return Report(tuple(outcomes), _untried(wanted), is_whole=True)


def _untried(wanted: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(rule.name for rule in wanted if not any(one.expect is rule.action for one in rule.fixtures))


def _try(rule: Rule, index: int, tenant: uuid.UUID | None) -> Outcome:
    text, expected = rule.fixtures[index]
    verdict = engine.evaluate([rule], min(rule.stages), text, tenant)
    error = next((one.error for one in verdict.decisions if one.error), "")
    spans = tuple(span for one in verdict.decisions for span in one.spans)
    return Outcome(rule.name, index, text, expected, verdict.action, spans, error)
