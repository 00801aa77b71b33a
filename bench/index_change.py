"""Milliseconds of a search while another index is built ÷ those of a search alone: `python -m bench.index_change`.

A tenant of its own holds `--chunks` passages, cut from the licences and read-mes of installed packages. The real ingest worker
builds the next index of them, as every installation starts it, with a second copy of the default embedder under another name.
Searches are whole ones, with the question's own vector; a lot of them runs while the build is paused and one while it goes on,
in turns, and each pair gives a ratio of the two 95th percentiles. What the live index finds must not change by it either.

Bar: the median ratio, 1.2; and not one answer that differs.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import statistics
import sys
import time
import uuid
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench import demo_database
from bench.ingestion_rate import House, worker

BAR = 1.2
NEXT = "minilm-again-int8"
LONG = 700  # characters of a passage
QUESTIONS = (
    "Who may copy and distribute the work?", "What warranty is given?", "How is the package installed?",
    "Which licence holds for the documentation?", "How are errors raised?", "What does the maintainer promise?",
    "May I use the name of the project?", "How do I run the tests?",
)  # fmt: skip


def models() -> Path:
    """The default embedder a second time, under a name of its own."""
    from_ = Path(os.environ.get("CHANCERY_MODELS") or "var/models").resolve()
    to = Path(os.environ.get("CHANCERY_BENCH_HOME") or "var/bench").resolve() / "models"
    to.mkdir(parents=True, exist_ok=True)
    names = {
        "all-MiniLM-L6-v2-int8.onnx": f"{NEXT}.onnx",
        "all-MiniLM-L6-v2-tokenizer.json": f"{NEXT.removesuffix('-int8')}-tokenizer.json",
    }
    for name, other in names.items():
        for wanted in (name, other):
            if not (to / wanted).exists():
                shutil.copyfile(from_ / name, to / wanted)
    told = to / "embedders.toml"
    backend = "inference.runners.onnx.OnnxEmbedder"
    told.write_text(
        f'[[embedder]]\nbackend = "{backend}"\noptions = {{ models_dir = "{to}", model = "{NEXT}" }}\n', "utf-8"
    )
    os.environ |= {"CHANCERY_MODELS": str(to), "CHANCERY_EMBEDDERS": str(told)}
    return to


def fill(house: House, amount: int) -> None:
    """Passages as they stand after an ingest. Their vectors are any: a search compares them all, whatever they say."""
    import numpy as np

    from assistant.demo import material
    from inference import runners
    from ingestion import catalog, models, stores
    from ingestion.search import postings
    from ingestion.stores.base import Entry

    text = "\n".join(content.decode("utf-8", "replace") for _, content in material.gathered_licences())
    pieces = [text[at : at + LONG] for at in range(0, len(text), LONG)]
    collection, drawn = catalog.create(house.scope, "Shelf").pk, np.random.default_rng(1)
    for start in range(0, amount, 200):
        texts = [pieces[at % len(pieces)] for at in range(start, min(start + 200, amount))]
        with house.system.transaction():
            version = _version(house, collection, len(texts))
            chunks = [_chunk(version, at, one) for at, one in enumerate(texts)]
            models.Chunk.objects.bulk_create(chunks)
            rows = drawn.normal(size=(len(texts), runners.embedder().dimensions)).astype(np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            entries = [Entry(one.id, collection, version.pk, row) for one, row in zip(chunks, rows, strict=True)]
            stores.store().upsert(house.system, runners.embedder().name, entries)
            postings.write(house.system, postings.rows(postings.texts(chunks)))


def _version(house: House, collection: uuid.UUID, chunks: int) -> Any:
    from ingestion import models

    name = f"{secrets.token_hex(6)}.txt"
    row = models.Document.objects.create(tenant_id=house.tenant, collection_id=collection, name=name)
    made = models.Version.objects.create(
        tenant_id=house.tenant, collection_id=collection, document=row, number=1, media_type="text/plain", size=1,
        sha256="0" * 64, path="nowhere", status="ready", chunks=chunks,
    )  # fmt: skip
    models.Document.objects.filter(pk=row.pk).update(current=made, latest=made)
    return made


def _chunk(version: Any, ordinal: int, text: str) -> Any:
    from ingestion import models

    return models.Chunk(
        id=uuid.uuid4(), tenant_id=version.tenant_id, collection_id=version.collection_id,
        document_id=version.document_id, version_id=version.pk, ordinal=ordinal, text=text, context=text,
        content_hash=sha256(text.encode()).hexdigest(),
    )  # fmt: skip


def searched(house: House, times: int) -> tuple[list[float], list[list[uuid.UUID]]]:
    """Milliseconds of each, and what each question found."""
    from ingestion import search

    took, found = [], []
    for at in range(times):
        began = time.perf_counter()
        answer = search.passages(house.scope, QUESTIONS[at % len(QUESTIONS)])
        took.append((time.perf_counter() - began) * 1000)
        if at < len(QUESTIONS):
            found.append([one.chunk_id for one in answer.passages])
    return took, found


def p95(took: Sequence[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


def compare(house: House, pairs: int, times: int) -> tuple[list[float], int]:
    """The ratios, a line a pair, and how many answers differed."""
    from ingestion import indexes

    _, right = searched(house, len(QUESTIONS))
    row = indexes.build(house.scope, NEXT)
    _await(lambda: _done(house, row.pk) > 0)
    ratios, differing = [], 0
    for number in range(1, pairs + 1):
        began = _done(house, row.pk)
        beside, found, made = list[float](), right, 0
        while not made:  # a lot in which nothing was built would be one alone
            took, found = searched(house, times)
            beside += took
            made = _done(house, row.pk) - began
        indexes.pause(house.scope, row.pk)
        time.sleep(3)  # the batch that is under way
        alone, _ = searched(house, times)
        indexes.resume(house.scope, row.pk)
        differing += sum(one != other for one, other in zip(found, right, strict=False))
        ratios.append(p95(beside) / p95(alone))
        print(
            f"pair {number}: alone median {statistics.median(alone):.1f} p95 {p95(alone):.1f} ms, beside the build median "
            f"{statistics.median(beside):.1f} p95 {p95(beside):.1f} ms, ratio {ratios[-1]:.3f}, {made} passages built",
            flush=True,
        )
        _await(lambda built=made + began: _done(house, row.pk) > built)
    return ratios, differing


def _done(house: House, index: uuid.UUID) -> int:
    from ingestion import indexes

    row = indexes.get(house.scope, index)
    if row.state not in {"building", "paused"}:
        raise SystemExit(f"The index is {row.state} {row.fault}: take more --chunks.")
    return row.done


def _await(holds: Any) -> None:
    until = time.monotonic() + 600
    while not holds():
        if time.monotonic() > until:
            raise SystemExit("The build does not come on: see the worker's log in the bench's folder.")
        time.sleep(0.3)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=20_000)
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--searches", type=int, default=300, help="of each lot")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the worker ends with the bench
    models()
    demo_database.prepare()
    house = House()
    fill(house, asked.chunks)
    with worker():
        ratios, differing = compare(house, asked.pairs, asked.searches)
    median = statistics.median(ratios)
    is_held = median <= BAR and not differing
    print(f"median ratio {median:.3f}, bar {BAR}; {differing} answers differ: {'held' if is_held else 'MISSED'}")
    return 0 if is_held else 1


if __name__ == "__main__":
    sys.exit(main())
