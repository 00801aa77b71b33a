"""Bringing a prompt under a window, by leaving out what is missed least."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from governance.errors import InvalidInput
from governance.sentence import phrase, sentence
from inference.prompts.templates import Excerpt, Prompt, Turn
from inference.runners.base import Message

TOO_LONG = phrase(
    "The question is too long: with what has to stand around it, it has %(tokens)s tokens, and the limit is %(budget)s. "
    "Ask it in fewer words."
)

Build = Callable[[str, Sequence[Excerpt], Sequence[Turn]], Prompt]


def fit(
    build: Build,
    question: str,
    excerpts: Sequence[Excerpt],
    history: Sequence[Turn],
    count_tokens: Callable[[Sequence[Message]], int],
    budget: int,
) -> Prompt:
    """The fullest prompt of at most `budget` tokens: the window less what the answer may take.

    The oldest turns go first, then the excerpts from the lowest up. The question is never cut, and of excerpts that
    were given the best one stays: without any, the answer would stand on nothing. Read from the prompt what was kept.
    Raises InvalidInput, naming the limit, for a question that leaves no room for that.
    """
    best_first = sorted(excerpts, key=lambda excerpt: excerpt.marker)
    turns = list(history)
    while True:
        prompt = build(question, best_first, turns)
        tokens = count_tokens(prompt.messages)
        if tokens <= budget:
            return replace(prompt, tokens=tokens)
        if turns:
            del turns[0]
        elif len(best_first) > 1:
            del best_first[-1]
        else:
            raise InvalidInput(sentence(TOO_LONG, tokens=tokens, budget=budget))
