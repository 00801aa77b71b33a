"""What each default of the cutting is worth: `python -m bench.chunking [--tenant halden]`. No database, no chat model.

The demo's handbook is parsed once and cut in each way; every passage is embedded by the default embedder, and each question
of the demo, and of the two further sets beside this file, is asked of what its tenant holds. A passage is right that stands in
a document that the question names and holds one of its facts, in whatever piece. What is measured is the first right one:
nDCG@10 of it alone, and whether it is among five. A way is compared with the defaults question by question; where the
interval of the difference (95 %, bootstrap over the questions) holds 0, chance may have made it.

Nothing but vectors is compared: words would even the ways out. There is no bar: the defaults are what it is published for.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import numpy as np
from numpy.typing import NDArray

SETS = ("answering/paraphrased.toml", "answering/heldout.toml")
WAYS: dict[str, dict[str, Any]] = {
    "the defaults: 180 aimed at, 230 at most": {},
    "100 aimed at, 130 at most": {"size": 100, "most": 130},
    "230 aimed at, 240 at most": {"size": 230, "most": 240},
    "without the title": {"has_title": False},
    "without the headings": {"has_path": False},
    "without either": {"has_title": False, "has_path": False},
    "tiny siblings by themselves": {"joins_tiny": False},
    "header rows on the first part alone": {"repeats_header": False},
}


@dataclass(frozen=True)
class Scores:
    """Of each question, in the same order in every way."""

    ndcg: list[float]
    recall: list[float]
    chunks: int
    tokens: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--tenant", choices=["halden", "corvane"], help="one of the demo's two, where both take too long"
    )
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")
    django.setup()
    from assistant.evaluation import measures

    bench = Bench(asked.tenant or "", asked.threads)
    print(f"{len(bench.questions)} questions on {sum(map(len, bench.parsed.values()))} documents")
    print("| cut | passages | tokens | nDCG@10 | gain | recall@5 | gain |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    first: Scores | None = None
    for name, way in WAYS.items():
        found = bench.tried(way)
        first = first or found
        gains = [measures.gain(first.ndcg, found.ndcg), measures.gain(first.recall, found.recall)]
        told = ["" if found is first else f"{one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f})" for one in gains]
        print(
            f"| {name} | {found.chunks} | {found.tokens:.0f} | {measures.mean(found.ndcg).value:.3f} | {told[0]} "
            f"| {measures.mean(found.recall).value:.3f} | {told[1]} |",
            flush=True,
        )
    return 0


class Bench:
    """The documents parsed, the questions with their vectors, and a memory of what was embedded once."""

    def __init__(self, tenant: str, threads: int) -> None:
        from django.conf import settings

        from assistant.demo import material
        from inference.runners.onnx import OnnxEmbedder

        self.embedder = OnnxEmbedder(settings.MODELS, threads=threads)
        paths = [material.QUESTIONS, *(Path(__file__).parent / name for name in SETS)]
        every = [one for path in paths for one in material.questions(path)]
        self.questions = [one for one in every if one.document and one.facts and one.tenant in (tenant or one.tenant)]
        self.parsed: dict[str, dict[str, Any]] = {}
        for item in material.handbook():
            if item.tenant in (tenant or item.tenant):
                place = f"{item.path.parent.name}/{item.path.name}"
                self.parsed.setdefault(item.tenant, {})[place] = _parsed(item.path)
        self._known: dict[str, NDArray[np.float32]] = {}
        self._asked = self.embedder.embed([one.question for one in self.questions], "query")

    def tried(self, way: dict[str, Any]) -> Scores:
        from assistant.evaluation import measures
        from ingestion.cutting import chunking

        held: dict[str, list[tuple[str, chunking.Piece]]] = {}
        for tenant, documents in self.parsed.items():
            held[tenant] = [
                (place, piece)
                for place, parsed in documents.items()
                for piece in chunking.chunk(parsed, self.embedder.count_tokens, **way)
            ]
        vectors = {tenant: self._vectors([piece.context for _, piece in held[tenant]]) for tenant in held}
        ndcg, recall = [], []
        for question, query in zip(self.questions, self._asked, strict=True):
            order = np.argsort(-(vectors[question.tenant] @ query), kind="stable")[:10]
            right = [_is_right(question, *held[question.tenant][at]) for at in order]
            ranked = [str(place) for place in range(len(right))]
            best = {ranked[right.index(True)]} if True in right else {"nowhere"}
            ndcg.append(measures.ndcg(best, ranked))
            recall.append(measures.recall(best, ranked, 5))
        pieces = [piece for of_tenant in held.values() for _, piece in of_tenant]
        tokens = float(np.mean(self.embedder.count_tokens([piece.context for piece in pieces])))
        return Scores(ndcg, recall, len(pieces), tokens)

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        self._known |= dict(zip(new, self.embedder.embed(new, "passage"), strict=True))
        return np.stack([self._known[text] for text in texts])


def _parsed(path: Path) -> Any:
    from dataclasses import replace

    from ingestion import media_types
    from ingestion.parsers.limited import sandbox

    parsed = sandbox.run(path, media_types.detect(path, path.name))
    return parsed if parsed.title else replace(parsed, title=path.stem)


def _is_right(question: Any, place: str, piece: Any) -> bool:
    return place in {question.document, *question.also} and any(_held(question.facts, piece.text))


def _held(facts: Sequence[str], text: str) -> Iterator[bool]:
    return (bool(re.search(fact, text, re.IGNORECASE)) for fact in facts)


if __name__ == "__main__":
    sys.exit(main())
