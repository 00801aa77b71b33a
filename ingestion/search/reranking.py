"""The order of the best candidates, by a few features more than two scores: plain numbers from `reranker.json`.

They were fitted by `python -m bench.reranker` on half of the development sets; docs/retrieval.md is their card, and says why the
order is by the two scores alone unless an operator asks for more.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from ingestion.search import features
from ingestion.search.features import Features

FILE = Path(__file__).with_name("reranker.json")


@dataclass(frozen=True)
class Model:
    """`depth` is how many of the best candidates it orders; a feature without a weight counts nothing."""

    name: str
    depth: int
    weights: Mapping[str, float]

    def parts(self, one: Features) -> dict[str, float]:
        """What each feature adds to the score: their sum is the score."""
        return {
            name: weight * value
            for name, value in zip(features.NAMES, one.row, strict=True)
            if (weight := self.weights.get(name, 0.0))
        }


FUSION = Model("fusion", 0, {"dense": 1.0, "lexical": 1.0})


def model() -> Model:
    """The one that this installation orders by."""
    return light() if settings.SEARCH_LIGHT_RERANKER else FUSION


@functools.cache
def light() -> Model:
    told: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return Model(str(told["name"]), int(told["depth"]), {name: float(one) for name, one in told["weights"].items()})
