"""What the content policy asks and the ground cannot know: where the chat model stands, and how near two texts are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from governance.policy import residence
from governance.policy.detectors import topic
from inference import runners


def register() -> None:
    """At start. Nothing is loaded yet: each asks its runner when it is asked."""
    residence.register(lambda: runners.chat().is_in_house)
    topic.register(_vectors)


def _vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    return runners.embedder().embed(texts, "passage")
