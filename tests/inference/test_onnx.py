from __future__ import annotations

import multiprocessing
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from django.conf import settings

from governance.errors import Unavailable
from inference.runners import onnx
from inference.runners.onnx import OnnxEmbedder
from tests.inference import tiny_onnx


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_onnx.write(tmp_path)


def tiny(folder: Path) -> OnnxEmbedder:
    return OnnxEmbedder(folder, model=tiny_onnx.NAME, dimensions=tiny_onnx.DIMENSIONS)


def test_a_missing_model_says_what_to_run(tmp_path: Path) -> None:
    embedder = OnnxEmbedder(tmp_path)
    with pytest.raises(Unavailable, match=r"all-MiniLM-L6-v2-int8\.onnx.*tokenizer\.json missing\. Run `make run`"):
        embedder.embed(["How long is the leave?"], "query")
    state = embedder.probe()
    assert not state.is_ready
    assert "make run" in state.detail


def test_a_model_that_is_installed_later_is_found(tmp_path: Path) -> None:
    embedder = tiny(tmp_path)
    assert not embedder.probe().is_ready
    tiny_onnx.write(tmp_path)
    assert embedder.probe().is_ready


@pytest.mark.parametrize("name", ["tiny-int8.onnx", "tiny-tokenizer.json"])
def test_a_broken_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"half a download")
    with pytest.raises(Unavailable, match=rf"{name} cannot be loaded; install it again"):
        tiny(folder).embed(["salt"], "query")


def test_a_model_of_other_dimensions_is_refused(folder: Path) -> None:
    with pytest.raises(Unavailable, match="gives 8 dimensions, and 384 are set"):
        OnnxEmbedder(folder, model=tiny_onnx.NAME).embed(["salt"], "query")


def test_a_text_is_read_up_to_the_limit_and_no_further(folder: Path) -> None:
    limit = OnnxEmbedder.max_tokens - 2  # the marks of begin and end are tokens too
    full, beyond, less = tiny(folder).embed(
        ["salt " * limit, "salt " * limit + "pepper " * 50, "salt " * (limit - 1) + "pepper"], "passage"
    )
    assert full == pytest.approx(beyond)
    assert full != pytest.approx(less)


def test_a_text_that_was_counted_is_embedded_as_one_that_was_not(folder: Path) -> None:
    texts = ["salt pepper", "", "salt " * OnnxEmbedder.max_tokens, "salt pepper", "pepper " * 9_000]
    one = tiny(folder)
    counts = one.count_tokens(texts)
    assert one.count_tokens(texts) == counts
    assert counts == pytest.approx([4, 2, OnnxEmbedder.max_tokens + 2, 4, 9_002], rel=0.001)
    fresh = tiny(folder).embed(texts, "passage")
    assert [one.embed(texts, "passage").tolist() for _ in range(2)] == [fresh.tolist()] * 2
    one.count_tokens([f"salt {number}" for number in range(2 * onnx.COUNTED_KEPT)])
    assert len(one._counted._ids) == onnx.COUNTED_KEPT


def test_a_vector_is_the_mean_over_its_tokens(folder: Path) -> None:
    embedder = tiny(folder)
    empty, salt, pepper, both = embedder.embed(["", "salt", "pepper", "salt pepper"], "passage")
    # All sentences share the two marks, so that the four vectors lie in one space of three dimensions.
    assert np.linalg.matrix_rank(np.stack([empty, salt, pepper, both]), tol=1e-4) == 3


def test_a_state_names_the_file_by_its_hash_and_the_engine_by_its_build(folder: Path) -> None:
    state = tiny(folder).probe()
    assert len(state.sha256) == 64
    assert state.engine == "onnxruntime"
    assert state.build
    assert state.context_window == 256


def test_a_forked_process_loads_a_session_of_its_own(folder: Path) -> None:
    embedder = tiny(folder)
    before = embedder.embed(["the leave is long"], "passage")
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    with patch.object(embedder, "_session", wraps=embedder._session) as session:

        def child() -> None:
            there.send((embedder.embed(["the leave is long"], "passage"), session.call_count))

        process = context.Process(target=child)
        process.start()
        assert here.poll(30)
        after, loads = here.recv()
        process.join()
        embedder.embed(["the leave is long"], "passage")
    assert after == pytest.approx(before)
    assert loads == 1
    assert session.call_count == 0


@pytest.mark.skipif(not (settings.MODELS / "all-MiniLM-L6-v2-int8.onnx").is_file(), reason="the model is not installed")
def test_the_real_model_knows_that_holiday_is_leave() -> None:
    embedder = OnnxEmbedder(settings.MODELS)
    question = embedder.embed(["How many days of holiday do I get?"], "query")[0]
    texts = ["Each employee may take 28 days of annual leave.", "The printer is on the second floor."] * 20
    scores = embedder.embed(texts, "passage") @ question
    assert scores[::2].min() > 0.4 > 0.2 > scores[1::2].max()
