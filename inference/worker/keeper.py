"""An engine that runs as long as it is to: in a thread beside the front, started again when it dies or is stuck."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from pathlib import Path

from governance.errors import Unavailable
from inference import footprint
from inference.worker.engines.base import Engine, EngineSettings, await_ready
from inference.worker.front import Front

log = logging.getLogger(__name__)

BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
SETTLED_S = 60.0  # an engine that ran so long is started again as if it had never failed
GLANCE_S = 0.2


class Keeper:
    """`fault` is why its engine last did not come up; `front.engine` is where it answers, while it does."""

    def __init__(self, front: Front, engine: Engine, path: Path, settings: EngineSettings) -> None:
        self.front, self.engine, self.path, self.settings = front, engine, path, settings
        self.fault = ""
        self._pid = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Returns when the engine has ended."""
        self._stopping.set()
        await asyncio.to_thread(self._thread.join)

    def taken(self) -> int:
        """Bytes that the engine has by now and that nobody else could have."""
        return footprint.taken(self._pid) if self._pid else 0

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._live()
            except (Unavailable, OSError) as fault:
                self.fault = str(fault)
                log.error("%s", fault)
            if not self._stopping.is_set():
                failures = 0 if time.monotonic() - began > SETTLED_S else failures + 1
                wait_s = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
                log.error("the engine ended; it is started again in %s s", wait_s)
                self._stopping.wait(wait_s)

    def _live(self) -> None:
        served = self.engine.serve(self.path, self.settings)
        self._pid = served.process.pid
        try:
            await_ready(served, lambda: not self._stopping.is_set())
            self.front.engine = served.address
            log.info("%s serves %s: %s", self.engine.name, self.path.name, self.settings)
            while served.is_alive and self.front.stuck is not served.address and not self._stopping.wait(GLANCE_S):
                pass
        finally:
            self.front.engine = None
            self._pid = 0
            served.stop()
