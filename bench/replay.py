"""A draft of the policy over many recorded questions, against a count that was made by hand: `python -m bench.replay [hundreds]`.

It records that many hundred questions of a known make (tests/governance/traffic.py), replays a draft over them in stretches of
five seconds, twice, and says whether the report is the hand count, whether both are the same bytes, and how long it took.
It runs in a database of the tests' own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

HUNDREDS = 50


def measure(hundreds: int) -> bool:
    """Inside a session of the tests, which has the database and everything that stands around it."""
    from governance.policy.replay import runs, tasks
    from tests import cast
    from tests.governance import traffic

    house = cast.house(f"r{uuid.uuid4().hex[:12]}")
    traffic.publish(house)
    since, began = datetime.now(UTC), time.perf_counter()
    traffic.record(house, hundreds)
    traffic.erase(house, "charlie")
    print(f"{100 * hundreds:,} questions recorded in {time.perf_counter() - began:.0f} s")
    period, reports = (since, datetime.now(UTC)), []
    number = traffic.drafted(house).number
    with mock.patch.object(tasks, "ring"):
        for _ in range(2):
            began = time.perf_counter()
            row = traffic.replayed(house, runs.start(house.olga, number, *period, traffic.WHY, traffic.INPUT))
            took = time.perf_counter() - began
            print(f"replayed in {took:.0f} s, {row.seen / took:.0f} questions/s, report sha256 {row.report_sha256}")
            reports.append(bytes(row.report or b""))
    told = json.loads(reports[0])
    holds = {
        "changes": told["changes"] == traffic.times(traffic.WANTED, hundreds),
        "by rule": told["rules"] == {rule: traffic.times(of, hundreds) for rule, of in traffic.BY_RULE.items()},
        "texts": told["texts"]["input"] == {"read": 97 * hundreds, "unreadable": traffic.ERASED * hundreds},
        "decided as then": told["decided_otherwise"] == 0,
        "the same bytes twice": reports[0] == reports[1],
    }
    print(json.dumps(told["changes"]))
    for what, held in holds.items():
        print(f"{what:22} {'equals the hand count' if held else 'DIFFERS'}")
    return all(holds.values())


def test_replay() -> None:
    """What main has pytest run; no suite collects this folder."""
    assert measure(int(os.environ["REPLAY_HUNDREDS"]))


def main() -> None:
    hundreds = sys.argv[1] if len(sys.argv) > 1 else str(HUNDREDS)
    root = Path(__file__).resolve().parent.parent
    run = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "tests.conftest", f"{Path(__file__)}::test_replay"]
    sys.exit(subprocess.run(run, cwd=root, env=os.environ | {"REPLAY_HUNDREDS": hundreds}, check=False).returncode)


if __name__ == "__main__":
    main()
