"""Rules on a text that is still being written."""

from __future__ import annotations

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench import policy_samples
from governance.policy import builtin, engine
from governance.policy.rules import Action, Rule, Stage
from governance.policy.streaming import Gate, Piece
from tests.governance.policy_words import chunked, texts

DEFAULTS = builtin.rules()
REDACTING = (
    *DEFAULTS,
    Rule(
        "names",
        frozenset({Stage.OUTPUT}),
        "pattern",
        Action.REDACT,
        0.5,
        "A name was removed.",
        {"words": ["Projekt Falke", "Smith"], "expressions": [r"X-\d{4}"], "reach": 40, "type": "project"},
    ),
)
BLOCKING = (Rule("secrets", frozenset({Stage.OUTPUT}), "secrets", Action.BLOCK, 0.6, "The answer held a credential."),)
TOKEN = "ghp_" + "aB3dE5gH7j" * 3 + "k9LmNo"


def run(gate: Gate, chunks: list[str]) -> list[Piece]:
    pieces = [piece for chunk in chunks for piece in gate.feed(chunk)]
    return pieces + gate.finish()


def shown(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


@given(text=texts(), seed=st.integers(0, 1_000))
@example(text="a" * 500 + " " + TOKEN, seed=1)
@settings(max_examples=150, deadline=None)
def test_a_stream_is_redacted_like_the_whole_text_however_it_arrives(text: str, seed: int) -> None:
    pieces = run(Gate(REDACTING), chunked(text, seed))
    assert shown(pieces) == engine.evaluate(REDACTING, Stage.OUTPUT, text).text
    assert "".join(piece.raw for piece in pieces) == text


@given(text=st.lists(texts(), min_size=12, max_size=20).map(" ".join), seed=st.integers(0, 1_000))
@settings(max_examples=15, deadline=None)
def test_forgetting_what_left_long_ago_changes_nothing(text: str, seed: int) -> None:
    assert shown(run(Gate(DEFAULTS), chunked(text, seed))) == engine.evaluate(DEFAULTS, Stage.OUTPUT, text).text


@given(text=texts(), first=st.integers(0, 1_000), second=st.integers(0, 1_000))
@settings(max_examples=60, deadline=None)
def test_segments_end_at_the_same_places_however_the_text_arrives(text: str, first: int, second: int) -> None:
    one, other = run(Gate(DEFAULTS), chunked(text, first)), run(Gate(DEFAULTS), chunked(text, second))
    assert [piece.raw for piece in one] == [piece.raw for piece in other]


@given(seed=st.integers(0, 5_000), chunks=st.integers(0, 1_000))
@settings(max_examples=150, deadline=None)
def test_no_character_of_a_secret_leaves_before_or_after_it_is_complete(seed: int, chunks: int) -> None:
    for _, sample in policy_samples.keys(seed, 1)[seed % 7 :: 7]:
        start, end, kind = sample.truth[0]
        gate, seen, fed = Gate(DEFAULTS), "", 0
        for chunk in chunked(sample.text, chunks):
            fed += len(chunk)
            seen += shown(gate.feed(chunk))
            if fed < end:
                assert sample.text[:start].startswith(seen), kind
        seen += shown(gate.finish())
        secret, seen = sample.text[start:end], re.sub(r"\[redacted: [a-z ]+\]", "", seen)
        assert not [secret[at : at + 6] for at in range(len(secret) - 5) if secret[at : at + 6] in seen], kind


@given(text=st.text(alphabet="abc defg.,!? \n", max_size=600), seed=st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_a_harmless_text_leaves_unchanged_and_complete(text: str, seed: int) -> None:
    pieces = run(Gate(DEFAULTS), chunked(text, seed))
    assert shown(pieces) == text
    assert sum(piece.raw_length for piece in pieces) == len(text)
    assert all(piece.verdict.action == Action.ALLOW for piece in pieces)


@given(text=texts(), sign=st.sampled_from("\u200b\u00ad\u2060\ufeff"), seed=st.integers(0, 1_000))
@settings(max_examples=60, deadline=None)
def test_a_stream_with_signs_that_nobody_sees_is_redacted_like_the_whole_text(text: str, sign: str, seed: int) -> None:
    text = sign.join(text)
    whole = engine.evaluate(REDACTING, Stage.OUTPUT, text)
    gate = Gate(REDACTING)
    told = shown(run(gate, chunked(text, seed)))
    assert gate.blocked or told == whole.text


def test_sentences_leave_one_by_one_as_soon_as_they_are_complete() -> None:
    gate = Gate(DEFAULTS)
    assert gate.feed("The office opens at nine. ") == []
    assert shown(gate.feed("It ")) == "The office opens at nine. "
    assert shown(gate.feed("closes at five. Ask") + gate.finish()) == "It closes at five. Ask"


def test_a_long_sentence_leaves_in_parts() -> None:
    pieces = run(Gate(DEFAULTS), ["and so it goes on without an end " * 20])
    assert len(pieces) > 2
    assert all(120 <= piece.raw_length <= 240 for piece in pieces[:-1])


def test_a_number_across_chunks_is_cut_out() -> None:
    pieces = run(Gate(DEFAULTS), ["Pay to DE89 37", "04 0044 05", "32 0130 00 ", "please. ", "Bye."])
    assert [piece.text for piece in pieces] == ["Pay to [redacted: iban] please. ", "Bye."]
    assert pieces[0].verdict.action == Action.REDACT
    assert pieces[0].verdict.decisions[0].spans == ((7, 34, "iban"),)


def test_a_key_of_many_lines_is_held_until_its_end_and_leaves_as_a_mark() -> None:
    lines = "\n".join(("MIIEowIBAAKCAQEA" + "Ab3" * 16) for _ in range(25))
    gate = Gate(DEFAULTS)
    before = gate.feed(f"Here it is:\n-----BEGIN RSA PRIVATE KEY-----\n{lines}\n")
    assert shown(before) == "Here it is:\n"
    after = gate.feed("-----END RSA PRIVATE KEY-----\nDone. ") + gate.finish()
    assert shown(after) == "[redacted: private key]\nDone. "


def test_a_blocking_rule_ends_the_stream_and_nothing_leaves_after_it() -> None:
    gate = Gate(BLOCKING)
    pieces = gate.feed(f"All is well. The token is {TOKEN} and more. Then another sentence. ")
    assert [piece.text for piece in pieces] == ["All is well. ", ""]
    assert pieces[-1].verdict.action == Action.BLOCK
    assert gate.blocked is not None
    assert gate.blocked.message == "The answer held a credential."
    assert gate.feed("More text. And more. ") == []
    assert gate.finish() == []


def test_a_match_longer_than_its_rule_said_blocks_the_stream() -> None:
    rule = Rule(
        "long",
        frozenset({Stage.OUTPUT}),
        "pattern",
        Action.REDACT,
        0.5,
        "Removed.",
        {"expressions": [r"(?s)BEGIN.*END"], "reach": 10},
    )
    gate = Gate([rule])
    early = gate.feed("It BEGINs here with a sentence. And it goes on for a while. And ")
    assert early
    late = gate.feed("here is the END of it. Then more text follows it. And more. ") + gate.finish()
    assert late[-1].text == ""
    assert gate.blocked is not None
    assert "already been shown" in gate.blocked.decisions[0].reason


def test_an_answer_that_cannot_be_checked_does_not_leave() -> None:
    broken = Rule(
        "broken", frozenset({Stage.OUTPUT}), "pattern", Action.REDACT, 0.5, "Removed.", {"expressions": ["("]}
    )
    pieces = run(Gate([broken]), ["A sentence. " * 60])
    assert shown(pieces) == ""
    assert pieces[-1].verdict.action == Action.BLOCK
    assert pieces[-1].verdict.message == engine.UNCHECKED


def test_without_rules_text_still_leaves_in_segments() -> None:
    assert [piece.raw for piece in run(Gate([]), ["One. Two. Thr", "ee."])] == ["One. ", "Two. ", "Three."]
