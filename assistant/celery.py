"""The Celery application. A message is a doorbell: rows say what there is to do."""

from __future__ import annotations

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import after_task_publish, beat_embedded_init, beat_init, celeryd_init, heartbeat_sent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")

app = Celery("chancery")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["governance.policy.replay", "ingestion", "assistant"])


@celeryd_init.connect
def verify(**_: object) -> None:
    """Celery logs what a signal's receiver raises and goes on; only SystemExit keeps the worker from starting."""
    from django.db import DatabaseError

    from assistant.processes import startup

    try:
        found = startup.faults()
    except DatabaseError as fault:
        found = [f"The database does not answer: {fault}"]
    if found:
        raise SystemExit(" ".join(found))


@celeryd_init.connect
def share(**_: object) -> None:
    """A model's thread that has read a batch, or that hands over to the next one, waits for whoever computes in Python at
    that moment: with the interpreter's own five milliseconds that adds up to some of every hundred.
    """
    sys.setswitchinterval(0.0005)


@heartbeat_sent.connect
def live(sender: Any = None, **_: object) -> None:
    """Every two seconds, from the worker's own loop: a worker that hangs is not heard."""
    from assistant.processes import heartbeats

    heartbeats.beat(str(sender.eventer.hostname).partition("@")[0])


@beat_init.connect
@beat_embedded_init.connect
def watch_beat(**_: object) -> None:
    """Beat lives as long as it sends."""
    after_task_publish.connect(tick)


def tick(**_: object) -> None:
    from assistant.processes import heartbeats

    heartbeats.beat("beat")
