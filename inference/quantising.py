"""A model's file written anew with other bits a weight, by llama.cpp's own quantiser in llama-cpp-python (an extra)."""

from __future__ import annotations

import ctypes
import json
import os
from pathlib import Path

from governance.errors import InvalidInput, Unavailable
from inference import registry, shapes
from inference.worker.engines.llama_cpp_python import INSTALL

BITS = {"F32": 32, "BF16": 16, "F16": 16, "Q8_0": 8, "Q6_K": 6, "Q5_K_M": 5, "Q5_K_S": 5, "Q4_K_M": 4, "Q4_K_S": 4}
BITS |= {"Q4_0": 4, "Q4_1": 4, "Q5_0": 5, "Q5_1": 5, "Q3_K_M": 3, "Q2_K": 2}
KINDS = {name: number for number, name in shapes.KINDS.items()}


def quantise(source: Path, kind: str, target: Path, threads: int) -> str:
    """What the new file is worth, in a sentence. Raises InvalidInput, and Unavailable where the quantiser is missing."""
    if kind not in KINDS:
        raise InvalidInput(f"{kind} is not known; known are {', '.join(KINDS)}.")
    was = shapes.read(source).quantisation
    if target.exists():
        raise InvalidInput(f"{target} is there already.")
    _write(source, KINDS[kind], target, threads)
    told = f"made from {source.name} ({was}, sha256 {registry.digest(source)[:12]}) by llama.cpp's quantiser"
    told += worth(was, kind)
    registry.source_mark(target).write_text(json.dumps({"source": told}), encoding="utf-8")
    return told


def worth(was: str, kind: str) -> str:
    """The end of a sentence on a file of `kind` that was made from one of `was`."""
    if BITS.get(was, 0) >= 16 or BITS.get(was, 0) > BITS[kind]:
        return ""
    return f". It answers no better than its source: what {was} has lost is not in it"


def _write(source: Path, kind: int, target: Path, threads: int) -> None:
    """Beside its place first, so that no half of a model lies there."""
    try:
        import llama_cpp  # here alone: an extra, of native code
    except ImportError:
        raise Unavailable(f"The quantiser comes with llama-cpp-python. Run `{INSTALL}`.") from None
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread, params.allow_requantize = kind, threads, True
    half = target.with_name(f"{target.name}.part")
    try:
        if llama_cpp.llama_model_quantize(os.fsencode(source), os.fsencode(half), ctypes.byref(params)):
            raise InvalidInput(f"{source} could not be quantised; llama.cpp's own words above say why.")
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
