"""What answering keeps of its speed while documents are read: `python -m bench.answers_kept`.

Tokens per second through the whole app, the same questions at so many streams, with a collection of new documents being read
by the ingest worker ÷ with that collection paused. The rounds are interleaved, and each pair gives a ratio. Of a document that is
embedded while nobody is answered nothing is seen here: a round begins and ends with its questions.

Bar: the median ratio, 0.45.
"""

from __future__ import annotations

import argparse
import io
import secrets
import statistics
import sys
import uuid
from typing import Any

from bench import asking, stack, tokens_kept

BAR = 0.45
TEXT = (
    "The harbour office keeps the plan of berth {n}: cranes, sheds, customs and the depth of water at low tide. " * 400
)


def shelf(amount: int) -> tuple[Any, uuid.UUID]:
    """A paused collection with so many documents of some 40 chunks each, and whoever runs it."""
    from assistant.demo import seeding
    from ingestion import catalog
    from ingestion.documents import uploads
    from ingestion.line import pauses

    scope = seeding.scope_for(stack.TENANT, "yusuf@halden.example")  # an admin
    collection = catalog.create(scope, f"Bench {secrets.token_hex(4)}", "").pk
    pauses.pause(scope, collection)
    for number in range(amount):
        uploads.upload(scope, collection, f"{number}.txt", io.BytesIO(TEXT.format(n=number).encode()))
    return scope, collection


def left(scope: Any, collection: uuid.UUID) -> int:
    from ingestion import models

    with scope.as_system().transaction():
        return models.Version.objects.filter(collection=collection).exclude(status__in=models.FINAL).count()


def compare(running: stack.Stack, streams: int, answers: int, pairs: int, documents: int) -> float:
    from ingestion.line import pauses

    wanted = asking.questions()[:answers]
    scope, collection = shelf(documents)
    tokens_kept.of_app(running, streams, wanted)  # it loads what it needs
    ratios = []
    for pair in range(pairs):
        quiet = tokens_kept.of_app(running, streams, wanted)
        before = left(scope, collection)
        pauses.end(scope, collection)
        busy = tokens_kept.of_app(running, streams, wanted)
        pauses.pause(scope, collection)
        after = left(scope, collection)
        if not after:
            raise SystemExit("The documents did not last: ask for more of them with --documents.")
        ratios.append(busy.rate / quiet.rate)
        print(
            f"pair {pair + 1}: quiet {quiet}, beside {before - after} documents {busy}, ratio {ratios[-1]:.3f}",
            flush=True,
        )
    return statistics.median(ratios)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="", help="catalogue name or GGUF path")
    parser.add_argument("--pairs", type=int, default=4)
    parser.add_argument("--answers", type=int, default=16, help="in each round")
    parser.add_argument("--streams", type=int, default=4)
    parser.add_argument("--documents", type=int, default=300)
    asked = parser.parse_args()
    with stack.running(asked.model) as running:
        running.recorder.reads_anew = True
        print(stack.load())
        median = compare(running, asked.streams, asked.answers, asked.pairs, asked.documents)
        print(stack.load())
    print(f"{asked.streams} streams: median ratio {median:.3f}, bar {BAR}: {'held' if median >= BAR else 'MISSED'}")
    return 0 if median >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
