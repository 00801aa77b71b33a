"""A further model of the catalogue whose file has been replaced since the worker started: whoever asks for it is told why."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from governance.errors import InvalidInput, Unavailable
from inference import registry
from inference.worker import serving
from inference.worker.engines.base import EngineSettings
from inference.worker.engines.xllamacpp import Xllamacpp
from inference.worker.front import Front
from inference.worker.pool import Pool
from inference.worker.queue import FairQueue
from inference.worker.resident import Resident

PATHS = ("/v1/chat/completions", "/tokenize")


def _find(folder: Path) -> Callable[[], Path]:
    """How the worker looks for it. Its file has been replaced since."""
    path = folder / "known.gguf"
    path.write_bytes(b"GGUF as it was")
    known = replace(next(iter(registry.catalog().values())), file=path.name, sha256=registry.digest(path))
    path.write_bytes(b"GGUF and another one")
    return lambda: serving._unchanged(known, folder, known.sha256)


def _resident(find: Callable[[], Path]) -> Resident:
    settings = EngineSettings(threads=1, slots=1, window=512, alias="known")
    return Resident(Front("key", {"id": "known"}, FairQueue(1, 9, 9)), Xllamacpp(), settings, 0, find)


def _asked(one: Resident, path: str, body: bytes) -> httpx.Response:
    async def meet() -> httpx.Response:
        pool = Pool("key", [one], 0, free=lambda: 1)
        transport, headers = httpx.ASGITransport(pool.app()), {"Authorization": "Bearer key"}
        async with httpx.AsyncClient(transport=transport, base_url="http://w", headers=headers) as client:
            answer = await client.post(path, content=body)
        await one.front.client.aclose()
        assert (one.running, one.front.queue.running) == (0, 0)
        return answer

    return asyncio.run(meet())


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("is_stream", [False, True])
def test_whoever_asks_for_a_model_whose_file_was_replaced_is_told_so(
    path: str, is_stream: bool, tmp_path: Path
) -> None:
    body = json.dumps({"messages": [], "content": "Hello", "model": "known", "stream": is_stream}).encode()
    answer = _asked(_resident(_find(tmp_path)), path, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_loaded")
    assert "its sha256 differs" in answer.json()["error"]["message"]


def test_that_its_file_was_replaced_is_no_fault_of_who_asks(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="sha256 differs"):
        _find(tmp_path)()


@pytest.mark.parametrize("path", PATHS)
def test_whatever_keeps_a_model_from_being_found_is_told_as_it_is(path: str) -> None:
    def find() -> Path:
        raise InvalidInput("It is another file.")

    answer = _asked(_resident(find), path, b'{"messages": [], "content": "Hello", "model": "known"}')
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "It is another file.")


@pytest.mark.parametrize("name", [rb'"\ud800"', rb'["\udfff"]'])
def test_a_name_that_cannot_be_written_is_refused_as_any_other_that_nothing_has(name: bytes, tmp_path: Path) -> None:
    answer = _asked(_resident(_find(tmp_path)), PATHS[0], b'{"messages": [], "model": ' + name + b"}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
