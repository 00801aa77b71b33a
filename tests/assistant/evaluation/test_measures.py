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


def test_values_that_are_all_alike_leave_room_for_another() -> None:
    for amount, low in ((1, 0.207), (3, 0.438), (16, 0.806), (300, 0.987)):
        right, wrong = measures.mean([1.0] * amount), measures.mean([0.0] * amount)
        assert [right.value, right.high, wrong.value, wrong.low] == pytest.approx([1.0, 1.0, 0.0, 0.0])
        assert right.low == pytest.approx(low, abs=0.001)
        assert wrong.high == pytest.approx(1 - low, abs=0.001)
    half = measures.mean([0.5] * 4)
    assert half.low < 0.25 < 0.75 < half.high


def test_a_gain_of_right_and_wrong_is_bounded_where_few_pairs_differ() -> None:
    rose = measures.gain([0.0] * 4 + [1.0] * 40 + [0.0] * 6, [1.0] * 44 + [0.0] * 6)
    assert rose.low < 0 < rose.value == pytest.approx(0.08)
    for told in (1.0, 0.0, 0.5):
        same = measures.gain([told] * 20, [told] * 20)
        assert same.low < same.value == 0 < same.high == pytest.approx(-same.low)
    # 12 and 2 of 50 pairs differ, the example of Newcombe (1998), method 10
    before = [1.0] * 20 + [1.0] * 2 + [0.0] * 12 + [0.0] * 16
    after = [1.0] * 20 + [0.0] * 2 + [1.0] * 12 + [0.0] * 16
    gained = measures.gain(before, after)
    assert [gained.low, gained.high] == pytest.approx([0.056, 0.329], abs=0.001)


@pytest.mark.parametrize(
    ("gained", "lost", "same", "often"),
    [
        (5, 0, 45, 1 / 16),
        (6, 0, 0, 1 / 32),
        (6, 0, 294, 1 / 32),
        (7, 1, 42, 9 / 128),
        (0, 8, 2, 1 / 128),
        (0, 0, 9, 1.0),
    ],
)
def test_chance_is_reckoned_of_the_pairs_that_differ(gained: int, lost: int, same: int, often: float) -> None:
    before = [0.0] * gained + [1.0] * lost + [1.0] * same
    after = [1.0] * gained + [0.0] * lost + [1.0] * same
    assert measures.chance(before, after) == pytest.approx(often)
    assert measures.chance([one / 3 for one in before], [one / 3 for one in after]) == pytest.approx(often)


def test_chance_of_many_pairs_is_thrown_and_the_same_at_every_run() -> None:
    before, after = [0.0] * 30, [0.1] * 20 + [-0.1] * 10
    often = measures.chance(before, after)
    assert often == pytest.approx(0.0987, abs=0.02)  # the exact sign test's
    assert often == measures.chance(before, after)
    assert measures.chance([0.0] * 40, [0.1] * 40) < 0.01
    with pytest.raises(ValueError, match="zip"):
        measures.chance([0.1], [0.1, 0.2])
