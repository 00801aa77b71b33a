from __future__ import annotations

import pytest

from inference.runners import tokens


@pytest.mark.parametrize(
    ("text", "fewest"),
    [
        ("", 0),
        ("The notice period is three months.", 7),
        ("3.14159265", 10),  # some tokenizers give each digit a token
        ("Donaudampfschifffahrtsgesellschaft", 9),
        ("會議室", 6),
        ("🙂", 3),
        ("if (a == b) {\n\n\treturn;\n}", 12),
    ],
)
def test_an_estimate_is_not_below_what_tokenizers_give(text: str, fewest: int) -> None:
    assert tokens.estimate(text) >= fewest


def test_an_estimate_of_prose_is_not_far_above() -> None:
    sentence = "Employees may carry over at most five days of leave into the next year."
    assert tokens.estimate(sentence) <= 1.7 * len(sentence.split())
