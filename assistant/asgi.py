"""The web process, as an ASGI application."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")

application = get_asgi_application()

from assistant import heartbeats, startup  # noqa: E402  needs the settings that the line above has loaded

startup.verify()
heartbeats.keep_beating("web")
