"""Mixed interactions with scripted answers, over every face, with workers that die: is the record of each one whole?

    python -m bench.interactions [--amount 10000] [--lanes 2]

Each lane is a tenant with a web process, clients of the REST API (whole and as events) and of /v1 (whole and streamed),
and workers in another process, which kill themselves in the middle of an answer now and then; the sweep takes up what
they held. Answers are answered, refused for lack of evidence, blocked at input, redacted, blocked, stopped, or fail with
their model. Afterwards each interaction's events are counted against its row, and the payloads of its segments, decrypted,
are compared with what the client heard, byte by byte. Exits 1 where anything is amiss.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench import demo_database, stack

ROOT = Path(__file__).resolve().parent.parent
RUNNERS = {
    "CHANCERY_EMBEDDING_RUNNER": "inference.runners.scripted.ScriptedEmbedder",
    "CHANCERY_CHAT_RUNNER": "inference.runners.scripted.ScriptedChat",
    "CHANCERY_LOG_LEVEL": "CRITICAL",  # faults are part of the mix
    "CHANCERY_API_PER_MINUTE": "0",  # a lane asks faster than any person
}


def run(amount: int, lanes: int, environment: dict[str, str]) -> dict[str, Any]:
    """What the lanes found, added up. `environment` names the services, as the application's processes are told."""
    share = -(-amount // lanes)
    began = time.monotonic()
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.interaction_lane", str(first), str(min(share, amount - first))],
            cwd=ROOT,
            env=environment | RUNNERS,
            stdout=subprocess.PIPE,
        )
        for first in range(0, amount, share)
    ]
    told = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        raise SystemExit("A lane did not come to its end.")
    found = [json.loads(one) for one in told]
    counted = ("asked", "events", "segments", "bytes", "whole", "attempts", "crashes")
    ends = sum((Counter(one["ends"]) for one in found), Counter[str]())
    amiss = {number: what for one in found for number, what in one["amiss"].items()}
    whole: dict[str, Any] = {name: sum(one[name] for one in found) for name in counted}
    return whole | {"ends": ends, "amiss": amiss, "seconds": time.monotonic() - began}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--amount", type=int, default=10_000)
    parser.add_argument("--lanes", type=int, default=2)
    asked = parser.parse_args()
    demo_database.prepare()
    print(stack.load(), flush=True)
    found = run(asked.amount, asked.lanes, dict(os.environ))
    for end, amount in sorted(found["ends"].items()):
        print(f"{amount:>7}  {end}")
    for number, what in list(found["amiss"].items())[:20]:
        print(f"amiss: {number}: {'; '.join(what)}")
    whole = found["asked"] - len(found["amiss"])
    print(
        f"{found['asked']} interactions in {found['seconds']:.0f} s ({found['asked'] / found['seconds']:.1f}/s), "
        f"{found['crashes']} crashes of workers, {found['attempts']} attempts: {found['events']} events, "
        f"{found['segments']} segments with {found['bytes']} bytes compared, {found['whole']} heard to their end"
    )
    print(f"complete and the same: {whole} of {found['asked']} ({100 * whole / found['asked']:.2f} %), bar 100 %")
    print(stack.load())
    return 0 if whole == found["asked"] == asked.amount else 1


if __name__ == "__main__":
    sys.exit(main())
