"""The web and its workers as they are, except that nothing is put on the record: for `bench.record_cost` alone.

Served as `bench.unrecorded:application`, and by Celery as `bench.unrecorded`: a module of its own, so that nothing but a
bench can start it.
"""

from __future__ import annotations

import uuid
from typing import Any
from unittest import mock

import django

from assistant.celery import app

django.setup()

from governance.audit import events  # noqa: E402  its models want what the line above has loaded

__all__ = ["app"]


def _nothing(*_: object) -> uuid.UUID:
    """Neither canonical bytes nor ciphertext are made, and the database is not asked."""
    return uuid.uuid4()


mock.patch.object(events, "_append", _nothing).start()


def __getattr__(name: str) -> Any:
    if name == "application":  # a worker has no web
        from assistant.asgi import application

        return application
    raise AttributeError(name)
