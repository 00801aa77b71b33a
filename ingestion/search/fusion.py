"""Two scores of one passage on a common scale, and their sum.

The cosine is divided by how far an embedder's cosines lie apart (`EmbeddingRunner.spread`), and not by how far they do for this
question: where all candidates are alike, it is words that tell them apart. BM25 is taken as a share of the most that the
question's words could bring. Ranks alone (RRF) were measured to be worse: they throw away how much better the first is than
the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingestion.search import languages
from ingestion.search.candidates import Candidates, Row
from ingestion.search.postings import Weights

# What the share of words weighs beside a spread of nearness. Set from sweeps over the development sets: docs/retrieval.md.
# In a language that the embedder was not trained on, its nearness says little.
KNOWN = 4.0
UNKNOWN = 24.0
_TOLD_BY = 10  # texts
_TELLING = 2  # stop words: "per" of "per diem rate" is one of five languages, and English has taken it


@dataclass(frozen=True)
class Fused:
    """In the order of the candidates; `dense` and `lexical` are the parts of `score`."""

    dense: Row
    lexical: Row

    @property
    def score(self) -> Row:
        return self.dense + self.lexical

    @property
    def order(self) -> list[int]:
        """The best first, ties by id."""
        return [int(at) for at in np.argsort(-self.score, kind="stable")]


def lexical_weight(question: str, texts: Sequence[str], known: Sequence[str]) -> float:
    """By the language of the question, or of the texts that are nearest to it where fewer than two of its words tell; without
    `known` ones an embedder is for any.
    """
    if not known:
        return KNOWN
    script = languages.of_script(question)
    spoken = {script} if script else languages.spoken(question, _TELLING if texts else 1)
    if not spoken and texts:
        found = Counter(map(languages.written_in, texts[:_TOLD_BY]))
        spoken = {found.most_common(1)[0][0]}
    return KNOWN if not spoken or spoken & set(known) else UNKNOWN


def parts(cosine: float, share: float, spread: float, weight: float) -> tuple[float, float]:
    """What nearness and words add to the score."""
    return cosine / spread, weight * share


def fuse(found: Candidates, weights: Weights, spread: float, weight: float) -> Fused:
    both = [
        parts(float(cosine), weights.of_most(float(score)), spread, weight)
        for cosine, score in zip(found.dense, found.lexical, strict=True)
    ]
    return Fused(np.array([one for one, _ in both]), np.array([two for _, two in both]))
