"""An embedding model of random weights, a few kilobytes long: one table, looked up by token.

It takes the real way through onnxruntime and tokenizers. The file is written as protobuf by hand, for the one package
that could write it would be needed for nothing else.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, processors

NAME = "tiny-int8"
DIMENSIONS = 8
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "leave", "is", "long", "salt", "pepper", "how", "word"]
_FLOAT, _INT64 = 1, 7


def write(folder: Path) -> Path:
    """The model and its tokenizer, in `folder` under the names that OnnxEmbedder expects for `NAME`."""
    (folder / f"{NAME}.onnx").write_bytes(_model())
    tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    # As published tokenizers do: they cut and pad to a length of their own.
    tokenizer.enable_truncation(16)
    tokenizer.enable_padding(length=16)
    tokenizer.save(str(folder / "tiny-tokenizer.json"))
    return folder


def _varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw


def _value(name: str, kind: int, *shape: int | str) -> bytes:
    dims = b"".join(_field(1, _field(1 if isinstance(size, int) else 2, size)) for size in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, dims)))


def _model() -> bytes:
    table = np.random.default_rng(1).normal(size=(len(WORDS), DIMENSIONS)).astype("<f4")
    weights = _field(1, len(WORDS)) + _field(1, DIMENSIONS) + _field(2, _FLOAT) + _field(8, "table")
    weights += _field(9, table.tobytes())
    node = _field(1, "table") + _field(1, "input_ids") + _field(2, "states") + _field(4, "Gather")
    graph = _field(1, node) + _field(2, "tiny") + _field(5, weights)
    graph += _field(11, _value("input_ids", _INT64, "batch", "tokens"))
    graph += _field(12, _value("states", _FLOAT, "batch", "tokens", DIMENSIONS))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 13))
