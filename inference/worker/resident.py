"""One model of a worker: whether it is in memory, who uses it, and who waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from governance.errors import ChanceryError, Unavailable
from inference.worker.engines.base import Engine, EngineSettings
from inference.worker.front import Front
from inference.worker.keeper import Keeper
from inference.worker.reading import Reader

GLANCE_S = 0.05
SETTLED_MOST = 100  # glances


class NotLoaded(Unavailable):
    """It will not come up by itself: whoever asks again in moments is told the same."""

    code = "not_loaded"


async def _nobody(_: Resident) -> None:
    """Where a worker has one model alone, nothing has to be brought: it is there from the beginning."""


@dataclass(eq=False)
class Resident:
    """`takes` bytes of memory once it is loaded and has kept what it may. `find` gives its file, verified.

    `running` requests have it in use, and it stays as long as they do; those in `line` wait until `bring` has loaded it.
    While it `is_closing`, nobody new gets it: another model needs the room. Lives in one event loop.
    """

    front: Front
    engine: Engine
    settings: EngineSettings
    takes: int
    find: Callable[[], Path]
    bring: Callable[[Resident], Coroutine[Any, Any, None]] = _nobody
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    running: int = 0
    used_at: float = 0.0
    is_closing: bool = False
    keeper: Keeper | None = None
    line: list[asyncio.Future[None]] = field(default_factory=list)
    bringing: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.front.stay = self

    @property
    def name(self) -> str:
        return self.settings.alias

    @property
    def comes(self) -> bool:
        """It is not to be had now, and will be for whoever waits."""
        return self.keeper is None or self.is_closing or self.bringing is not None

    @property
    def untaken(self) -> int:
        """Bytes that it may still take of the memory that is free."""
        reader = self.front.reader
        kept = reader.held.keeping.size if reader else 0
        return max(0, self.takes - kept - (self.keeper.taken() if self.keeper else 0))

    async def hold(self) -> None:
        """Until it is in memory, where it then stays until `release`. Raises Unavailable where it cannot be loaded.

        However many ask at once, it is loaded once.
        """
        if not self.comes:
            self._begin_use()
            return
        turn = asyncio.get_running_loop().create_future()
        self.line.append(turn)
        if self.bringing is None:
            self.bringing = asyncio.create_task(self.bring(self))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.release()  # it was let in, in the very moment in which its client left
            raise
        finally:
            with contextlib.suppress(ValueError):
                self.line.remove(turn)
            self.changed.set()

    def release(self) -> None:
        """To be called once after each `hold`."""
        self.running -= 1
        self.used_at = time.monotonic()
        self.changed.set()

    def let_in(self) -> None:
        """Everybody who waits; before another model may ask for the room."""
        for turn in self._waiting():
            turn.set_result(None)
            self._begin_use()

    def refuse(self, fault: ChanceryError) -> None:
        for turn in self._waiting():
            turn.set_exception(NotLoaded(fault.message) if isinstance(fault, Unavailable) else fault)

    def begin(self, path: Path) -> None:
        self.keeper = Keeper(self.front, self.engine, path, self.settings)
        self.used_at = time.monotonic()

    async def load(self, path: Path) -> None:
        """Until it can be asked. Raises Unavailable where the engine does not come up, and leaves nothing behind."""
        self.begin(path)
        while self.front.engine is None:
            if self.keeper is not None and (fault := self.keeper.fault):
                await self.stop()
                raise Unavailable(f"{self.name} could not be loaded: {fault}")
            await asyncio.sleep(GLANCE_S)

    async def stop(self) -> None:
        """Its engine is gone then."""
        keeper, self.keeper = self.keeper, None
        if keeper is not None:
            await keeper.stop()

    async def let_go(self) -> None:
        """It gives back all of its memory: what was kept of prompts goes with its engine."""
        reader = self.front.reader
        for slot in reader.held.left if reader else ():
            slot.forget()
        await self.stop()
        if reader is not None:
            await _settled(reader)
            reader.held.keeping.clear()

    def _begin_use(self) -> None:
        self.running += 1
        self.used_at = time.monotonic()

    def _waiting(self) -> list[asyncio.Future[None]]:
        waiting, self.line = [turn for turn in self.line if not turn.done()], []
        return waiting


async def _settled(reader: Reader) -> None:
    """What was being kept while its engine was stopped fails within moments."""
    for _glance in range(SETTLED_MOST):
        if not reader.held.left:
            return
        await asyncio.sleep(GLANCE_S)
