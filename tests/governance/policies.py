"""Policies for tests: written, tried and published as an admin does it, by the tenant itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from governance.policy import documents, publishing, versions
from governance.policy.rules import Action, Fixture, Policy, Rule, Stage
from tests.cast import House


def words(name: str, stage: Stage, action: Action, *listed: str, **fields: Any) -> Rule:
    """A rule that looks for these words."""
    shown = (Fixture(f"It is {listed[0]} there.", action), Fixture("Nothing of the kind.", Action.ALLOW))
    given: dict[str, Any] = {"fixtures": shown, "options": {"words": list(listed)}, "message": "Not this word."}
    return Rule(name, frozenset({stage}), "pattern", action, 0.5, **(given | fields))


def publish(house: House, rules: Iterable[Rule]) -> Policy:
    """These rules and no others are in force from now on."""
    system, wanted = house.system, {rule.name: rule for rule in rules}
    number = versions.draft(system).number
    for rule in versions.rules_of(versions.get(system, number)):
        if rule.name not in wanted:
            versions.remove_rule(system, number, rule.name)
    for rule in wanted.values():
        versions.put_rule(system, number, documents.of(rule))
    return versions.compiled(publishing.publish(system, number))


def add(house: House, *rules: Rule) -> Policy:
    return publish(house, (*versions.in_force(house.system).rules, *rules))


def change(house: House, changed: Callable[[Rule], Rule]) -> Policy:
    """Every rule of what is in force, as `changed` gives it back."""
    return publish(house, map(changed, versions.in_force(house.system).rules))


FALCON = words("falcon", Stage.INPUT, Action.BLOCK, "Falcon")


def drafted(house: House, *rules: Rule) -> int:
    """Ada's draft of what is in force and these rules: its number."""
    number = versions.draft(house.ada).number
    for rule in rules:
        versions.put_rule(house.ada, number, documents.of(rule))
    return number
