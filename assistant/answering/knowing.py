"""What the content policy asks and the ground cannot know: where the chat model stands, how near two texts are, and what a
model makes of a text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from governance.policy import residence
from governance.policy.detectors import judge, topic
from inference import judging, runners


def register() -> None:
    """At start. Nothing is loaded yet: each asks its runner when it is asked."""
    residence.register(lambda model: runners.chat(model).is_in_house)
    topic.register(_vectors)
    judge.register(judging.ask)


def _vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    """Raises OutsideTheHouse, and what the embedder raises: a rule is shown texts of every collection, restricted ones too."""
    embedder = runners.embedder()
    if not embedder.is_in_house:
        raise judging.OutsideTheHouse
    return embedder.embed(texts, "passage")
