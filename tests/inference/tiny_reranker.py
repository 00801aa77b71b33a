"""A cross-encoder of random weights, and llama.cpp's server in front of it: what is asked and answered is as real as can be.

python -m tests.inference.tiny_reranker MODEL PORT KEY
"""

from __future__ import annotations

import string
import sys
import threading
from pathlib import Path

import gguf
import numpy as np

WIDTH, HEADS, BLOCKS, INNER, WINDOW = 32, 2, 1, 64, 512
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = string.ascii_lowercase + string.digits + "?.,"


def write(path: Path) -> Path:
    """A BERT of one token a letter, with a head that gives one score."""
    pieces = [*SPECIAL, *(f"▁{letter}" for letter in LETTERS), *LETTERS]
    file = gguf.GGUFWriter(path, "bert")
    file.add_context_length(WINDOW)
    file.add_embedding_length(WIDTH)
    file.add_block_count(BLOCKS)
    file.add_feed_forward_length(INNER)
    file.add_head_count(HEADS)
    file.add_layer_norm_eps(1e-5)
    file.add_causal_attention(False)
    file.add_pooling_type(gguf.PoolingType.RANK)
    file.add_tokenizer_model("bert")
    file.add_token_list(pieces)
    file.add_token_types([int(gguf.TokenType.CONTROL)] * 5 + [int(gguf.TokenType.NORMAL)] * (len(pieces) - 5))
    file.add_token_type_count(2)
    for add, token in (
        (file.add_bos_token_id, 2),
        (file.add_eos_token_id, 3),
        (file.add_sep_token_id, 3),
        (file.add_unk_token_id, 1),
        (file.add_pad_token_id, 0),
    ):
        add(token)
    chance = np.random.default_rng(7)
    for name, shape in _shapes(len(pieces)).items():
        even = np.ones(shape) if name.endswith("norm.weight") else chance.standard_normal(shape) * 0.3
        file.add_tensor(name, even.astype(np.float32))
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()
    return path


def _shapes(words: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (words, WIDTH),
        "position_embd.weight": (WINDOW, WIDTH),
        "token_types.weight": (2, WIDTH),
        "token_embd_norm.weight": (WIDTH,),
        "token_embd_norm.bias": (WIDTH,),
        "cls.weight": (WIDTH, WIDTH),
        "cls.bias": (WIDTH,),
        "cls.output.weight": (1, WIDTH),
        "cls.output.bias": (1,),
    }
    for block in range(BLOCKS):
        square = ("attn_q", "attn_k", "attn_v", "attn_output")
        inside: dict[str, tuple[int, ...]] = {f"{part}.weight": (WIDTH, WIDTH) for part in square}
        inside |= {f"{part}.bias": (WIDTH,) for part in (*square, "ffn_down")}
        inside |= {"ffn_up.weight": (INNER, WIDTH), "ffn_up.bias": (INNER,), "ffn_down.weight": (WIDTH, INNER)}
        for norm in ("attn_output_norm", "layer_output_norm"):
            inside |= {f"{norm}.weight": (WIDTH,), f"{norm}.bias": (WIDTH,)}
        shapes |= {f"blk.{block}.{part}": shape for part, shape in inside.items()}
    return shapes


def serve(model: str, port: int, key: str) -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], port, [key]
    params.embedding, params.pooling_type = True, xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_RANK
    params.n_parallel, params.n_gpu_layers, params.warmup, params.ui = 1, 0, False, False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    threading.Event().wait()  # it serves in threads of its own, as long as it is referenced
    del server


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
