"""What the app adds to the model's own time: `python -m bench.segment_lag`. Milliseconds from the engine to the client.

For each segment that a client sees, two figures:

- since its last token: from when the engine wrote the token with which the segment's text is whole, the blank after a
  full stop included, to when the client has the segment.
- since it was settled: from when the engine wrote the token with which the content policy could say that the segment
  ends there and no rule can change it. A token or two later than the other wherever "3." may yet become "3.5", or a
  word a telephone number; what the model takes to write those is no work of the app's.

Bar: the median since it was settled at one stream, 40 ms.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench import asking, stack
from bench.asking import Heard
from bench.tape import Tape
from governance.policy import builtin
from governance.policy.streaming import Gate

BAR_MS = 40.0


@dataclass(frozen=True)
class Lag:
    """Seconds."""

    since_token: float
    since_settled: float
    is_last: bool


def lags(heard: Heard, tape: Tape) -> list[Lag]:
    """Of each segment that left as it was written."""
    settled = dict(_settled(tape))
    found, place = [], 0
    for number, (stamp, text) in enumerate(heard.segments, 1):
        start = tape.text.find(text, place)
        if start < 0:  # redacted
            continue
        place = start + len(text)
        found.append(Lag(stamp - tape.emitted(place), stamp - settled[place], number == len(heard.segments)))
    return found


def _settled(tape: Tape) -> Iterable[tuple[int, float]]:
    """(place in the text, when the gate could let it go), by the same gate on the same tokens."""
    gate, place = Gate(builtin.rules()), 0
    for stamp, text in tape.pieces:
        for piece in gate.feed(text):
            place += piece.raw_length
            yield place, stamp
    for piece in gate.finish():
        place += piece.raw_length
        yield place, tape.ended


def measure(running: stack.Stack, streams: int, wanted: Sequence[str]) -> list[Lag]:
    running.recorder.take()
    heard = asking.ask_all(running, streams, wanted)
    tapes = running.recorder.take()
    found = []
    for one in heard:
        text = "".join(text for _, text in one.segments)
        mine = [tape for tape in tapes if tape.share == one.share and text and text.strip() in tape.text]
        found += lags(one, mine[0]) if mine else []
    ended = sorted(one.status for one in heard)
    print(f"{streams} streams: {len(found)} segments of {len(heard)} answers ({', '.join(sorted(set(ended)))})")
    return found


def tell(streams: int, found: Sequence[Lag]) -> float:
    """Prints the figures, and returns the median since a segment was settled, in milliseconds."""
    told = {
        "since its last token": [one.since_token for one in found if not one.is_last],
        "since it was settled": [one.since_settled for one in found if not one.is_last],
        "last ones, since the engine stopped": [one.since_settled for one in found if one.is_last],
    }
    for label, seconds in told.items():
        print(f"  {streams} streams, {label}: {_figures(seconds)}")
    return 1000 * statistics.median(one.since_settled for one in found)


def _figures(seconds: Sequence[float]) -> str:
    if len(seconds) < 2:
        return f"{len(seconds)} segments"
    ranked = sorted(1000 * second for second in seconds)
    p95 = statistics.quantiles(ranked, n=20)[-1]
    return f"median {statistics.median(ranked):.1f} ms, p95 {p95:.1f} ms, most {ranked[-1]:.1f} ms, n {len(ranked)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="", help="catalogue name or GGUF path")
    parser.add_argument("--answers", type=int, default=32, help="at each number of streams")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 8])
    asked = parser.parse_args()
    medians = []
    with stack.running(asked.model) as running:
        print(stack.load())
        wanted = asking.questions()
        asking.ask_all(running, 1, wanted[:1])  # imports, connections and the embedder's session
        for streams in asked.streams:
            found = measure(running, streams, [wanted[n % len(wanted)] for n in range(asked.answers)])
            medians.append(tell(streams, found))
        print(stack.load())
    worst = max(medians)
    print(f"median lag {worst:.1f} ms, bar {BAR_MS:.0f} ms: {'held' if worst <= BAR_MS else 'MISSED'}")
    return 0 if worst <= BAR_MS else 1


if __name__ == "__main__":
    sys.exit(main())
