"""Whether what was found can carry an answer, and what the person is told where it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from inference import prompts
from inference.prompts import Build
from ingestion.search import Passage

# Cosine similarity of the nearest passage, and the share of the question's rare terms that passages hold. Below both
# marks nothing was found. The marks are first guesses: they have not been fitted to answerable and unanswerable questions.
NEAR = 0.35
COVERED = 0.5


@dataclass(frozen=True)
class Evidence:
    suffices: bool
    nearest: float
    covered: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def weigh(passages: Sequence[Passage], covered: float) -> Evidence:
    nearest = max((passage.dense for passage in passages), default=0.0)
    return Evidence(bool(passages) and (nearest >= NEAR or covered >= COVERED), round(nearest, 4), round(covered, 4))


def refusal(receipt: dict[str, Any]) -> str:
    """Names what was searched, so that "nothing found" can be judged."""
    names = [collection["name"] for collection in receipt.get("collections", [])]
    if not names:
        return "There is no collection that you may read yet, so there was nothing to search. Ask an administrator."
    listed = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return f"I found nothing about this in what you may read. Searched: {listed}. Try other words, or ask its owner."


def template(is_model_only: bool) -> Build:
    if is_model_only:
        return lambda question, _, history: prompts.model_only(question, history)
    return prompts.answer
