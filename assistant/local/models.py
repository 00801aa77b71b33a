"""The model files that this machine needs: found, or fetched with a bar and verified."""

from __future__ import annotations

from pathlib import Path

from assistant.configuration import env
from assistant.local import environment
from assistant.local.stack import Stack
from inference import memory, registry, sources
from inference.registry import Model


def fetch(local: Stack) -> None:
    """The embedder's files, and the chat models unless MODEL_URL names a server that has them."""
    folder = env.folder("CHANCERY_MODELS", local.home / "models")
    if not env.text("CHANCERY_EMBEDDING_RUNNER"):
        for model in registry.embedder():
            _fetch(local, "Embedder", model, folder)
    if environment.is_replaced("MODEL_URL"):
        return
    wanted = env.text("CHANCERY_MODEL")
    model = registry.resolve(wanted) if wanted else registry.default_chat(memory.free(), folder)
    path = _fetch(local, "Chat model", model, folder)
    if model.notice and not wanted:
        local.console.say(model.notice)
    # The worker is told the choice: asked again, with less memory free by then, it could come to another.
    local.variables["CHANCERY_MODEL"] = str(path) if model.path else model.name
    for further in registry.beside(env.names("CHANCERY_MODELS_BESIDE", [])):
        if further.name != model.name:
            _fetch(local, "Further model", further, folder)


def _fetch(local: Stack, label: str, model: Model, folder: Path) -> Path:
    with local.console.step(label) as step:

        def progress(done: int, total: int, what: str) -> None:
            step.progress(done, total, what)
            local.supervisor.tick()

        path = registry.find(folder, model) or sources.fetch(model, folder, progress)
        step.note = f"{model.file}, {model.licence}, from {_shortened(registry.provenance(path))}"
        return path


def _shortened(source: str) -> str:
    first, *others = source.split(", ")
    return f"{first} and {len(others)} more" if others else first
