"""llama-cpp-python inside a child process: an extra, compiled on the machine itself. One answer at a time."""

from __future__ import annotations

import asyncio
import importlib.metadata
from pathlib import Path

import uvicorn

from governance.errors import Unavailable
from inference.worker.engines import child
from inference.worker.engines.base import Engine, EngineSettings, Served

INSTALL = 'pip install ".[llama-cpp-python]"'


class LlamaCppPython(Engine):
    name = "llama_cpp_python"
    slots_most = 1  # the binding keeps one sequence; whoever else asks stands in the worker's queue

    def serve(self, model_file: Path, settings: EngineSettings) -> Served:
        return child.start("inference.worker.engines.llama_cpp_python", model_file, settings)

    def build(self) -> str:
        try:
            return importlib.metadata.version("llama-cpp-python")
        except importlib.metadata.PackageNotFoundError:
            raise Unavailable(
                f"The engine {self.name} is not installed. Run `{INSTALL}` (it compiles for ten minutes or more and "
                "needs a C++ compiler and cmake), or serve with the engine xllamacpp."
            ) from None

    def features(self) -> str:
        return child.said("import llama_cpp; print(llama_cpp.llama_print_system_info().decode())")


def run() -> None:
    """The child: serve until told to stop."""
    order = child.begin()
    from inference.worker.engines.completions import Completions  # here alone: the worker carries no native engine
    from inference.worker.engines.writer import Writer

    writer = Writer.load(Path(order["model"]), threads=order["threads"], window=order["window"])
    app = Completions(order["key"], order["alias"], writer).app()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=order["port"], log_level="warning"))
    asyncio.run(server.serve())


if __name__ == "__main__":
    run()
