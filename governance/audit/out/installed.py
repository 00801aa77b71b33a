"""Targets of the installation itself, from its settings: each gets the record of every tenant, and the installation's own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from governance.audit.out.sinks.base import Sink

SPACE = uuid.UUID("7c1b9c1e-52f0-5b0c-9f3e-6d0a3f4f8a11")  # in which a target's name is its id


@dataclass(frozen=True)
class Installed:
    name: str
    backend: str
    options: dict[str, Any]
    format: str

    @property
    def id(self) -> uuid.UUID:
        return uuid.uuid5(SPACE, self.name)

    def sink(self) -> Sink:
        made: Sink = import_string(self.backend)(**self.options)
        return made


def targets() -> dict[uuid.UUID, Installed]:
    every = [
        Installed(name, one["BACKEND"], one.get("OPTIONS", {}), one.get("FORMAT", "jsonl"))
        for name, one in settings.FORWARD_TARGETS.items()
    ]
    return {one.id: one for one in every}
