"""The model worker beside llama-server and `llama_cpp.server`: `python -m bench.worker_load MODEL`.

All are up at once and asked in turn, never together, the order turned round each time; what is compared is a ratio a
round. What has been measured stands in a file of lines, and a second run goes on from there. The parts:

- distinct: 8 people, 8 prompts of 512 tokens that have nothing in common. Answers/s, first token.
- burst: 8 people of two tenants, each tenant's prompts alike in their first three quarters, read by nobody before.
- steady: the same people go on asking, each `--questions` more about the same.
- first: 4 and 8 prompts at once, mean time to the first token: of 256 and of 512 tokens, and of mixed lengths.
- alone: one prompt at a time: time to its first token ÷ (its new tokens ÷ the rate that llama-server's engine reads at).
- behind: a short prompt that comes two seconds after one of `--long` tokens.
- follow: a follow-up of a conversation of 600 tokens, after 20 other chats.
- shares: two tenants, one of whom asks twice as much, for a minute and a half: what each gets.
- cancel: tokens that the engine writes after a client has gone, and steps until it stops reading.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import stack, worker_parts
from bench.worker_servers import LLAMA_CPP_PYTHON, LLAMA_SERVER, OURS, Server, Sizes, file_of, is_installed, ours, peer

# measure: (who it is divided by, whether less is better, bar). A ratio is always ours ÷ theirs.
BARS: dict[str, list[tuple[str, bool, float]]] = {
    "distinct answers/s": [(LLAMA_SERVER, False, 1.0), (LLAMA_CPP_PYTHON, False, 1.0)],
    "burst answers/s": [(LLAMA_SERVER, False, 1.5)],
    "steady answers/s": [(LLAMA_SERVER, False, 1.0)],
    "first token, 4 of 256": [(LLAMA_SERVER, True, 0.65)],
    "first token, 8 of 256": [(LLAMA_SERVER, True, 0.65)],
    "first token, 4 of 512": [(LLAMA_SERVER, True, 0.65)],
    "first token, 8 of 512": [(LLAMA_SERVER, True, 0.65)],
    "first token, 8 mixed": [(LLAMA_SERVER, True, 0.65)],
    "alone, 256, ms a new token": [(LLAMA_SERVER, True, 1.15)],
    "alone, 512, ms a new token": [(LLAMA_SERVER, True, 1.15)],
    "alone, 1024, ms a new token": [(LLAMA_SERVER, True, 1.15)],
    "alone, 384 after 512, ms a new token": [(LLAMA_SERVER, True, 1.15)],
    "short behind long": [(LLAMA_SERVER, True, 0.25)],
}
# measure: bar of ours alone, which less is better than
ALONE = {"follow-up ÷ cold": 0.10, "tokens after a stop": 2.0, "steps after a stop": 2.0, "unequal shares": 0.20}


@dataclass
class Kept:
    """A line a measurement: part, round, server and its figures."""

    path: Path
    rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.path.is_file():
            self.rows = [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]

    def has(self, part: str, number: int, server: str) -> bool:
        return any((row["part"], row["round"], row["server"]) == (part, number, server) for row in self.rows)

    def add(self, part: str, number: int, server: str, figures: dict[str, float]) -> None:
        row = {"part": part, "round": number, "server": server, "when": stack.load(), "figures": figures}
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def of(self, measure: str, server: str) -> dict[int, float]:
        found = [row for row in self.rows if row["server"] == server and measure in row["figures"]]
        return {row["round"]: row["figures"][measure] for row in found}

    def measures(self) -> list[str]:
        return list(dict.fromkeys(name for row in self.rows for name in row["figures"]))


def measure(kept: Kept, part: str, number: int, server: Server, asked: argparse.Namespace) -> None:
    # The same prompts for each server of a round, and others in every round: nothing is known from before.
    chance = random.Random(f"{asked.seed}/{part}/{number}")
    texts = worker_parts.Texts(chance)
    before = server.processor_s()
    figures = asyncio.run(worker_parts.PARTS[part](server, texts, asked))
    figures |= {f"{part} processor s": server.processor_s() - before}
    kept.add(part, number, server.name, figures)
    told = ", ".join(f"{name} {value:.2f}" for name, value in figures.items())
    print(f"{part} {number} {server.name}: {told}", flush=True)


def report(kept: Kept, names: list[str]) -> bool:
    """A table of medians and ratios; whether every bar that was measured holds."""
    print(f"| measure | {' | '.join(names)} | ratio: median (lowest–highest), bar |")
    print(f"| --- |{' --- |' * (len(names) + 1)}")
    holds = True
    for name in kept.measures():
        cells = [kept.of(name, server) for server in names]
        told = [f"{statistics.median(cell.values()):.2f}" if cell else "" for cell in cells]
        verdicts, is_held = _verdicts(kept, name)
        holds &= is_held
        print(f"| {name} | {' | '.join(told)} | {'; '.join(verdicts)} |")
    return holds


def _verdicts(kept: Kept, name: str) -> tuple[list[str], bool]:
    mine, verdicts, holds = kept.of(name, OURS), [], True
    for other, is_less, bar in BARS.get(name, []):
        theirs = kept.of(name, other)
        ratios = [mine[number] / theirs[number] for number in mine.keys() & theirs.keys()]
        if ratios:
            median = statistics.median(ratios)
            is_held = median <= bar if is_less else median >= bar
            holds &= is_held
            span = f"{median:.2f} ({min(ratios):.2f}–{max(ratios):.2f}, n={len(ratios)})"
            verdicts.append(f"÷ {other} {span} {'≤' if is_less else '≥'} {bar:g} {'held' if is_held else 'MISSED'}")
    if name in ALONE and mine:
        median = statistics.median(mine.values())
        is_held = median <= ALONE[name]
        holds &= is_held
        verdicts.append(f"≤ {ALONE[name]:g} {'held' if is_held else 'MISSED'} (n={len(mine)})")
    return verdicts, holds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="catalogue name or GGUF path")
    parser.add_argument("--parts", default=",".join(worker_parts.PARTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--slots", type=int, default=8)
    parser.add_argument("--window", type=int, default=0, help="0: 2048, or what `behind` needs")
    parser.add_argument("--tokens", type=int, default=512, help="of a prompt of `distinct`, `burst` and `steady`")
    parser.add_argument("--written", type=int, default=64, help="tokens of an answer")
    parser.add_argument("--questions", type=int, default=2, help="of a person of `steady`, one after the other")
    parser.add_argument("--long", type=int, default=8000, help="tokens of the long prompt of `behind`")
    parser.add_argument("--python", default=sys.executable, help="one that has llama-cpp-python[server]")
    parser.add_argument("--out", type=Path, help="where figures are kept; by default below var/")
    parser.add_argument("--seed", default="1", help="another one asks other prompts")
    parser.add_argument("--only", default="", help="servers, by name; by default all that are installed")
    asked = parser.parse_args()
    home = Path(os.environ.get("CHANCERY_BENCH_HOME") or stack.ROOT / "var" / "bench-worker")
    home.mkdir(parents=True, exist_ok=True)
    kept = Kept(asked.out or home / f"{file_of(asked.model).stem}.jsonl")
    parts = asked.parts.split(",")
    window = asked.window or (asked.long + 512 if "behind" in parts else 2048)
    sizes = Sizes(asked.threads, asked.slots, window)
    names = [OURS, LLAMA_SERVER, *([LLAMA_CPP_PYTHON] if is_installed(asked.python) else [])]
    names = [name for name in names if not asked.only or name in asked.only.split(",")]
    todo = [
        (part, number, name)
        for part in parts
        for number in range(asked.rounds)
        for name in names[:: 1 if number % 2 == 0 else -1]
        if name in worker_parts.ASKED.get(part, names) and not kept.has(part, number, name)
    ]
    with ExitStack() as ends:
        up = {}
        for name in dict.fromkeys(name for *_, name in todo):
            begun = (
                ours(asked.model, home, sizes)
                if name == OURS
                else peer(name, asked.python, file_of(asked.model), home, sizes)
            )
            up[name] = ends.enter_context(begun)
        for part, number, name in todo:
            measure(kept, part, number, up[name], asked)
    return 0 if report(kept, names) else 1


if __name__ == "__main__":
    sys.exit(main())
