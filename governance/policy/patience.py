"""Detectors are asked in a thread beside whoever waits, so that one that hangs ends as a failure and not as a wait.

A thread that takes too long is told to end, which one that computes in Python does. One that is stuck for good is left
behind; while a few of the same name are, nobody waits for that name again.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

STUCK_MOST = 4  # threads that one detector has left behind

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Job(Generic[T_co]):
    name: str
    do: Callable[[], T_co]


@dataclass(frozen=True)
class Failure:
    """`seconds` is how long was waited."""

    fault: Exception
    seconds: float


class TookTooLong(Exception):
    pass


class _Ended(BaseException):
    """Raised inside a thread that nobody waits for any longer."""


_stuck: dict[str, list[threading.Thread]] = {}


def results(jobs: Sequence[Job[T]], limit_s: float) -> list[T | Failure]:
    """What each job gives, in order; each has `limit_s`. A name that took too long once is not asked again here."""
    found: list[T | Failure] = []
    late: set[str] = set()
    while len(found) < len(jobs):
        if _is_given_up(jobs[len(found)].name, late):
            found.append(Failure(TookTooLong(), 0.0))
            continue
        # One thread does all of them, one after the other; after a late one, another does the rest.
        found += _with_a_thread(jobs[len(found) :], limit_s, late)
    return found


def _is_given_up(name: str, late: set[str]) -> bool:
    alive = [thread for thread in _stuck.get(name, []) if thread.is_alive()]
    if name in _stuck:
        _stuck[name] = alive
    return name in late or len(alive) >= STUCK_MOST


def _with_a_thread(jobs: Sequence[Job[T]], limit_s: float, late: set[str]) -> Iterator[T | Failure]:
    wanted = list(_until_given_up(jobs, late))
    given: SimpleQueue[T | Failure] = SimpleQueue()
    thread = threading.Thread(target=_work, args=(wanted, given), name="detectors", daemon=True)
    thread.start()
    for job in wanted:
        try:
            yield given.get(timeout=limit_s)
        except Empty:
            late.add(job.name)
            _stuck.setdefault(job.name, []).append(thread)
            _end(thread)
            yield Failure(TookTooLong(), limit_s)
            return


def _until_given_up(jobs: Sequence[Job[T]], late: set[str]) -> Iterator[Job[T]]:
    for job in jobs:
        if _is_given_up(job.name, late):
            return
        yield job


def _work(jobs: Sequence[Job[T]], given: SimpleQueue[T | Failure]) -> None:
    try:
        for job in jobs:
            given.put(_done(job))
    except _Ended:
        pass


def _done(job: Job[T]) -> T | Failure:
    began = time.perf_counter()
    try:
        return job.do()
    except Exception as fault:  # noqa: BLE001 - whatever went wrong, the text was not checked
        return Failure(fault, time.perf_counter() - began)


def _end(thread: threading.Thread) -> None:
    """Takes effect at its next step in Python; a thread that has ended meanwhile is no fault."""
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_Ended))
