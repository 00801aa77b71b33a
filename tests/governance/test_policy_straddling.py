"""A secret across a boundary: whichever of its bytes comes last, nothing of it leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import policy_straddling as straddling
from governance.policy import engine, streaming
from governance.policy.rules import Action, Stage
from governance.policy.streaming import Gate

BLOCKING = tuple(replace(rule, action=Action.BLOCK) for rule in straddling.RULES)


@pytest.mark.parametrize("kind", straddling.KINDS)
def test_no_byte_of_a_secret_leaves_wherever_the_boundary_falls(kind: str) -> None:
    counted = straddling.every_position(kind, seed=1)
    assert counted.trials >= 8 * 5  # each place of a segment's end, with several of what has arrived
    assert counted.leaked == 0


@pytest.mark.parametrize("kind", straddling.KINDS)
def test_a_secret_that_comes_byte_by_byte_leaves_as_its_mark_alone(kind: str) -> None:
    made = straddling.placed(straddling.drawn(kind, seed=2), behind=1)
    ((start, end, _kind),) = made.truth
    whole = engine.evaluate(straddling.RULES, Stage.OUTPUT, made.text)
    assert made.text[start:end] not in whole.text
    assert "[redacted: " in whole.text
    assert straddling.is_tight(straddling.RULES, made.text, range(1, len(made.text.encode())))


@given(kind=st.sampled_from(straddling.KINDS), seed=st.integers(3, 6), data=st.data())
@settings(max_examples=80, deadline=None)
def test_several_boundaries_at_once_leak_no_more_than_one(kind: str, seed: int, data: st.DataObject) -> None:
    made = straddling.placed(straddling.drawn(kind, seed), data.draw(st.integers(0, 120)))
    cuts = data.draw(st.lists(st.integers(1, len(made.text.encode()) - 1), unique=True, max_size=12).map(sorted))
    assert straddling.is_tight(straddling.RULES, made.text, cuts)


@pytest.mark.parametrize("kind", ["github", "iban", "private_key", "password of umlauts"])
def test_where_the_rule_blocks_the_secret_is_held_and_none_of_it_leaves(kind: str) -> None:
    made = straddling.placed(straddling.drawn(kind, seed=1), behind=3)
    ((start, end, _kind),) = made.truth
    secret = made.text[start:end]
    before = len(made.text[:start].encode())
    for place in range(len(secret.encode()) + 1):
        gate, seen = Gate(BLOCKING), ""
        for chunk in straddling.arriving(made.text, [before + place]):
            seen += "".join(piece.text for piece in gate.feed(chunk))
        seen += "".join(piece.text for piece in gate.finish())
        assert gate.blocked is not None
        assert made.text[:start].startswith(seen)
        assert seen + gate.held == made.text


def test_what_waits_and_what_left_are_the_whole_text_at_every_moment() -> None:
    made = straddling.placed(straddling.drawn("iban", seed=1), behind=5)
    gate, raw, fed = Gate(straddling.RULES), "", ""
    for letter in made.text:
        fed += letter
        raw += "".join(piece.raw for piece in gate.feed(letter))
        assert raw + gate.held == fed
    raw += "".join(piece.raw for piece in gate.finish())
    assert (raw, gate.held) == (made.text, "")


@pytest.mark.parametrize(
    ("where", "name", "broken"),
    [(Gate, "_settled", lambda self: len(self._text)), (streaming, "_across", lambda *_: [])],
    ids=["does not wait", "does not look across"],
)
def test_a_gate_that_is_broken_is_seen_to_leak(
    where: object, name: str, broken: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the trials above would prove nothing."""
    monkeypatch.setattr(where, name, broken)
    assert straddling.every_position("iban", seed=1).leaked > 0
    assert straddling.every_position("phone", seed=1).leaked > 0
