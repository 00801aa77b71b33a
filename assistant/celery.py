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
    from assistant import startup

    startup.verify()
