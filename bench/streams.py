"""One web process with many people before it: `python -m bench.streams`. Real web process, worker, Postgres and Valkey.

- return: readers who lose their line at random places and come back, 200 times, while it is written and after.
- live, by itself (`--parts live`): all of Chancery with a real model; seconds from Enter to the passages, tokens after Stop.
- crowd: 500 questions in one moment, of two tenants.
- backlog: 40 questions of one tenant wait, and another asks one: how many of them are begun before it.
- carry: 1,000 open streams of four tenants, while segments come at known rates; 0 is 1,000 questions that wait.
"""

from __future__ import annotations

import argparse
import signal
import sys

from bench import record_stand, stack
from inference import limits


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default="carry,return,crowd,backlog")
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--rates", type=float, nargs="+", default=[0, 20, 100])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--returns", type=int, default=200)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-instruct")
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--asks", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whatever ends the bench, what it started ends with it
    limits.lift_open_files()
    if asked.parts == "live":
        from bench import streams_live

        return 0 if streams_live.run(asked.model, asked.stops, asked.seed) else 1
    record_stand.prepare()
    from bench import streams_backlog, streams_carry, streams_crowd, streams_return

    print(stack.load(), flush=True)
    parts = {
        "carry": lambda: streams_carry.run(asked.streams, asked.rates, asked.seconds),
        "return": lambda: streams_return.run(asked.returns, asked.seed),
        "crowd": lambda: streams_crowd.run(asked.asks),
        "backlog": lambda: streams_backlog.run(asked.rounds),
    }
    held = [parts[name]() for name in asked.parts.split(",")]
    print(stack.load())
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
