"""The measures give what a hand count gives, and intervals that hold what they should."""

from __future__ import annotations

import math

import pytest

from assistant.evaluation import measures


def test_ndcg_counts_places_by_their_logarithm() -> None:
    assert measures.ndcg({"a"}, ["a", "b"]) == 1.0
    assert measures.ndcg({"a"}, ["b", "a"]) == pytest.approx(1 / math.log2(3))
    assert measures.ndcg({"a", "b"}, ["x", "a", "y", "b"]) == pytest.approx(
        (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3))
    )
    assert measures.ndcg({"a"}, ["b"] * 10 + ["a"]) == 0.0
    assert measures.ndcg(set(), ["a"]) == 0.0


def test_recall_counts_what_is_within_the_depth() -> None:
    assert measures.recall({"a", "b"}, ["a", "x", "b"], 2) == 0.5
    assert measures.recall({"a", "b"}, ["a", "x", "b"], 3) == 1.0
    assert measures.recall(set(), ["a"], 3) == 0.0


def test_a_hit_is_any_within_the_depth() -> None:
    assert measures.hit({"a", "b"}, ["x", "a", "y"], 2) == 1.0
    assert measures.hit({"a", "b"}, ["x", "y", "a"], 2) == 0.0
    assert measures.hit(set(), ["a"], 3) == 0.0


def test_the_reciprocal_rank_is_that_of_the_first_right_one() -> None:
    assert measures.reciprocal_rank({"b", "c"}, ["a", "b", "c"]) == 0.5
    assert measures.reciprocal_rank({"z"}, ["a"]) == 0.0


def test_an_interval_holds_the_mean_and_narrows_with_the_number() -> None:
    few, many = measures.mean([0.0, 1.0] * 10), measures.mean([0.0, 1.0] * 1_000)
    for one in (few, many):
        assert one.low < one.value == 0.5 < one.high
    assert many.high - many.low < (few.high - few.low) / 5
    assert measures.mean([0.0, 1.0] * 10) == few  # the same at every run
    assert str(measures.mean([])) == "nothing to measure"


def test_a_gain_is_paired() -> None:
    before = [0.1, 0.9, 0.2, 0.8] * 20
    after = [value + 0.01 for value in before]
    gained = measures.gain(before, after)
    assert gained.low > 0  # far below the spread of either, and yet certain: every question gained
    assert gained.value == pytest.approx(0.01)
    with pytest.raises(ValueError, match="zip"):
        measures.gain([0.1], [0.1, 0.2])
