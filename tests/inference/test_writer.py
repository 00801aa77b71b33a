"""llama-cpp-python itself, asked in process: what a stop leaves behind. Skipped where the extra is not installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from governance.errors import InvalidInput
from inference.worker.engines import answers
from inference.worker.engines.answers import Ask, End, Stop
from inference.worker.engines.llama_cpp_python import INSTALL
from tests.inference import tiny_gguf

pytest.importorskip("llama_cpp", reason=f"llama-cpp-python is not installed: {INSTALL}")

if TYPE_CHECKING:
    from inference.worker.engines.writer import Writer


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Writer:
    from inference.worker.engines import writer

    model = tiny_gguf.write(tmp_path_factory.mktemp("model") / "tiny.gguf", says=b"abcdefghijklmnopqrstuvwxyz")
    return writer.Writer.load(model, threads=1, window=1024)


@pytest.fixture(autouse=True)
def _forgotten(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("writer").llama.reset()


def _ask(content: str = "Tell me all of it. " * 30) -> Ask:
    messages = [{"role": "user", "content": content}]
    return answers.read(json.dumps({"messages": messages, "max_tokens": 20, "seed": 3}).encode())


def _written(writer: Writer, ask: Ask, stop: Stop | None = None) -> tuple[str, End | None]:
    pieces = list(writer.write(writer.prompt(ask), ask, stop or Stop()))
    end = pieces.pop() if pieces and isinstance(pieces[-1], End) else None
    return "".join(map(str, pieces)), end if isinstance(end, End) else None


def test_a_stop_breaks_the_reading_of_a_prompt_off_and_is_not_taken_for_an_answer(writer: Writer) -> None:
    stop = Stop()
    stop()
    assert _written(writer, _ask(), stop) == ("", None)
    assert writer.llama.n_tokens == 0  # not one batch of it was read


def test_the_next_answer_is_what_it_would_have_been_without_the_stop(writer: Writer) -> None:
    text, end = _written(writer, _ask())
    writer.llama.reset()
    stop = Stop()
    stop()
    _written(writer, _ask(), stop)
    assert _written(writer, _ask()) == (text, end)


def test_a_stop_after_a_few_tokens_keeps_what_was_read(writer: Writer) -> None:
    text, _ = _written(writer, _ask())
    writer.llama.reset()
    stop, heard = Stop(), ""
    for piece in writer.write(writer.prompt(_ask()), _ask(), stop):
        heard += str(piece)
        stop()
    again, end = _written(writer, _ask())
    assert text.startswith(heard)
    assert end is not None
    assert (again, end.finish) == (text, "length")
    assert end.cached_tokens > end.prompt_tokens - 5


def test_a_prompt_that_begins_alike_is_read_from_there_on(writer: Writer) -> None:
    _written(writer, _ask("The rules are these. " * 20 + "Who decides?"))
    _, end = _written(writer, _ask("The rules are these. " * 20 + "Who pays?"))
    assert end is not None
    assert end.prompt_tokens - 40 < end.cached_tokens < end.prompt_tokens


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    from inference.worker.engines.writer import Writer

    (tmp_path / "no.gguf").write_bytes(b"GGUF and nothing")
    with pytest.raises(InvalidInput, match=r"no\.gguf cannot be loaded"):
        Writer.load(tmp_path / "no.gguf", threads=1, window=64)
