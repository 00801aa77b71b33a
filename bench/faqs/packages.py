"""Debian packages, fetched by name and unpacked without being installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

HOME = Path("var/bench/faqs")


class NotThere(Exception):
    """A package that cannot be fetched on this machine; the message says which and why."""


def unpacked(name: str) -> Path:
    """The folder that holds what the package would install. Raises NotThere."""
    folder = HOME / "packages" / name
    if folder.exists():
        return folder
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise NotThere(f"{name} comes as a Debian package, and this system has none")
    work = folder.with_suffix(".new")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    fetched = subprocess.run(["apt-get", "download", "-q", name], cwd=work, capture_output=True, text=True, check=False)
    found = sorted(work.glob("*.deb"))
    if fetched.returncode or not found:
        raise NotThere(f"{name} cannot be downloaded: {fetched.stderr.strip()[-200:]}")
    subprocess.run(["dpkg-deb", "-x", found[0].name, "."], cwd=work, check=True)
    found[0].unlink()
    work.rename(folder)
    return folder
