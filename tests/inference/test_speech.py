from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from inference.runners.base import ChatRequest, Delta, Handle, Message, Standing, Usage
from inference.runners.scripted import ScriptedChat
from inference.runners.speech import Cutoff, Speech

ASKED = ChatRequest([Message("user", "Q")], max_tokens=50)


def heard(pieces: list[str], stops: list[str]) -> tuple[str, Speech]:
    with ScriptedChat(lambda _: iter(pieces)).stream(ASKED) as handle:
        speech = Speech(handle, stops, 7)
        text = "".join(text for text, _ in speech)
    return text, speech


def test_what_follows_a_stop_sequence_never_leaves_however_the_pieces_fall() -> None:
    text, speech = heard(["One ", "two E", "N", "D three"], ["END"])
    assert (text, speech.finish) == ("One two ", "stop")


def test_a_beginning_that_comes_to_nothing_is_said_after_all() -> None:
    text, speech = heard(["an E", "N", "D", " or E"], ["ENDE"])
    assert (text, speech.finish) == ("an END or E", "stop")


def test_the_usage_is_the_engines_and_a_count_of_our_own_where_it_was_cut_off_before_it_told() -> None:
    _, whole = heard(["One ", "two"], [])
    assert (whole.usage, whole.is_counted_by_engine) == (Usage(1, 2), True)
    _, cut = heard(["One ", "two END", " three"], ["END"])
    assert (cut.usage, cut.is_counted_by_engine) == (Usage(7, 2), False)


class Told(Handle):
    """Just these."""

    def __init__(self, *told: Delta) -> None:
        super().__init__()
        self.told = told

    def deltas(self) -> Iterator[Delta]:
        yield from self.told

    def hang_up(self) -> None:
        """There is no line."""


def test_where_nobody_counts_what_was_written_a_piece_is_a_token_unless_it_is_plainly_more() -> None:
    for pieces, written in ((["Twenty ", "days."], 2), (["Twenty working days a year may be spent abroad."], 14)):
        speech = Speech(Told(*(Delta(one, tokens=1) for one in pieces)), (), 7)
        list(speech)
        assert speech.usage == Usage(7, written)
    whole = Speech(Told(Delta("Yes.", tokens=1), Delta("", 0, "stop", Usage(5, 0))), (), 7)
    list(whole)
    assert whole.usage == Usage(5, 1)


def test_while_it_stands_in_a_line_nothing_is_said_and_the_wait_is_known() -> None:
    heard: list[Standing | None] = []
    line, read = Standing("waiting", 2, 9.0), Standing("reading")
    deltas = [*(Delta("", 0, standing=one) for one in (line, line, read)), Delta("Yes.", 1), Delta("", 0, "stop")]
    speech = Speech(Told(*deltas), (), 7, heard.append)
    assert list(speech) == [("Yes.", False), ("", True)]
    assert (heard, speech.is_in_line) == ([line, line, read, None], False)
    assert speech.line_ms is not None
    still = Speech(Told(*deltas[:2]), (), 7)
    assert (list(still), still.is_in_line, still.has_begun) == ([], True, False)
    told = Speech(Told(*deltas[:3], Delta("", 0, "stop", line_ms=1234)), (), 7)
    list(told)
    assert told.line_ms == 1234


def test_of_two_stop_sequences_the_one_that_is_complete_first_counts() -> None:
    assert heard(["aba"], ["b", "aba"])[0] == heard(["a", "b", "a"], ["b", "aba"])[0] == "a"
    assert heard(["xab"], ["b", "ab"])[0] == heard(["x", "a", "b"], ["b", "ab"])[0] == "x"


@given(st.lists(st.text("ab", max_size=4), max_size=8), st.lists(st.text("ab", min_size=1, max_size=3), max_size=4))
def test_cut_in_pieces_it_is_what_it_would_be_whole(pieces: list[str], stops: list[str]) -> None:
    whole = "".join(pieces)
    ends = [(place + len(stop), place) for stop in stops if (place := whole.find(stop)) >= 0]
    end = min(ends)[1] if ends else len(whole)

    def said() -> Iterator[str]:
        cutoff = Cutoff(stops)
        for piece in pieces:
            yield cutoff.feed(piece)
        yield cutoff.feed("", is_last=True)

    assert "".join(said()) == whole[:end]
