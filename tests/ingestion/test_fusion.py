"""Two scores made one, and what else of a passage tells whether it answers."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

from ingestion.search import analysis, features, fusion, reranking
from ingestion.search.candidates import Candidates
from ingestion.search.features import Told
from ingestion.search.postings import K1, Weights

ENGLISH = "How long is the notice in the first year?"
GERMAN = "Wie lang ist die Frist im ersten Jahr?"
TEXT = "Die Frist beträgt im ersten Jahr vier Wochen, und danach wird sie mit jedem Jahr um eine Woche länger."


def _weights(question: str, **rare: float) -> Weights:
    words = tuple(analysis.asked(question))
    return Weights(10, 20.0, {word.written: rare.get(word.written, 1.0) for word in words}, words)


@pytest.mark.parametrize(
    ("question", "texts", "known", "weight"),
    [
        (ENGLISH, [], ("en",), fusion.KNOWN),
        (GERMAN, [], ("en",), fusion.UNKNOWN),
        (GERMAN, [], ("en", "de"), fusion.KNOWN),
        (GERMAN, [], (), fusion.KNOWN),  # for any language
        ("Kündigungsfrist", [TEXT, TEXT, ENGLISH], ("en",), fusion.UNKNOWN),
        ("Kündigungsfrist", [ENGLISH, ENGLISH, TEXT], ("en",), fusion.KNOWN),
        ("Kündigungsfrist", [], ("en",), fusion.KNOWN),
        ("per diem rate", [ENGLISH, ENGLISH], ("en",), fusion.KNOWN),  # "per" alone would be any of five languages
        ("Сколько дней отпуска?", [], ("en",), fusion.UNKNOWN),
        ("年度预算是多少", [ENGLISH], ("en",), fusion.UNKNOWN),
        ("年度预算是多少", [], ("en", "zh"), fusion.KNOWN),
        ("Q3?", ["年度预算是一百万元。"], ("en",), fusion.UNKNOWN),
    ],
)
def test_words_weigh_more_in_a_language_that_the_embedder_does_not_know(
    question: str, texts: list[str], known: tuple[str, ...], weight: float
) -> None:
    assert fusion.lexical_weight(question, texts, known) == weight


def test_the_order_is_that_of_the_sum_and_ties_are_by_id() -> None:
    weights = _weights("hotel")
    most = weights.whole * (K1 + 1)
    found = Candidates(
        tuple(uuid.UUID(int=at) for at in range(4)), np.array([0.5, 0.3, 0.5, 0.4]), np.array([0, most, 0, 0])
    )
    fused = fusion.fuse(found, weights, spread=0.1, weight=4.0)
    assert fused.score.tolist() == pytest.approx([5.0, 7.0, 5.0, 4.0])
    assert fused.order == [1, 0, 2, 3]
    assert fusion.fuse(found, weights, spread=0.01, weight=4.0).order == [0, 2, 3, 1]
    assert fusion.fuse(Candidates(), weights, 0.1, 4.0).order == []


def test_bm25_is_a_share_of_what_it_could_be_whatever_the_question_s_length() -> None:
    for question in ("hotel", "hotel night breakfast bill"):
        weights = _weights(question)
        assert weights.of_most(weights.whole * (K1 + 1)) == pytest.approx(1)
        assert weights.of_most(0) == 0
    assert _weights("").of_most(3.0) == 0


def _features(question: str, *told: Told) -> list[features.Features]:
    level = [float(len(told) - at) for at in range(len(told))]
    return features.of(_weights(question), level, level, level, told)


def test_features_tell_where_the_words_stand() -> None:
    question = "maximum hotel price per E-1042"
    near, far, above, inside = _features(
        question,
        Told("The maximum hotel price is 140 euros, see E-1042.", "", 0, 1),
        Told(
            "A maximum is set. " + "Something else is told here. " * 9 + "The hotel is chosen by its price.", "", 3, 2
        ),
        Told("It is 140 euros.", "Maximum hotel price", 1, 1),
        Told("The maximumprice of a conferencehotel is told elsewhere.", "", 2, 3),
    )
    assert near.close > far.close > 0
    assert near.phrase > far.phrase
    assert above.held == 0
    assert above.above == pytest.approx(0.75)
    assert inside.part > 0 == near.part
    assert (near.figures, far.figures) == (0, 1)
    assert (near.first, far.first) == (1, 0)
    assert near.beside == 2  # of the other passage of its document
    assert far.beside == 1  # the lowest: it stands alone


def test_the_shipped_numbers_are_of_features_that_there_are() -> None:
    model = reranking.light()
    assert set(model.weights) <= set(features.NAMES)
    assert 0 < model.depth <= 100
    one = features.Features(dense=2.0, first=1.0)
    assert sum(model.parts(one).values()) == pytest.approx(2 * model.weights["dense"] + model.weights["first"])
    assert reranking.FUSION.parts(one) == {"dense": 2.0, "lexical": 0.0}
