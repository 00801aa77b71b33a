"""Uploads that do not come to their end: broken off, too large for the whole request, no room on the disk."""

from __future__ import annotations

import errno
import io
import socket
import uuid
from collections.abc import Iterator
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadhandler import MemoryFileUploadHandler

from ingestion import catalog, documents
from ingestion.documents import files, purging
from tests.assistant import serving
from tests.cast import House
from tests.ingestion import bells

FULL = OSError(errno.ENOSPC, "No space left on device")
WORDS = b"Trains are booked in second class. " * 9_000


@pytest.fixture
def site(house: House) -> Iterator[str]:
    with serving.web() as address:
        yield address


@pytest.fixture
def collection(house: House) -> uuid.UUID:
    return catalog.create(house.ada, "Travel").pk


@pytest.fixture
def api(site: str, house: House) -> Iterator[httpx.Client]:
    with bells.silent(), serving.caller(site, house.key("ada")) as client:
        yield client


def sent(api: httpx.Client, collection: uuid.UUID, content: bytes = WORDS) -> httpx.Response:
    return api.post(f"/api/v1/collections/{collection}/documents", files={"file": ("rules.txt", content)})


def left(house: House, collection: uuid.UUID) -> tuple[int, int, int]:
    """Documents, files of the tenant in storage, and what should not be there any more."""
    try:
        stored = len(default_storage.listdir(house.tenant.hex)[1])
    except FileNotFoundError:
        stored = 0
    return len(documents.listed(house.ada, collection)), stored, purging.verify_index(house.system).total


def broken_off(address: str, request: httpx.Request) -> None:
    """Half of it, and the connection is gone."""
    body = request.read()
    place = urlsplit(address)
    head = f"{request.method} {request.url.raw_path.decode()} HTTP/1.1\r\n".encode()
    head += b"".join(name + b": " + value + b"\r\n" for name, value in request.headers.raw) + b"\r\n"
    with socket.create_connection((place.hostname or "", place.port or 0)) as line:
        line.sendall(head + body[: len(body) // 2])


def test_of_an_upload_that_breaks_off_midway_nothing_is_left(
    site: str, api: httpx.Client, house: House, collection: uuid.UUID
) -> None:
    address = f"/api/v1/collections/{collection}/documents"
    broken_off(site, api.build_request("POST", address, files={"file": ("rules.txt", WORDS)}))
    assert left(house, collection) == (0, 0, 0)
    assert sent(api, collection).json()["outcome"] == "new"
    assert left(house, collection) == (1, 1, 0)


def test_a_request_that_is_larger_than_any_is_let_go_whoever_sends_it(
    site: str, api: httpx.Client, house: House, collection: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "BODY_MAX_BYTES", 2**20)
    kept: list[int] = []
    write = bytes(2**18)

    def growing() -> Iterator[bytes]:  # without a length, so that only its coming tells
        yield from (write for _ in range(12))

    class Watched(io.BytesIO):
        def __init__(self, **_: Any) -> None:
            super().__init__()

        def write(self, piece: Any) -> int:
            kept.append(len(piece))
            return super().write(piece)

    address = f"/api/v1/collections/{collection}/documents"
    with mock.patch("django.core.handlers.asgi.tempfile.SpooledTemporaryFile", Watched):
        said = api.post(address, content=growing(), headers={"Content-Type": "application/octet-stream"})
        declared = sent(api, collection, bytes(2**21))
        with serving.caller(site) as nobody:
            page = nobody.post("/sign-in/", content=bytes(2**21))
    assert said.status_code == declared.status_code == page.status_code == 413
    assert said.json()["error"]["code"] == declared.json()["error"]["code"] == "too_large"
    assert "1 MiB" in said.json()["error"]["message"]
    assert "data-fault" in page.text
    assert sum(kept) <= 2**20
    assert left(house, collection) == (0, 0, 0)


def test_a_full_disk_is_told_as_such_wherever_it_is_met(api: httpx.Client, house: House, collection: uuid.UUID) -> None:
    def half(self: Any, chunk_size: int | None = None) -> Iterator[bytes]:
        yield WORDS[:100_000]
        raise FULL

    places = (
        mock.patch("django.core.handlers.asgi.tempfile.SpooledTemporaryFile.write", side_effect=FULL),
        mock.patch.object(MemoryFileUploadHandler, "receive_data_chunk", side_effect=FULL),
        mock.patch.object(files._Metered, "chunks", half),
    )
    for place in places:
        with place:
            said = sent(api, collection)
        assert said.status_code == 503, place
        assert "no room" in said.json()["error"]["message"]
        assert left(house, collection) == (0, 0, 0)
    assert sent(api, collection).json()["outcome"] == "new"
    assert left(house, collection) == (1, 1, 0)
