"""The runners that this process uses, from `settings.CHANCERY_RUNNERS`.

{"chat": {"BACKEND": "dotted.path.Class", "OPTIONS": {...}}, "embedding": {...}}, with options that the class names.
"""

from __future__ import annotations

import inspect
import threading
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from inference.runners.base import ChatRunner, EmbeddingRunner

_PORTS: dict[str, type] = {"chat": ChatRunner, "embedding": EmbeddingRunner}
_made: dict[str, Any] = {}
_lock = threading.Lock()


def chat() -> ChatRunner:
    """The chat runner. The same one each time, so that its connections and its memory last."""
    runner: ChatRunner = _get("chat")
    return runner


def embedder() -> EmbeddingRunner:
    """The embedding runner, whose model is loaded once a process."""
    runner: EmbeddingRunner = _get("embedding")
    return runner


def reset(*, setting: str = "CHANCERY_RUNNERS", **_: object) -> None:
    """Forget the runners; the next call makes them from the settings of then."""
    if setting == "CHANCERY_RUNNERS":
        with _lock:
            _made.clear()


def _get(slot: str) -> Any:
    with _lock:
        if slot not in _made:
            _made[slot] = _make(slot)
        return _made[slot]


def _make(slot: str) -> Any:
    where = f"CHANCERY_RUNNERS[{slot!r}]"
    wanted = settings.CHANCERY_RUNNERS.get(slot, {})
    try:
        backend = import_string(wanted.get("BACKEND", ""))
    except ImportError as error:
        raise ImproperlyConfigured(f"{where}: BACKEND cannot be imported: {error}") from error
    if not (isinstance(backend, type) and issubclass(backend, _PORTS[slot])):
        raise ImproperlyConfigured(f"{where}: {wanted['BACKEND']} is no {_PORTS[slot].__name__}.")
    options = wanted.get("OPTIONS", {})
    known = inspect.signature(backend).parameters
    for option in options:
        if option not in known:
            raise ImproperlyConfigured(
                f"{where}: {wanted['BACKEND']} takes no option {option!r}, only {', '.join(known)}."
            )
    try:
        return backend(**options)
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"{where}: {error}") from error


setting_changed.connect(reset, dispatch_uid="inference.runners")
