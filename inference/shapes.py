"""What a GGUF file says of its model, read from its head alone: enough to reckon how much memory serving it takes."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from governance.errors import InvalidInput
from governance.sentence import sentence
from inference.worker.engines.base import CHUNK

MAGIC = b"GGUF"
STRING, ARRAY = 8, 9
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
# ggml's numbers for how most of a file's weights are held.
KINDS = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    12: "Q3_K_M",
    14: "Q4_K_S",
}
KINDS |= {15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 32: "BF16"}
LAYERS_MOST = 1024  # an array of more numbers says nothing of layers
OVERHEAD = 200 * 2**20  # bytes of the process itself


@dataclass(frozen=True)
class Shape:
    """`window` is what it was trained for, `a_token` the bytes that each token of a window takes."""

    architecture: str
    quantisation: str
    window: int
    words: int
    a_token: int
    size: int

    def needs(self, window: int, slots: int) -> int:
        """Bytes for serving it, without what is kept of prompts. Each token of a step gets a row of scores where llama.cpp
        reserves its memory."""
        return self.size + self.a_token * window * slots + self.words * 4 * (CHUNK + slots) + OVERHEAD


def read(path: Path) -> Shape:
    """Raises InvalidInput where it is no GGUF file."""
    try:
        with path.open("rb") as file:
            facts = _facts(file)
        name = str(facts["general.architecture"])
        blocks, width = (int(facts[f"{name}.{part}"]) for part in ("block_count", "embedding_length"))
        heads = _most(facts[f"{name}.attention.head_count"])
        shared = facts.get(f"{name}.attention.head_count_kv", heads)
        key = _most(facts.get(f"{name}.attention.key_length", width // heads))
        value = _most(facts.get(f"{name}.attention.value_length", width // heads))
        return Shape(
            architecture=name,
            quantisation=KINDS.get(int(facts.get("general.file_type", -1)), "unknown"),
            window=int(facts.get(f"{name}.context_length", 0)),
            words=int(facts.get("tokenizer.ggml.tokens", 0)),
            a_token=_over_all(shared, blocks) * (key + value) * 2,
            size=path.stat().st_size,
        )
    except (OSError, struct.error, KeyError, ValueError, TypeError, ZeroDivisionError) as fault:
        said = sentence(
            "%(path)s is no GGUF file that can be read: %(fault)s.", path=str(path), fault=type(fault).__name__
        )
        raise InvalidInput(said) from None


def _most(told: Any) -> int:
    """Of what is told once for all layers, or once for each."""
    return int(max(told)) if isinstance(told, tuple) else int(told)


def _over_all(told: Any, layers: int) -> int:
    """One without attention, of a hybrid model, counts 0."""
    return int(sum(told)) if isinstance(told, tuple) else layers * int(told)


def _facts(file: BinaryIO) -> Mapping[str, Any]:
    """Key and value; of an array its length, but for numbers that may be one a layer."""
    if file.read(4) != MAGIC:
        raise ValueError("magic")
    _, _, count = struct.unpack("<IQQ", file.read(20))
    return {_string(file): _value(file, struct.unpack("<I", file.read(4))[0]) for _ in range(count)}


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == STRING:
        return _string(file)
    if kind != ARRAY:
        return struct.unpack(f"<{NUMBERS[kind]}", file.read(struct.calcsize(f"<{NUMBERS[kind]}")))[0]
    inner, length = struct.unpack("<IQ", file.read(12))
    if inner in NUMBERS and length <= LAYERS_MOST:
        return struct.unpack(f"<{length}{NUMBERS[inner]}", file.read(struct.calcsize(f"<{NUMBERS[inner]}") * length))
    if inner in NUMBERS:
        file.seek(struct.calcsize(f"<{NUMBERS[inner]}") * length, 1)
    else:
        for _ in range(length):
            _value(file, inner)
    return length


def _string(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", file.read(8))
    return file.read(length).decode(errors="replace")
