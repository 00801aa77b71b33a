"""A standing backlog of one tenant, and one question of another beside it: how many of the backlog are begun before that one."""

from __future__ import annotations

import contextlib
import itertools
import time
import uuid
from dataclasses import dataclass

from bench import record_stand, streams_ground
from bench.streams_ground import Reader, Tenant

WAITING, EACH = 40, 4  # as every tenant begins
AHEAD_MOST = 1  # one may be taken in the moment in which the single one is written down
ENDED_MOST_S = 300.0


@dataclass(frozen=True)
class Found:
    """Of the backlog, how many waited as the single question came, and how many of them were begun before it."""

    waited: int
    ahead: int


def run(rounds: int) -> bool:
    many = streams_ground.tenant("backlog", WAITING // EACH + 2, WAITING, EACH)  # two more, whose eight run
    single = streams_ground.tenant("single", 1, WAITING, EACH)
    with record_stand.serving("streams", "assistant.asgi:application", "assistant", 0, "bench.streams_model.Long"):
        found = [_round(many, single.readers[0]) for _ in range(rounds)]
        _await_ends(many)
    for one in found:
        print(f"{one.waited} of another tenant wait: the single question began after {one.ahead} of them")
    return all(one.ahead <= AHEAD_MOST < one.waited for one in found)


def _round(many: Tenant, single: Reader) -> Found:
    from assistant import models

    _fill(many)
    asked = _ask(single)
    until = time.monotonic() + ENDED_MOST_S
    while True:
        with single.scope.transaction():
            row = models.Answer.objects.get(pk=asked)
        if row.started_at is not None:
            break
        if time.monotonic() > until:
            raise SystemExit("The single question was not begun.")
        time.sleep(0.02)
    with many.staffed.system.transaction():
        waited = models.Answer.objects.filter(created_at__lt=row.created_at).exclude(started_at__lt=row.created_at)
        return Found(waited.count(), waited.filter(started_at__lt=row.started_at).count())


def _fill(many: Tenant) -> None:
    """Until no more of it may wait."""
    from governance.errors import Busy

    refused = 0
    for reader in itertools.cycle(many.readers):
        refused += 1
        with contextlib.suppress(Busy):
            _ask(reader)
            refused = 0
        if refused == len(many.readers):
            return


def _ask(reader: Reader) -> uuid.UUID:
    from assistant import conversations

    return conversations.ask(reader.scope, streams_ground.QUESTION).pk


def _await_ends(many: Tenant) -> None:
    from assistant import models

    until = time.monotonic() + ENDED_MOST_S
    while time.monotonic() < until:
        with many.staffed.system.transaction():
            if not models.Answer.objects.exclude(status__in=models.FINAL).exists():
                return
        time.sleep(0.2)
    raise SystemExit("There are answers that do not come to an end.")
