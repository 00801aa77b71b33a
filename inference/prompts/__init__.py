"""What a model is told: versioned, pure functions.

`prompts.answer(question, excerpts, history)` for an answer from documents, `prompts.model_only(question, history)` for
talk that needs none, `prompts.judge(question, text)` for a yes or a no, and `prompts.fit(...)` to bring either under a window.
"""

from inference.prompts.fitting import Build, fit
from inference.prompts.templates import (
    DEFAULT,
    Excerpt,
    Prompt,
    Turn,
    answer,
    digest,
    first_excerpt,
    judge,
    model_only,
    shown,
    template,
    versions,
    wording,
)

__all__ = [
    "DEFAULT",
    "Build",
    "Excerpt",
    "Prompt",
    "Turn",
    "answer",
    "digest",
    "first_excerpt",
    "fit",
    "judge",
    "model_only",
    "shown",
    "template",
    "versions",
    "wording",
]
