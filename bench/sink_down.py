"""A receiver that goes down under load and comes back: what is lost, and what comes twice.

    python -m bench.sink_down [--down 600] [--rate 50]

A tenant of its own records `--rate` events a second and has them sealed and forwarded to a webhook on this machine. After a
tenth of the time the receiver goes away for `--down` seconds: it refuses, breaks off, or takes everything and breaks off before
it says so. Then it comes back. It prints one JSON line: events recorded, events that arrived, lost, lines that came twice, and
how many of those were not the same. It runs on the databases of the tests.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
import uuid
from collections import Counter
from typing import Any


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--down", type=float, default=600.0)
    asked.add_argument("--rate", type=float, default=50.0)
    given = asked.parse_args()
    from tests import conftest

    conftest.pytest_configure(_Alone())  # type: ignore[arg-type]
    print(json.dumps(run(given.down, given.rate)))


class _Alone:
    """What tests/conftest.py asks of pytest's own configuration."""

    option = None


def run(down_s: float, rate: float) -> dict[str, Any]:
    from django.conf import settings
    from django.db import connection

    from governance.audit.out import forwarder, targets
    from tests import cast
    from tests.governance.out import receivers

    settings.FORWARD_INTERNAL_HOSTS, settings.FORWARD_TARGETS = ["127.0.0.1"], {}
    house = cast.house(f"b{uuid.uuid4().hex[:12]}")
    recorded: list[str] = []
    over = threading.Event()
    with receivers.webhook() as hook:
        target, _ = targets.create(house.ada, targets.Draft("Bench", "webhook", hook.url, "jsonl"))
        workers = [
            threading.Thread(target=_record, args=[house, rate, recorded, over]),
            threading.Thread(target=_seal, args=[house, over]),
        ]
        for worker in workers:
            worker.start()
        began = time.monotonic()
        while time.monotonic() - began < down_s * 1.2:
            is_down = down_s * 0.1 < time.monotonic() - began < down_s * 1.1
            bad = (503, None, receivers.LOST)[int(time.monotonic() / 3) % 3]
            hook.answers = receivers.always(bad if is_down else 204)
            forwarder.forward(house.tenant, target)
            time.sleep(1)
        over.set()
        for worker in workers:
            worker.join()
        hook.answers = receivers.always(204)
        caught_up = _catch_up(house, target)
        connection.close()
    arrived = Counter(line["id"] for line in hook.arrived.lines)
    texts: dict[str, set[str]] = {}
    for line in hook.arrived.lines:
        texts.setdefault(line["id"], set()).add(json.dumps(line, sort_keys=True))
    return {
        "down_s": down_s,
        "recorded": len(recorded),
        "arrived": sum(one in arrived for one in recorded),
        "lost": sum(one not in arrived for one in recorded),
        "came_twice": sum(number - 1 for number in arrived.values()),
        "and_differed": sum(len(said) > 1 for said in texts.values()),
        "in_order": [line["index"] for line in hook.arrived.events()] == list(range(len(hook.arrived.events()))),
        "caught_up_s": round(caught_up, 1),
    }


def _record(house: Any, rate: float, recorded: list[str], over: threading.Event) -> None:
    from governance.audit import events
    from governance.audit.vocabulary import Event

    due = time.monotonic()
    while not over.is_set():
        recorded.append(str(events.record(house.bob, Event.FEEDBACK_GIVEN, facts={"value": 1})))
        due += 1 / rate
        time.sleep(max(0.0, due - time.monotonic()))


def _seal(house: Any, over: threading.Event) -> None:
    from tests.governance.sealing import seal

    while not over.wait(1):
        seal(house)


def _catch_up(house: Any, target: uuid.UUID) -> float:
    """Seconds until everything has arrived, tries at once."""
    from governance.audit.out import forwarder, targets
    from tests.governance.sealing import seal

    seal(house)
    began = time.monotonic()
    targets.retry(house.ada, target)
    while targets.get(house.ada, target).behind and time.monotonic() - began < 300:
        seal(house)
        forwarder.forward(house.tenant, target)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
