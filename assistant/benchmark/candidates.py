"""What is put beside each other: a model of the catalogue, a GGUF file, or a model of a server that speaks the OpenAI wire."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from governance.errors import InvalidInput, Unavailable
from inference import registry, shapes
from inference.footprint import Footprint
from inference.runners import location
from inference.runners.base import ChatRunner
from inference.runners.openai_compatible import OpenAICompatible
from inference.worker import apart


@dataclass(frozen=True)
class Candidate:
    """`wanted` is what our own worker is started with, and empty for a server; `url` ends in /v1, `model` is one of its
    models, and `variable` names what holds its key. `facts` say what it is, for the report.
    """

    name: str
    facts: Mapping[str, Any]
    wanted: str = ""
    url: str = ""
    model: str = ""
    variable: str = ""

    @property
    def is_in_house(self) -> bool:
        return not self.url or location.is_in_house(self.url)

    def told(self) -> dict[str, Any]:
        return {"name": self.name, "is_in_house": self.is_in_house} | dict(self.facts)

    def runner(self) -> ChatRunner:
        """Of a server."""
        key = os.environ.get(self.variable) if self.variable else None
        return OpenAICompatible(self.url, key, self.model)


@dataclass(frozen=True)
class Up:
    """A candidate that can be asked; `load_s` and `worker` are of those that our own worker serves."""

    runner: ChatRunner
    load_s: float | None = None
    worker: apart.Apart | None = None

    def footprint(self) -> Footprint | None:
        return self.worker.footprint() if self.worker else None

    def processor_s(self) -> float:
        """0 of a server, which does not tell."""
        return self.worker.processor_s() if self.worker else 0.0


@contextmanager
def up(one: Candidate, models_dir: Path, engine: str) -> Iterator[Up]:
    """Raises Unavailable where our worker does not come up with it, or nobody answers there."""
    if one.url:
        runner = one.runner()
        state = runner.probe()
        if not state.is_ready:
            raise Unavailable(f"{one.name}: {state.detail}")
        yield Up(runner)
        return
    with apart.running(one.wanted, models_dir, engine) as worker:
        yield Up(OpenAICompatible(worker.url, worker.key), worker.load_s, worker)


def read(wanted: Sequence[str], keys: Sequence[str], models_dir: Path) -> list[Candidate]:
    """`keys` are HOST=VARIABLE: a key goes to the host that it was named for, and to no other.

    Raises InvalidInput, and Unavailable for a model that is not fetched.
    """
    variables = dict(pair("--key", one) for one in keys)
    found = [_server(one, variables) if "://" in one else _ours(one, models_dir) for one in wanted]
    if unused := set(variables) - {urlsplit(one.url).netloc for one in found}:
        raise InvalidInput(f"--key names {', '.join(sorted(unused))}, where no model is asked for.")
    names = [one.name for one in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidInput(f"{twice[0]} is named twice.")
    return found


def pair(option: str, text: str) -> tuple[str, str]:
    """What an option's KEY=VALUE says; the last = divides. Raises InvalidInput."""
    key, _, value = text.rpartition("=")
    if not key or not value:
        raise InvalidInput(f"{option} {text}: it wants a name, = and a value.")
    return key, value


def _ours(wanted: str, models_dir: Path) -> Candidate:
    model = registry.resolve(wanted)
    path = registry.find(models_dir, model)
    if path is None:
        raise Unavailable(f"{model.file} is not there. Run `python manage.py model_fetch {model.name}` first.")
    shape = shapes.read(path)
    facts = {
        "served_by": "the model worker",
        "file": path.name,
        "bytes": shape.size,
        "quantisation": shape.quantisation,
        "sha256": registry.digest(path),
        "licence": model.licence,
        "source": registry.provenance(path),
    }
    return Candidate(model.name, facts, wanted=str(path) if model.path else model.name)


def _server(wanted: str, variables: Mapping[str, str]) -> Candidate:
    address, _, model = wanted.partition("#")
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or not model:
        raise InvalidInput(f"{wanted}: a server is named as https://host/v1#model, and its key by --key.")
    variable = variables.get(parts.netloc, "")
    if variable and not os.environ.get(variable):
        raise InvalidInput(f"{variable} is not set: the key for {parts.netloc} is read from there.")
    facts = {"served_by": parts.netloc}
    return Candidate(f"{model} at {parts.netloc}", facts, url=address, model=model, variable=variable)
