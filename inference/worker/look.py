"""What a model worker says of itself to whoever runs the installation: its model, and how busy it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

WITHIN = httpx.Timeout(2.0, connect=1.0)


@dataclass(frozen=True)
class WorkerState:
    """`model` is empty, and the numbers None, where the server does not tell: another's may know no metrics."""

    is_ready: bool
    model: str = ""
    sha256: str = ""
    engine: str = ""
    build: str = ""
    licence: str = ""
    source: str = ""
    window: int | None = None
    running: int | None = None
    waiting: int | None = None
    slots: int | None = None
    warming: int | None = None  # models that read what every prompt begins with, and are slower meanwhile
    asked: dict[str, int] = field(default_factory=dict)  # by outcome, since it started


def look(url: str, key: str) -> WorkerState:
    """`url` ends in /v1. Never fails: what does not answer is not ready."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with httpx.Client(timeout=WITHIN, headers=headers, trust_env=False) as client:
            told = client.get(f"{url}/models")
            measured = client.get(f"{url.removesuffix('/v1')}/metrics")
    except httpx.HTTPError:
        return WorkerState(is_ready=False)
    if not told.is_success:
        return WorkerState(is_ready=False)
    try:
        first = (told.json().get("data") or [{}])[0]
    except (ValueError, AttributeError):
        return WorkerState(is_ready=False)
    return WorkerState(
        is_ready=first.get("state") != "loading",
        model=str(first.get("id", "")),
        sha256=str(first.get("sha256", "")),
        engine=str(first.get("engine", "")),
        build=str(first.get("build", "")),
        licence=str(first.get("licence", "")),
        source=str(first.get("source", "")),
        window=first.get("context_window"),
        **_numbers(measured.text if measured.is_success else ""),
    )


def _numbers(text: str) -> dict[str, Any]:
    """Of all models together, where the worker serves several."""
    found: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == "chancery_model_requests_total":
                    asked[sample.labels["outcome"]] += int(sample.value)
                else:
                    found[sample.name] += int(sample.value)
    except ValueError:
        return {}
    numbers = {name: found.get(f"chancery_model_{name}") for name in ("running", "waiting", "slots", "warming")}
    return numbers | {"asked": dict(asked)}
