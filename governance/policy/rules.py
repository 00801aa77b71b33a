"""Rules as data: at which stages a detector looks, from which score on it counts, and what follows."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import NamedTuple

from governance.errors import InvalidInput
from governance.policy import detectors
from governance.sentence import phrase, sentence

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
MESSAGE_MAX = 500
LABELS_MOST = 12  # of a tenant: governance.labels


class Stage(StrEnum):
    """Where a text stands when it is looked at."""

    INPUT = "input"  # what a person asks
    PASSAGE = "passage"  # what was found and would be shown to the model
    OUTPUT = "output"  # what the model writes
    UPLOAD = "upload"  # a document on its way in


class Action(IntEnum):
    """What follows, weakest first, so that `max` picks the one that wins. Its word is `str(action)`."""

    ALLOW = 0
    FLAG = 1
    REDACT = 2
    REQUIRE_REASON = 3  # the person says why, which is recorded, and the question goes on
    BLOCK = 4

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def named(cls, word: str) -> Action:
        """The action of that word; `InvalidInput` for any other."""
        for action in cls:
            if str(action) == word:
                return action
        raise InvalidInput(
            sentence(
                "There is no action %(word)s; use one of: %(known)s.", word=repr(word), known=", ".join(map(str, cls))
            ),
            param="action",
        )


class Fixture(NamedTuple):
    """A text, and what the rule alone must do with it: its own action, or nothing (allow)."""

    text: str
    expect: Action


@dataclass(frozen=True)
class Place:
    """In which collections a text is looked at, for a person of which groups, under which labels (ranks), and by which
    assistant: none where no assistant was asked. None where that is not known: then no rule is left out for it. `tenant` is
    whose text it is.
    """

    collections: frozenset[uuid.UUID] | None = None
    groups: frozenset[uuid.UUID] | None = None
    labels: frozenset[int] | None = None
    assistants: frozenset[uuid.UUID] | None = None
    tenant: uuid.UUID | None = None

    def of(self, *, collections: Iterable[uuid.UUID] | None, labels: Iterable[int] | None) -> Place:
        """For the same tenant, person and assistant, of other texts."""
        return replace(
            self,
            collections=None if collections is None else frozenset(collections),
            labels=None if labels is None else frozenset(labels),
        )


ANYWHERE = Place()


@dataclass(frozen=True)
class Rule:
    """One rule of a tenant. `threshold` is between 0 and 1; `message` is the sentence a person reads.

    Without `collections` it holds in all of them, without `groups` for everybody, without `assistants` whatever is asked;
    `label` is the lowest rank that it holds from. What is named must all be met. `on_failure` is what follows where its
    detector crashes or takes too long: None for what the stage prescribes, see the engine.
    """

    name: str
    stages: frozenset[Stage]
    detector: str
    action: Action
    threshold: float
    message: str
    options: Mapping[str, object] = field(default_factory=dict)
    collections: frozenset[uuid.UUID] = frozenset()
    groups: frozenset[uuid.UUID] = frozenset()
    assistants: frozenset[uuid.UUID] = frozenset()
    label: int | None = None
    on_failure: Action | None = None
    is_enabled: bool = True
    fixtures: tuple[Fixture, ...] = ()

    def applies(self, place: Place) -> bool:
        return (
            self.is_enabled
            and _meets(self.collections, place.collections)
            and _meets(self.groups, place.groups)
            and _meets(self.assistants, place.assistants)
            and (self.label is None or place.labels is None or any(rank >= self.label for rank in place.labels))
        )

    def acting(self, action: Action) -> Rule:
        """The same rule with another action, and its fixtures with it."""
        fixtures = tuple(one if one.expect is Action.ALLOW else one._replace(expect=action) for one in self.fixtures)
        return replace(self, action=action, fixtures=fixtures)


class Stamp(NamedTuple):
    """Which version of a tenant's policy spoke: its number, and the SHA-256 of its rules in hex."""

    number: int
    sha256: str

    def as_json(self) -> dict[str, object]:
        return {"version": self.number, "sha256": self.sha256}


UNKNOWN = Stamp(0, "")  # of rules that belong to no version: only tests ask such


@dataclass(frozen=True)
class Policy:
    """A version of a tenant's policy, ready to run: published, a draft, or one that was."""

    stamp: Stamp
    rules: tuple[Rule, ...]

    def applying(self, place: Place = ANYWHERE) -> tuple[Rule, ...]:
        """The rules that are switched on and hold there."""
        return tuple(rule for rule in self.rules if rule.applies(place))

    def asks_for_labels(self, stage: Stage) -> bool:
        """Whether a text's label is to be looked up before its rules are asked."""
        return any(rule.is_enabled and rule.label is not None and stage in rule.stages for rule in self.rules)


def _meets(wanted: frozenset[uuid.UUID], there: frozenset[uuid.UUID] | None) -> bool:
    return not wanted or there is None or bool(wanted & there)


def check(rule: Rule) -> None:
    """Raise `InvalidInput` when a rule cannot work: called before one is stored, not each time it runs."""
    _check_name(rule)
    if not rule.stages:
        raise _wrong("stages", phrase("Rule %(name)s names no stage, so it would never run."), rule)
    if not 0.0 <= rule.threshold <= 1.0:
        raise _wrong("threshold", phrase("The threshold of rule %(name)s must lie between 0 and 1."), rule)
    _check_action(rule)
    _check_scope(rule)
    _check_message(rule)
    detectors.get(rule.detector).check(rule.options)


def _check_name(rule: Rule) -> None:
    if not rule.name.strip():
        raise InvalidInput("A rule needs a name.", param="name")
    if not NAME.fullmatch(rule.name):
        raise InvalidInput("A rule's name is 1 to 80 of a-z, 0-9 and hyphens, and begins with none.", param="name")


def _check_action(rule: Rule) -> None:
    if rule.action is Action.REDACT and detectors.get(rule.detector).finds_all:
        raise _wrong(
            "action", phrase("Rule %(name)s counts every text: it blocks or flags, and cuts nothing out."), rule
        )
    if rule.action is Action.REQUIRE_REASON and rule.stages != {Stage.INPUT}:
        raise _wrong(
            "action",
            phrase(
                "Rule %(name)s asks a person for a reason, which only a question can be asked for: its stage is the input."
            ),
            rule,
        )
    if rule.on_failure not in (None, Action.FLAG, Action.BLOCK):
        raise _wrong("on_failure", phrase("Where the detector of rule %(name)s fails, either flag or block."), rule)


def _check_scope(rule: Rule) -> None:
    if rule.assistants and Stage.UPLOAD in rule.stages:
        raise _wrong("scope", phrase("Rule %(name)s is for assistants, and no assistant uploads documents."), rule)
    if rule.label is not None and not 0 <= rule.label < LABELS_MOST:
        raise _wrong("scope", phrase("The label of rule %(name)s is not one of the organisation's."), rule)


def _check_message(rule: Rule) -> None:
    if rule.action > Action.ALLOW and not rule.message.strip():
        raise _wrong("message", phrase("Rule %(name)s needs a message: a person will want to know why."), rule)
    if len(rule.message) > MESSAGE_MAX:
        raise InvalidInput(sentence("A message has at most %(most)s characters.", most=MESSAGE_MAX), param="message")


def _wrong(param: str, template: str, rule: Rule) -> InvalidInput:
    return InvalidInput(sentence(template, name=repr(rule.name)), param=param)
