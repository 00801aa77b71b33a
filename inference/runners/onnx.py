"""Embeddings in process: a sentence transformer as ONNX, mean-pooled."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from governance.errors import Unavailable
from inference.runners.base import EmbeddingRunner, Encoded, RunnerState, Vectors, normalised, whole

COUNTED_AT_ONCE = 20_000  # characters
COUNTED_KEPT = 512  # texts
READ_AT_ONCE = 32  # texts
# A batch costs what its longest text costs each time: this much of it may be filling.
FILLING_MOST = 1 / 16


class OnnxEmbedder(EmbeddingRunner):
    """Reads `<models_dir>/<model>.onnx` and the tokenizer beside it, when the first text comes.

    A session does not survive a fork, and Celery forks: each process loads its own. `threads` are those of one
    session; `batch` texts are read at once. More of them do not help: on two cores without VNNI a text of 160 tokens took
    60 ms in batches of 1 to 4, 70 in one of 8 and 85 in one of 16, which also takes 0.6 GB.
    """

    max_tokens = 256
    is_in_house = True

    def __init__(
        self,
        models_dir: str | os.PathLike[str],
        threads: int = 1,
        batch: int = 2,
        model: str = "all-MiniLM-L6-v2-int8",
        dimensions: int = 384,
        languages: Sequence[str] = ("en",),
    ) -> None:
        self.name = model
        self.dimensions = dimensions
        self.languages = tuple(languages)
        self.threads = threads
        self.batch = batch
        folder = Path(models_dir)
        self._model_file = folder / f"{model}.onnx"
        # One tokenizer serves each precision of a model.
        self._tokenizer_file = folder / f"{model.removesuffix('-int8')}-tokenizer.json"
        self._lock = threading.Lock()
        self._loaded: tuple[int, Any, Tokenizer] | None = None
        self._sha256 = ""
        self._counted = _Counted()

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """This model reads questions and passages alike. Raises Unavailable while its files are not there."""
        return self.read(self.encode(texts, kind))

    def encode(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> list[Encoded]:
        if not texts:
            return []
        _, tokenizer = self._load()
        known = [self._counted.pop(text) for text in texts]
        read = _read(tokenizer, [text for text, ids in zip(texts, known, strict=True) if ids is None])
        found = (self._cut(next(read) if ids is None else ids) for ids in known)
        return [Encoded(ids, len(ids)) for ids in found]

    def read(self, encoded: Sequence[Encoded]) -> Vectors:
        result = np.zeros((len(encoded), self.dimensions), dtype=np.float32)
        if not encoded:
            return result
        session, _ = self._load()
        for chosen in _of_like_length([one.content for one in encoded], self.batch):
            result[chosen] = self._pooled(session, [encoded[index].content for index in chosen])
        return normalised(result)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        _, tokenizer = self._load()
        known = {text: len(ids) for text in texts if (ids := self._counted.get(text)) is not None}
        short = [text for text in dict.fromkeys(texts) if text not in known and len(text) <= COUNTED_AT_ONCE]
        for text, ids in zip(short, _read(tokenizer, short), strict=True):
            known[text] = len(ids)
            if len(ids) <= self.max_tokens:
                self._counted.put(text, ids)
        return [known[text] if text in known else _near(tokenizer, text) for text in texts]

    def words(self, written: Sequence[str]) -> frozenset[str]:
        return whole(self.count_tokens(["", *written]), written)

    def probe(self) -> RunnerState:
        detail = ""
        try:
            self._load()
        except Unavailable as error:
            detail = error.message
        return RunnerState(
            model=self.name,
            sha256="" if detail else self._file_sha256(),
            engine="onnxruntime",
            build=onnxruntime.__version__,
            context_window=self.max_tokens,
            is_ready=not detail,
            detail=detail,
        )

    def _cut(self, ids: list[int]) -> list[int]:
        """A text that is cut still ends in the mark of an end."""
        return ids if len(ids) <= self.max_tokens else [*ids[: self.max_tokens - 1], ids[-1]]

    def _pooled(self, session: Any, batch: Sequence[list[int]]) -> Vectors:
        ids = np.zeros((len(batch), max(map(len, batch))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        wanted = {entry.name for entry in session.get_inputs()}
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = session.run(None, {name: value for name, value in given.items() if name in wanted})[0]
        weights = mask[:, :, None].astype(np.float32)
        mean: Vectors = (states * weights).sum(axis=1) / weights.sum(axis=1)
        return mean

    def _load(self) -> tuple[Any, Tokenizer]:
        with self._lock:
            if self._loaded is None or self._loaded[0] != os.getpid():
                missing = list(self._missing())
                if missing:
                    raise Unavailable(
                        f"The embedding model is not installed: {' and '.join(missing)} missing. "
                        "Run `make run`, which installs it, or set CHANCERY_MODELS to the folder that holds it."
                    )
                self._loaded = (os.getpid(), self._session(), self._tokenizer())
            return self._loaded[1], self._loaded[2]

    def _missing(self) -> Iterator[str]:
        yield from (str(path) for path in (self._model_file, self._tokenizer_file) if not path.is_file())

    def _session(self) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        # Threads that spin while they wait take the time of the chat model beside them.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            session = onnxruntime.InferenceSession(
                str(self._model_file), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise Unavailable(f"{self._model_file} cannot be loaded; install it again. ({error})") from error
        found = session.get_outputs()[0].shape[-1]
        if found != self.dimensions:
            raise Unavailable(f"{self._model_file} gives {found} dimensions, and {self.dimensions} are set.")
        return session

    def _tokenizer(self) -> Tokenizer:
        try:
            tokenizer = Tokenizer.from_file(str(self._tokenizer_file))
        except Exception as error:
            raise Unavailable(f"{self._tokenizer_file} cannot be loaded; install it again. ({error})") from error
        # Threads of the tokenizer's own would not come along into a fork; it is Rust that reads this.
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        # The file brings its own padding and cut, at 128 tokens.
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    def _file_sha256(self) -> str:
        if not self._sha256:
            with self._model_file.open("rb") as file:
                self._sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return self._sha256


class _Counted:
    """Tokens of the texts that were counted last: a passage is counted as it is cut, and embedded a moment later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: dict[str, list[int]] = {}

    def put(self, text: str, ids: list[int]) -> None:
        with self._lock:
            self._ids[text] = ids
            if len(self._ids) > COUNTED_KEPT:
                del self._ids[next(iter(self._ids))]

    def get(self, text: str) -> list[int] | None:
        with self._lock:
            return self._ids.get(text)

    def pop(self, text: str) -> list[int] | None:
        with self._lock:
            return self._ids.pop(text, None)


def _read(tokenizer: Tokenizer, texts: Sequence[str]) -> Iterator[list[int]]:
    """Several in one call, which lets other threads run meanwhile, as a call for one text does not."""
    for at in range(0, len(texts), READ_AT_ONCE):
        yield from (one.ids for one in tokenizer.encode_batch_fast(list(texts[at : at + READ_AT_ONCE])))


def _near(tokenizer: Tokenizer, text: str) -> int:
    """Near enough for a text of megabytes, which would be held whole in the tokenizer's own form."""
    parts = [text[at : at + COUNTED_AT_ONCE] for at in range(0, len(text), COUNTED_AT_ONCE)]
    marks = len(tokenizer.encode("").ids)
    return marks + sum(len(ids) - marks for ids in _read(tokenizer, parts))


def _of_like_length(encoded: Sequence[Sequence[int]], most: int) -> Iterator[list[int]]:
    """The texts' places in batches of at most `most`, the shortest first."""
    batch: list[int] = []
    for place in sorted(range(len(encoded)), key=lambda place: len(encoded[place])):
        if batch and (len(batch) == most or len(encoded[batch[0]]) < len(encoded[place]) * (1 - FILLING_MOST)):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
