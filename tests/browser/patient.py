"""A chat runner that quotes its first excerpt, and then goes on talking until a test lets it end."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

from inference import prompts
from inference.runners.base import ChatRequest
from inference.runners.scripted import ScriptedChat

GATE = "CHANCERY_TEST_GATE"  # names a file: while it is there, the runner comes to its end
A_LINE_S = 0.15
LINES_MOST = 90  # an answer ends even where the test forgot it


class PatientChat(ScriptedChat):
    def __init__(self) -> None:
        super().__init__(script=self._talk)

    def _talk(self, request: ChatRequest) -> Iterable[str]:
        gate = Path(os.environ[GATE])
        yield f"{prompts.first_excerpt(request.messages).strip()}\n"
        for number in range(LINES_MOST):
            if gate.exists():
                break
            time.sleep(A_LINE_S)
            yield f"Line number {number} of the talk is on its way.\n"
        yield "That was all."
