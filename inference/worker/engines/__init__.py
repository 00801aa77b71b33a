"""Engines that the worker can serve with, each alone in its file."""

from __future__ import annotations

from importlib import import_module

from governance.errors import InvalidInput
from inference.worker.engines.base import Engine

NAMES = {
    "xllamacpp": "inference.worker.engines.xllamacpp.Xllamacpp",
    "llama_cpp_python": "inference.worker.engines.llama_cpp_python.LlamaCppPython",
}


def chosen(name: str) -> Engine:
    """The engine of that name, or of that dotted path. Raises InvalidInput where there is none."""
    path = NAMES.get(name.replace("-", "_"), name)
    module, _, attribute = path.rpartition(".")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError):
        found = None
    if not (isinstance(found, type) and issubclass(found, Engine)):
        raise InvalidInput(f"There is no engine {name}. Name one of {', '.join(NAMES)}, or a class by its dotted path.")
    return found()
