"""What a model is told: versioned, pure functions.

`prompts.answer(question, excerpts, history)` for an answer from documents, `prompts.model_only(question, history)` for
talk that needs none, and `prompts.fit(...)` to bring either under a window.
"""

from inference.prompts.fitting import Build, fit
from inference.prompts.templates import Excerpt, Prompt, Turn, answer, first_excerpt, model_only

__all__ = ["Build", "Excerpt", "Prompt", "Turn", "answer", "first_excerpt", "fit", "model_only"]
