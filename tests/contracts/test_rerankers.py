"""The RerankRunner port: over a server of the tests' own, and over llama.cpp's with a cross-encoder of random weights."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.errors import ChanceryError, Unavailable
from inference.runners.base import RerankRunner
from inference.runners.rerank import RerankServer
from tests.inference import tiny_reranker, worker_process
from tests.inference.model_server import KEY, ModelServer, Speaker

TEXTS = ["a night in a hotel is paid.", "trains are booked.", "the plant in kassel?", "one more, and another."]


def _worth(query: str, text: str) -> float:
    return float(len(set(query.split()) & set(text.split())))


@contextlib.contextmanager
def _scripted() -> Iterator[RerankRunner]:
    def reply(speaker: Speaker) -> None:
        body = speaker.server.owner.asked[-1].body
        rows = [
            {"index": at, "relevance_score": _worth(body["query"], text)} for at, text in enumerate(body["documents"])
        ]
        speaker.say_json({"results": sorted(rows, key=lambda one: -one["relevance_score"])})

    with ModelServer() as server:
        server.replies["/v1/rerank"] = reply
        server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": [{"id": "tiny"}]})
        yield RerankServer(server.base_url, most=3, api_key=KEY)


@contextlib.contextmanager
def _llama_server(folder: Path) -> Iterator[RerankRunner]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    model = tiny_reranker.write(folder / "tiny.gguf")
    command = [sys.executable, "-m", "tests.inference.tiny_reranker", str(model), str(port), KEY]
    process = subprocess.Popen(command, cwd=worker_process.ROOT, stderr=subprocess.DEVNULL)
    runner = RerankServer(f"http://127.0.0.1:{port}/v1", most=3, api_key=KEY)
    try:
        worker_process.wait_until(lambda: runner.probe().is_ready or process.poll() is not None)
        yield runner
    finally:
        process.terminate()
        process.wait(worker_process.LONGEST_WAIT_S)


@pytest.fixture(scope="module", params=["scripted", "llama-server"])
def reranker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RerankRunner]:
    if request.param == "scripted":
        with _scripted() as runner:
            yield runner
        return
    with _llama_server(tmp_path_factory.mktemp("reranker")) as runner:
        yield runner


def test_each_text_has_its_own_score_whatever_stands_beside_it_and_in_whichever_order(reranker: RerankRunner) -> None:
    together = reranker.score("the hotel", TEXTS)  # more than go into one request
    alone = [reranker.score("the hotel", [text])[0] for text in TEXTS]
    assert together == pytest.approx(alone, abs=1e-3)
    assert reranker.score("the hotel", TEXTS[::-1]) == pytest.approx(together[::-1], abs=1e-3)
    assert len(set(together)) > 1


def test_no_texts_have_no_scores(reranker: RerankRunner) -> None:
    assert reranker.score("the hotel", []) == []


def test_a_text_longer_than_the_model_reads_has_a_score(reranker: RerankRunner) -> None:
    assert len(reranker.score("the hotel", ["a " * 5000, "b"])) == 2


def test_a_reranker_that_is_ready_says_so_and_stands_in_the_house(reranker: RerankRunner) -> None:
    assert reranker.probe().is_ready
    assert reranker.is_in_house


@pytest.mark.parametrize(
    "results",
    [
        [{"index": 0, "relevance_score": 1.0}],
        [{"index": 0, "relevance_score": 1.0}, {"index": 0, "relevance_score": 2.0}],
        [{"index": 0, "relevance_score": 1.0}, {"index": 2, "relevance_score": 2.0}],
        [{"index": 0, "relevance_score": "NaN"}, {"index": 1, "relevance_score": 2.0}],
        [{"index": float("inf"), "relevance_score": 1.0}, {"index": 1, "relevance_score": 2.0}],
        [{"index": 0, "relevance_score": 10**400}, {"index": 1, "relevance_score": 2.0}],
        "nothing of the kind",
    ],
)
def test_an_answer_that_does_not_score_each_text_once_is_no_answer(results: object) -> None:
    with ModelServer() as server:
        server.replies["/v1/rerank"] = lambda speaker: speaker.say_json({"results": results})
        with pytest.raises(Unavailable, match="reranking"):
            RerankServer(server.base_url).score("the hotel", TEXTS[:2])


@pytest.mark.parametrize(
    "said",
    [
        "This model's maximum context length is 512 tokens. However, you requested 700 tokens in the input.",
        "input is too large to process",
    ],
)
def test_what_is_over_a_servers_window_is_sent_again_by_half(said: str) -> None:
    def reply(speaker: Speaker) -> None:
        texts = speaker.server.owner.asked[-1].body["documents"]
        if len(texts[0]) > 400:
            speaker.say_json({"error": {"message": said, "type": "BadRequestError", "code": 400}}, 400)
        else:
            speaker.say_json({"results": [{"index": 0, "relevance_score": 0.5}]})

    with ModelServer() as server:
        server.replies["/v1/rerank"] = reply
        assert RerankServer(server.base_url).score("the hotel", ["a " * 5000]) == [0.5]
        assert [len(asked.body["documents"][0]) for asked in server.asked] == [1500, 750, 375]


def test_a_server_that_says_nothing_is_waited_for_once_and_then_left_alone_for_as_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    within_s = 0.3
    with ModelServer() as server:
        server.replies["/v1/rerank"] = lambda speaker: speaker.wait_for_hang_up()
        runner = RerankServer(server.base_url, most=1, read_timeout=within_s)
        with pytest.raises(Unavailable, match="silent for too long"):
            runner.score("the hotel", TEXTS)
        for _facet in range(3):
            with pytest.raises(Unavailable, match="silent a moment ago"):
                runner.score("the hotel", TEXTS)
        assert len(server.asked) == 1
        server.replies["/v1/rerank"] = lambda speaker: speaker.say_json(
            {"results": [{"index": 0, "relevance_score": 0.5}]}
        )
        now = time.monotonic()
        monkeypatch.setattr("inference.runners.rerank.time.monotonic", lambda: now + within_s)
        assert runner.score("the hotel", ["a"]) == [0.5]


def test_all_that_is_asked_for_a_question_has_the_time_of_one_answer() -> None:
    def reply(speaker: Speaker) -> None:
        time.sleep(0.25)
        speaker.say_json({"results": [{"index": 0, "relevance_score": 0.5}]})

    with ModelServer() as server:
        server.replies["/v1/rerank"] = reply
        with pytest.raises(Unavailable, match="silent for too long"):
            RerankServer(server.base_url, most=1, read_timeout=0.6).score("the hotel", ["a"] * 8)
        assert len(server.asked) <= 3


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, {"message": "Rate limit exceeded"}),
        (429, {"message": "You exceeded your current quota", "code": "insufficient_quota"}),
        (401, {"message": "The maximum number of keys is reached"}),
        (400, {"message": "The field query is wrong"}),
    ],
)
def test_what_is_refused_for_another_reason_than_its_length_is_not_sent_again(status: int, error: object) -> None:
    with ModelServer() as server:
        server.replies["/v1/rerank"] = lambda speaker: speaker.say_json({"error": error}, status)
        with pytest.raises(ChanceryError):
            RerankServer(server.base_url).score("the hotel", ["a " * 5000])
        assert len(server.asked) == 1


def test_a_server_that_is_away_or_refuses_is_told(reranker: RerankRunner) -> None:
    with ModelServer() as server:
        runner = RerankServer(server.base_url)
        assert not runner.probe().is_ready
        with pytest.raises(Unavailable, match="404"):
            runner.score("the hotel", TEXTS)
    with pytest.raises(Unavailable, match="No model server"):
        runner.score("the hotel", TEXTS)
