"""The line before asking: how many questions a web process takes up at once, and who is told at once to come later.

To take a question up costs some tens of milliseconds of processor. Of hundreds that come in one moment as many are let wait as
will be taken up within a second; each of the others has its 429 with its place before any of that is done. Tenants take turns.
A credential is known by who held it when it was last looked at here, and decides nothing but the turn: who asks is found out
behind the line.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, connection
from django.http import HttpRequest

from governance import keys, people
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Busy, ChanceryError
from governance.scope import Scope
from inference.worker.queue import FairQueue, Place

log = logging.getLogger(__name__)

AT_ONCE = 6  # fewer than the pool has connections: pages are shown meanwhile
WAIT_MOST_S = 1.0
COST_S = 0.05  # of taking one up, before any has been measured
KNOWN_MOST = 20_000
NOBODY = "?"  # the tenant of whoever is not known yet: all of them have one turn
# Of /mcp every message: what it asks for stands in its body, which nobody has read yet.
PATHS = {"/api/v1/answers": "api", "/v1/chat/completions": "openai", "/mcp": "mcp", "/c/ask": "portal"}

_known: OrderedDict[bytes, str] = OrderedDict()
_lock = threading.Lock()


def credential(headers: Mapping[str, str], cookies: Mapping[str, str]) -> str:
    """As it was sent: a key, or else a session."""
    return headers.get("Authorization", "") or cookies.get(settings.SESSION_COOKIE_NAME, "")


def know(request: HttpRequest, scope: Scope) -> None:
    name = sha256(credential(request.headers, request.COOKIES).encode()).digest()
    with _lock:
        _known[name] = f"{scope.tenant}/{scope.person}"
        _known.move_to_end(name)
        if len(_known) > KNOWN_MOST:
            _known.popitem(last=False)


def share(sent: str) -> str:
    name = sha256(sent.encode()).digest()
    return _known.get(name, f"{NOBODY}/{name.hex()}")


@dataclass
class Turn:
    """One question's place, given back once: when it was taken up, refused or given up."""

    give_back: Callable[[], None]
    loop: asyncio.AbstractEventLoop
    is_over: bool = False

    def end(self) -> None:
        """From any thread."""
        if not self.is_over:
            self.is_over = True
            self.loop.call_soon_threadsafe(self.give_back)


_turn: ContextVar[Turn | None] = ContextVar("turn", default=None)


def taken_up() -> None:
    """What comes next, the answer and its stream, keeps nobody waiting."""
    if turn := _turn.get():
        turn.end()


@dataclass
class Line:
    """Lives in one event loop."""

    queue: FairQueue = field(default_factory=lambda: FairQueue(AT_ONCE, most=10**9, most_a_share=10**9))
    cost_s: float = field(default_factory=lambda: COST_S)
    refused: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    telling: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def turn(self, sent: str, client: str) -> AsyncIterator[None]:
        """Raises Busy where the line is long enough."""
        place = self._enter(sent, client)
        turn = Turn(lambda: self._leave(place), asyncio.get_running_loop())
        token = _turn.set(turn)
        try:
            await place.admitted.wait()
            yield
        finally:
            turn.end()
            _turn.reset(token)

    def _enter(self, sent: str, client: str) -> Place:
        """Where the line is full, a tenant that has less than its part of it still comes in."""
        whose = share(sent)
        most = max(self.queue.slots, int(WAIT_MOST_S / self.cost_s))
        tenants = self.queue.waiting.keys() | {whose.partition("/")[0]}
        own = len(self.queue.waiting.get(whose.partition("/")[0], ()))
        if self.queue.depth < most or own < most // len(tenants):
            return self.queue.enter(whose)
        position = own * len(tenants) + 1
        self._note(sent, client, position)
        raise Busy(
            "Many questions come at this moment. Try again in a few seconds.",
            position=position,
            wait_s=max(1.0, round(self.cost_s * position, 1)),
        )

    def _leave(self, place: Place) -> None:
        """Those that are taken up beside each other share the processor: six that take 0.24 s each cost 0.04 s each, and one
        alone costs all of its time. So what was measured in a quiet moment does not promise six times as much.
        """
        if place.admitted.is_set():
            self.cost_s += 0.2 * ((time.monotonic() - place.began) / self.queue.running - self.cost_s)
        self.queue.leave(place)

    def _note(self, sent: str, client: str, position: int) -> None:
        """On the record a little later, by one hand: whoever is refused is not to cost what a question costs."""
        self.refused.setdefault((sent, client), []).append(position)
        if self.telling is None or self.telling.done():
            self.telling = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        while self.refused:
            await asyncio.sleep(0 if self.queue.depth == 0 else WAIT_MOST_S)
            (sent, client), positions = next(iter(self.refused.items()))
            del self.refused[sent, client]
            await sync_to_async(record, thread_sensitive=False)(sent, client, positions)


def record(sent: str, client: str, positions: list[int]) -> None:
    """That so many questions of whoever holds this credential were refused; nothing where nobody does."""
    try:
        scope = holder(sent)
        if scope is not None:
            with events.together(scope.through(client)):
                for position in positions:
                    facts = {"client": client, "code": Busy.code, "position": position}
                    events.record(scope.through(client), Event.PROMPT_REFUSED, facts=facts)
    except (DatabaseError, ChanceryError) as fault:
        log.error("that %s questions were refused could not be recorded: %s", len(positions), fault)
    finally:
        connection.close()


def holder(sent: str) -> Scope | None:
    kind, _, key = sent.partition(" ")
    if kind.lower() == "bearer":
        return keys.holder(key.strip())
    person = SessionStore(sent).get("_auth_user_id")
    return people.scope_of(person) if person else None
