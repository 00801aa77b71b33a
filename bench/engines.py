"""The model worker's two engines beside each other, the same model and requests: `python -m bench.engines MODEL`.

Both workers are up at once and asked in turn, never together, the order turned round each time. A round is, for each
engine: a prompt that nothing has read (to the first token), the same prompt again with another question at its end
(what a kept prefix saves), one stream of writing, four streams of writing. What is compared is a ratio a round,
llama_cpp_python ÷ xllamacpp; above 1 the former is quicker. No bar: this says which to choose.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from assistant.local import ports
from bench import stack
from inference.worker import engines

ROUNDS = 3
WRITTEN = 48  # tokens a stream
PASSAGES = 12  # of about 40 tokens each
QUESTIONS = ("Who decides?", "What has changed since?")
MEASURES = ("read, tokens/s", "read again, tokens/s", "1 stream, tokens/s", "4 streams, tokens/s")


@dataclass
class Measured:
    """An engine behind its address, and a figure a round for each of MEASURES."""

    url: str
    key: str
    figures: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in MEASURES})

    def ask(self, prompt: str, most: int) -> tuple[float, float, int, int]:
        """Seconds to the first token and to the end, tokens of the prompt and of the answer."""
        body = {
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": most,
            "temperature": 0,
            "seed": 1,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        headers = {"Authorization": f"Bearer {self.key}"}
        began, first = time.monotonic(), 0.0
        usage: dict[str, int] = {}
        with (
            httpx.Client(timeout=600.0, trust_env=False, headers=headers) as client,
            client.stream("POST", f"{self.url}/v1/chat/completions", json=body) as answer,
        ):
            answer.raise_for_status()
            for line in answer.iter_lines():
                if not line.startswith("data: {"):
                    continue
                told = json.loads(line.removeprefix("data: "))
                usage = told.get("usage") or usage
                if not first and any((choice.get("delta") or {}).get("content") for choice in told["choices"]):
                    first = time.monotonic() - began
        return first, time.monotonic() - began, usage["prompt_tokens"], usage["completion_tokens"]

    def measure(self, number: int) -> None:
        text = _text(f"round {number}")
        for name, question in zip(MEASURES, QUESTIONS, strict=False):
            first, _, read, _ = self.ask(text + question, 1)
            self.figures[name].append(read / first)
        first, end, _, written = self.ask(_story(number, 0), WRITTEN)
        self.figures[MEASURES[2]].append((written - 1) / (end - first))
        with ThreadPoolExecutor(4) as pool:
            began = time.monotonic()
            told = list(pool.map(lambda stream: self.ask(_story(number, stream), WRITTEN), range(1, 5)))
        self.figures[MEASURES[3]].append(sum(written for *_, written in told) / (time.monotonic() - began))


def _text(mark: str) -> str:
    """Alike in length and unlike from its first word on."""
    line = "In {mark}, the committee of section {number} met, heard the report, asked {number} questions and decided by vote. "
    return "".join(line.format(mark=mark, number=number) for number in range(PASSAGES)) * 2


def _story(number: int, stream: int) -> str:
    return f"{number}.{stream}: Tell a long story of a lighthouse, with every detail you can think of."


@contextmanager
def serving(engine: str, model: str, home: Path) -> Iterator[Measured]:
    port, key = ports.choose(home, f"bench-{engine}"), secrets.token_hex(16)
    told = os.environ | {"CHANCERY_MODEL_KEY": key, "CHANCERY_HOME": str(home)}
    argv = ["model_worker", f"--engine={engine}", f"--port={port}", f"--model={model}"]
    with stack.process(argv, told, home / f"{engine}.log") as process:
        stack.await_that(lambda: stack.is_served(f"http://{stack.HOST}:{port}"), process)
        yield Measured(f"http://{stack.HOST}:{port}", key)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="catalogue name or GGUF path")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    home = Path(os.environ.get("CHANCERY_BENCH_HOME") or stack.ROOT / "var" / "bench-engines")
    home.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ends:
        both = {name: ends.enter_context(serving(name, asked.model, home)) for name in engines.NAMES}
        for one in both.values():
            one.ask("Hello", 4)  # the file's pages are read, the threads are there
        for number in range(asked.rounds):
            print(stack.load(), flush=True)
            for name in list(both)[:: 1 if number % 2 == 0 else -1]:
                both[name].measure(number)
    print_table(both["xllamacpp"], both["llama_cpp_python"])
    return 0


def print_table(usual: Measured, other: Measured) -> None:
    print("| measure | xllamacpp | llama_cpp_python | ratio, median | ratios |\n| --- | --- | --- | --- | --- |")
    for name in MEASURES:
        ratios = [ours / theirs for ours, theirs in zip(other.figures[name], usual.figures[name], strict=True)]
        medians = (statistics.median(one.figures[name]) for one in (usual, other))
        cells = [f"{median:.1f}" for median in medians] + [f"{statistics.median(ratios):.2f}"]
        print(f"| {name} | {' | '.join(cells)} | {' '.join(f'{ratio:.2f}' for ratio in ratios)} |")


if __name__ == "__main__":
    sys.exit(main())
