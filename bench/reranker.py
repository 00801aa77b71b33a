"""Fits the light reranker: `python -m bench.reranker ROWS… [--features NAME …] [--write]`. No database.

ROWS are what `python -m bench.retrieval --manuals --rows FILE` wrote. Of every set half of the questions fit and half tell,
always the same. The score is a weighted sum of features; the weights are those under which the right document's passages have
most of the probability among the candidates (softmax), each set weighing the same, with a little ridge towards the fusion alone.
Printed are, for each set and its half that was not fitted on, nDCG@10 of the fusion and of the reranker and the paired gain
with its 95 % interval. With --write the numbers go into ingestion/search/reranker.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float64]
RIDGE = 0.02
STEPS = 200
RATE = 0.05
CHOSEN = ("dense", "lexical", "held", "above", "close", "phrase", "part", "figures", "beside", "first")
AGAINST = ("figures",)  # the only feature that speaks against a passage


@dataclass(frozen=True)
class Question:
    """Candidates in the fusion's order, the best `depth` first; `matrix` is of these, a row each, a column a feature."""

    name: str
    fits: bool
    documents: list[str]
    right: str
    fused: Row
    matrix: Row

    @property
    def is_learnable(self) -> bool:
        return self.right in self.documents[: len(self.matrix)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path, nargs="+")
    parser.add_argument("--features", nargs="+", default=CHOSEN)
    parser.add_argument("--depth", type=int, default=30)
    parser.add_argument("--ridge", type=float, default=RIDGE)
    parser.add_argument("--name", default="light-1")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    questions = list(read(options.rows, options.depth))
    weights = fit([one for one in questions if one.fits], options.features, options.ridge)
    for name, weight in zip(names(), weights, strict=True):
        if weight:
            print(f"{name:<9}{weight:8.3f}")
    is_held = told([one for one in questions if not one.fits], weights)
    if options.write:
        from ingestion.search import reranking

        kept = {name: round(float(one), 4) for name, one in zip(names(), weights, strict=True) if one}
        made = {"name": options.name, "depth": options.depth, "weights": kept}
        reranking.FILE.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return 0 if is_held else 1


def names() -> tuple[str, ...]:
    from ingestion.search import features

    return features.NAMES


def read(files: Sequence[Path], depth: int) -> Iterator[Question]:
    for file in files:
        for line in file.read_text("utf-8").splitlines():
            yield _question(json.loads(line), depth)


def _question(row: dict[str, Any], depth: int) -> Question:
    from bench.looking import OF_TEXT
    from ingestion.search import fusion

    both = zip(row["dense"], row["lexical"], strict=True)
    parts = np.array([fusion.parts(*one, row["spread"], row["weight"]) for one in both])
    order = np.argsort(-parts.sum(axis=1), kind="stable") if len(parts) else np.zeros(0, dtype=int)
    documents = [row["documents"][at] for at in order]
    fused = parts.sum(axis=1)[order] if len(parts) else np.zeros(0)
    best = order[:depth]
    columns: dict[str, Row] = {"dense": parts[best, 0], "lexical": parts[best, 1]} if len(parts) else {}
    columns |= {
        name: np.array([row["features"][at][place] for at in best], dtype=np.float64)
        for place, name in enumerate(OF_TEXT)
    }
    columns["beside"] = _beside(documents[:depth], fused[:depth])
    matrix = np.stack([columns[name] for name in names()], axis=1) if len(parts) else np.zeros((0, len(names())))
    return Question(row["set"], row["fits"], documents, row["right"], fused, matrix)


def _beside(documents: Sequence[str], fused: Row) -> Row:
    """As ingestion.search.features counts it: the next best passage of the same document."""
    lowest = fused.min() if fused.size else 0.0
    others = [
        [fused[at] for at, two in enumerate(documents) if two == one and at != place]
        for place, one in enumerate(documents)
    ]
    return np.array([max(found, default=lowest) for found in others])


def fit(questions: Sequence[Question], chosen: Sequence[str], ridge: float) -> Row:
    """By Adam, from the fusion's own weights on, which the ridge draws back to; a feature keeps its sign."""
    known = names()
    start = np.array([1.0 if name in {"dense", "lexical"} else 0.0 for name in known])
    is_chosen = np.array([name in chosen for name in known])
    sign = np.array([-1.0 if name in AGAINST else 1.0 for name in known])
    learnable = [one for one in questions if one.is_learnable]
    amount = {one.name: sum(two.name == one.name for two in learnable) for one in learnable}
    weights, slope, square = start.copy(), np.zeros(len(known)), np.zeros(len(known))
    for step in range(1, STEPS + 1):
        pull = sum((_pull(one, weights) / amount[one.name] for one in learnable), np.zeros(len(known)))
        pull = (pull / len(amount) - ridge * (weights - start)) * is_chosen
        slope, square = 0.9 * slope + 0.1 * pull, 0.99 * square + 0.01 * pull**2
        weights = weights + RATE * (slope / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8) * is_chosen
        weights = np.where(weights * sign < 0, 0.0, weights)
    return weights


def _pull(one: Question, weights: Row) -> Row:
    """The gradient of the logarithm of what the right document's passages have of the probability."""
    scores = one.matrix @ weights
    chance = np.exp(scores - scores.max())
    is_right = np.array([document == one.right for document in one.documents[: len(scores)]])
    among = chance * is_right
    return np.asarray((among / among.sum() - chance / chance.sum()) @ one.matrix)


def ordered(one: Question, weights: Row) -> list[str]:
    depth = len(one.matrix)
    best = np.argsort(-(one.matrix @ weights), kind="stable")
    return list(dict.fromkeys([one.documents[at] for at in best] + one.documents[depth:]))


def told(questions: Sequence[Question], weights: Row) -> bool:
    """Whether no set loses."""
    from assistant.evaluation import measures

    is_held = True
    for name in dict.fromkeys(one.name for one in questions):
        asked = [one for one in questions if one.name == name]
        before = [measures.ndcg({one.right}, list(dict.fromkeys(one.documents))) for one in asked]
        after = [measures.ndcg({one.right}, ordered(one, weights)) for one in asked]
        gain = measures.gain(before, after)
        is_held = is_held and gain.value >= 0
        print(f"{name:<28} {len(asked):>4}  {np.mean(before):.3f} → {np.mean(after):.3f}  {gain}")
    return is_held


if __name__ == "__main__":
    sys.exit(main())
