"""The Engine port: what every engine promises, asked through the model worker, with a model of random weights.

An engine that is not installed is skipped, and says how to install it.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from governance.errors import InvalidInput, Unavailable
from inference import registry
from inference.runners.base import ChatRequest, Delta, Message
from inference.worker import engines, serving
from tests.inference import tiny_gguf, worker_process
from tests.inference.worker_process import KEY, Held, Worker, in_background, wait_until

# It never ends by itself.
SAYS = b"abcdefghijklmnopqrstuvwxyz ,."
SHORT = ChatRequest([Message("user", "Hello")], max_tokens=5, temperature=1.0, seed=1)
# The tiny model writes thousands of tokens a second: this keeps its one slot until it is cancelled, or nearly so.
LONG = ChatRequest([Message("user", "Tell me all")], max_tokens=1900, temperature=1.0, share="long")
SOME = replace(SHORT, max_tokens=40, seed=7)
SMALL_MODEL = "qwen2.5-coder-0.5b-instruct"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gguf.write(tmp_path_factory.mktemp("model") / "tiny.gguf", says=SAYS)


@pytest.fixture(scope="module", params=engines.NAMES)
def name(request: pytest.FixtureRequest) -> str:
    engine: str = request.param
    try:
        engines.chosen(engine).build()
    except Unavailable as fault:
        pytest.skip(fault.message)
    return engine


@pytest.fixture(scope="module")
def worker(name: str, model: Path) -> Iterator[Worker]:
    with worker_process.running(model, name) as running:
        yield running


def _answer(worker: Worker, request: ChatRequest) -> tuple[str, Delta]:
    *pieces, last = worker.runner().stream(request)
    return "".join(piece.text for piece in pieces), last


def _whole(worker: Worker, request: ChatRequest) -> dict[str, Any]:
    body = {
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "seed": request.seed,
    }
    with worker.client() as client:
        answer: dict[str, Any] = client.post("/v1/chat/completions", json=body).raise_for_status().json()
    return answer


def test_it_tells_what_serves_and_which_file(worker: Worker, name: str, model: Path) -> None:
    state = worker.runner().probe()
    assert state.is_ready
    assert (state.model, state.engine, state.build) == ("tiny", name, engines.chosen(name).build())
    assert (state.sha256, state.context_window) == (registry.digest(model), 2048)


def test_the_stream_is_the_answer_in_pieces_and_in_order(worker: Worker) -> None:
    pieces = [delta.text for delta in worker.runner().stream(SOME)]
    assert len(pieces) > 10
    assert "".join(pieces) == _whole(worker, SOME)["choices"][0]["message"]["content"]


def test_the_answer_ends_where_max_tokens_says(worker: Worker) -> None:
    text, last = _answer(worker, replace(SHORT, max_tokens=7))
    assert (len(text), last.finish) == (7, "length")


def test_it_counts_what_was_read_written_and_known_already(worker: Worker) -> None:
    request = replace(SHORT, messages=[Message("user", "Count me, and count me again")])
    first, again = (_answer(worker, request)[1].usage for _ in range(2))
    assert first is not None
    assert again is not None
    with worker.client() as client:
        words = client.post("/tokenize", json={"content": request.messages[0].content}).json()["tokens"]
    assert len(words) < first.prompt_tokens < len(words) + 40
    assert (again.prompt_tokens, again.completion_tokens) == (first.prompt_tokens, 5)
    assert first.cached_tokens < again.cached_tokens < again.prompt_tokens


def test_what_another_has_read_is_read_anew_and_never_tells_by_its_speed(worker: Worker) -> None:
    """A cache that two tenants shared would tell one of them what the other has asked."""
    request = replace(SHORT, messages=[Message("user", "The salary of the board is to be kept from the others. " * 9)])
    read = {}
    for share, cache in (("a/1", ""), ("b/2", ""), ("a/1", "secret"), ("b/2", "open"), ("c/3", "open"), ("a/1", "")):
        usage = _answer(worker, replace(request, share=share, cache=cache))[1].usage
        assert usage is not None
        read[share, cache] = usage.cached_tokens
    known = read.pop(("c/3", "open"))  # who may read the same shares what was read last
    again = read.pop(("a/1", ""))
    assert set(read.values()) == {0}
    assert known > 400
    assert again in {0, known}  # an engine of one sequence keeps one


def test_answers_in_one_piece_are_counted_too(worker: Worker) -> None:
    usage = _whole(worker, SHORT)["usage"]
    assert (usage["completion_tokens"], usage["total_tokens"]) == (5, 5 + usage["prompt_tokens"])


def test_a_stop_word_ends_the_answer_before_it(worker: Worker) -> None:
    text, _ = _answer(worker, SOME)
    word = text[20:23]
    shorter, last = _answer(worker, replace(SOME, stop=[word, "never said"]))
    assert (shorter, last.finish) == (text[: text.index(word)], "stop")


def test_the_same_seed_says_the_same_and_another_does_not(worker: Worker) -> None:
    first, again, other = (_answer(worker, replace(SOME, seed=seed))[0] for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_it_counts_tokens_with_the_models_own_tokenizer(worker: Worker) -> None:
    with worker.client() as client:
        tokens = client.post("/tokenize", json={"content": "abc"}).json()["tokens"]
    assert 3 <= len(tokens) <= 5


def test_a_prompt_over_the_window_names_both_numbers_and_the_next_one_is_answered(worker: Worker) -> None:
    with pytest.raises(InvalidInput, match=r"3\d\d\d tokens.* 2048 "):
        list(worker.runner().stream(replace(SHORT, messages=[Message("user", "a" * 3000)])))
    assert _answer(worker, SHORT)[1].finish == "length"


def test_an_answer_that_fills_the_window_ends_there(worker: Worker) -> None:
    _, last = _answer(worker, replace(SHORT, messages=[Message("user", "a" * 1900)], max_tokens=1000))
    assert last.finish == "length"
    assert last.usage is not None
    assert last.usage.prompt_tokens + last.usage.completion_tokens in {2047, 2048}


def test_the_engine_itself_answers_nobody_without_its_key(worker: Worker) -> None:
    engine = worker.engine()
    assert engine is not None
    (port,) = {line.laddr.port for line in engine.net_connections("tcp") if line.status == psutil.CONN_LISTEN}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        refused = [client.post(path, json={}) for path in ("/v1/chat/completions", "/tokenize")]
        assert client.get("/health").is_success
    assert [answer.status_code for answer in refused] == [401, 401]


def test_an_answer_cancelled_while_its_prompt_is_read_frees_the_slot(worker: Worker) -> None:
    with Held(worker):
        handle = worker.runner().stream(LONG)

        def stop() -> None:
            wait_until(lambda: worker.metric("chancery_model_running") == 1)
            handle.cancel()

        stopping = threading.Thread(target=stop)
        stopping.start()
        assert list(handle) == []
        stopping.join()
        wait_until(lambda: worker.metric("chancery_model_running") == 0)
    assert _answer(worker, SHORT)[1].finish == "length"


def test_an_answer_cancelled_midway_ends_in_the_engine_too(worker: Worker) -> None:
    handle = worker.runner().stream(LONG)
    deltas = iter(handle)
    next(deltas)
    handle.cancel()
    assert list(deltas) == []
    wait_until(lambda: worker.metric("chancery_model_running") == 0)
    assert _answer(worker, SHORT)[1].finish == "length"


def test_prompts_that_begin_alike_and_come_at_once_are_read_once(model: Path) -> None:
    begins = "What all of them may read, and read at once. " * 20
    with worker_process.running(model, "xllamacpp", slots=4) as worker:
        requests = [
            replace(SHORT, messages=[Message("user", f"{begins} {number}: why?")], share=f"a/{number}", cache="a")
            for number in range(4)
        ]
        with ThreadPoolExecutor(4) as pool:
            told = [last.usage for _, last in pool.map(lambda request: _answer(worker, request), requests)]
        assert worker.metric("chancery_model_kept_bytes") > 0
    cached = sorted(usage.cached_tokens for usage in told if usage)
    assert cached[0] == 0
    assert all(count > 800 for count in cached[1:])


def test_no_more_are_admitted_than_the_engine_writes_at_once(name: str, model: Path) -> None:
    slots = min(2, engines.chosen(name).slots_most or 2)
    ended: list[str] = []
    with worker_process.running(model, name, slots=2) as worker:
        with Held(worker):
            threads = [in_background(worker, replace(SHORT, share=f"s{number}"), ended) for number in range(4)]
            wait_until(lambda: worker.metric("chancery_model_waiting") == 4 - slots)
            assert worker.metric("chancery_model_running") == slots
        for thread in threads:
            thread.join()
    assert sorted(ended) == ["s0", "s1", "s2", "s3"]


def test_an_engine_that_dies_is_started_again_and_the_answer_under_way_is_told(worker: Worker) -> None:
    with Held(worker) as held:
        outcome: list[Exception] = []

        def ask() -> None:
            try:
                list(worker.runner().stream(SHORT))
            except Unavailable as fault:
                outcome.append(fault)

        asking = threading.Thread(target=ask)
        asking.start()
        wait_until(lambda: worker.metric("chancery_model_running") == 1)
        os.kill(held.engine.pid, signal.SIGKILL)
        asking.join()
        assert "broke off" in str(outcome[0])
        wait_until(lambda: not held.engine.is_running() and worker.is_ready())
        held.engine = worker.engine() or held.engine
    assert _answer(worker, SHORT)[1].finish == "length"


def test_a_file_of_another_hash_is_not_served(name: str, model: Path) -> None:
    known = replace(registry.resolve(str(model)), sha256="0" * 64)
    with pytest.raises(InvalidInput, match="sha256 differs"):
        serving.serve(known, Path(), engines.chosen(name), serving.Order("127.0.0.1", 0, KEY))


@pytest.mark.model
def test_a_real_model_answers_with_sense(name: str) -> None:
    known = registry.resolve(SMALL_MODEL)
    path = Path(os.environ.get("CHANCERY_MODELS", "")) / known.file
    if not path.is_file():
        pytest.skip(f"CHANCERY_MODELS holds no {known.file}")
    question = ChatRequest([Message("user", "What is the capital of France? Answer in one word.")], max_tokens=12)
    with worker_process.running(path, name) as worker:
        text, last = _answer(worker, question)
    assert "Paris" in text
    assert last.finish == "stop"
