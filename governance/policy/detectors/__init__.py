"""The registry of detectors, by name."""

from __future__ import annotations

from governance.errors import InvalidInput
from governance.policy.detectors.base import Detector, Finding, Looked
from governance.policy.detectors.control_tokens import ControlTokens
from governance.policy.detectors.every_text import EveryText
from governance.policy.detectors.hidden_text import HiddenText
from governance.policy.detectors.injection import Injection
from governance.policy.detectors.injection_score import InjectionScore
from governance.policy.detectors.judge import ModelJudge
from governance.policy.detectors.pattern import Pattern
from governance.policy.detectors.pii import PersonalData
from governance.policy.detectors.secrets import Secrets
from governance.policy.detectors.topic import Topic
from governance.sentence import sentence

__all__ = ["Detector", "Finding", "Looked", "get", "names"]

_REGISTRY: dict[str, Detector] = {
    detector.name: detector
    for detector in (
        Secrets(),
        PersonalData(),
        Injection(),
        InjectionScore(),
        HiddenText(),
        ControlTokens(),
        Pattern(),
        Topic(),
        ModelJudge(),
        EveryText(),
    )
}


def names() -> tuple[str, ...]:
    return tuple(sorted(_REGISTRY))


def get(name: str) -> Detector:
    """The detector of that name; `InvalidInput` for an unknown one."""
    try:
        return _REGISTRY[name]
    except KeyError:
        raise InvalidInput(
            sentence(
                "There is no detector %(name)s; use one of: %(names)s.", name=repr(name), names=", ".join(names())
            ),
            param="detector",
        ) from None
