"""Which models there are, where they come from, under what licence, and whether a file is really the one it claims to be."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.errors import InvalidInput

CATALOG = Path(__file__).with_name("catalog.toml")
BLOCK = 1 << 22
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Package:
    """A distribution that carries a part of the file; `member` ends the name of that part inside it."""

    requirement: str
    member: str


@dataclass(frozen=True)
class Model:
    """`size` in bytes; `window` in tokens; `needs_free` is the free memory it takes, in bytes.

    `leaves_out` is said of a model that was measured to leave out much of what it reads for an answer.
    `quantisation`, `words` of its vocabulary and bytes `a_token` of a window takes are told for sizing, before the file
    is there.
    An empty sha256 is not known before the file is read: that of a file which an operator named by its path.
    """

    name: str
    kind: str
    file: str
    size: int
    sha256: str
    licence: str
    window: int
    needs_free: int
    notice: str
    publisher: str  # an address, tried first
    packages: tuple[Package, ...]
    path: Path | None = None
    quantisation: str = ""
    words: int = 0
    a_token: int = 0
    leaves_out: bool = False


def catalog() -> dict[str, Model]:
    rows = tomllib.loads(CATALOG.read_text(encoding="utf-8"))["model"]
    return {row["name"]: _model(row) for row in rows}


def resolve(wanted: str, setting: str = "CHANCERY_MODEL") -> Model:
    """A chat model's catalogue name, or the path of a GGUF file. Raises InvalidInput naming what there is, and where
    it was asked for."""
    known = catalog()
    if wanted in known and known[wanted].kind == "chat":
        return known[wanted]
    path = Path(wanted).expanduser()
    if path.suffix == ".gguf" and path.is_file():
        size = path.stat().st_size
        return Model(path.stem, "chat", path.name, size, "", "unknown", 4096, 0, "", "", (), path.resolve())
    names = ", ".join(name for name, model in known.items() if model.kind == "chat")
    raise InvalidInput(f"{setting}={wanted} is neither a GGUF file nor one of: {names}.")


def leaves_out(sha256: str) -> bool:
    """Whether the model of this file is said to. Of a file that is not in the catalogue nothing is known."""
    return sha256 in _leaving_out()


@functools.cache
def _leaving_out() -> frozenset[str]:
    """Asked of each answer, and the catalogue is a file."""
    return frozenset(one.sha256 for one in catalog().values() if one.leaves_out)


def beside(wanted: Sequence[str]) -> list[Model]:
    """The further models that one worker serves, as CHANCERY_MODELS_BESIDE names them."""
    return [resolve(one, "CHANCERY_MODELS_BESIDE") for one in wanted]


def default_chat(free: int, there: Path | None = None) -> Model:
    """The first of the catalogue's chat models that `free` bytes of memory carry; the last one where none does.

    Where any of their files lies in the folder `there`, it is one of those: who asks again, with other memory free by
    then, is not to come to a model that was never fetched.
    """
    chat = [model for model in catalog().values() if model.kind == "chat" and model.needs_free]
    chat = [model for model in chat if there and (there / model.file).is_file()] or chat
    return next((model for model in chat if free >= model.needs_free), chat[-1])


def embedder() -> tuple[Model, ...]:
    """The default embedder's files: the model, then its tokenizer."""
    return tuple(model for model in catalog().values() if model.kind.startswith("embedding"))


def find(models_dir: Path, model: Model) -> Path | None:
    """The verified file, or None. What was verified once is known again by size and time, without reading it."""
    path = model.path or models_dir / model.file
    if not path.is_file() or (model.size and path.stat().st_size != model.size):
        return None
    return path if not model.sha256 or digest(path) == model.sha256 else None


def digest(path: Path, progress: Progress | None = None) -> str:
    """The file's sha256 in hex, from the mark beside it where the file has not changed since."""
    stat = path.stat()
    now = {"size": stat.st_size, "mtime": stat.st_mtime_ns}
    known = _read(mark(path))
    if "sha256" in known and {key: known.get(key) for key in now} == now:
        return str(known["sha256"])
    hashed, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            hashed.update(block)
            done += len(block)
            if progress:
                progress(done, stat.st_size, "verifying")
    with contextlib.suppress(OSError):  # a folder that may only be read: it is hashed again next time
        mark(path).write_text(json.dumps(now | {"sha256": hashed.hexdigest()}), encoding="utf-8")
    return hashed.hexdigest()


def mark(path: Path) -> Path:
    """Where `digest` remembers what it found."""
    return path.with_name(f"{path.name}.sha256.json")


def provenance(path: Path) -> str:
    """Where the file came from, as `sources.fetch` wrote it down."""
    return str(_read(source_mark(path)).get("source", "put there by the operator"))


def source_mark(path: Path) -> Path:
    """Where it is written down where the file came from."""
    return path.with_name(f"{path.name}.source.json")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _model(row: dict[str, Any]) -> Model:
    packages = [Package(one["requirement"], one["member"]) for one in row.get("packages", [])]
    if "parts" in row:
        parts = row["parts"]
        packages = [
            Package(parts["requirement"].format(n=number), parts["member"].format(n=number))
            for number in range(1, parts["count"] + 1)
        ]
    return Model(
        name=row["name"],
        kind=row["kind"],
        file=row["file"],
        size=row["size"],
        sha256=row["sha256"],
        licence=row["licence"],
        window=row.get("window", 0),
        needs_free=row.get("needs_free", 0),
        notice=row.get("notice", ""),
        publisher=row["publisher"],
        packages=tuple(packages),
        quantisation=row.get("quantisation", ""),
        words=row.get("words", 0),
        a_token=row.get("a_token", 0),
        leaves_out=row.get("leaves_out", False),
    )
