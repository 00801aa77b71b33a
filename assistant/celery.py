"""The Celery application. A message is a doorbell: rows say what there is to do."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import celeryd_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")

app = Celery("chancery")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["ingestion", "assistant"])


@celeryd_init.connect
def verify(**_: object) -> None:
    """Celery logs what a signal's receiver raises and goes on; only SystemExit keeps the worker from starting."""
    from assistant import startup

    found = startup.faults()
    if found:
        raise SystemExit(" ".join(found))
