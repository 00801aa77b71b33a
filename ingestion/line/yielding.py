"""Reading documents gives way to answering: while anybody is answered, the embedder rests between its batches.

Its process is nice besides, which gives the processor away and not the memory's bandwidth: that a model needs more than all else.
Whether anybody is answered is for the floor above to say.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.conf import settings

LOOK_S = 0.5  # for so long what was heard last counts
_GLANCE_S = 0.05


class _Answers:
    def __init__(self) -> None:
        self.run: Callable[[], bool] = lambda: False
        self._lock = threading.Lock()
        self._heard, self._until = False, 0.0

    def are_running(self) -> bool:
        with self._lock:
            if time.monotonic() >= self._until:
                self._heard = self.run()
                self._until = time.monotonic() + LOOK_S
            return self._heard

    def forget(self) -> None:
        self._until = 0.0


_answers = _Answers()


def register(run: Callable[[], bool]) -> None:
    """`run` says whether an answer is under way, in any tenant. It is asked twice a second at most."""
    _answers.run = run
    _answers.forget()


def is_anybody_answered() -> bool:
    """As it was heard at most half a second ago."""
    return _answers.are_running()


def give_way() -> None:
    """Before a batch: nothing while nobody is answered, else at most `settings.EMBED_REST_MS`."""
    until = time.monotonic() + settings.EMBED_REST_MS / 1000
    while time.monotonic() < until and _answers.are_running():
        time.sleep(_GLANCE_S)
