"""Every hostile file on its whole way in: `python -m bench.hostile_files`.

For each kind: how its files ended, the slowest and the most memory that a parser took, by the kernel's high-water mark. Beside
it a good document is read again and again, and the time it takes is compared with its time alone.

Bar: every file ends in a named state within 60 s, no parser takes more than 1 GB, nothing is written where files might be written
to, nobody connects to the address that the files name, no process is left over.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench import demo_database, staff

SECONDS_MOST, MEMORY_MOST = 60.0, 1 << 30


def timed(path: Path) -> float:
    from ingestion import formats
    from ingestion.parsers.limited import sandbox

    began = time.perf_counter()
    sandbox.run(path, formats.PDF)
    return time.perf_counter() - began


def in_between(path: Path, is_over: threading.Event) -> Callable[[], list[float]]:
    """A good document, twice a second, all the while."""
    took: list[float] = []

    def read() -> None:
        while not is_over.wait(0.5):
            took.append(timed(path))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()

    def told() -> list[float]:
        thread.join()
        return took

    return told


def _shelf() -> tuple[Any, uuid.UUID]:
    """A tenant of its own that may hold them all, and a collection."""
    from ingestion import catalog

    scope = staff.house("hostile").admin
    return scope, catalog.create(scope, "Files", "").pk


def told(kinds: dict[str, list[tuple[str, Any]]]) -> None:
    print(f"{'kind':22} files  slowest s  most MB  states")
    for kind, ended in sorted(kinds.items()):
        states = Counter(one.state for _, one in ended)
        slowest = max(one.seconds for _, one in ended)
        peak = max(one.peak for _, one in ended) >> 20
        print(f"{kind:22} {len({name for name, _ in ended}):5}  {slowest:9.2f}  {peak:7}  {dict(states)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", default="", help="only kinds that hold this word")
    asked = parser.parse_args()
    os.environ["CHANCERY_EMBEDDING_RUNNER"] = "inference.runners.scripted.ScriptedEmbedder"
    demo_database.prepare()
    from tests.hostile import cases, watch
    from tests.ingestion import papers

    kinds: defaultdict[str, list[tuple[str, Any]]] = defaultdict(list)
    ingest = partial(watch.uploaded, *_shelf())
    with tempfile.TemporaryDirectory() as folder, watch.listening() as (address, came):
        good = Path(folder) / "good.pdf"
        good.write_bytes(papers.pdf("# A title", "Thirty days of words."))
        alone = [timed(good) for _ in range(20)]
        places = (Path.cwd(), Path("/tmp"), Path.home())
        before = {one for place in places for one in place.iterdir()}
        is_over = threading.Event()
        took = in_between(good, is_over)
        for case in cases.every(address):
            if asked.kind in case.kind:
                kinds[case.kind] += [(case.name, one) for one in watch.ended(case, Path(folder), ingest)]
        is_over.set()
        beside = took()
        inside = {path.name for path in Path(folder).iterdir()} - {"good.pdf", "upload"}
        climbed = {one for place in places for one in place.iterdir() if "climbed" in one.name} - before
    told(kinds)
    every = [one for ended in kinds.values() for _, one in ended]
    late = [f"{kind}/{name}" for kind, ended in kinds.items() for name, one in ended if one.seconds > SECONDS_MOST]
    large = [f"{kind}/{name}" for kind, ended in kinds.items() for name, one in ended if one.peak > MEMORY_MOST]
    files = sum(len({name for name, _ in ended}) for ended in kinds.values())
    print(
        f"{files} files of {len(kinds)} kinds, {len(every)} readings; late: {late}; over 1 GB: {large};"
        f" written: {inside | climbed}; connections: {len(came)}; slowest {max(one.seconds for one in every):.1f} s, most"
        f" {max(one.peak for one in every) >> 20} MB; a good document took {statistics.median(beside):.3f} s at the median beside"
        f" them, {statistics.median(alone):.3f} alone"
    )
    is_held = not (late or large or inside or climbed or came)
    print("held" if is_held else "MISSED")
    return 0 if is_held else 1


if __name__ == "__main__":
    sys.exit(main())
