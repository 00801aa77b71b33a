"""A thousand open streams at one web process: what they hold open, what memory they take, how late a segment is."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from bench import processor, record_stand, streams_client, streams_ground
from bench.stack import ROOT
from bench.streams_ground import Reader, Standing

OPENING = 20  # at once
CONNECTIONS_MOST = 10
STREAM_MOST = 60 * 1024
LAG_MOST_MS = 150.0


@dataclass
class Carried:
    streams: int
    before: Standing
    peaks: Standing
    open_s: float = 0.0
    lags: list[float] = field(default_factory=list)  # seconds
    written: int = 0
    from_rows: int = 0
    broken: int = 0
    busy: float = 0.0  # of one core, by the web process, while segments come

    @property
    def each(self) -> float:
        """Bytes of the web process a stream."""
        return (self.peaks.pss - self.before.pss) / self.streams


async def carry(
    url: tuple[str, int],
    pid: int,
    before: Standing,
    answers: Sequence[tuple[Reader, uuid.UUID]],
    rate: float,
    seconds: float,
) -> Carried:
    """`rate` segments a second over all of them. `before` is the process as it was before it carried any."""
    found = Carried(len(answers), before, before)
    heard: list[streams_client.Block] = []
    turns, open_ones = asyncio.Semaphore(OPENING), 0

    def note(block: streams_client.Block) -> None:
        if block.name == "segment":
            heard.append(block)

    async def follow(reader: Reader, answer: uuid.UUID, ends: AsyncExitStack) -> None:
        nonlocal open_ones
        async with turns:
            headers = {"Cookie": f"chancery_session={reader.session}"}
            stream = await ends.enter_async_context(streams_client.opened(url, f"/a/{answer}/stream", headers))
            assert stream.status == 200, stream.status
            events = stream.events()
            await anext(events)
        open_ones += 1
        async for block in events:
            note(block)
        found.broken += 1

    async with AsyncExitStack() as ends:
        peaks = _Peaks(pid)
        began = time.monotonic()
        tasks = [asyncio.create_task(follow(reader, answer, ends)) for reader, answer in answers]
        await streams_client.until(lambda: open_ones == len(answers), 600, "Opening the streams")
        found.open_s = time.monotonic() - began
        await asyncio.sleep(2)
        spent, at = processor.spent([pid]), time.monotonic()
        if rate:
            await asyncio.to_thread(_write, answers, rate, seconds)
            found.written = int(rate * seconds)
        await asyncio.sleep(2 if rate else seconds)
        found.busy = (processor.spent([pid]) - spent) / (time.monotonic() - at)
        found.peaks = peaks.ended()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for block in heard:
        stamp = float(block.data.partition(b'"text": "')[2].split()[0])
        found.from_rows += not stamp
        found.lags += [block.at - stamp] if stamp else []
    return found


def _write(answers: Sequence[tuple[Reader, uuid.UUID]], rate: float, seconds: float) -> None:
    """In a process of its own."""
    lines = "\n".join(f"{one.scope.tenant} {one.scope.person} {answer}" for one, answer in answers)
    argv = [sys.executable, "-m", "bench.streams_writer", str(rate), str(seconds)]
    ended = subprocess.run(argv, cwd=ROOT, input=lines.encode(), check=False)
    if ended.returncode:
        raise SystemExit("The writer did not come to its end.")


class _Peaks(threading.Thread):
    """The most of each, looked at twice a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.over, self.most = pid, threading.Event(), streams_ground.standing(pid)
        self.start()

    def run(self) -> None:
        while not self.over.wait(0.5):
            now = streams_ground.standing(self.pid)
            pairs = zip(vars(self.most).values(), vars(now).values(), strict=True)
            self.most = Standing(*(max(pair) for pair in pairs))

    def ended(self) -> Standing:
        self.over.set()
        self.join()
        return self.most


def tell(found: Carried, rate: float) -> bool:
    """Prints the figures; whether each bar holds."""
    ranked = sorted(1000 * lag for lag in found.lags)
    p95 = statistics.quantiles(ranked, n=20)[-1] if len(ranked) > 1 else 0.0
    p50 = statistics.median(ranked) if ranked else 0.0
    print(
        f"{found.streams} streams, opened in {found.open_s:.1f} s, {rate:g} segments/s: Postgres {found.peaks.postgres}, "
        f"Valkey {found.peaks.valkey} connections at the most (bar {CONNECTIONS_MOST} each); "
        f"{found.each / 1024:.1f} KB a stream (bar {STREAM_MOST // 1024}), {found.peaks.files} files, "
        f"{found.peaks.threads} threads (before: {found.before.threads}); {found.busy:.2f} of a core"
    )
    print(
        f"  lag: p50 {p50:.1f} ms, p95 {p95:.1f}, most {ranked[-1] if ranked else 0:.1f} (bar {LAG_MOST_MS:.0f}), "
        f"n {len(ranked)} of {found.written}, {found.from_rows} from the rows, {found.broken} streams broken"
    )
    heard = len(found.lags) + found.from_rows
    holds = max(found.peaks.postgres, found.peaks.valkey) <= CONNECTIONS_MOST and found.each <= STREAM_MOST
    return holds and p95 <= LAG_MOST_MS and heard == found.written and not found.broken


def run(streams: int, rates: Sequence[float], seconds: float) -> bool:
    tenants = [streams_ground.tenant(f"carry{n}", max(1, streams // 40), streams, 20) for n in range(4)]
    readers = [reader for one in tenants for reader in one.readers]
    holds = True
    with record_stand.serving("streams", "assistant.asgi:application", "assistant", 0) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        pid = record_stand.RUNNING["streams-web"]
        warm = streams_ground.opened(readers[:4], 16)
        with streams_ground.closed_afterwards(warm):
            asyncio.run(carry((host, int(port)), pid, streams_ground.standing(pid), warm, 20, 3))
        before = streams_ground.standing(pid)
        for rate in rates:
            answers = streams_ground.opened(readers, streams, waits=not rate)
            with streams_ground.closed_afterwards(answers):
                holds &= tell(asyncio.run(carry((host, int(port)), pid, before, answers, rate, seconds)), rate)
    return holds
