"""Restricted text stays in the house: what its collection says, or its own label, against where the model stands.

No detector can see this, and no rule may switch it off: it is asked of each passage beside the rules, and stands on the
ledger and the record like what a rule decides. Who knows the models says where they stand, by `register` at start.
"""

from __future__ import annotations

from collections.abc import Callable

from governance.policy.engine import Decision, Verdict
from governance.policy.rules import Action, Stage, Stamp
from governance.sentence import phrase

RESTRICTED = "restricted"  # what a text is whose collection or label keeps it; every other one may go to any model
RULE = "restricted-stays-home"
WITHHELD = phrase(
    "A passage was left out because its collection or its label keeps it in the house, and the model stands outside."
)
_asked: dict[str, Callable[[str], bool]] = {}


def register(is_model_in_house: Callable[[str], bool]) -> None:
    """`is_model_in_house` says whether a chat model, by its name, runs on a machine of the house, as of now."""
    _asked["chat"] = is_model_in_house


def may_go(label: str, model: str = "") -> bool:
    """Whether text under this label may be shown to the chat model of that name, or to the usual one. While nobody has said
    where it stands, it is outside.
    """
    return label != RESTRICTED or _asked.get("chat", _outside)(model)


def withheld(policy: Stamp) -> Verdict:
    """What is noted of a passage that is kept from a model outside, under that version of the policy."""
    decision = Decision(
        rule=RULE,
        detector="classification",
        stage=Stage.PASSAGE,
        action=Action.BLOCK,
        score=1.0,
        threshold=1.0,
        reason="a restricted collection or label, and a model outside the house",
        message=WITHHELD,
        spans=(),
        latency_ms=0.0,
    )
    return Verdict(Action.BLOCK, (decision,), "", WITHHELD, policy)


def _outside(model: str) -> bool:
    return False
