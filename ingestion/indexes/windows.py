"""How much each embedder reads of a passage: passages are cut so that all who are going to read them read them whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from governance.errors import ChanceryError
from inference import runners
from inference.runners.base import EmbeddingRunner

Count = Callable[[Sequence[str]], list[int]]


def scale(written: Sequence[str]) -> tuple[Count, int]:
    """Tokens and window by which passages are cut, so that the embedder of each of these indexes reads them whole.

    `written` are the indexes of a new document, the live one first.
    """
    live, *beside = written
    current = runners.embedder(live)
    readers = [current, *filter(None, map(_answering, beside))]
    if len(readers) == 1:
        return current.count_tokens, current.max_tokens

    def count(texts: Sequence[str]) -> list[int]:
        return [max(counts) for counts in zip(*(one.count_tokens(texts) for one in readers), strict=True)]

    return count, min(one.max_tokens for one in readers)


def _answering(name: str) -> EmbeddingRunner | None:
    """One beside the live index, away or not set up here any more, is no reason for a document to wait."""
    try:
        found = runners.embedder(name)
        found.count_tokens([""])
    except ChanceryError:
        return None
    return found
