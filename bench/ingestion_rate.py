"""Chunks per second through the whole of ingestion ÷ those of the bare embedder: `python -m bench.ingestion_rate`.

The material is the demo's handbook and the licences and readmes of installed packages, as often as it takes. A round
uploads so many documents into a collection of its own, rings for all of them at once, and takes the time from then to
the last one's flip: the real Celery worker parses, judges, chunks, embeds and stores. Its counterpart embeds the very
texts of the very same chunks with the same embedder in one loop, at the batch that was the quickest in a try before,
as nice as the worker is. The two are interleaved, and each pair gives a ratio.

The worker embeds as many batches at once as there are processors, while nobody is answered. So a second ratio is given, to
as many such loops side by side, which is what this machine's processors can do that do nothing else.

Bar: the median ratio to one loop, 0.90.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import secrets
import signal
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import django.db

from assistant.local import environment, processes
from bench import demo_database, staff

BAR = 0.90
BATCHES = (1, 2, 4, 8, 16)
DONE_MOST_S = 1800.0


@dataclass(frozen=True)
class Lot:
    """What was ingested: the texts that were embedded, and the seconds from the first doorbell to the last flip."""

    texts: list[str]
    seconds: float
    failed: int


def material(documents: int, rounds: int) -> list[list[tuple[str, bytes]]]:
    """(name, content) in rounds of so many documents, each a mixture of all kinds; later ones repeat the first."""
    from assistant.demo import material as demo

    handbook = [(item.name, item.path.read_bytes()) for item in demo.handbook()]
    licences = demo.gathered_licences()
    every = max(1, len(licences) // len(handbook))
    mixed = [one for n, item in enumerate(handbook) for one in (item, *licences[n * every : (n + 1) * every])]
    endless = itertools.cycle(mixed)
    return [list(itertools.islice(endless, documents)) for _ in range(rounds)]


class House:
    """A tenant of the bench's own, whose admin uploads."""

    def __init__(self) -> None:
        made = staff.house("bench")
        self.tenant, self.system, self.scope = made.system.tenant, made.system, made.admin

    def ingest(self, documents: Sequence[tuple[str, bytes]]) -> Lot:
        from ingestion import catalog
        from ingestion.documents import uploads
        from ingestion.line import pauses

        collection = catalog.create(self.scope, f"Round {secrets.token_hex(4)}", "").pk
        pauses.pause(self.scope, collection)  # the worker begins when all of them are there
        made = [
            uploads.upload(self.scope, collection, f"{number} {name}", io.BytesIO(content)).latest_id
            for number, (name, content) in enumerate(documents)
        ]
        began = time.time()
        pauses.end(self.scope, collection)
        rows = self._finished([version for version in made if version])
        ended = max(datetime.fromisoformat(row.timeline[-1]["at"]).timestamp() for row in rows)
        failed = sum(row.status != "ready" for row in rows)
        return Lot(self._texts([row.pk for row in rows]), ended - began, failed)

    def _finished(self, versions: Sequence[uuid.UUID]) -> list[Any]:
        from ingestion import models

        until = time.monotonic() + DONE_MOST_S
        while time.monotonic() < until:
            with self.system.transaction():
                rows = list(models.Version.objects.filter(pk__in=versions))
            if all(row.is_final for row in rows):
                return rows
            django.db.connection.close()
            time.sleep(0.5)
        raise SystemExit("The worker did not get through: see its log in the bench's folder.")

    def _texts(self, versions: Sequence[uuid.UUID]) -> list[str]:
        from ingestion import models

        with self.system.transaction():
            chunks = models.Chunk.objects.filter(tenant_id=self.tenant, version_id__in=versions)
            return list(chunks.order_by("version_id", "ordinal").values_list("context", flat=True))


class Bare:
    """The embedder alone, at its best batch."""

    def __init__(self, sample: Sequence[str]) -> None:
        self.rates = {batch: max(self._rate(batch, sample) for _ in range(2)) for batch in BATCHES}
        self.batch = max(BATCHES, key=self.rates.__getitem__)
        self._embedder = self._made(self.batch)

    def seconds(self, texts: Sequence[str], loops: int = 1) -> float:
        """In so many loops side by side, each with its share of the texts: in their order every second, third …"""
        shares = [texts[number::loops] for number in range(loops)]
        began = time.perf_counter()
        with ThreadPoolExecutor(loops) as pool:
            list(pool.map(lambda share: self._embedder.embed(share, "passage"), shares))
        return time.perf_counter() - began

    def _rate(self, batch: int, sample: Sequence[str]) -> float:
        embedder = self._made(batch)
        embedder.embed(sample[:1], "passage")  # loads it
        began = time.perf_counter()
        embedder.embed(sample, "passage")
        return len(sample) / (time.perf_counter() - began)

    def _made(self, batch: int) -> Any:
        from django.conf import settings

        from inference.runners.onnx import OnnxEmbedder

        return OnnxEmbedder(**settings.CHANCERY_RUNNERS["embedding"]["OPTIONS"] | {"batch": batch})


@contextmanager
def worker() -> Iterator[processes.Command]:
    """The ingest worker as every installation starts it."""
    from django.conf import settings

    command = next(one for one in processes.workers("/unused") if one.name == "ingest")
    log = Path(settings.HOME) / "log" / "bench-ingest.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as out:
        argv = ["nice", "-n", str(command.nice), *environment.argv(command)]
        started = subprocess.Popen(argv, stdout=out, stderr=out, cwd=demo_database.ROOT)
    try:
        yield command
    finally:
        started.terminate()
        try:
            started.wait(60)
        except subprocess.TimeoutExpired:
            started.kill()


def compare(house: House, rounds: Sequence[Sequence[tuple[str, bytes]]], nice: int) -> tuple[list[float], list[float]]:
    """The ratios to one loop, and to as many as the worker has. Prints a line a pair.

    The first round is not counted: it loads the worker's embedder, and finds the best batch.
    """
    from django.conf import settings

    bare = Bare(house.ingest(rounds[0]).texts)
    os.nice(nice)
    print(f"bare loop by batch: {', '.join(f'{batch}: {rate:.1f}/s' for batch, rate in bare.rates.items())}")
    ratios, to_all, loops = [], [], settings.EMBED_AT_ONCE
    for number, documents in enumerate(rounds[1:], 1):
        lot = house.ingest(documents)
        seconds, side_by_side = bare.seconds(lot.texts), bare.seconds(lot.texts, loops)
        chunks = len(lot.texts)
        ratios.append(seconds / lot.seconds)
        to_all.append(side_by_side / lot.seconds)
        print(
            f"pair {number}: {chunks} chunks of {len(documents)} documents, app {chunks / lot.seconds:.2f}/s, "
            f"one bare loop {chunks / seconds:.2f}/s, ratio {ratios[-1]:.3f}; "
            f"{loops} side by side {chunks / side_by_side:.2f}/s, ratio {to_all[-1]:.3f}"
            + (f"; {lot.failed} failed" if lot.failed else ""),
            flush=True,
        )
    return ratios, to_all


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--documents", type=int, default=60, help="of each round")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the worker ends with the bench
    demo_database.prepare()
    rounds = material(asked.documents, asked.pairs + 1)
    with worker() as command:
        ratios, to_all = compare(House(), rounds, command.nice)
    median = statistics.median(ratios)
    print(f"median ratio to one loop {median:.3f}, bar {BAR}: {'held' if median >= BAR else 'MISSED'}")
    print(f"median ratio to the loops side by side {statistics.median(to_all):.3f}")
    return 0 if median >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
