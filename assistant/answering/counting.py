"""What became of the tokens: of which parts a prompt was made, and how much of each passage was sent or left out."""

from __future__ import annotations

from typing import Any

from assistant.answering.prompting import Built
from assistant.answering.retrieval import LookedUp
from governance.errors import ChanceryError
from inference import prompts
from inference.runners import tokens
from inference.runners.base import ChatRunner


def of(runner: ChatRunner, built: Built, found: LookedUp, prompt_tokens: int) -> dict[str, Any]:
    """`parts` add up to `prompt_tokens`; `passages` are those that were found and might be shown, the best first."""
    prompt = built.prompt
    shown = {built.offered[one.marker - 1].passage.chunk_id: prompts.shown(one) for one in prompt.excerpts}
    said = "\n".join(f"{turn.question}\n{turn.answer}" for turn in prompt.history)
    texts = [built.question, said, *shown.values(), *(one.text for one in found.passages)]
    question, history, *counted = _counted(runner, texts)
    sent = dict(zip(shown, counted, strict=False))
    passages: list[dict[str, Any]] = [
        {"chunk": str(one.chunk_id), "sent": sent.get(one.chunk_id, 0), "of": whole, "why": built.why(one)}
        for one, whole in zip(found.passages, counted[len(shown) :], strict=True)
    ]
    parts = {"passages": sum(sent.values()), "history": history, "question": question}
    return {
        "parts": {"fixed": max(0, prompt_tokens - sum(parts.values()))} | parts,
        "passages": passages,
        "dropped": sum(max(0, one["of"] - one["sent"]) for one in passages),
        "turns_dropped": built.turns_dropped,
    }


def _counted(runner: ChatRunner, texts: list[str]) -> list[int]:
    """A server that has gone away meanwhile is no reason to lose an answer."""
    try:
        return runner.count_each(texts)
    except ChanceryError:
        return [tokens.estimate(text) for text in texts]
