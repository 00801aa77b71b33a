"""kill -9 of the ingest worker every few seconds until 300 documents are done: `python -m bench.kill_worker`.

A stack of real processes in a folder of its own. One tenant's documents are read without a fault; another's, the same ones,
while the worker is killed a few seconds after each of its starts, by a seeded clock. `--faults valkey` does to Valkey what can
be done to it meanwhile: kill, empty, stop, and refuse to take anything for want of memory.

Bar: all ready, as many chunks as without a fault, nothing twice, nothing half visible, nothing stuck, no process left over.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import httpx
import psutil  # type: ignore[import-untyped]
import psycopg
import redis

from assistant.local import environment, processes, readiness
from tests.assistant.local_homes import ROOT
from tests.faults import books, stand
from tests.faults.load import Load, plan
from tests.faults.stand import Stand
from tests.ingestion import papers

DONE_MOST_S = 3_600.0
CHUNKS = """
SELECT d.name, v.status, v.chunks, v.attempts, v.error_code FROM document d JOIN version v ON v.id = d.latest_id
WHERE d.tenant_id = %s
"""


@dataclass
class Worker:
    """The ingest worker as every installation starts it, and what it had started when it was killed."""

    stand: Stand
    variables: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0
    family: list[psutil.Process] = field(default_factory=list)

    def start(self) -> None:
        command = next(one for one in processes.workers("/unused") if one.name == "ingest")
        with (self.stand.home / "log" / "killed-ingest.log").open("ab") as log:
            self.process = subprocess.Popen(
                environment.argv(command),
                cwd=ROOT,
                env=self.stand.environment() | self.variables,
                stdout=log,
                stderr=log,
            )
        is_ready = readiness.of_worker("ingest", self.stand.variables()["REDIS_URL"])
        stand.await_that(is_ready, stand.START_MOST_S, "the worker is up")

    def kill(self) -> None:
        assert self.process is not None
        with suppress(psutil.NoSuchProcess):
            self.family += psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def left_over(self) -> list[int]:
        time.sleep(5)
        return [one.pid for one in self.family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def material(number: int) -> tuple[str, bytes]:
    """A third each of Markdown, DOCX and PDF, of some chunks each."""
    text = plan(number)
    parts = text.split("\n\n")
    if number % 3 == 1:
        told = [("Heading 1" if part.startswith("#") else "Normal", part.lstrip("# ")) for part in parts]
        return f"plan-{number}.docx", papers.word(*told)
    if number % 3 == 2:
        return f"plan-{number}.pdf", papers.pdf(*(part.replace("## ", "# ") for part in parts))
    return f"plan-{number}.md", text.encode()


def upload(load: Load, amount: int) -> None:
    """All of them before the first is read."""
    with load.client() as client:
        collection = f"/api/v1/collections/{load.house['collections']['plans']}"
        address = f"{collection}/documents"
        client.post(f"{collection}/pause").raise_for_status()
        for number in range(1, amount + 1):
            name, content = material(number)
            sent = client.post(address, files={"file": (name, content, "application/octet-stream")})
            sent.raise_for_status()
        client.post(f"{collection}/resume").raise_for_status()


def told(load: Load) -> dict[str, tuple[str, int, int, str]]:
    with load.stand.database() as connection:
        rows = connection.execute(CHUNKS, [load.house["tenant"]]).fetchall()
    return {name: (status, chunks, attempts, code) for name, status, chunks, attempts, code in rows}


def is_done(load: Load) -> bool:
    with suppress(psycopg.OperationalError):
        return all(status in books.DOCUMENT_ENDS for status, *_ in told(load).values())
    return False


def kill_worker(load: Load, worker: Worker, chance: random.Random) -> None:
    while not is_done(load):
        until = time.monotonic() + chance.uniform(2, 8)
        while time.monotonic() < until and not is_done(load):
            time.sleep(0.2)
        if not is_done(load):
            worker.kill()
            worker.start()


def hurt_valkey(load: Load, worker: Worker, chance: random.Random) -> None:
    """Each fault in turn, with some seconds between, as long as there is something to read."""
    faults = (_kill, _empty, _stop, _fill)
    while not is_done(load):
        faults[worker.kills % len(faults)](load.stand)
        worker.kills += 1
        time.sleep(chance.uniform(2, 6))


def _kill(stack: Stand) -> None:
    """Its supervisor starts it again."""
    pids = stack.kill("valkey")
    stack.await_back(pids)


def _empty(stack: Stand) -> None:
    with suppress(redis.RedisError):
        _valkey(stack).flushall()


def _stop(stack: Stand) -> None:
    with stack.asleep("valkey"):
        time.sleep(6)


def _fill(stack: Stand) -> None:
    """No memory for anything new, and nothing that may be thrown out."""
    with suppress(redis.RedisError):
        _valkey(stack).config_set("maxmemory-policy", "noeviction")
        _valkey(stack).config_set("maxmemory", "1mb")
        time.sleep(6)
        _valkey(stack).config_set("maxmemory", "0")


def _valkey(stack: Stand) -> redis.Redis:
    return redis.Redis.from_url(stack.variables()["REDIS_URL"], socket_timeout=5)


@contextmanager
def own_worker(stack: Stand, variables: dict[str, str]) -> Iterator[Worker]:
    """In place of the supervisor's, which would wait longer and longer before it starts one again."""
    stack.supervisor.send_signal(signal.SIGSTOP)
    stack.kill("ingest")
    worker = Worker(stack, variables)
    worker.start()
    try:
        yield worker
    finally:
        worker.kill()
        stack.supervisor.send_signal(signal.SIGCONT)


def judged(calm: Load, hurt: Load, amount: int, left: list[int]) -> int:
    whole, found = told(calm), told(hurt)
    states = Counter(status for status, *_ in found.values())
    differ = [name for name, row in whole.items() if name.startswith("plan-") and found.get(name, row)[1] != row[1]]
    with hurt.stand.database() as connection:
        wrong = books.faults(connection, hurt.house["tenant"])
    for name, row in found.items():
        if row[0] != "ready":
            print(f"  {name}: {row}")
    for what, rows in wrong.items():
        print(f"  {what}: {rows[:3]}")
    attempts = Counter(attempts for _, _, attempts, _ in found.values())
    print(
        f"{dict(states)} of {amount} and the first; attempts {dict(sorted(attempts.items()))}; {len(differ)} with other"
        f" chunks than without a fault; {len(wrong)} sentences of the books do not hold; {len(left)} processes left over"
    )
    is_whole = states == {"ready": amount + 1} and not differ and not wrong and not left
    print("held" if is_whole else "MISSED")
    return 0 if is_whole else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", choices=["worker", "valkey"], default="worker")
    asked = parser.parse_args()
    embedder = {} if os.environ.get("CHANCERY_MODELS") else {"CHANCERY_EMBEDDING_RUNNER": stand.EMBEDDER}
    chance = random.Random(asked.seed)
    with stand.standing(CHANCERY_CHAT_RUNNER="inference.runners.scripted.ScriptedChat", **embedder) as stack:
        calm, hurt = Load.begin(stack), Load.begin(stack)
        upload(calm, asked.documents)
        began = time.monotonic()
        stand.await_that(lambda: is_done(calm), DONE_MOST_S, "all is read without a fault")
        print(f"without a fault: {asked.documents} documents, {time.monotonic() - began:.0f} s", flush=True)
        if asked.faults == "worker":
            with own_worker(stack, embedder) as worker:
                upload(hurt, asked.documents)
                began = time.monotonic()
                kill_worker(hurt, worker, chance)
            left = worker.left_over()
        else:
            worker, left = Worker(stack, embedder), []
            upload(hurt, asked.documents)
            began = time.monotonic()
            hurt_valkey(hurt, worker, chance)
        print(f"{asked.faults}: hurt {worker.kills} times in {time.monotonic() - began:.0f} s", flush=True)
        return judged(calm, hurt, asked.documents, left)


if __name__ == "__main__":
    with suppress(httpx.HTTPError):
        sys.exit(main())
    sys.exit(1)
