"""One worker with several models, real processes: each writes letters that no other does, so that it is seen who answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from governance.errors import Unavailable
from inference import registry
from inference.runners.base import ChatRequest, Message
from inference.worker import look
from tests.inference import tiny_gguf, worker_process
from tests.inference.worker_process import KEY, Worker, wait_until

ASK = ChatRequest([Message("user", "Hello")], max_tokens=4)
LETTERS = {"a": "abcdefgh", "b": "ijklmnop", "c": "qrstuvwx"}
ONE_MIB = 300  # of the 211 that each of them takes


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {name: tiny_gguf.write(folder / f"{name}.gguf", says=said.encode()) for name, said in LETTERS.items()}


@pytest.fixture(scope="module")
def narrow(files: Mapping[str, Path]) -> Iterator[Worker]:
    """Room for one of two."""
    with worker_process.running(files["a"], beside=[files["b"]], memory_mib=ONE_MIB, slots=2) as worker:
        yield worker


def by(worker: Worker, model: str = "default") -> str:
    """The name of the one that answered whoever asked for that one."""
    text = "".join(delta.text for delta in worker.runner(model).stream(ASK))
    return next((name for name, letters in LETTERS.items() if len(text) == 4 and set(text) <= set(letters)), text)


def states(worker: Worker) -> dict[str, str]:
    with worker.client() as client:
        return {one["id"]: one["state"] for one in client.get("/v1/models").json()["data"]}


def of(worker: Worker, name: str, model: str, **labels: str) -> float:
    told = ",".join(f'{key}="{value}"' for key, value in sorted((labels | {"model": model}).items()))
    return worker.metric(f"chancery_model_{name}{{{told}}}")


class Asking:
    """In a thread; who has answered."""

    def __init__(self, worker: Worker, model: str, ended: list[str] | None = None, name: str = "") -> None:
        self.worker, self.model, self.name = worker, model, name
        self.ended = ended if ended is not None else []
        self.by = ""
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        self.by = by(self.worker, self.model)
        self.ended.append(self.name)


def test_each_answers_by_its_name_and_is_loaded_once_however_many_ask_first(files: Mapping[str, Path]) -> None:
    with worker_process.running(files["a"], beside=[files["b"], files["c"]], slots=8, is_warmed=1) as worker:
        assert states(worker) == {"a": "ready", "b": "on demand", "c": "on demand"}
        assert worker.engines() == ["a"]
        # The state of one that is not loaded is told as well: the record of an answer names it before it is asked.
        told = worker.runner("b").probe()
        assert (told.model, told.sha256, told.is_ready) == ("b", registry.digest(files["b"]), True)

        asking = [Asking(worker, "b") for _ in range(5)]
        for one in asking:
            one.thread.join()
        assert {one.by for one in asking} == {"b"}
        assert of(worker, "loads_total", "b") == 1
        assert worker.engines() == ["a", "b"]
        assert by(worker) == by(worker, "a") == "a"
        wait_until(
            lambda: of(worker, "requests_total", "a", outcome="served") == 2
        )  # counted as the last byte has gone
        assert of(worker, "requests_total", "b", outcome="served") == 5

        # Counting loads it as well, and what every prompt begins with is read whatever has it loaded.
        with worker.client() as client:
            counted = client.post("/tokenize", json={"content": "Hello", "model": "c"}).json()
        assert len(counted["tokens"]) == 8  # a letter is one, and the space that is put before them three
        wait_until(lambda: of(worker, "kept_bytes", "c") > 0)
        assert worker.engines() == ["a", "b", "c"]
        seen = look.look(f"{worker.url}/v1", KEY)
        assert (seen.model, seen.slots, seen.asked["served"]) == ("a", 24, 7)


def test_a_name_that_nothing_has_is_refused_with_those_there_are(narrow: Worker) -> None:
    with narrow.client() as client:
        for path, body in (("/v1/chat/completions", {"messages": []}), ("/tokenize", {"content": "x"})):
            answer = client.post(path, json=body | {"model": "gpt-4"})
            assert answer.status_code == 404
            assert answer.json()["error"]["code"] == "model_not_found"
            assert "a, b" in answer.json()["error"]["message"]
        # What can name nothing is the first one's to refuse.
        assert client.post("/v1/chat/completions", content=b"[1]").status_code == 400
        assert client.post("/v1/chat/completions", json={"model": ["b"]}).status_code == 404
    for path in ("/v1/models", "/metrics"):
        with narrow.client("another") as client:
            assert client.get(path).status_code == 401


def test_where_not_both_fit_the_one_unused_is_let_go_and_comes_back_when_asked(narrow: Worker) -> None:
    assert by(narrow, "a") == "a"
    wait_until(lambda: narrow.engines() == ["a"])
    assert by(narrow, "b") == "b"
    assert narrow.engines() == ["b"]
    assert of(narrow, "kept_bytes", "a") == 0
    assert narrow.is_ready()  # the first one will be there for whoever asks
    assert states(narrow) == {"a": "on demand", "b": "ready"}
    assert narrow.runner().probe().is_ready
    assert by(narrow) == "a"
    assert narrow.engines() == ["a"]


def test_one_that_writes_is_never_let_go_and_cannot_keep_the_other_out(narrow: Worker) -> None:
    assert by(narrow, "a") == "a"
    (engine,) = psutil.Process(narrow.process.pid).children()
    gone_before, ended = of(narrow, "let_go_total", "a"), list[str]()
    engine.suspend()
    try:
        first = Asking(narrow, "a", ended, "first")
        wait_until(lambda: of(narrow, "running", "a") == 1)
        other = Asking(narrow, "b", ended, "other")
        wait_until(lambda: states(narrow)["a"] == "on demand")  # it takes nobody new
        later = Asking(narrow, "a", ended, "later")
        wait_until(lambda: of(narrow, "running", "a") == 2)
        assert (narrow.engines(), of(narrow, "let_go_total", "a"), ended) == (["a"], gone_before, [])
    finally:
        engine.resume()
    for one in (first, other, later):
        one.thread.join()
    assert [one.by for one in (first, other, later)] == ["a", "b", "a"]
    assert ended == ["first", "other", "later"]


def test_who_leaves_before_there_is_room_has_nobody_let_go(narrow: Worker) -> None:
    assert by(narrow, "a") == "a"
    (engine,) = psutil.Process(narrow.process.pid).children()
    engine.suspend()
    try:
        first = Asking(narrow, "a")
        wait_until(lambda: of(narrow, "running", "a") == 1)
        handle = narrow.runner("b").stream(ASK)
        leaving = threading.Thread(target=list, args=(handle,))
        leaving.start()
        wait_until(lambda: states(narrow)["a"] == "on demand")
        handle.cancel()
        leaving.join()
        wait_until(lambda: states(narrow)["a"] == "ready")
    finally:
        engine.resume()
    first.thread.join()
    assert first.by == by(narrow, "a") == "a"
    assert psutil.Process(narrow.process.pid).children() == [engine]
    wait_until(lambda: of(narrow, "running", "b") == 0)


def test_what_cannot_be_loaded_says_why_and_leaves_the_others_alone(files: Mapping[str, Path], tmp_path: Path) -> None:
    large = tiny_gguf.write(tmp_path / "large.gguf", blocks=40)
    changed, broken = tiny_gguf.write(tmp_path / "changed.gguf"), tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF and nothing more")
    with worker_process.running(files["a"], beside=[large, changed, broken], memory_mib=220) as worker:
        tiny_gguf.write(changed, blocks=1)
        reasons: dict[str, Any] = {}
        for name in ("large", "changed", "broken"):
            with pytest.raises(Unavailable) as refused:
                by(worker, name)
            reasons[name] = refused.value.message
        assert "takes 0.23 GB of memory, and 0.21 GB can be had" in reasons["large"]
        assert "CHANCERY_MODEL_MEMORY_MIB is 220" in reasons["large"]
        assert "has changed since" in reasons["changed"]
        assert "broken could not be loaded: The engine did not come up" in reasons["broken"]
        assert by(worker) == "a"
        wait_until(lambda: of(worker, "running", "large") == of(worker, "running", "broken") == 0)
        assert worker.engines() == ["a"]
