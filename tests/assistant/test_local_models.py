"""Which model files a start fetches, and what it says about them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from assistant.local import models, secrets
from assistant.local.console import Console
from assistant.local.stack import Stack
from assistant.local.supervisor import Supervisor
from governance.errors import InvalidInput
from inference import memory, registry
from inference.registry import Model


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Every file of the catalogue is there already."""
    for name in (
        "CHANCERY_MODEL",
        "CHANCERY_MODELS",
        "CHANCERY_EMBEDDING_RUNNER",
        "MODEL_URL",
        "CHANCERY_MODELS_BESIDE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(registry, "find", lambda folder, model: model.path or folder / model.file)
    console = Console(io.StringIO())
    return Stack(tmp_path, 8000, secrets.load(tmp_path), Supervisor(tmp_path, "", console.say), console)


def output(local: Stack) -> str:
    out = local.console._out
    assert isinstance(out, io.StringIO)
    return out.getvalue()


def chat() -> list[Model]:
    return [model for model in registry.catalog().values() if model.kind == "chat"]


def test_worker_is_told_which_model_was_chosen_by_memory(local: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free", lambda: 64 * 2**30)
    models.fetch(local)

    assert local.variables["CHANCERY_MODEL"] == chat()[0].name
    assert chat()[0].licence in output(local)


def test_weak_model_for_want_of_memory_comes_with_its_notice(local: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free", lambda: 2 * 2**30)
    models.fetch(local)

    small = registry.catalog()[local.variables["CHANCERY_MODEL"]]
    assert small.notice
    assert small.notice in output(local)


def test_model_that_was_asked_for_comes_without_a_notice_on_memory(
    local: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = next(model for model in chat() if model.notice)
    monkeypatch.setenv("CHANCERY_MODEL", small.name)
    models.fetch(local)

    assert local.variables["CHANCERY_MODEL"] == small.name
    assert small.notice not in output(local)


def test_file_of_the_operator_is_handed_on_by_its_path(local: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    file = local.home / "own.gguf"
    file.touch()
    monkeypatch.setenv("CHANCERY_MODEL", str(file))
    models.fetch(local)

    assert local.variables["CHANCERY_MODEL"] == str(file)


def test_further_models_are_fetched_once_each_and_a_name_that_is_none_is_refused(
    local: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = chat()[:2]
    monkeypatch.setenv("CHANCERY_MODEL", first.name)
    monkeypatch.setenv("CHANCERY_MODELS_BESIDE", f"{first.name}, {second.name}")
    models.fetch(local)
    assert [line.split()[0] for line in output(local).splitlines() if "odel" in line] == ["Chat", "Further"]
    assert second.file in output(local)

    monkeypatch.setenv("CHANCERY_MODELS_BESIDE", "nobody")
    with pytest.raises(InvalidInput, match=f"CHANCERY_MODELS_BESIDE=nobody is neither.*{first.name}"):
        models.fetch(local)


def test_server_of_the_operator_needs_no_chat_model_here(local: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_URL", "http://127.0.0.1:1/v1")
    models.fetch(local)

    assert "CHANCERY_MODEL" not in local.variables
    assert "Embedder" in output(local)
    assert "Chat model" not in output(local)
