"""The models' servers and runtimes, as the environment names them: ports of inference.runners by dotted path, with options."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.configuration import env

OPENAI = "inference.runners.openai_compatible.OpenAICompatible"


def every(url: str, key: str | None, name: str, models: Path) -> dict[str, dict[str, Any]]:
    """By port: chat and embedding always, judge and rerank where one is named. `models` is the folder of their files."""
    found: dict[str, dict[str, Any]] = {
        "chat": {
            "BACKEND": OPENAI,
            "OPTIONS": {
                "base_url": url,
                "api_key": key,
                "model": name,
                "extra_body": env.fields("MODEL_EXTRA_BODY"),
                "window": env.number("MODEL_WINDOW", 0, most=100_000_000),
                "read_timeout": _patience_s(),
            },
        },
        "embedding": {
            "BACKEND": "inference.runners.onnx.OnnxEmbedder",
            "OPTIONS": {"models_dir": str(models), "threads": env.number("CHANCERY_EMBED_THREADS", 1, least=1)},
        },
    }
    # A model that judges texts for rules of the content policy, where the chat model shall not be asked: see docs/policy.md.
    if env.text("CHANCERY_JUDGE_URL"):
        found["judge"] = {
            "BACKEND": OPENAI,
            "OPTIONS": {
                "base_url": env.text("CHANCERY_JUDGE_URL"),
                "api_key": env.secret("CHANCERY_JUDGE_KEY"),
                "model": env.text("CHANCERY_JUDGE_MODEL", "default"),
            },
        }
    # A server that reads a question and a passage together (docs/retrieval.md). Without one, search orders by itself.
    if env.text("CHANCERY_RERANK_URL"):
        found["rerank"] = {
            "BACKEND": "inference.runners.rerank.RerankServer",
            "OPTIONS": {
                "base_url": env.text("CHANCERY_RERANK_URL"),
                "api_key": env.secret("CHANCERY_RERANK_KEY"),
                "model": env.text("CHANCERY_RERANK_MODEL", "default"),
                "read_timeout": env.number("CHANCERY_RERANK_TIMEOUT", 10, least=1),
            },
        }
    # Another adapter by its dotted path; it takes no options then.
    own = {"chat": env.text("CHANCERY_CHAT_RUNNER"), "embedding": env.text("CHANCERY_EMBEDDING_RUNNER")}
    for port, backend in own.items():
        if backend:
            found[port] = {"BACKEND": backend, "OPTIONS": {}}
    return found


def embedders() -> list[dict[str, Any]]:
    """Further ones, which an organisation's index may be changed to (docs/index-change.md): a TOML file of [[embedder]]
    tables with `backend` and `options`.
    """
    tables = env.tables("CHANCERY_EMBEDDERS", "embedder")
    return [{"BACKEND": one.get("backend", ""), "OPTIONS": one.get("options", {})} for one in tables]


def chats() -> list[dict[str, Any]]:
    """Further chat models, which a question may be answered by instead (docs/conversations.md): a TOML file of [[chat]]
    tables with `name`, `backend` and `options`.
    """
    tables = env.tables("CHANCERY_CHATS", "chat")
    return [
        {"NAME": one.get("name", ""), "BACKEND": one.get("backend", ""), "OPTIONS": one.get("options", {})}
        for one in tables
    ]


def beside(url: str, key: str | None, wanted: Sequence[str]) -> list[dict[str, Any]]:
    """The further chat models of the model worker itself, by the names that it serves them by. The one that
    CHANCERY_MODEL names is the usual one, and no further one.
    """
    usual = _served(env.text("CHANCERY_MODEL"))
    names = [name for name in dict.fromkeys(_served(one) for one in wanted) if name != usual]
    options = {"base_url": url, "api_key": key, "read_timeout": _patience_s()}
    return [{"NAME": name, "BACKEND": OPENAI, "OPTIONS": options | {"model": name}} for name in names]


def _patience_s() -> int:
    return env.number("MODEL_TIMEOUT", 120, least=1)


def _served(wanted: str) -> str:
    """A catalogue's name as it is, and a file by its own name: as inference.registry.resolve has it."""
    return Path(wanted).stem if wanted.endswith(".gguf") else wanted


def worker() -> dict[str, int]:
    """Of the model worker on this machine; what is left out, or 0, is its own default."""
    named = {
        "threads": env.number("CHANCERY_MODEL_THREADS", 0, most=1024),
        "slots": env.number("CHANCERY_MODEL_SLOTS", 0, most=256),
        "window": env.number("CHANCERY_MODEL_WINDOW", 0, most=1_000_000),
    }
    return {name: value for name, value in named.items() if value}
