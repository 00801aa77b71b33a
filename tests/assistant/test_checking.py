"""What is taken for the model's marks in a sentence, and what is none of them."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.answering import checking
from assistant.models import Support
from tests.assistant import asking
from tests.assistant.test_evidence import passage
from tests.cast import House

SAID = "The first response comes within 4 business hours"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"{SAID} [1].", f"{SAID}."),
        (f"{SAID}[2].", f"{SAID}."),
        (f"{SAID} [9].", f"{SAID}."),  # there is no such passage
        (f"{SAID}[9].", f"{SAID}."),
        (f"{SAID}: `sys.argv[1]` [1].", f"{SAID}: `sys.argv[1]`."),
        (f"{SAID}: ``a`[2]`` [1].", f"{SAID}: ``a`[2]``."),
        (f"{SAID}, as items[0] says.", f"{SAID}, as items[0] says."),
    ],
)
def test_marks_are_taken_out_and_indexes_stay(text: str, left: str) -> None:
    assert checking.check(text, [passage(), passage()]).text == left


def test_backticks_without_end_are_looked_through_once() -> None:
    long = f"a{'`' * 20_000}{'b' * 20_000} [1]"
    assert checking.check(long, [passage()]).text == long.removesuffix(" [1]")


def test_code_has_no_marks_and_neither_has_an_answer_without_passages() -> None:
    line = "    [1], argv[2]\n"
    assert checking.check(line, [passage(), passage()], is_code=True).text == line
    told = checking.check("print(sys.argv[1])", ())
    assert (told.text, told.support) == ("print(sys.argv[1])", Support.NEUTRAL)


def test_an_index_in_a_fence_is_delivered_as_it_was_written(house: House, settings: Any) -> None:
    asking.shelf(house, asking.RULE)
    code = "```python\nfirst = items[1]\nrows = [\n    [1],\n]\n```\n"
    asking.speak(
        settings, [f"Twenty working days a year may be spent abroad [1].\n{code}Twenty working days a year [1]."]
    )
    said = asking.said(asking.answered(house.bob))
    assert "items[1]" in said
    assert "\n    [1],\n" in said
    assert "abroad [1]" not in said
    assert "a year [1]" not in said
