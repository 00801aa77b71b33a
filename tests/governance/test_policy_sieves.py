"""What spares detectors a look finds nothing that the look would not have found, and overlooks nothing."""

from __future__ import annotations

import random
from unittest import mock

from governance.policy.detectors import apart, injection, secrets
from governance.policy.detectors.scan import Expression, Sieve, fold

HEADS = (
    "AKIA",
    "ghp_",
    "sk-",
    "glpat-",
    "xoxb-",
    "AIza",
    "hvs.",
    "SG.",
    "eyJ",
    "123456789:A",
    "abc8Q~",
    "key-",
    "npm_",
)
NAMED = (
    "to\u212aen: ",
    "API_KEY=",
    "pa\u017fsword is ",
    "Authorization: Bearer ",
    "post://me:",
    "secret => '",
    "\u0131s",
)
MARKS = (
    ".",
    " ",
    "\u00b7",
    "|",
    ",",
    ", ",
    "\u2022",
    " \u2013 ",
    "\u2014",
    "-",
    "_",
    "/",
    "\n",
    "\n> ",
    '" + "',
    "\u00fc",
    "\uff41",
)
LETTERS = "abKZ09xQ7~"


def odd_text(chance: random.Random) -> str:
    head, mark = chance.choice(HEADS + NAMED), chance.choice(MARKS)
    tail = "".join(chance.choices(LETTERS, k=chance.randint(0, 40)))
    size = chance.choice((1, 1, 2, 4, 6, 7))
    whole = head + tail
    spelled = mark.join(whole[at : at + size] for at in range(0, len(whole), size))
    return "".join(chance.choice(MARKS) if chance.random() < 0.02 else sign for sign in f"We say: {spelled} and so on.")


def test_what_is_written_apart_is_put_together_as_without_the_first_look() -> None:
    chance, found = random.Random(5), 0
    everywhere = mock.Mock(occurs=mock.Mock(return_value=True))
    for text in [odd_text(chance) for _ in range(4_000)]:
        quick = apart.join(text, secrets._is_whole)
        with (
            mock.patch.object(apart, "_may_stand", return_value=True),
            mock.patch.object(apart, "_HEAD_SOMEWHERE", everywhere),
        ):
            assert apart.join(text, secrets._is_whole) == quick, text
        found += quick is not None
    assert 400 < found < 3_600


def test_an_expression_that_has_a_match_is_never_sieved_out() -> None:
    chance = random.Random(6)
    for signs, sieve in (
        ([shape.expression for shape in secrets._shapes()], secrets._sieve()),
        ([sign.expression for sign in injection._SIGNS], injection._SIEVE),
    ):
        words = [text for _, text, *_ in injection._SOURCES]
        for text in [odd_text(chance) + chance.choice(words) for _ in range(300)]:
            folded = fold(text)
            assert sieve.may_match(folded) == {at for at, one in enumerate(signs) if one.occurs(folded)}


def test_a_sieve_that_ran_out_of_room_lets_everything_through() -> None:
    sieve = Sieve([Expression("a"), Expression("b", ignore_case=True)])
    assert sieve.may_match(b"xB") == {1}
    with mock.patch.object(sieve, "_set", mock.Mock(Match=mock.Mock(return_value=[]))):
        assert sieve.may_match(b"xB") == {0, 1}
