"""The model worker as a process, whatever its engine: real loading, a real engine, random weights."""

from __future__ import annotations

import io
import json
import os
import re
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import pytest
from django.core.management import CommandError, call_command

from governance.errors import Busy, InvalidInput, Unavailable
from inference import memory, prompts, registry
from inference.runners.base import ChatRequest, Message
from inference.worker import apart, engines, look, serving
from inference.worker.engines.xllamacpp import Xllamacpp
from tests.inference import tiny_gguf, worker_process
from tests.inference.worker_process import KEY, Held, Worker, in_background, wait_until

SHORT = ChatRequest([Message("user", "Hello")], max_tokens=5, temperature=1.0)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gguf.write(tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture(scope="module")
def worker(model: Path) -> Iterator[Worker]:
    with worker_process.running(model, waiting_most=2) as running:
        yield running


@pytest.mark.parametrize("path", ["/v1/models", "/metrics", "/v1/chat/completions", "/tokenize"])
def test_without_the_key_nothing_is_told(worker: Worker, path: str) -> None:
    with worker.client("another") as client:
        answer = client.get(path) if path in {"/v1/models", "/metrics"} else client.post(path, json={})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"


def test_a_body_that_is_no_object_is_refused(worker: Worker) -> None:
    with worker.client() as client:
        assert client.post("/v1/chat/completions", content=b"[1]").status_code == 400


def test_a_worker_of_one_model_takes_any_name_and_tells_no_more_than_its_own(worker: Worker) -> None:
    runner = worker.runner("whatever")
    assert list(runner.stream(SHORT))[-1].finish in {"length", "stop"}
    with worker.client() as client:
        (told,) = client.get("/v1/models").json()["data"]
    assert (told["id"], "state" in told) == ("tiny", False)
    assert worker.metric("chancery_model_slots") == 1  # without a label


def test_over_the_bound_the_client_learns_its_place(worker: Worker) -> None:
    with Held(worker):
        ended: list[str] = []
        threads = [in_background(worker, replace(SHORT, share=f"s{number}"), ended) for number in range(3)]
        wait_until(lambda: worker.metric("chancery_model_waiting") == 2)
        with pytest.raises(Busy) as caught:
            list(worker.runner().stream(SHORT))
        assert caught.value.position == 3
        assert caught.value.wait_s > 0
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["s0", "s1", "s2"]


def test_whoever_waits_is_told_the_position_and_leaving_gives_it_up(worker: Worker) -> None:
    with Held(worker):
        ended: list[str] = []
        first = in_background(worker, SHORT, ended)
        wait_until(lambda: worker.metric("chancery_model_running") == 1)
        body = {"messages": [{"role": "user", "content": "Hello"}], "stream": True}
        with worker.client() as client, client.stream("POST", "/v1/chat/completions", json=body) as answer:
            assert answer.status_code == 200
            assert re.fullmatch(r": waiting 1 wait_s=\d+\.\d", next(answer.iter_lines()))
        wait_until(lambda: worker.metric("chancery_model_waiting") == 0)
    first.join()


def test_while_no_engine_comes_up_the_worker_says_so_and_is_well_again_after(worker: Worker, model: Path) -> None:
    engine, away = worker.engine(), model.with_name("away")
    assert engine is not None
    model.rename(away)
    try:
        engine.kill()
        wait_until(lambda: not worker.is_ready())
        assert worker.process.poll() is None
        assert not worker.runner().probe().is_ready
        with pytest.raises(Unavailable):
            list(worker.runner().stream(SHORT))
    finally:
        away.rename(model)
    wait_until(worker.is_ready)
    assert list(worker.runner().stream(SHORT))[-1].finish in {"length", "stop"}


def test_the_engine_ends_with_a_worker_that_is_killed(model: Path) -> None:
    with worker_process.running(model) as running:
        engine = running.engine()
        assert engine is not None
        running.process.kill()
        gone, _ = psutil.wait_procs([engine], timeout=worker_process.LONGEST_WAIT_S)
    assert gone == [engine]


def test_told_to_stop_it_ends_well_and_takes_the_engine_along(model: Path) -> None:
    with worker_process.commanded(model) as running:
        engine = running.engine()
        assert engine is not None
        assert running.runner().probe().is_ready
        running.process.terminate()
        assert running.process.wait(worker_process.LONGEST_WAIT_S) == 0
        assert not engine.is_running()


def test_told_to_stop_it_lets_the_answer_under_way_end_and_takes_no_new_one(model: Path) -> None:
    with worker_process.running(model) as running:
        ended: list[str] = []
        refused: list[str] = []

        def wait() -> None:
            try:
                list(running.runner().stream(SHORT))
            except Unavailable as fault:
                refused.append(fault.message)

        with Held(running) as held:
            under_way = in_background(running, replace(SHORT, share="first"), ended)
            wait_until(lambda: running.metric("chancery_model_running") == 1)
            behind = threading.Thread(target=wait)
            behind.start()
            wait_until(lambda: running.metric("chancery_model_waiting") == 1)
            running.process.terminate()
            behind.join()
            wait()
            held.engine.resume()
            under_way.join()
            assert running.process.wait(worker_process.LONGEST_WAIT_S) == 0
            held.is_gone = True
    assert ended == ["first"]
    assert "being stopped" in refused[0]
    assert len(refused) == 2


def test_what_every_prompt_begins_with_is_read_before_anybody_asks(model: Path) -> None:
    excerpt = prompts.Excerpt(1, "Leave", "", "Thirty days.")
    asked = prompts.answer("How long is the leave?", [excerpt]).messages
    with worker_process.running(model, is_warmed=1) as running:
        wait_until(lambda: running.metric("chancery_model_kept_bytes") > 0)
        wait_until(lambda: running.metric("chancery_model_running") == 0)
        cached = []
        for share in ("a/1", "b/2"):
            usage = list(running.runner().stream(replace(SHORT, messages=asked, share=share)))[-1].usage
            cached.append(usage.cached_tokens if usage else 0)
        judged = replace(
            SHORT, messages=prompts.judge("Is it noon?", "At noon. " * 20).messages, cache="c", is_kept=False
        )
        for _time in range(2):
            usage = list(running.runner().stream(judged))[-1].usage
            cached.append(usage.cached_tokens if usage else 0)
        assert running.metric("chancery_model_warming") == 0
    assert cached[0] == cached[1] > 300  # the template's words, and nothing that either of them has asked
    assert cached[2] == cached[3] > 150  # and of what is not to be kept no more, by whoever asked it himself


def test_who_measures_a_worker_gets_it_once_that_has_been_read(model: Path) -> None:
    with apart.running(str(model), model.parent, "xllamacpp") as running:
        assert look.look(running.url, running.key).warming == 0
        told = httpx.get(
            f"{running.url.removesuffix('/v1')}/metrics", headers={"Authorization": f"Bearer {running.key}"}
        )
    assert re.search(r"^chancery_model_kept_bytes [1-9]", told.text, re.MULTILINE)


def test_a_window_is_told_as_the_engine_makes_it_and_what_fits_is_read_in_chunks(model: Path) -> None:
    asked = replace(SHORT, messages=[Message("user", "x" * 985)], max_tokens=1)
    with worker_process.running(model, window=1000) as running:
        assert running.runner().probe().context_window == 1024
        usage = list(running.runner().stream(asked))[-1].usage
        assert running.metric("chancery_model_kept_bytes") > 0  # as nothing is of what is read as it comes
    assert usage is not None
    assert 1000 <= usage.prompt_tokens < 1024


@pytest.mark.skipif(sys.platform != "linux", reason="another process' limits are told by Linux")
def test_it_may_open_as_many_files_as_the_machine_allows(model: Path) -> None:
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, most))
    try:
        with worker_process.running(model) as running:
            assert psutil.Process(running.process.pid).rlimit(psutil.RLIMIT_NOFILE) == (most, most)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))


def test_who_will_not_wait_that_long_is_told_at_once(worker: Worker) -> None:
    body = {"messages": [{"role": "user", "content": "Hello"}]}
    with Held(worker):
        ended: list[str] = []
        threads = [in_background(worker, SHORT, ended) for _ in range(2)]
        wait_until(lambda: worker.metric("chancery_model_waiting") == 1)
        with worker.client() as client:
            told = client.post("/v1/chat/completions", json=body, headers={"X-Chancery-Deadline": "0.01"})
            wrong = client.post("/v1/chat/completions", json=body, headers={"X-Chancery-Deadline": "soon"})
        assert (told.status_code, told.json()["error"]["position"]) == (429, 2)
        assert wrong.status_code == 400
        assert worker.metric("chancery_model_waiting") == 1
    for thread in threads:
        thread.join()


def test_a_port_that_is_taken_ends_the_worker_before_an_engine_is_started(worker: Worker, model: Path) -> None:
    port = int(httpx.URL(worker.url).port or 0)
    order = serving.Order("127.0.0.1", port, KEY)
    with pytest.raises(InvalidInput, match="cannot be listened at"):
        serving.serve(registry.resolve(str(model)), Path(), Xllamacpp(), order)


def test_the_command_refuses_a_damaged_file_in_one_line(tmp_path: Path) -> None:
    known = registry.resolve("qwen2.5-coder-0.5b-instruct")
    (tmp_path / known.file).write_bytes(b"GGUF and damaged since")
    done = subprocess.run(
        [sys.executable, "manage.py", "model_worker", f"--model={known.name}", "--port=0"],
        cwd=worker_process.ROOT,
        env=os.environ | {"CHANCERY_MODELS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "its sha256 differs" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_command_names_what_is_missing_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, words in {
        "llama_cpp_python": 'pip install ".[llama-cpp-python]"',
        "another": "no engine another",
    }.items():
        monkeypatch.setattr("importlib.metadata.version", _missing)
        with pytest.raises(CommandError, match=re.escape(words)):
            call_command("model_worker", f"--engine={name}", "--port=0")


def test_the_command_serves_what_was_fetched_whatever_memory_is_free(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, served = registry.default_chat(0), list[registry.Model]()
    (tmp_path / small.file).touch()
    settings.MODELS = tmp_path
    monkeypatch.delenv("CHANCERY_MODEL", raising=False)
    monkeypatch.setattr(memory, "free", lambda: 64 * 2**30)
    monkeypatch.setattr(serving, "serve", lambda model, *_: served.append(model))
    monkeypatch.setattr(registry, "find", lambda folder, model: folder / model.file)
    call_command("model_worker")
    assert served == [small]
    out = io.StringIO()
    call_command("model_fetch", stdout=out)
    assert f"{small.name}: " in out.getvalue()


def _missing(package: str) -> str:
    raise PackageNotFoundError(package)


def test_an_engine_is_chosen_by_its_name_or_by_its_dotted_path() -> None:
    assert engines.chosen("xllamacpp").name == "xllamacpp"
    assert engines.chosen("llama-cpp-python").name == "llama_cpp_python"
    assert isinstance(engines.chosen("inference.worker.engines.xllamacpp.Xllamacpp"), Xllamacpp)
    for wrong in ("", "vllm", "json.loads", "inference.worker.engines.xllamacpp.Nobody"):
        with pytest.raises(InvalidInput, match="There is no engine"):
            engines.chosen(wrong)


def test_without_a_key_nothing_is_served(model: Path) -> None:
    with pytest.raises(InvalidInput, match="CHANCERY_MODEL_KEY"):
        serving.serve(registry.resolve(str(model)), Path(), Xllamacpp(), serving.Order("127.0.0.1", 0, ""))


def test_the_engines_key_stands_in_no_argument(worker: Worker) -> None:
    engine = worker.engine()
    assert engine is not None
    told = subprocess.run(["ps", "-o", "args=", "-p", str(engine.pid)], capture_output=True, text=True, check=True)
    assert "inference.worker.engines.xllamacpp" in told.stdout
    assert json.dumps(KEY) not in told.stdout
    assert len(told.stdout.split()) == 3
