"""Can what was found carry an answer? `python -m bench.evidence`: every question as the person who asks it.

Reads the demo with the real embedder, no chat model. Prints where the right document ranks, how each feature of the
evidence is spread over answerable, restricted and unanswerable questions, and what the marks in `assistant/evidence.py`
decide. `--heldout` asks the questions of `bench/evidence_heldout.toml` too: nothing may be fitted on those.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench import demo_database

if TYPE_CHECKING:
    from assistant.demo.material import Question
    from ingestion.search import Found

HERE = Path(__file__).resolve().parent
PARAPHRASED = HERE / "evidence_paraphrased.toml"
HELDOUT = HERE / "evidence_heldout.toml"
DEPTH = 10


@dataclass(frozen=True)
class Asked:
    """One question, its features, and what the marks say. `rank` counts from 1; 0 means not among the first ten."""

    question: Question
    features: dict[str, float]
    suffices: bool
    rank: int
    names: tuple[str, ...]

    @property
    def group(self) -> str:
        return self.question.kind if self.question.refused else "answerable"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heldout", action="store_true", help="ask the held-out questions too")
    parser.add_argument("--rows", type=Path, help="write every question's features to this JSON file")
    parser.add_argument("--misses", action="store_true", help="list what was decided wrongly")
    options = parser.parse_args()
    demo_database.prepare()
    demo_database.fill(print)

    from assistant.demo import material

    sets = {"demo": material.questions(), "paraphrased": material.questions(PARAPHRASED)}
    if options.heldout:
        sets["heldout"] = material.questions(HELDOUT)
    for name, questions in sets.items():
        asked = [ask(question) for question in questions]
        print(f"\n== {name}: {len(asked)} questions")
        print("\n".join([*ranks(asked), *spreads(asked), *decisions(asked)]))
        if options.misses:
            print("\n".join(misses(asked)))
        if options.rows:
            write(options.rows.with_suffix(f".{name}.json"), asked)


def ask(question: Question) -> Asked:
    from assistant import answering, evidence
    from assistant.demo import seeding
    from ingestion import search

    scope = seeding.scope_for(question.tenant, question.asker)
    deep = search.passages(scope, question.question, limit=DEPTH)
    found = search.passages(scope, question.question, limit=answering.PASSAGES)
    verdict = evidence.weigh(question.question, found.passages)
    names = tuple(passage.document_name for passage in deep.passages)
    right = {Path(key).name for key in (question.document, *question.also)}
    rank = next((place for place, name in enumerate(names, 1) if name in right), 0)
    marks = features(deep, found) | {"names missing": float(len(verdict.unnamed))}
    return Asked(question, marks, verdict.suffices, rank, names)


def features(deep: Found, found: Found) -> dict[str, float]:
    """Everything that was tried as a mark, whether it is used or not."""
    scores = [passage.score for passage in deep.passages] or [0.0]
    dense = sorted((passage.dense for passage in deep.passages), reverse=True) or [0.0]
    return {
        "nearest": found.nearest,
        "covered": found.covered,
        "best coverage": max((passage.coverage for passage in found.passages), default=0.0),
        "first coverage": found.passages[0].coverage if found.passages else 0.0,
        "best fused": scores[0],
        "fused gap to 5th": scores[0] - scores[min(4, len(scores) - 1)],
        "cosine gap to 5th": dense[0] - dense[min(4, len(dense) - 1)],
        "bm25": max((passage.lexical for passage in found.passages), default=0.0),
    }


def ranks(asked: Sequence[Asked]) -> Iterable[str]:
    rows = [one for one in asked if not one.question.refused]
    for depth in (1, 3, 5, DEPTH):
        hits = sum(0 < one.rank <= depth for one in rows)
        yield f"hit@{depth:<2} {hits / len(rows):.3f}  ({hits} of {len(rows)})"


def spreads(asked: Sequence[Asked]) -> Iterable[str]:
    """Quantiles a group, and the area under the curve: how often an answerable one is above one to refuse."""
    groups = sorted({one.group for one in asked})
    yield f"{'feature':<20}{'group':<14}   min   10 %   50 %   90 %    max    AUC"
    for name in asked[0].features:
        of = {group: np.array([one.features[name] for one in asked if one.group == group]) for group in groups}
        for group in groups:
            marks = "".join(f"{value:7.2f}" for value in np.quantile(of[group], (0, 0.1, 0.5, 0.9, 1)))
            area = "" if group == "answerable" else f"{_area(of['answerable'], of[group]):7.2f}"
            yield f"{name:<20}{group:<14}{marks}{area}"


def decisions(asked: Sequence[Asked]) -> Iterable[str]:
    for group in sorted({one.group for one in asked}):
        rows = [one for one in asked if one.group == group]
        refused = sum(not one.suffices for one in rows)
        yield f"{group:<14} refused {refused / len(rows):.3f}  ({refused} of {len(rows)})"


def misses(asked: Sequence[Asked]) -> Iterable[str]:
    for one in asked:
        if one.suffices == one.question.refused:
            yield f"{one.group:<13} {one.question.id:<26} {one.question.question}"
        elif not one.question.refused and not 0 < one.rank <= 5:
            yield f"rank {one.rank:<8} {one.question.id:<26} {one.question.question}  ← {one.names[0]}"


def write(path: Path, asked: Sequence[Asked]) -> None:
    rows = [{"id": one.question.id, "group": one.group, "rank": one.rank, **one.features} for one in asked]
    path.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def _area(above: np.ndarray, below: np.ndarray) -> float:
    apart = above[:, None] - below[None, :]
    return float((apart > 0).mean() + (apart == 0).mean() / 2)


if __name__ == "__main__":
    main()
