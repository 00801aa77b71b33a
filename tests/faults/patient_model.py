"""A model server that says its first sentences, or nothing yet, and then waits until it is let: a kill finds it at work."""

from __future__ import annotations

import contextlib
import re
import threading
from collections import Counter
from collections.abc import Iterator

from tests.inference import model_server
from tests.inference.model_server import ModelServer, Speaker

FIRST = (
    "Employees may spend twenty working days a year abroad. Longer stays need the written consent of the personnel "
    "department. The days are counted from the first of January. "
)
LAST = "Unused days are not carried over into the next year."
CASE = re.compile(r"case (\d+)")


class PatientModel:
    """`asked` counts the requests by case; cases below `talkative` get the first sentences at once."""

    def __init__(self, talkative: int) -> None:
        self.asked: Counter[int] = Counter()
        self.let = threading.Event()
        self._talkative = talkative
        self._lock = threading.Lock()

    def begin(self) -> None:
        """As if nobody had ever asked."""
        self.asked.clear()
        self.let.clear()

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """The address."""
        with ModelServer() as server:
            state = {"data": [{"id": "patient", "context_window": 4096}]}
            server.replies["/v1/models"] = lambda speaker: speaker.say_json(state)
            server.chats(self._reply)
            try:
                yield server.base_url
            finally:
                self.let.set()

    def _reply(self, speaker: Speaker) -> None:
        messages = speaker.server.owner.asked[-1].body["messages"]
        case = int(CASE.findall(messages[-1]["content"])[-1])
        with self._lock:
            self.asked[case] += 1
        with contextlib.suppress(OSError):  # whoever asked is dead
            speaker.say_events(self._words(case))

    def _words(self, case: int) -> Iterator[bytes]:
        if case < self._talkative:
            yield model_server.piece(FIRST)
        while not self.let.wait(0.3):
            yield b": thinking\n\n"
        yield model_server.piece(LAST if case < self._talkative else FIRST + LAST)
        yield model_server.piece(finish="stop")
        yield model_server.usage(200, 40)
        yield model_server.DONE
