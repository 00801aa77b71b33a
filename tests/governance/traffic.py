"""Recorded traffic of a known make: what is in it can be counted by hand, and what a draft does to it too.

Of a hundred questions:

    40  harmless                                nothing happens to them, then or now
    20  name Projekt Falke                      flagged then, blocked by the draft
    15  hold an IBAN                            cut out then and now
    10  hold a card number                      left alone then, cut out by the draft
     8  hold a password                         blocked then, flagged by the draft
     4  hold a password and name Projekt Falke  blocked then by the one rule, now by the other
     3  of somebody who has been erased         no longer to be read
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from governance import models
from governance.audit import events, keyring
from governance.audit.vocabulary import Event
from governance.policy import documents, enforcement, engine, versions
from governance.policy.replay import runs, work
from governance.policy.rules import Action, Fixture, Policy, Rule, Stage
from governance.scope import Scope
from tests.cast import House
from tests.governance import policies

Period = tuple[datetime, datetime]
WHY = "Before the new policy is published"
INPUT = [Stage.INPUT]
FALCON, CARD, IBAN = "Projekt Falke", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"
KINDS: tuple[tuple[int, str], ...] = (
    (40, "When does the canteen open on day {n}?"),
    (20, "What does Projekt Falke cost in week {n}?"),
    (15, "Please pay {n} euros to DE89 3704 0044 0532 0130 00 today."),
    (10, "Charge trip {n} to my card 4111 1111 1111 1111 please."),
    (8, "my password is Sommer{n}!xy, may I keep it?"),
    (4, "my password is Winter{n}!xy and Projekt Falke needs it"),
)
ERASED = 3
WANTED = {
    "newly_blocked": 20,
    "newly_allowed": 8,
    "changed_redactions": 10,
    "changed_otherwise": 4,
    "unchanged": 55,
}
BY_RULE = {
    "falcon": {"newly_blocked": 20, "changed_otherwise": 4},
    "secrets": {"newly_allowed": 8, "changed_otherwise": 4},
    "cards": {"changed_redactions": 10},
}


def rule(name: str, detector: str, action: Action, example: str, **options: object) -> Rule:
    return Rule(
        name,
        frozenset({Stage.INPUT}),
        detector,
        action,
        0.6,
        "Not this.",
        options,
        fixtures=(Fixture(example, action), Fixture("Nothing of the kind.", Action.ALLOW)),
    )


IN_FORCE = (
    rule("falcon", "pattern", Action.FLAG, FALCON, words=[FALCON], type="project"),
    rule("ibans", "pii", Action.REDACT, f"to {IBAN}", types=["iban"]),
    rule("secrets", "secrets", Action.BLOCK, "my password is Sommer11!xy"),
)
DRAFT = (
    IN_FORCE[0].acting(Action.BLOCK),
    IN_FORCE[1],
    rule("cards", "pii", Action.REDACT, f"my card {CARD}", types=["payment_card"]),
    IN_FORCE[2].acting(Action.FLAG),
)


def drafted(house: House, rules: Sequence[Rule] = DRAFT) -> models.PolicyVersion:
    """A draft of exactly these rules, beside what is in force."""
    system = house.system
    number = versions.draft(system).number
    for one in versions.rules_of(versions.get(system, number)):
        if one.name not in {wanted.name for wanted in rules}:
            versions.remove_rule(system, number, one.name)
    for one in rules:
        versions.put_rule(system, number, documents.of(one))
    return versions.get(system, number)


def record(house: House, hundreds: int) -> None:
    """That many hundred questions, as a portal records them, under the policy that is in force now."""
    policy, bob, charlie = versions.in_force(house.system), house.bob, house.charlie
    number = 10
    for _ in range(hundreds):
        for scope, texts in (
            (bob, [text.replace("{n}", str(number + at)) for many, text in KINDS for at in range(many)]),
            (charlie, ["What is my salary?"] * ERASED),
        ):
            number += len(texts)
            with scope.transaction():
                for text in texts:
                    ask(scope, text, policy)


def ask(scope: Scope, text: str, policy: Policy) -> uuid.UUID:
    interaction = uuid.uuid4()
    facts = {"client": "portal", "collections": [], "characters": len(text)}
    events.record(scope, Event.PROMPT_RECEIVED, interaction=interaction, facts=facts, payload={"text": text})
    verdict = engine.check(policy, Stage.INPUT, text, enforcement.place(scope))
    enforcement.note(scope, verdict, interaction=interaction, stage=Stage.INPUT)
    return interaction


def erase(house: House, name: str) -> None:
    """What erasing a person comes to for the record: their key is gone."""
    assert keyring.ring().destroy(house.tenant, house.ids[name])


def publish(house: House) -> Policy:
    return policies.publish(house, IN_FORCE)


def replay_of(house: House) -> uuid.UUID:
    """A row as it stands once a replay has been started: for what asks who may touch it."""
    policy, now = versions.in_force(house.system), datetime.now(UTC)
    with house.system.transaction():
        return models.PolicyReplay.objects.create(
            tenant_id=house.tenant,
            person=house.ids["olga"],
            draft=uuid.uuid4(),
            draft_number=policy.stamp.number,
            draft_sha256=policy.stamp.sha256,
            rules=documents.all_of(policy.rules),
            since=now - timedelta(days=1),
            until=now,
            stages=["input"],
        ).pk


def start(house: House, period: Period, **fields: Any) -> models.PolicyReplay:
    return runs.start(house.olga, drafted(house).number, *period, WHY, **({"stages": INPUT} | fields))


def replayed(house: House, row: models.PolicyReplay, **how: float) -> models.PolicyReplay:
    """To its end, in this process."""
    while work.stretch(house.tenant, row.pk, **how):
        pass
    return runs.get(house.olga, row.pk)


def report(row: models.PolicyReplay) -> dict[str, Any]:
    assert row.report is not None
    told: dict[str, Any] = json.loads(bytes(row.report))
    return told


def times(counted: dict[str, int], hundreds: int) -> dict[str, int]:
    return {name: amount * hundreds for name, amount in counted.items()}
