"""Rules as data: at which stages a detector looks, from which score on it counts, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from governance.errors import InvalidInput
from governance.policy import detectors
from governance.sentence import sentence


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
    BLOCK = 3

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
            )
        )


@dataclass(frozen=True)
class Rule:
    """One rule of a tenant. `threshold` is between 0 and 1; `message` is the sentence a person reads."""

    name: str
    stages: frozenset[Stage]
    detector: str
    action: Action
    threshold: float
    message: str
    options: Mapping[str, object] = field(default_factory=dict)
    version: int = 1


def check(rule: Rule) -> None:
    """Raise `InvalidInput` when a rule cannot work: called before one is stored, not each time it runs."""
    if not rule.name.strip():
        raise InvalidInput("A rule needs a name.")
    if not rule.stages:
        raise InvalidInput(sentence("Rule %(name)s names no stage, so it would never run.", name=repr(rule.name)))
    if not 0.0 <= rule.threshold <= 1.0:
        raise InvalidInput(sentence("The threshold of rule %(name)s must lie between 0 and 1.", name=repr(rule.name)))
    if rule.action > Action.ALLOW and not rule.message.strip():
        raise InvalidInput(
            sentence("Rule %(name)s needs a message: a person will want to know why.", name=repr(rule.name))
        )
    detectors.get(rule.detector).check(rule.options)


HIGH_RISK = (
    "iban",
    "payment_card",
    "us_ssn",
    "de_tax_id",
    "de_id_card",
    "de_social_security",
    "uk_nino",
    "fr_nir",
    "es_dni",
    "es_nie",
    "it_fiscal_code",
    "nl_bsn",
    "pl_pesel",
    "ch_ahv",
    "at_social_security",
    "be_national_number",
    "se_personal_number",
    "br_cpf",
    "passport",
)


def defaults() -> tuple[Rule, ...]:
    """The rules a new tenant starts with.

    A credential in a question is blocked, not redacted: redaction would protect the model, which needs no
    protection, and leave the person believing that a key pasted into a chat is still secret. Elsewhere nobody
    who could act is at the keyboard: it is cut out of passages and answers so that the rest stays useful, and
    flagged in an upload, where the officer decides. Numbers that open accounts or identify a person for life
    are cut out both ways. Addresses and telephone numbers are only flagged in questions and pass in answers,
    because handbooks cite contacts.
    """
    return (*_credentials(), *_personal_data(), *_instructions())


def _credentials() -> tuple[Rule, ...]:
    return (
        Rule(
            "secrets-input",
            frozenset({Stage.INPUT}),
            "secrets",
            Action.BLOCK,
            0.6,
            "Your message contains a password or key. Remove it, change it where it is used, and ask again.",
        ),
        Rule(
            "secrets-text",
            frozenset({Stage.PASSAGE, Stage.OUTPUT}),
            "secrets",
            Action.REDACT,
            0.6,
            "A password or key was removed.",
        ),
        Rule(
            "secrets-upload",
            frozenset({Stage.UPLOAD}),
            "secrets",
            Action.FLAG,
            0.6,
            "This document contains a password or key. Remove it, and change it where it is used.",
        ),
    )


def _personal_data() -> tuple[Rule, ...]:
    return (
        Rule(
            "personal-numbers",
            frozenset({Stage.INPUT, Stage.OUTPUT}),
            "pii",
            Action.REDACT,
            0.6,
            "An account, card or identity number was removed.",
            {"types": list(HIGH_RISK)},
        ),
        Rule(
            "contact-details",
            frozenset({Stage.INPUT}),
            "pii",
            Action.FLAG,
            0.6,
            "Your message contains personal details.",
            {"types": ["email", "phone", "date_of_birth"]},
        ),
    )


def _instructions() -> tuple[Rule, ...]:
    return (
        Rule(
            "instructions-in-passage",
            frozenset({Stage.PASSAGE}),
            "injection",
            Action.BLOCK,
            0.7,
            "A passage was left out because it gives orders to the assistant.",
        ),
        Rule(
            "instructions-in-upload",
            frozenset({Stage.UPLOAD}),
            "injection",
            Action.FLAG,
            0.7,
            "This document contains text that gives orders to an assistant; such passages will be left out.",
        ),
        Rule(
            "control-tokens",
            frozenset({Stage.INPUT, Stage.PASSAGE, Stage.OUTPUT}),
            "control_tokens",
            Action.REDACT,
            0.6,
            "Control tokens of a language model were removed.",
        ),
        Rule(
            "control-tokens-upload",
            frozenset({Stage.UPLOAD}),
            "control_tokens",
            Action.FLAG,
            0.6,
            "This document contains control tokens of a language model; they are removed before it is read.",
        ),
    )
