from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from assistant.configuration import runners as configuration
from governance.errors import Unavailable
from inference import runners
from inference.runners.base import ChatRequest, Message
from inference.runners.openai_compatible import OpenAICompatible
from inference.runners.scripted import ScriptedChat, ScriptedEmbedder
from tests.inference.model_server import DONE, ModelServer, Speaker, piece

SCRIPTED = "inference.runners.scripted.ScriptedChat"


def set_to(chat: dict[str, Any] | None = None, embedding: dict[str, Any] | None = None) -> override_settings:
    given = {"chat": chat, "embedding": embedding}
    return override_settings(CHANCERY_RUNNERS={slot: wanted for slot, wanted in given.items() if wanted is not None})


@pytest.fixture(autouse=True)
def _afresh() -> Iterator[None]:
    runners.reset()
    yield
    runners.reset()


def test_runners_are_made_from_the_settings_once() -> None:
    embedding = {"BACKEND": "inference.runners.scripted.ScriptedEmbedder", "OPTIONS": {"dimensions": 12}}
    with set_to({"BACKEND": SCRIPTED, "OPTIONS": {"window": 99}}, embedding):
        chat, embedder = runners.chat(), runners.embedder()
        assert isinstance(chat, ScriptedChat)
        assert isinstance(embedder, ScriptedEmbedder)
        assert (chat.window, embedder.dimensions) == (99, 12)
        assert runners.chat() is chat
        assert runners.embedder() is embedder


def test_other_settings_make_other_runners() -> None:
    with set_to({"BACKEND": SCRIPTED, "OPTIONS": {"window": 1}}):
        first = runners.chat()
        with override_settings(LANGUAGE_CODE="de"):
            assert runners.chat() is first
        with set_to({"BACKEND": SCRIPTED}):
            assert runners.chat() is not first


def test_an_unknown_option_is_named() -> None:
    with (
        set_to({"BACKEND": SCRIPTED, "OPTIONS": {"windw": 1}}),
        pytest.raises(ImproperlyConfigured, match=r"\['chat'\].* no option 'windw', only script, window"),
    ):
        runners.chat()


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({}, "BACKEND cannot be imported"),
        ({"BACKEND": "inference.runners.nothing.Here"}, "BACKEND cannot be imported"),
        ({"BACKEND": "inference.runners.scripted.ScriptedEmbedder"}, "is no ChatRunner"),
        ({"BACKEND": "inference.prompts.fit"}, "is no ChatRunner"),
        ({"BACKEND": "inference.runners.openai_compatible.OpenAICompatible"}, "missing 1 required .*base_url"),
    ],
)
def test_a_backend_that_cannot_be_is_explained(wanted: dict[str, Any], complaint: str) -> None:
    with set_to(wanted), pytest.raises(ImproperlyConfigured, match=complaint):
        runners.chat()


def test_an_embedder_reads_one_text_at_once_or_more() -> None:
    served: dict[str, Any] = {"base_url": "http://127.0.0.1:8801/v1", "model": "m", "dimensions": 8}
    embedders: dict[str, dict[str, Any]] = {
        "inference.runners.onnx.OnnxEmbedder": {"models_dir": "models"},
        "inference.runners.openai_embeddings.OpenAIEmbeddings": served,
    }
    for backend, options in embedders.items():
        for batch in (0, -1, "two"):
            wanted = {"BACKEND": backend, "OPTIONS": options | {"batch": batch}}
            with set_to({}, wanted), pytest.raises(ImproperlyConfigured, match=r"\['embedding'\]"):
                runners.embedder()
        with set_to({}, {"BACKEND": backend, "OPTIONS": options | {"batch": 1}}):
            assert runners.embedder().batch == 1


def test_the_runners_of_a_plain_installation_take_their_options() -> None:
    options = {"base_url": "http://127.0.0.1:8801/v1", "api_key": None}
    with set_to(
        {"BACKEND": "inference.runners.openai_compatible.OpenAICompatible", "OPTIONS": options},
        {"BACKEND": "inference.runners.onnx.OnnxEmbedder", "OPTIONS": {"models_dir": "models", "threads": 1}},
    ):
        assert runners.chat() is runners.chat()
        assert runners.embedder().dimensions == 384


def test_further_models_of_the_worker_are_asked_for_by_name_at_its_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANCERY_MODEL", "/somewhere/usual.gguf")
    beside = configuration.beside("http://127.0.0.1:1/v1", "key", ["usual", "small", "~/own.gguf", "small"])
    with set_to({"BACKEND": SCRIPTED}), override_settings(CHANCERY_CHATS=beside):
        assert runners.further_chats() == ["small", "own"]
        told = runners.chat("own")
        assert isinstance(told, OpenAICompatible)
        assert told.probe().model == "own"  # what it would be: nobody answers there


@pytest.mark.parametrize(
    ("extra", "complaint"),
    [
        (["top_k"], "has to be a JSON object"),
        ({"top_k": 20, "seed": 1, "messages": []}, "cannot set messages, seed"),
        ({"since": date(2026, 1, 1)}, "not JSON serializable"),
    ],
)
def test_further_fields_of_a_request_are_a_json_object_of_fields_that_are_not_ours(extra: Any, complaint: str) -> None:
    options = {"base_url": "http://127.0.0.1:1/v1", "extra_body": extra}
    with (
        set_to({"BACKEND": configuration.OPENAI, "OPTIONS": options}),
        pytest.raises(ImproperlyConfigured, match=rf"\['chat'\]: .*{complaint}"),
    ):
        runners.chat()


def test_further_fields_of_the_usual_model_are_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"chat_template_kwargs": {"enable_thinking": False}}
    with ModelServer() as server:
        monkeypatch.delenv("CHANCERY_CHAT_RUNNER", raising=False)
        monkeypatch.setenv("MODEL_EXTRA_BODY", json.dumps(told))
        chat = configuration.every(server.base_url, "", "tiny", Path("models"))["chat"]
        server.chats(lambda speaker: speaker.say_events([piece("Yes."), piece(finish="stop"), DONE]))
        with set_to(chat):
            list(runners.chat().stream(ChatRequest([Message("user", "Why?")], max_tokens=9)))
        assert server.asked[0].body["model"] == "tiny"
        assert server.asked[0].body.items() >= told.items()
    for wrong, complaint in (("{", "is no JSON"), ("[1]", "has to be a JSON object")):
        monkeypatch.setenv("MODEL_EXTRA_BODY", wrong)
        with pytest.raises(ImproperlyConfigured, match=f"MODEL_EXTRA_BODY {complaint}"):
            configuration.every("http://127.0.0.1:1/v1", "", "tiny", Path("models"))


def test_the_window_and_the_patience_of_the_usual_model_are_named_by_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CHANCERY_CHAT_RUNNER", raising=False)
    monkeypatch.setenv("MODEL_WINDOW", "2048")
    monkeypatch.setenv("MODEL_TIMEOUT", "1")
    with ModelServer() as server:
        server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": [{"id": "tiny"}]})
        server.chats(Speaker.wait_for_hang_up)
        with set_to(configuration.every(server.base_url, "", "tiny", Path("models"))["chat"]):
            assert runners.chat().probe().context_window == 2048
            with pytest.raises(Unavailable, match="silent for too long"):
                list(runners.chat().stream(ChatRequest([Message("user", "Why?")], max_tokens=9)))
        (further,) = configuration.beside(server.base_url, "key", ["small"])
        assert further["OPTIONS"]["read_timeout"] == 1
    for name, wrong in (("MODEL_WINDOW", "wide"), ("MODEL_TIMEOUT", "0")):
        with monkeypatch.context() as only:
            only.setenv(name, wrong)
            with pytest.raises(ImproperlyConfigured, match=name):
                configuration.every("http://127.0.0.1:1/v1", "", "tiny", Path("models"))
