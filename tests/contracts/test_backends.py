"""Other people's model servers behind the one wire: what they tell of window and tokens, and what they keep silent.

llama-server and `llama_cpp.server` are run here, with a model of random weights, where a package carries them. vLLM,
Ollama and LM Studio are not to be had so: their answers are written here in the shapes that their documentation of
2026 gives.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from governance.errors import InvalidInput
from inference.runners import tokens
from inference.runners.base import ChatRequest, Message, Truncated
from inference.runners.openai_compatible import OpenAICompatible
from inference.runners.server import Server
from tests.inference import tiny_gguf, worker_process
from tests.inference.model_server import DONE, ModelServer, piece, usage
from tests.inference.worker_process import wait_until

SAID = "The travel budget is decided by the board in May, and a report of it is due in June. " * 8
REQUEST = ChatRequest([Message("user", SAID)], max_tokens=4, temperature=1.0, seed=1)
WINDOW = 2048
LLAMA_SERVER = """
import sys, threading, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.port = sys.argv[1], int(sys.argv[2])
params.hostnames, params.n_ctx, params.n_parallel, params.n_gpu_layers = ["127.0.0.1"], 2048, 1, 0
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.verbosity = 1
server = xllamacpp.Server(params)
threading.Event().wait()
"""


@contextmanager
def _program(argv: list[str], port: int) -> Iterator[OpenAICompatible]:
    process = subprocess.Popen(argv, env=os.environ | {"OMP_WAIT_POLICY": "passive"}, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: process.poll() is not None or _is_up(port))
        yield OpenAICompatible(f"http://127.0.0.1:{port}/v1", window=WINDOW)
    finally:
        process.kill()
        process.wait()


def _is_up(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/v1/models", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _our_worker(model: Path) -> Iterator[OpenAICompatible]:
    with worker_process.running(model) as worker:
        yield worker.runner()


@contextmanager
def _llama_server(model: Path) -> Iterator[OpenAICompatible]:
    port = _port()
    with _program([sys.executable, "-c", LLAMA_SERVER, str(model), str(port)], port) as runner:
        yield runner


@contextmanager
def _llama_cpp_server(model: Path) -> Iterator[OpenAICompatible]:
    if not all(importlib.util.find_spec(name) for name in ("llama_cpp", "sse_starlette", "fastapi")):
        pytest.skip('pip install "llama-cpp-python[server]"')
    port, options = _port(), ["--n_ctx", str(WINDOW), "--interrupt_requests", "False", "--verbose", "False"]
    argv = [sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--port", str(port), *options]
    with _program(argv, port) as runner:
        yield runner


@pytest.mark.parametrize("program", [_our_worker, _llama_server, _llama_cpp_server])
def test_a_real_server_reads_what_is_sent_and_refuses_what_it_cannot(program: object, tmp_path: Path) -> None:
    with program(tiny_gguf.write(tmp_path / "tiny.gguf", says=b"abc ")) as runner:  # type: ignore[operator]
        assert runner.probe().context_window == WINDOW
        told = list(runner.stream(REQUEST))[-1]
        assert told.finish == "length"
        if told.usage is not None:  # llama_cpp.server tells none while it streams
            assert tokens.least(SAID) <= told.usage.prompt_tokens <= runner.count_tokens(REQUEST.messages) + 8
        assert runner.count_tokens(REQUEST.messages) >= len(SAID) / 5
        with pytest.raises(InvalidInput, match=r"\d{4} tokens.* 2048 "):
            list(runner.stream(ChatRequest([Message("user", "b" * 3000)], max_tokens=4)))


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


OLLAMA = {"id": "qwen2.5:7b", "object": "model", "created": 1730000000, "owned_by": "library"}
LM_STUDIO = {"id": "qwen2.5-7b-instruct", "object": "model", "owned_by": "organization_owner"}
MANY = 1 << 20  # tokens, as set for a server that tells no window
VLLM = {"id": "Qwen/Qwen2.5-7B-Instruct", "object": "model", "owned_by": "vllm", "max_model_len": 8192}
# Of each: what /v1/models says, what stands at its other doors, and the window that follows.
SHAPES: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {
    "vllm": (VLLM, {}, 8192),
    "ollama, loaded": (
        OLLAMA,
        {
            "/api/ps": {
                "models": [
                    {"name": "other:1b", "model": "other:1b", "context_length": 32768},
                    {"name": "qwen2.5:7b", "model": "qwen2.5:7b", "size": 1, "context_length": 16384},
                ]
            }
        },
        16384,
    ),
    "ollama, not loaded": (
        OLLAMA,
        {
            "/api/ps": {"models": []},
            "/api/show": {"parameters": 'stop    "<|im_end|>"\nnum_ctx                        8192', "model_info": {}},
        },
        8192,
    ),
    "ollama, of another's namespace": (
        {"id": "hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M", "object": "model", "owned_by": "unsloth"},
        {"/api/ps": {"models": []}, "/api/show": {"parameters": "num_ctx 2048"}},
        2048,
    ),
    "one that has a door of that name alone": ({"id": "x", "owned_by": "acme"}, {"/api/ps": {"status": "ok"}}, MANY),
    "ollama, as it comes": (OLLAMA, {"/api/ps": {"models": []}, "/api/show": {"modelfile": "FROM x"}}, 4096),
    "ollama of old": (OLLAMA, {}, 4096),
    "lm studio, loaded": (
        LM_STUDIO,
        {
            "/api/v0/models/qwen2.5-7b-instruct": {
                "id": "qwen2.5-7b-instruct",
                "state": "loaded",
                "max_context_length": 131072,
                "loaded_context_length": 4096,
            }
        },
        4096,
    ),
    "lm studio, not loaded": (
        LM_STUDIO,
        {"/api/v0/models/qwen2.5-7b-instruct": {"state": "not-loaded", "max_context_length": 131072}},
        MANY,
    ),
    "a closed API": ({"id": "gpt-x", "object": "model", "owned_by": "system"}, {}, MANY),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_window_is_the_one_that_is_really_read(server: ModelServer, name: str) -> None:
    entry, doors, window = SHAPES[name]
    server.replies["/v1/models"] = lambda speaker: speaker.say_json({"object": "list", "data": [entry]})
    for path, told in doors.items():
        server.replies[path] = lambda speaker, told=told: speaker.say_json(told)  # type: ignore[misc]
    state = OpenAICompatible(server.base_url, model=str(entry["id"]), window=MANY).probe()
    assert (state.context_window, state.is_ready) == (window, True)


@pytest.mark.parametrize(
    ("read", "is_whole"),
    # Ollama keeps half of its window and two tokens of what is longer; a server that tells 0 tells nothing.
    [(2050, False), (34, False), (0, True), (5400, True)],
)
def test_a_server_that_cuts_the_prompt_without_a_word_is_caught(
    server: ModelServer, read: int, *, is_whole: bool
) -> None:
    words = "holiday " * 5000
    server.chats(lambda speaker: speaker.say_events([piece("Yes."), piece(finish="stop"), usage(read, 2), DONE]))
    answering = OpenAICompatible(server.base_url).stream(ChatRequest([Message("user", words)], max_tokens=5))
    if is_whole:
        assert [delta.text for delta in answering] == ["Yes.", ""]
        return
    with pytest.raises(Truncated, match=f"read {read} tokens of a prompt of 5000"):
        list(answering)


PROSE = "The travel budget is decided by the board in May, and a report of it is due in June."
GERMAN = (
    "Die Arbeitnehmerin hat Anspruch auf dreißig Tage Urlaub im Kalenderjahr, wenn nicht die Betriebsvereinbarung etwas "
    "anderes bestimmt."
)
CHINESE = "员工每年享有三十天的带薪休假,如公司另有规定则按规定执行。"
TABLE = "2024-01-31,17.50,1200\n2024-02-29,18.00,1250\n"
COUNTED: dict[str, int] = json.loads(
    Path(__file__).with_name("counts.json").read_text("utf-8")
)  # by Qwen2.5's tokenizer
KINDS = [PROSE, GERMAN, CHINESE, TABLE]


def _ollama(server: ModelServer, window: int, *, is_loaded: bool = True) -> None:
    loaded = [{"name": "qwen2.5:7b", "model": "qwen2.5:7b", "context_length": window}] if is_loaded else []
    server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": [OLLAMA]})
    server.replies["/api/ps"] = lambda speaker: speaker.say_json({"models": loaded})


def _asked(server: ModelServer, runner: OpenAICompatible, text: str, read: int) -> list[str]:
    server.chats(lambda speaker: speaker.say_events([piece("Yes."), piece(finish="stop"), usage(read, 2), DONE]))
    return [delta.text for delta in runner.stream(ChatRequest([Message("user", text)], max_tokens=5))]


@pytest.mark.parametrize("left", ["half", "all"])
@pytest.mark.parametrize("text", KINDS)
def test_whatever_it_is_written_in_a_prompt_that_ollama_cut_is_caught(
    server: ModelServer, text: str, left: str
) -> None:
    window = 4096
    _ollama(server, 2 * window)
    runner = OpenAICompatible(server.base_url, model="qwen2.5:7b")
    assert runner.probe().context_window == 2 * window
    _ollama(server, window)  # loaded anew, with less than it was taken to have
    read = {"half": window // 2 + 2, "all": window}[left]
    with pytest.raises(Truncated, match=f"read {read} tokens of a prompt of 4096"):
        _asked(server, runner, text * (4500 // COUNTED[text]), read)


def test_a_prompt_that_ollama_read_whole_stands_whatever_it_is_of(server: ModelServer) -> None:
    """English prose and tables in turn, and mixed: their tokens lie far apart from what they are estimated to have."""
    window = 4096
    _ollama(server, window)
    runner = OpenAICompatible(server.base_url, model="qwen2.5:7b")
    assert runner.probe().context_window == window
    for times in (3, 20, 40):
        for text in (*KINDS, PROSE + TABLE, GERMAN + CHINESE + TABLE):
            count = 30 + times * sum(COUNTED[kind] for kind in KINDS if kind in text)
            assert _asked(server, runner, text * times, count) == ["Yes.", ""], (text, times)
    # As many as would be left of a longer one, and it is none: it fits however it is counted.
    assert _asked(server, runner, PROSE * 97, 2050) == ["Yes.", ""]


def test_whether_anything_was_cut_is_asked_of_ollama_alone(server: ModelServer) -> None:
    server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": [VLLM]})
    runner = OpenAICompatible(server.base_url)
    assert runner.probe().is_ready
    _asked(server, runner, PROSE, 21)
    assert [asked.path for asked in server.asked] == ["/v1/models", "/v1/chat/completions"]


def test_the_window_that_a_model_was_last_loaded_with_holds_while_ollama_has_unloaded_it(server: ModelServer) -> None:
    runner = OpenAICompatible(server.base_url, model="qwen2.5:7b")
    told = []
    for window, is_loaded in ((2048, False), (2048, True), (2048, False), (8192, True), (8192, False)):
        _ollama(server, window, is_loaded=is_loaded)
        told.append(runner.probe().context_window)
    assert told == [4096, 2048, 2048, 8192, 8192]
    server.replies["/api/show"] = lambda speaker: speaker.say_json({"parameters": "num_ctx 4096"})
    assert runner.probe().context_window == 4096, "and the least holds, where the model's file says another"


def test_no_text_of_people_is_reckoned_longer_than_any_tokenizer_makes_it() -> None:
    """Beside counts of Qwen2.5's tokenizer, which is among the thriftiest."""
    assert len(COUNTED) > 12
    for text, count in COUNTED.items():
        assert tokens.least(text) <= count <= 1.2 * max(tokens.estimate(text), 1), text


def test_who_may_share_what_was_read_is_told_by_a_header(server: ModelServer) -> None:
    server.chats(lambda speaker: speaker.say_events([piece("Yes."), piece(finish="stop"), DONE]))
    for cache, share in (("k", "t/p"), ("", "")):
        list(OpenAICompatible(server.base_url).stream(ChatRequest(REQUEST.messages, 5, cache=cache, share=share)))
    told = [{name for name in asked.headers if name.startswith("X-Chancery")} for asked in server.asked]
    assert told == [{"X-Chancery-Share", "X-Chancery-Cache"}, set()]
    assert server.asked[0].headers["X-Chancery-Cache"] == "k"


def test_of_the_window_that_the_server_tells_and_the_one_that_was_set_the_smaller_holds(server: ModelServer) -> None:
    server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": [VLLM]})
    for is_set, held in ((99, 99), (0, 8192), (99_999, 8192)):
        assert Server(server.base_url, None, "default", is_set).state().context_window == held


def test_a_server_that_is_not_ollama_is_asked_so_once(server: ModelServer) -> None:
    server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": [{"id": "gpt-x", "owned_by": "system"}]})
    runner, away = OpenAICompatible(server.base_url, model="gpt-x"), [503, 404]
    server.replies["/api/ps"] = lambda speaker: speaker.say_json({}, away.pop(0))
    for _ in range(4):
        assert runner.probe().is_ready
    assert away == []
    assert [asked.path for asked in server.asked].count("/api/ps") == 2, "one that is away for a moment is asked again"
    server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": [VLLM]})
    assert Server(server.base_url).state().context_window == 8192
    assert [asked.path for asked in server.asked].count("/api/ps") == 2, "who has told it is not asked"


def test_a_model_that_is_named_without_its_tag_is_the_latest(server: ModelServer) -> None:
    listed = [{"id": f"qwen2.5{tag}", "owned_by": "library"} for tag in (":7b", ":latest")]
    server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": listed})
    server.replies["/api/ps"] = lambda speaker: speaker.say_json(
        {"models": [{"name": "qwen2.5:latest", "context_length": 8192}]}
    )
    state = OpenAICompatible(server.base_url, model="qwen2.5").probe()
    assert (state.model, state.context_window, state.is_ready) == ("qwen2.5:latest", 8192, True)
    listed.append({"id": "qwen2.5", "owned_by": "acme"})
    assert OpenAICompatible(server.base_url, model="qwen2.5").probe().model == "qwen2.5"


def test_whoever_names_a_model_that_is_not_served_is_told_those_that_are(server: ModelServer) -> None:
    names = [f"m{number}" for number in range(7)]
    server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": [{"id": name} for name in names]})
    detail = OpenAICompatible(server.base_url, model="qwen").probe().detail
    assert detail == f"{server.base_url}/ does not serve qwen. It serves m0, m1, m2, m3, m4 and 2 more."
    names[2:] = []
    assert OpenAICompatible(server.base_url, model="qwen").probe().detail.endswith(" It serves m0, m1.")
    names.clear()
    assert OpenAICompatible(server.base_url, model="qwen").probe().detail.endswith(" does not serve qwen.")
