"""Which sentences leave as they are, which wait for one that is borne out, and when the documents' own words take their place.

What a passage carries leaves at once. By its collection's strictness, a sentence that none carries

- lenient: leaves, marked as unsupported;
- balanced: leaves so once a passage has carried another one, and waits until then;
- strict: never leaves.

A bare "Yes." or "That does not apply." leaves with the first sentence that is borne out, and never where there is none.
Where most of what was stated has no support at the end, the best sentences of the passages follow, as quotes: they are
the whole answer where nothing else was let go. Where it has, and the model is one that leaves out much of what it reads,
what the passage that was cited first says on the question beyond that follows.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from assistant.answering import checking
from assistant.answering.checking import Checked
from assistant.answering.delivery import Delivery
from assistant.answering.quotations import Quote
from assistant.answering.steps import Step
from assistant.models import Support
from assistant.showing import notices
from governance import stopwatch
from governance.errors import Unavailable
from governance.policy import segments
from governance.policy.streaming import Gate, Piece
from ingestion.attribution import neutral
from ingestion.models import Strictness
from ingestion.search import Passage

log = logging.getLogger(__name__)

HOPELESS = 3  # statements without support, and none with it: the model need not go on
LONG = 600  # characters: a longer answer is a text that was asked for, a mail or a summary, and nothing is put under it
UNSUPPORTED = "unsupported"


@dataclass
class Holding:
    """The sentences of one answer on their way to `sender`. `instead` finds the passages' best ones, where they are needed."""

    sender: Delivery
    instead: Callable[[], Sequence[Quote]]
    strictness: Strictness = Strictness.BALANCED
    borne_out: int = 0
    not_borne_out: int = 0
    has_verdict: bool = False
    in_code: bool = False
    waiting: list[tuple[Piece, Checked]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # what has left
    stands_on: uuid.UUID | None = None  # the passage that was cited first

    @property
    def is_hopeless(self) -> bool:
        return self.strictness is not Strictness.LENIENT and not self.borne_out and self.not_borne_out >= HOPELESS

    @property
    def held(self) -> str:
        return "".join(piece.raw for piece, _ in self.waiting)

    def say(self, piece: Piece) -> None:
        with stopwatch.step(Step.CITING):
            is_code = self.in_code or segments.toggles(piece.text, False)
            checked = checking.check(piece.text, self.sender.passages, is_code=is_code)
        self.in_code = segments.toggles(piece.raw, self.in_code)
        is_verdict = checked.support is Support.NEUTRAL and neutral.is_verdict(piece.text)
        self._count(checked)
        self.has_verdict |= is_verdict
        if checked.support is Support.UNSUPPORTED and self.strictness is Strictness.STRICT:
            self.sender.withhold(piece.raw, UNSUPPORTED)
        elif self._has_to_wait(checked, is_verdict=is_verdict):
            self.waiting.append((piece, checked))
        else:
            self._let_go()
            self._send(piece, checked)

    def end(self) -> str:
        """After the last piece of an answer that went through to its end: what its reader is told beside it."""
        is_bare = self.has_verdict and not self.borne_out
        if not is_bare and self.borne_out >= self.not_borne_out:
            self._let_go()
            return ""
        self.drop()
        was_said = self.borne_out > 0 or self.strictness is Strictness.LENIENT
        quoted = list(map(self._quote, self.instead()))
        if not any(quoted):
            return ""
        return notices.QUOTED_BESIDE if was_said else notices.QUOTED

    def add(self, left_out: Callable[[Passage, str], Sequence[Quote]]) -> None:
        """After `end` of an answer that holds: what it leaves out of the passage that it cited first. Of another one nothing, for
        it does not stand on that.
        """
        said = "".join(self.said)
        cited = next((one for one in self.sender.passages if one.chunk_id == self.stands_on), None)
        if cited is None or len(said) > LONG:
            return
        try:
            with stopwatch.step(Step.CITING):
                found = left_out(cited, said)
        except Unavailable as fault:
            log.warning("answer %s: nothing is quoted under it: %s", self.sender.answer, fault.message)
            return
        for quote in found:
            self._quote(quote)

    def let_through(self, gate: Gate, text: str, *, is_last: bool) -> bool:
        """What the model wrote next. False once policy has blocked the answer, or it is of no use to go on."""
        with stopwatch.step(Step.OUTPUT_POLICY):
            pieces = gate.feed(text) + (gate.finish() if is_last and not gate.blocked else [])
        for piece in pieces:
            if piece.text.strip():
                self.say(piece)
        return gate.blocked is None and not self.is_hopeless

    def drop(self) -> None:
        """What still waits never leaves."""
        self.sender.withhold(self.held, UNSUPPORTED)
        self.waiting = []

    def _count(self, checked: Checked) -> None:
        self.borne_out += checked.support in (Support.SUPPORTED, Support.MOVED)
        self.not_borne_out += checked.support is Support.UNSUPPORTED

    def _has_to_wait(self, checked: Checked, *, is_verdict: bool) -> bool:
        """A greeting behind what waits waits too, so that the order stays."""
        if self.strictness is Strictness.LENIENT or self.borne_out:
            return False
        return checked.support is Support.UNSUPPORTED or is_verdict or bool(self.waiting)

    def _let_go(self) -> None:
        for piece, checked in self.waiting:
            self._send(piece, checked)
        self.waiting = []

    def _send(self, piece: Piece, checked: Checked) -> None:
        self.sender.send(piece, checked)
        self.said.append(checked.text)
        self.stands_on = self.stands_on or next((one.key for one in checked.found), None)

    def _quote(self, quote: Quote) -> bool:
        """On a line of its own."""
        before = "\n\n" if self.said and not self.said[-1].endswith("\n") else ""
        is_sent = self.sender.quote(quote, before)
        self.said += ["\n\n"] if is_sent else []
        return is_sent
