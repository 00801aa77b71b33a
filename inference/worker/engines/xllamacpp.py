"""llama.cpp's server inside a child process: continuous batching, slots, prompt cache. The default engine."""

from __future__ import annotations

import importlib.metadata
import threading
from pathlib import Path
from typing import Any

from inference.worker.engines import child
from inference.worker.engines.base import CHUNK, Engine, EngineSettings, Served

WARNINGS = 2  # of llama.cpp's log; above it writes several lines a request


class Xllamacpp(Engine):
    name = "xllamacpp"
    has_open_slots = True

    def serve(self, model_file: Path, settings: EngineSettings) -> Served:
        return child.start("inference.worker.engines.xllamacpp", model_file, settings)

    def build(self) -> str:
        return importlib.metadata.version("xllamacpp")

    def features(self) -> str:
        return child.said("import xllamacpp; print(xllamacpp.get_system_info())")


def run() -> None:
    """The child: serve until told to stop."""
    order = child.begin()
    import xllamacpp  # here alone: the worker itself carries no native engine

    server = xllamacpp.Server(_adjusted(xllamacpp.CommonParams(), order))
    threading.Event().wait()  # it serves in threads of its own, as long as it is referenced
    del server


def _adjusted(params: Any, order: dict[str, Any]) -> Any:
    params.model.path = order["model"]
    params.model_alias = {order["alias"]}
    params.hostnames, params.port = ["127.0.0.1"], order["port"]
    params.api_keys = [order["key"]]
    # Windows of their own: in a shared one, long chats that meet end each other in the middle.
    params.n_parallel, params.kv_unified = order["slots"], False
    params.n_ctx = order["window"] * order["slots"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = order["threads"]
    # A cancelled request is noticed between two batches only, and others wait as long: with the default of 2048 tokens
    # that is many seconds on a small machine. A chunk of a prompt goes in beside a token of each other slot.
    params.n_batch = params.n_ubatch = CHUNK + order["slots"]
    # What was read is the worker's to keep: the server would go on from it for whoever asks alike.
    params.cache_ram_mib, params.slot_save_path = 0, order["shelf"]
    params.slot_prompt_similarity = 0.0
    params.endpoint_metrics = params.endpoint_slots = True
    params.n_gpu_layers = 0
    params.verbosity = WARNINGS
    params.ui = False
    return params


if __name__ == "__main__":
    run()
