"""A chat model of random weights, half a megabyte: it says nothing sensible, but everything real is done to load it."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

WIDTH, HEADS, BLOCKS, INNER, WINDOW = 64, 4, 2, 128, 2048
SPECIAL = ["<unk>", "<s>", "</s>"]
TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"


def write(path: Path, blocks: int = BLOCKS, window: int = WINDOW, says: bytes = b"") -> Path:
    """A llama of one token a byte. `</s>` is as likely as any other, so that answers end by themselves or by length.

    With `says` it writes those bytes and no others, and goes on until it is stopped.
    """
    pieces = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), *(f"▁{letter}" for letter in "abcdefgh")]
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    kinds += [gguf.TokenType.BYTE] * 256 + [gguf.TokenType.NORMAL] * 8
    file = gguf.GGUFWriter(path, "llama")
    file.add_context_length(window)
    file.add_embedding_length(WIDTH)
    file.add_block_count(blocks)
    file.add_feed_forward_length(INNER)
    file.add_head_count(HEADS)
    file.add_head_count_kv(HEADS)
    file.add_layer_norm_rms_eps(1e-5)
    file.add_rope_dimension_count(WIDTH // HEADS)
    file.add_tokenizer_model("llama")
    file.add_token_list(pieces)
    file.add_token_scores([0.0] * len(pieces))
    file.add_token_types([int(kind) for kind in kinds])
    file.add_bos_token_id(1)
    file.add_eos_token_id(2)
    file.add_chat_template(TEMPLATE)
    for name, shape in _shapes(len(pieces), blocks).items():
        weights = _weights(name, shape)
        if says and name == "output.weight":
            said = [len(SPECIAL) + byte for byte in says]
            weights[np.setdiff1d(np.arange(len(pieces)), said)] = 0
        file.add_tensor(name, weights)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()
    return path


def _shapes(words: int, blocks: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (words, WIDTH),
        "output.weight": (words, WIDTH),
        "output_norm.weight": (WIDTH,),
    }
    for block in range(blocks):
        inside = {f"attn_{part}": (WIDTH, WIDTH) for part in ("q", "k", "v", "output")}
        inside |= {"ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER)}
        shapes |= {f"blk.{block}.{part}.weight": shape for part, shape in inside.items()}
        shapes |= {f"blk.{block}.{part}_norm.weight": (WIDTH,) for part in ("attn", "ffn")}
    return shapes


def _weights(name: str, shape: tuple[int, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    if "norm" in name:
        return np.ones(shape, dtype=np.float32)
    chance = np.random.default_rng(len(name))
    return (chance.standard_normal(shape) * 0.3).astype(np.float32)
