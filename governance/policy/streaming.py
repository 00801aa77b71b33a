"""The same rules on a text that is still being written: nothing leaves that a finding could yet reach.

Text leaves in segments. A segment leaves when it is complete, when every detector says that what is still to
come can no longer change its findings up to there (`Detector.settled`), and when no finding lies across its
end. What leaves is then, put together, what the engine would have made of the whole text, however it arrived.

One exception is known and closed: an operator's expression may match more than its rule's `reach`. When such
a match turns out to have begun in text that already left, the stream is blocked.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from governance.policy import detectors, engine, invisible, seams, segments
from governance.policy.engine import Inspection, Verdict
from governance.policy.rules import ANYWHERE, Action, Place, Rule, Stage, Stamp

MEMORY = 1_200  # characters of text that already left and may still be context of what follows


@dataclass(frozen=True)
class Piece:
    """One segment. `text` may be shown, `raw` is what the model wrote; a blocked one has no text, and is the
    last.
    """

    text: str
    raw: str
    verdict: Verdict

    @property
    def raw_length(self) -> int:
        return len(self.raw)


class Gate:
    """Takes text as it comes and gives pieces that may leave. Not for use by several threads at once."""

    def __init__(
        self,
        rules: Sequence[Rule],
        stage: Stage = Stage.OUTPUT,
        *,
        stamp: Stamp | None = None,
        place: Place = ANYWHERE,
        limit: int = segments.LIMIT,
    ) -> None:
        self._rules = [rule for rule in rules if stage in rule.stages]
        self._stage = stage
        # Of the policy that the rules are of, and where they hold: every verdict carries both.
        self._stamp, self._place = stamp, place
        self._limit = limit
        self._text = ""  # what left and is still context, then what has not left
        self._left = 0  # how much of it left
        self._in_code = False
        self._kept_back = ""  # by a block
        self.blocked: Verdict | None = None

    @property
    def held(self) -> str:
        """What came and did not leave: what waits for the rest of it, or what a block kept back."""
        return self._kept_back if self.blocked is not None else self._text[self._left :]

    def feed(self, text: str) -> list[Piece]:
        """The pieces that this text completes: often none."""
        if self.blocked is not None:
            self._kept_back += text
            return []
        self._text += text
        return self._release(final=False)

    def finish(self) -> list[Piece]:
        """The rest: the text has ended."""
        return [] if self.blocked is not None else self._release(final=True)

    def _release(self, *, final: bool) -> list[Piece]:
        end = self._next_end(self._left, final)
        if end is None:
            return []
        settled = len(self._text) if final else self._settled()
        if end > settled:
            return []
        inspections = engine.inspect(self._rules, self._stage, self._text, self._place.tenant)
        pieces: list[Piece] = []
        strict = [inspection for inspection in inspections if inspection.rule.action >= Action.REDACT]
        if late := _across(strict, self._left, settled):
            return [self._stop(self._marked(_too_late(late, self._stage, self._text[self._left :])))]
        while self.blocked is None and (end := self._whole_end(inspections, settled, final)) is not None:
            pieces.append(self._pass(inspections, end))
        self._forget()
        return pieces

    def _whole_end(self, inspections: Sequence[Inspection], settled: int, final: bool) -> int | None:
        """The end of the next segment that no finding lies across, if that is settled."""
        end = self._next_end(self._left, final)
        while end is not None and end <= settled and _across(inspections, end, len(self._text)):
            end = self._next_end(end, final)
        return end if end is not None and end <= settled else None

    def _next_end(self, start: int, final: bool) -> int | None:
        return segments.next_end(self._text, start, limit=self._limit, in_code=self._in_code, final=final)

    def _settled(self) -> int:
        """By the text as it stands, and by the text as it is read: see `invisible`."""
        found = [len(self._text)]
        seen = invisible.see(self._text)
        for rule in self._rules:
            found.append(_settled(rule, self._text))
            if seen:
                found.append(seen.places[_settled(rule, seen.text)])
        return min(found)

    def _pass(self, inspections: Sequence[Inspection], end: int) -> Piece:
        verdict = engine.judge(inspections, self._stage, self._text, self._left, end)
        piece = self._marked(Piece(verdict.text, raw := self._text[self._left : end], verdict))
        if verdict.action == Action.BLOCK:
            return self._stop(piece)
        self._in_code = segments.toggles(raw, self._in_code)
        self._left = end
        return piece

    def _marked(self, piece: Piece) -> Piece:
        return replace(piece, verdict=replace(piece.verdict, policy=self._stamp, place=self._place))

    def _stop(self, piece: Piece) -> Piece:
        self.blocked = piece.verdict
        self._kept_back = self._text[self._left :]
        self._text, self._left = "", 0
        return piece

    def _forget(self) -> None:
        """Drop what is too far back to be context, from a place where detectors see what they saw before."""
        if self._left <= 2 * MEMORY:
            return
        start = seams.first_break(self._text[: self._left], self._left - MEMORY)
        self._text = self._text[start:]
        self._left -= start


def _settled(rule: Rule, text: str) -> int:
    """A detector that cannot say so settles nothing: the text waits for its end, and the engine's verdict."""
    try:
        return detectors.get(rule.detector).settled(text, rule.options)
    except Exception:  # noqa: BLE001 - whatever went wrong, the text is not settled
        return 0


def _across(inspections: Sequence[Inspection], place: int, until: int) -> list[Inspection]:
    """The inspections with a finding that begins before `place` and ends after it, not beyond `until`."""
    return [
        replace(inspection, findings=found)
        for inspection in inspections
        if (found := tuple(one for one in inspection.findings if one.start < place < one.end <= until))
    ]


def _too_late(late: Sequence[Inspection], stage: Stage, rest: str) -> Piece:
    decisions = tuple(
        replace(
            decision,
            action=Action.BLOCK,
            reason=f"{decision.reason}, found when a part had already been shown",
            spans=(),
        )
        for decision in engine.decisions(late, stage, 0, sys.maxsize)
    )
    return Piece("", rest, Verdict(Action.BLOCK, decisions, "", decisions[0].message))
