"""A bundle as somebody has it who took it away: unpacked, verified by its own script, and amended by whoever knows how."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from governance.audit.bundle import asking, building
from tests.cast import House
from tests.governance import sealing

REASON = "Request of the supervisory authority"


def bundle(house: House, folder: Path, **wanted: Any) -> Path:
    """Asked for, sealed, fetched and unpacked."""
    asked = asking.ask(house.olga, **wanted)
    sealing.seal(house)
    folder.mkdir()
    with building.build(house.olga, asked) as file, zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    return folder


def verify(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", str(folder / "verify.py"), *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text().split("\n") if line]


def amended(folder: Path) -> None:
    """The manifest made to fit again, as somebody would who knows how bundles are made."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"] = {
        one.name: hashlib.sha256(one.read_bytes()).hexdigest()
        for one in folder.iterdir()
        if one.name != "manifest.json"
    }
    path.write_text(json.dumps(manifest))
