"""The witness by its protocol, over real HTTP: what it cosigns, and each thing that it refuses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from governance.audit.tree import heads, merkle, notes
from governance.audit.tree.asking import HttpWitness
from governance.audit.tree.notes import Signer
from governance.audit.tree.sealing import UnansweredError
from governance.audit.tree.verifier import Checkpoint, leaf_hash
from governance.audit.tree.witnessing import ConflictError, InconsistentError, Memory, Request
from governance.management.commands import witness as command

LEAVES = [leaf_hash(b"event %d" % number) for number in range(40)]


def hashes(level: int, first: int, amount: int) -> list[bytes]:
    assert level == 0
    return LEAVES[first : first + amount]


@pytest.fixture
def log(tmp_path: Path) -> Signer:
    return notes.load(tmp_path / "log" / "key", "logs.example/record")


@pytest.fixture
def served(tmp_path: Path, log: Signer, settings: object) -> Iterator[str]:
    settings.RECORD_ORIGIN = "logs.example/record"  # type: ignore[attr-defined]
    settings.RECORD_KEYS = tmp_path / "public"  # type: ignore[attr-defined]
    heads.publish(heads.SEALER, log.verifier)
    signer = notes.load(tmp_path / "witness" / "key", "w.example", is_witness=True)
    server = command.serve(tmp_path / "witness", signer, ("127.0.0.1", 0))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def asked(log: Signer, old: int, size: int, *, origin: str = "logs.example/record/one", root: bytes = b"") -> Request:
    note = notes.signed(replace(log, name=origin), origin, size, root or merkle.root(hashes, size))
    return Request(old, tuple(merkle.consistency(hashes, min(old, size), size)), note)


def post(served: str, text: str) -> httpx.Response:
    return httpx.post(f"{served}/add-checkpoint", content=text.encode(), trust_env=False)


def test_it_cosigns_what_follows_and_remembers_it(served: str, log: Signer, tmp_path: Path) -> None:
    for old, size in ((0, 3), (3, 3), (3, 20), (20, 33)):
        request = asked(log, old, size)
        answer = post(served, request.text)
        assert answer.status_code == 200, answer.text
        key = notes.load(tmp_path / "witness" / "key", "w.example", is_witness=True).verifier
        assert (Checkpoint.parse(request.note + answer.text).signed_by(key) or 0) > 1_700_000_000
    kept = Memory(tmp_path / "witness" / "heads").last("logs.example/record/one")
    assert kept is not None
    assert kept.size == 33


def test_it_says_how_far_it_has_seen_a_log(served: str, log: Signer) -> None:
    assert post(served, asked(log, 0, 20).text).status_code == 200
    for request in (asked(log, 0, 33), asked(log, 3, 33), asked(log, 20, 20, root=bytes(32))):
        answer = post(served, request.text)
        assert (answer.status_code, answer.text, answer.headers["content-type"]) == (409, "20\n", "text/x.tlog.size")


def test_it_refuses_each_thing_that_is_not_as_it_must_be(served: str, log: Signer, tmp_path: Path) -> None:
    stranger = notes.load(tmp_path / "stranger" / "key", log.name)
    assert post(served, asked(log, 0, 20).text).status_code == 200
    good = asked(log, 20, 33)
    for status, text in (
        (403, asked(stranger, 20, 33).text),
        (404, asked(log, 0, 3, origin="elsewhere.example/one").text),
        (422, replace(good, proof=good.proof[:-1]).text),
        (422, replace(good, proof=(bytes(32), *good.proof[1:])).text),
        (422, asked(log, 20, 33, root=bytes(32)).text),
        (400, replace(good, old=34).text),
        (400, "old\n\n" + good.note),
        (400, "old 20\nxx\n\n" + good.note),
        (400, "old 20\nAAAA\n\n" + good.note),
        (400, good.text.replace("\n\n", "\n")),
        (400, ""),
    ):
        assert post(served, text).status_code == status, text
    assert post(served, good.text).status_code == 200  # none of them has moved it


def test_requests_that_are_none(served: str) -> None:
    assert httpx.get(f"{served}/health", trust_env=False).status_code == 200
    assert httpx.get(f"{served}/add-checkpoint", trust_env=False).status_code == 404
    assert httpx.post(f"{served}/elsewhere", content=b"", trust_env=False).status_code == 404
    assert httpx.post(f"{served}/add-checkpoint", content=b"\xff", trust_env=False).status_code == 400
    assert httpx.post(f"{served}/add-checkpoint", content=b"x" * 70_000, trust_env=False).status_code == 400


def test_the_log_key_is_pinned_at_first_sight(served: str, log: Signer, tmp_path: Path) -> None:
    assert post(served, asked(log, 0, 3).text).status_code == 200
    stranger = notes.load(tmp_path / "stranger" / "key", log.name)
    heads.publish(heads.SEALER, stranger.verifier)
    signer = notes.load(tmp_path / "witness" / "key", "w.example", is_witness=True)
    again = command.Watch(tmp_path / "witness", signer)  # as after a restart
    assert again.add(asked(log, 3, 20).text)
    assert post(served, asked(stranger, 3, 20).text).status_code == 403


def test_a_memory_that_cannot_be_read_cosigns_nothing(served: str, log: Signer, tmp_path: Path) -> None:
    assert post(served, asked(log, 0, 3).text).status_code == 200
    (file,) = (tmp_path / "witness" / "heads").glob("*.head")
    file.write_text("nonsense")
    assert post(served, asked(log, 3, 20).text).status_code == 500
    assert post(served, asked(log, 0, 20).text).status_code == 500


def test_the_sealer_hears_each_kind_of_no(served: str, log: Signer, tmp_path: Path) -> None:
    key = notes.load(tmp_path / "witness" / "key", "w.example", is_witness=True).verifier
    ours = HttpWitness(served, key)
    assert ours.ask(asked(log, 0, 20)).startswith("\N{EM DASH} w.example ")
    with pytest.raises(ConflictError) as conflict:
        ours.ask(asked(log, 3, 33))
    assert conflict.value.size == 20
    good = asked(log, 20, 33)
    with pytest.raises(InconsistentError):
        ours.ask(replace(good, proof=good.proof[:-1]))
    with pytest.raises(UnansweredError, match="404"):
        ours.ask(asked(log, 0, 3, origin="elsewhere.example/one"))
    with pytest.raises(UnansweredError, match="ConnectError"):
        HttpWitness("http://127.0.0.1:9", key).ask(good)
    assert settings.RECORD_ORIGIN == "logs.example/record"
