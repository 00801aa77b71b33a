"""The web process, as an ASGI application."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")

django.setup(set_prefix=False)

from assistant import serving  # noqa: E402  need what the line above has loaded
from assistant.processes import heartbeats, startup  # noqa: E402

application = serving.application()

startup.verify()
heartbeats.keep_beating("web")
