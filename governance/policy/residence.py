"""Restricted text stays in the house: what a collection's label says, against where the model stands.

No detector can see this, and no rule may switch it off: it is asked of each passage beside the rules, and stands on the
ledger and the record like what a rule decides. Who knows the models says where they stand, by `register` at start.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from governance.policy import enforcement
from governance.policy.engine import Decision, Verdict
from governance.policy.rules import Action, Stage, Stamp
from governance.scope import Scope
from governance.sentence import phrase

RESTRICTED = "restricted"  # the label; every other one may go to any model
RULE = "restricted-stays-home"
WITHHELD = phrase("A passage was left out because its collection is restricted and the model stands outside the house.")
_asked: dict[str, Callable[[], bool]] = {}


def register(is_model_in_house: Callable[[], bool]) -> None:
    """`is_model_in_house` says whether the chat model runs on a machine of the house, as of now."""
    _asked["chat"] = is_model_in_house


def may_go(label: str) -> bool:
    """Whether text under this label may be shown to the chat model. While nobody has said where it stands, it is outside."""
    return label != RESTRICTED or _asked.get("chat", _outside)()


def withhold(scope: Scope, policy: Stamp, *, interaction: uuid.UUID, subject_id: uuid.UUID) -> Verdict:
    """Put on the ledger and the record that this passage was kept from a model outside, under that version of the policy."""
    decision = Decision(
        rule=RULE,
        detector="classification",
        stage=Stage.PASSAGE,
        action=Action.BLOCK,
        score=1.0,
        threshold=1.0,
        reason="a restricted collection, and a model outside the house",
        message=WITHHELD,
        spans=(),
        latency_ms=0.0,
    )
    verdict = Verdict(Action.BLOCK, (decision,), "", WITHHELD, policy)
    enforcement.note(scope, verdict, interaction=interaction, stage=Stage.PASSAGE, subject_id=subject_id)
    return verdict


def _outside() -> bool:
    return False
