"""So many batches at work a process, and texts of like length together, whoever's they are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any
from unittest import mock

import numpy as np
import pytest

from governance.errors import Busy, Unavailable
from inference.runners.base import Encoded, Vectors
from inference.runners.scripted import ScriptedEmbedder
from ingestion.line import batches, yielding


@pytest.fixture(autouse=True)
def one_at_once(settings: Any) -> Iterator[list[bool]]:
    """One batch at work, unless a test says otherwise; what is returned says whether anybody is answered."""
    settings.EMBED_AT_ONCE = 1
    answered = [False]
    # Nobody asks the database: a thread that ends keeps its connection from all others.
    with (
        mock.patch.object(yielding, "is_anybody_answered", side_effect=lambda: answered[0]),
        mock.patch.object(yielding, "give_way"),
    ):
        yield answered


class Stop(BaseException):
    pass


class Slow(ScriptedEmbedder):
    """Waits in its first batch until it is let go, and remembers what it was given together."""

    def __init__(self, batch: int = 4) -> None:
        super().__init__(8)
        self.batch = batch
        self.began, self.go_on = threading.Event(), threading.Event()
        self.given: list[list[str]] = []
        self.at_work = 0
        self.most_at_work = 0

    def read(self, encoded: Sequence[Encoded]) -> Vectors:
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        self.given.append([one.content[0] for one in encoded])
        self.began.set()
        assert self.go_on.wait(10)
        self.at_work -= 1
        return super().read(encoded)


def started(
    embedder: ScriptedEmbedder, texts: list[str], found: dict[str, Any], name: str, *, can_wait: bool = False
) -> Any:
    def run() -> None:
        try:
            found[name] = batches.embed(embedder, texts, can_wait=can_wait)
        except (Unavailable, Busy, ValueError, Stop) as fault:
            found[name] = fault

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


def waiting(amount: int) -> None:
    """Until so many texts lie on the table."""
    until(lambda: len(batches._table.waiting) >= amount)


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(1000):
        if is_so():
            return
        threading.Event().wait(0.01)
    raise AssertionError("nobody came")


def behind(
    embedder: Slow, found: dict[str, Any], others: Mapping[str, list[str]], can_wait: Collection[str] = ()
) -> None:
    """The `others` come in their order while a first one's text is read; all of them have ended when this returns."""
    threads, lying = [started(embedder, ["x"], found, "first")], 0
    assert embedder.began.wait(10)
    for name, texts in others.items():
        threads.append(started(embedder, texts, found, name, can_wait=name in can_wait))
        lying += len(texts)
        waiting(lying)
    embedder.go_on.set()
    for thread in threads:
        thread.join(10)


def test_each_gets_the_vectors_of_their_own_texts() -> None:
    plain = ScriptedEmbedder(8)
    texts = ["a b c d e f g h", "b", "c d", "a b c d e f g i", "d e", "f"]
    assert np.array_equal(batches.embed(plain, texts), plain.embed(texts, "passage"))
    assert batches.embed(plain, []).shape == (0, 8)


def test_texts_of_like_length_are_read_together_across_documents() -> None:
    embedder, found = Slow(batch=2), dict[str, Any]()
    behind(embedder, found, {"one": ["aaaa", "a" * 400], "two": ["b" * 400, "bbbb"]})
    together = {frozenset(text[0] for text in batch) for batch in embedder.given[1:]}
    assert together == {frozenset("ab")}
    assert [len({len(text) for text in batch}) for batch in embedder.given] == [1, 1, 1]
    assert embedder.most_at_work == 1
    assert {name: len(rows) for name, rows in found.items()} == {"first": 1, "one": 2, "two": 2}


class Counted(ScriptedEmbedder):
    """Each batch waits until it is let go; how many were at work at once is kept."""

    def __init__(self) -> None:
        super().__init__(8)
        self.batch = 1
        self.let, self.lock = threading.Semaphore(0), threading.Lock()
        self.at_work = self.most_at_work = 0

    def read(self, encoded: Sequence[Encoded]) -> Vectors:
        with self.lock:
            self.at_work += 1
            self.most_at_work = max(self.most_at_work, self.at_work)
        assert self.let.acquire(timeout=10)
        with self.lock:
            self.at_work -= 1
        return super().read(encoded)

    def await_work(self, amount: int) -> None:
        for _ in range(1000):
            if self.at_work == amount:
                return
            threading.Event().wait(0.01)
        raise AssertionError(f"{self.at_work} at work, and not {amount}")


def test_as_many_batches_are_at_work_as_is_set_and_one_while_anybody_is_answered(
    one_at_once: list[bool], settings: Any
) -> None:
    settings.EMBED_AT_ONCE = 2
    plain, embedder, found = ScriptedEmbedder(8), Counted(), dict[str, Any]()
    names = ("one", "two", "three")
    threads = [started(embedder, [name, name * 2, name * 3], found, name) for name in names]
    embedder.await_work(2)
    one_at_once[0] = True
    embedder.let.release()
    embedder.await_work(1)  # the other goes on, and nobody comes beside it
    one_at_once[0] = False
    embedder.let.release()
    embedder.await_work(2)
    embedder.let.release(7)
    for thread in threads:
        thread.join(10)
    assert embedder.most_at_work == 2
    for name in names:
        assert np.array_equal(found[name], plain.embed([name, name * 2, name * 3], "passage")), name
    assert (batches._table.waiting, batches._table.at_work) == ([], 0)


def test_what_can_wait_is_never_beside_another(settings: Any) -> None:
    settings.EMBED_AT_ONCE = 2
    embedder, found = Counted(), dict[str, Any]()
    threads = [started(embedder, ["a", "b", "c"], found, name, can_wait=True) for name in ("one", "two")]
    embedder.await_work(1)
    embedder.let.release(6)
    for thread in threads:
        thread.join(10)
    assert embedder.most_at_work == 1
    assert {name: len(rows) for name, rows in found.items()} == {"one": 3, "two": 3}


def test_what_can_wait_goes_last() -> None:
    embedder, found = Slow(), dict[str, Any]()
    behind(embedder, found, {"build": ["build"] * 6, "upload": ["upload"] * 2}, can_wait=["build"])
    assert embedder.given == [["x"], ["upload"] * 2, ["build"] * 4, ["build"] * 2]


def test_what_can_wait_is_not_begun_beside_what_another_takes_in_the_same_moment(settings: Any) -> None:
    settings.EMBED_AT_ONCE = 3
    embedder, found, both = Counted(), dict[str, Any](), threading.Barrier(2)
    first = started(embedder, ["first"], found, "first")
    embedder.await_work(1)
    turns = [both, both]
    with mock.patch.object(yielding, "give_way", side_effect=lambda: turns and turns.pop().wait(10)):
        build = started(embedder, ["build"] * 2, found, "build", can_wait=True)
        waiting(2)
        upload = started(embedder, ["upload"], found, "upload")  # both find it on the table, and room to work
        until(lambda: (embedder.at_work, batches._table.at_work) == (2, 2))
        embedder.let.release(4)
        for thread in (first, build, upload):
            thread.join(10)
    assert embedder.most_at_work == 2
    assert {name: len(rows) for name, rows in found.items()} == {"first": 1, "upload": 1, "build": 2}


def test_a_fault_reaches_whoever_it_is_about_and_nobody_else() -> None:
    for amount in (2, 8):  # of texts in a batch: the other's lie in it, too, where there is room for them
        embedder, found = Slow(batch=amount), dict[str, Any]()
        broken = Unavailable("It is away.")
        real = embedder.read

        def read(encoded: Sequence[Encoded], real: Any = real, broken: Exception = broken) -> Vectors:
            vectors: Vectors = real(encoded)
            if any("bad" in one.content[0] for one in encoded):
                raise broken
            return vectors

        embedder.read = read  # type: ignore[method-assign]
        bad, good = ["bad", "longer than all the others"], ["much longer than all of the others are", "x"]
        behind(embedder, found, {"bad": bad, "good": good})
        assert found["bad"] is broken
        assert {name: len(found[name]) for name in ("first", "good")} == {"first": 1, "good": 2}
        assert (batches._table.waiting, batches._table.at_work) == ([], 0)


def test_a_model_that_is_busy_is_asked_once() -> None:
    embedder, found = Slow(batch=8), dict[str, Any]()
    real, busy = embedder.read, Busy("Later.")

    def read(encoded: Sequence[Encoded]) -> Vectors:
        vectors = real(encoded)
        if len(encoded) > 1:
            raise busy
        return vectors

    embedder.read = read  # type: ignore[method-assign]
    behind(embedder, found, {"one": ["one"], "two": ["two"]})
    assert len(embedder.given) == 2
    assert found["one"] is found["two"] is busy


def test_vectors_of_another_shape_are_a_fault_for_everyone_who_waits_for_them() -> None:
    embedder, found = Slow(batch=8), dict[str, Any]()
    real = embedder.read
    embedder.read = lambda encoded: real(encoded)[:, :4] if len(embedder.given) else real(encoded)  # type: ignore[method-assign]
    behind(embedder, found, {"one": ["one"], "two": ["two"]})
    assert all(isinstance(found[name], ValueError) for name in ("one", "two"))
    assert (batches._table.waiting, batches._table.at_work) == ([], 0)


def test_whoever_cannot_look_whether_anybody_is_answered_holds_up_nobody(settings: Any) -> None:
    settings.EMBED_AT_ONCE = 2
    embedder, found = Counted(), dict[str, Any]()
    first = started(embedder, ["a", "b"], found, "first")
    embedder.await_work(1)
    with mock.patch.object(yielding, "is_anybody_answered", side_effect=Unavailable("The database is away.")):
        second = started(embedder, ["c"], found, "second")
        second.join(10)
    assert isinstance(found["second"], Unavailable)
    embedder.let.release(2)
    first.join(10)
    assert len(found["first"]) == 2
    assert (batches._table.waiting, batches._table.at_work) == ([], 0)


def test_whoever_is_stopped_puts_back_what_they_took_of_others() -> None:
    embedder, found = Slow(batch=8), dict[str, Any]()
    real = embedder.read

    def read(encoded: Sequence[Encoded]) -> Vectors:
        vectors = real(encoded)
        if threading.current_thread().name == "stopped":
            raise Stop
        return vectors

    embedder.read = read  # type: ignore[method-assign]
    first = started(embedder, ["x"], found, "first")
    assert embedder.began.wait(10)
    stopped = started(embedder, ["aaaa"], found, "stopped")
    waiting(1)
    other = started(embedder, ["bbbb"], found, "other")
    waiting(2)
    with mock.patch.object(batches, "_has_room", side_effect=lambda: False) as room:
        embedder.go_on.set()
        first.join(10)
        room.side_effect = lambda: threading.current_thread().name == "stopped"
        with batches._table.turn:
            batches._table.turn.notify_all()
        stopped.join(10)
    with batches._table.turn:
        batches._table.turn.notify_all()
    other.join(10)
    assert isinstance(found["stopped"], Stop)
    assert len(found["other"]) == 1
    assert [len(one) for one in embedder.given] == [1, 2, 1]
    assert (batches._table.waiting, batches._table.at_work) == ([], 0)


def test_whoever_is_stopped_leaves_nothing_on_the_table() -> None:
    embedder = ScriptedEmbedder(8)
    embedder.read = lambda _: (_ for _ in ()).throw(Stop)  # type: ignore[method-assign,assignment]
    with pytest.raises(Stop):
        batches.embed(embedder, ["a"] * 40)
    assert batches._table.waiting == []
