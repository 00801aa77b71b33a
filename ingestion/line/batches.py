"""The embedder's table, for everybody in a process: texts of like length are embedded together, whoever's they are.

Whoever has texts lays them on the table and waits; of those who wait some work (`settings.EMBED_AT_ONCE`, and one alone
while anybody is answered), each at the batch that costs least: the oldest text and those that are nearest to it in length. A
batch costs what its longest text costs, so that a table with the texts of several documents wastes less than one
document's do. While the model is at work, documents are parsed and stored by the others.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.conf import settings

from governance.errors import Busy
from inference.runners.base import EmbeddingRunner, Encoded, Vectors
from ingestion.line import yielding


@dataclass(eq=False)
class _Job:
    """One caller's texts. `left` counts those without a vector; a fault over any ends all of them."""

    embedder: EmbeddingRunner
    vectors: Vectors
    left: int
    can_wait: bool
    fault: Exception | None = None


@dataclass(frozen=True, eq=False)
class _Text:
    job: _Job
    at: int
    encoded: Encoded


@dataclass
class _Table:
    """All of it is changed with `turn` held, which tells those who wait of each change."""

    waiting: list[_Text] = field(default_factory=list)  # the oldest first
    at_work: int = 0
    turn: threading.Condition = field(default_factory=threading.Condition)


_table = _Table()


def embed(embedder: EmbeddingRunner, texts: Sequence[str], *, can_wait: bool = False) -> Vectors:
    """Vectors of passages, in their order. What `can_wait` is taken up when nothing else is on the table, one batch at once.

    Raises what the embedder raises. Not to be called within a transaction: it may wait for others' batches.
    """
    encoded = embedder.encode(texts, "passage")
    job = _Job(embedder, np.zeros((len(texts), embedder.dimensions), dtype=np.float32), len(texts), can_wait)
    with _table.turn:
        _table.waiting.extend(_Text(job, at, one) for at, one in enumerate(encoded))
        _table.turn.notify_all()
    try:
        while job.left:
            with _turn(job) as is_mine:
                if is_mine:
                    yielding.give_way()
                    _work(_taken())
    finally:
        if job.left:  # whoever ends in the middle of it leaves nothing for the others to do
            _give_up(job, RuntimeError("nobody waits for it any more"))
    if job.fault is not None:
        raise job.fault
    return job.vectors


@contextlib.contextmanager
def _turn(job: _Job) -> Iterator[bool]:
    """Waits until one more may work, and there is something to do; or until the job is done, and that is False."""
    with _table.turn:
        _table.turn.wait_for(lambda: not job.left or _has_room())
        is_mine = job.left > 0
        _table.at_work += is_mine
    try:
        yield is_mine
    finally:
        with _table.turn:
            _table.at_work -= is_mine
            _table.turn.notify_all()


def _has_room() -> bool:
    if not _table.waiting or not _table.at_work:
        return bool(_table.waiting)
    is_urgent = not all(one.job.can_wait for one in _table.waiting)
    return is_urgent and _table.at_work < settings.EMBED_AT_ONCE and not yielding.is_anybody_answered()


def _taken() -> list[_Text]:
    """The next batch, off the table. None, where others took what there was room for while the model rested."""
    with _table.turn:
        if not _table.waiting:
            return []
        first = next((one for one in _table.waiting if not one.job.can_wait), _table.waiting[0])
        if first.job.can_wait and _table.at_work > 1:
            return []
        alike = [
            one
            for one in _table.waiting
            if one.job.embedder is first.job.embedder and one.job.can_wait == first.job.can_wait
        ]
        alike.sort(key=lambda one: abs(one.encoded.size - first.encoded.size))
        batch = alike[: first.job.embedder.batch]
        taken = set(batch)
        _table.waiting = [one for one in _table.waiting if one not in taken]
    return batch


def _work(batch: Sequence[_Text]) -> None:
    """Each text comes to its vector, or its job to a fault; what is left when this thread is stopped goes back onto the table.

    A fault over texts of several jobs may be one job's alone, and no document shall fail by another's: each is read again
    by itself, unless the model said that it has too much to do.
    """
    parts = [batch] if batch else []
    try:
        while parts:
            jobs = list(dict.fromkeys(one.job for one in parts[-1]))
            try:
                _read(parts[-1])
            except Exception as fault:  # noqa: BLE001  whoever waits raises it
                if len(jobs) > 1 and not isinstance(fault, Busy):
                    parts[-1:] = [[one for one in parts[-1] if one.job is job] for job in jobs]
                    continue
                for job in jobs:
                    _give_up(job, fault)
            parts.pop()
    finally:
        with _table.turn:
            _table.waiting[:0] = [one for part in parts for one in part if one.job.left]


def _read(batch: Sequence[_Text]) -> None:
    """Raises what the embedder raises, and ValueError where it gives other vectors than it was asked for."""
    embedder = batch[0].job.embedder
    vectors = embedder.read([one.encoded for one in batch])
    if vectors.shape != (len(batch), embedder.dimensions):
        raise ValueError(f"{embedder.name} gave vectors of shape {vectors.shape} for {len(batch)} texts")
    with _table.turn:
        for one, vector in zip(batch, vectors, strict=True):
            if one.job.fault is None:
                one.job.vectors[one.at] = vector
                one.job.left -= 1


def _give_up(job: _Job, fault: Exception) -> None:
    with _table.turn:
        _table.waiting = [one for one in _table.waiting if one.job is not job]
        job.fault, job.left = fault, 0
