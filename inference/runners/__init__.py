"""The runners that this process uses, from `settings.CHANCERY_RUNNERS` and `settings.CHANCERY_EMBEDDERS`.

{"chat": {"BACKEND": "dotted.path.Class", "OPTIONS": {...}}, "embedding": {...}}, with options that the class names; "judge"
beside them is a chat runner for questions of the content policy, where the chat's own shall not be asked, and "rerank" stands
there where there is a server for it. The second is a list of further embedders, each as "embedding" is: what an index may be
changed to. `settings.CHANCERY_CHATS` is a list of further chat models, each with a NAME: what a question may be answered by.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from governance.errors import Unavailable
from governance.sentence import phrase, sentence
from inference.runners.base import ChatRunner, EmbeddingRunner, RerankRunner

_PORTS: dict[str, type] = {
    "chat": ChatRunner,
    "judge": ChatRunner,
    "embedding": EmbeddingRunner,
    "rerank": RerankRunner,
}
_LISTS: dict[str, tuple[str, type]] = {
    "embedders": ("CHANCERY_EMBEDDERS", EmbeddingRunner),
    "chats": ("CHANCERY_CHATS", ChatRunner),
}
_made: dict[str, Any] = {}
_lock = threading.Lock()
_NO_CHAT = phrase("The model “%(name)s” is not set up here. Ask again with another one.")
_UNKNOWN = phrase("The embedding model “%(name)s” is not set up here. Ask your operator to put it back.")


def chat(name: str = "") -> ChatRunner:
    """The usual chat runner, or the further one of that name. The same each time: its connections and its memory last.

    Raises Unavailable for a name that is not set up here.
    """
    if name and name not in further_chats():
        raise Unavailable(sentence(_NO_CHAT, name=name))
    runner: ChatRunner = _get(f"chats/{further_chats().index(name)}" if name else "chat")
    return runner


@contextmanager
def instead(runner: ChatRunner) -> Iterator[None]:
    """Meanwhile this is the usual chat runner of this process: how another model is asked the very way the usual one is."""
    with _lock:
        usual = _made.get("chat")
        _made["chat"] = runner
    try:
        yield
    finally:
        with _lock:
            _made.pop("chat", None)
            if usual is not None:
                _made["chat"] = usual


def judge() -> ChatRunner:
    """Who is asked about texts for the content policy: a runner of its own where one is set, or else the chat runner."""
    runner: ChatRunner = _get("judge" if "judge" in settings.CHANCERY_RUNNERS else "chat")
    return runner


def reranker() -> RerankRunner | None:
    """The reranker that is set up, or None: search then orders what it found by itself."""
    if "rerank" not in settings.CHANCERY_RUNNERS:
        return None
    runner: RerankRunner = _get("rerank")
    return runner


def further_chats() -> list[str]:
    """The names of the models that a question may be answered by, beside the usual one."""
    return [str(one.get("NAME", "")) for one in settings.CHANCERY_CHATS]


def embedder(name: str = "") -> EmbeddingRunner:
    """The installation's embedder, or the one of that name; its model is loaded once a process.

    Raises Unavailable for a name that is not set up here: vectors of another model would be compared with its own.
    """
    if not name:
        runner: EmbeddingRunner = _get("embedding")
        return runner
    found = next((one for one in embedders() if one.name == name), None)
    if found is None:
        raise Unavailable(sentence(_UNKNOWN, name=name))
    return found


def embedders() -> list[EmbeddingRunner]:
    """Every embedder that an index may be made with: the installation's own first, then the further ones."""
    return [_get("embedding"), *(_get(f"embedders/{at}") for at in range(len(settings.CHANCERY_EMBEDDERS)))]


def reset(*, setting: str = "CHANCERY_RUNNERS", **_: object) -> None:
    """Forget the runners; the next call makes them from the settings of then."""
    if setting in {"CHANCERY_RUNNERS", "CHANCERY_EMBEDDERS", "CHANCERY_CHATS"}:
        with _lock:
            _made.clear()


def _get(slot: str) -> Any:
    with _lock:
        if slot not in _made:
            _made[slot] = _make(slot)
        return _made[slot]


def _make(slot: str) -> Any:
    port, _, at = slot.partition("/")
    if at:
        name, of = _LISTS[port]
        return _built(f"{name}[{at}]", getattr(settings, name)[int(at)], of)
    return _built(f"CHANCERY_RUNNERS[{slot!r}]", settings.CHANCERY_RUNNERS.get(slot, {}), _PORTS[port])


def _built(where: str, wanted: dict[str, Any], port: type) -> Any:
    try:
        backend = import_string(wanted.get("BACKEND", ""))
    except ImportError as error:
        raise ImproperlyConfigured(f"{where}: BACKEND cannot be imported: {error}") from error
    if not (isinstance(backend, type) and issubclass(backend, port)):
        raise ImproperlyConfigured(f"{where}: {wanted['BACKEND']} is no {port.__name__}.")
    options = wanted.get("OPTIONS", {})
    known = inspect.signature(backend).parameters
    for option in options:
        if option not in known:
            raise ImproperlyConfigured(
                f"{where}: {wanted['BACKEND']} takes no option {option!r}, only {', '.join(known)}."
            )
    try:
        made = backend(**options)
        if isinstance(made, EmbeddingRunner) and made.batch < 1:
            raise ValueError(f"a batch has 1 text or more, and not {made.batch}.")
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"{where}: {error}") from error
    return made


setting_changed.connect(reset, dispatch_uid="inference.runners")
