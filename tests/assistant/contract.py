"""Schemathesis over the OpenAPI file: cases against the addresses of a stage, as one of its people.

An id of the address is a real one of the stage in two cases of three, so that what stands behind the door is reached too.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events, from_schema

# What is a fault of the server, and what departs from the schema. What is valid by the schema and refused for what it means (a
# grant to a person who is none) is neither, so `positive_data_acceptance` is not among them.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
NAMES = {"collections": "collection"}  # fields of a body that hold what an address calls by another name


@dataclass
class Ids:
    """What addresses and bodies name."""

    real: Mapping[str, object] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(8))

    def fill(self, case: Any) -> None:
        meta = case.meta
        if meta is None or not meta.is_negative_at(ParameterLocation.PATH):
            for name in case.path_parameters or {}:
                if name in self.real and self.chance.random() < 2 / 3:
                    case.path_parameters[name] = str(self.real[name])
        if isinstance(case.body, dict) and (meta is None or not meta.is_negative_at(ParameterLocation.BODY)):
            self._fill_body(case.body)

    def _fill_body(self, body: dict[str, Any]) -> None:
        for name, value in body.items():
            real = self.real.get(NAMES.get(name, name))
            if isinstance(real, uuid.UUID) and self.chance.random() < 2 / 3:
                if isinstance(value, str):
                    body[name] = str(real)
                elif isinstance(value, list):
                    body[name] = [str(real)]


@dataclass
class Found:
    """`faults` are by (check, operation, what was said), each with the request that shows it."""

    cases: int = 0
    operations: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: dict[tuple[str, str, str], str] = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    told: int = 0  # of the faults

    def take(self, event: events.EngineEvent) -> None:
        if isinstance(event, (events.NonFatalError, events.FatalError)):
            self.broken.append(
                f"{getattr(event, 'label', '')}: {getattr(event, 'value', None) or getattr(event, 'exception', '')}"
            )
        recorder = getattr(event, "recorder", None)
        if recorder is None:
            return
        for case, made in recorder.interactions.items():
            self.cases += 1
            self.operations.add(recorder.cases[case].value.operation.label if case in recorder.cases else "")
            if made.response is not None:
                self.statuses[made.response.status_code] += 1
        for case, nodes in recorder.checks.items():
            for node in nodes:
                if node.failure_info is not None:
                    failure = node.failure_info.failure
                    label = recorder.cases[case].value.operation.label
                    self.counted[node.name] += 1
                    told = f"{failure.title}: {failure.message[:600]}"
                    self.faults.setdefault(
                        (node.name, label, failure.title), f"{told}\n    {node.failure_info.code_sample[:700]}"
                    )

    @property
    def server_errors(self) -> int:
        return self.counted["not_a_server_error"]

    @property
    def violations(self) -> int:
        return self.counted.total() - self.server_errors


def config(*, seed: int, examples: int, phases: tuple[str, ...]) -> SchemathesisConfig:
    wanted = {name: {"enabled": name in phases} for name in ("examples", "coverage", "fuzzing", "stateful")}
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "continue-on-failure": True,
            "generation": {"max-examples": examples, "no-shrink": True, "database": "none", "deterministic": True},
            "phases": wanted,
            "checks": {"enabled": False} | {name: {"enabled": True} for name in CHECKS},
            "request-timeout": 60,
        }
    )


def run(schema: Any, found: Found) -> Iterator[events.EngineEvent]:
    for event in from_schema(schema).execute():
        found.take(event)
        yield event


def watch(ids: Ids) -> None:
    """From now on, in this process."""

    @schemathesis.hook
    def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
        ids.fill(case)
