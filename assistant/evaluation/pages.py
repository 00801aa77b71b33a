"""The pages that reports are: one file each, which loads nothing and runs nothing, and says so to whatever shows it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string

from governance.errors import InvalidInput
from governance.sentence import sentence

BAR = 300  # units of the drawing


@dataclass(frozen=True)
class Bar:
    """Units of the drawing; `low` and `high` are the ends of an interval, empty where there is none."""

    width: str
    low: str = ""
    high: str = ""


def bar(value: float, most: float, low: float | None = None, high: float | None = None) -> Bar:
    """`most` is as wide as the drawing."""
    unit = BAR / most if most else 0.0
    ends = ["" if end is None else f"{end * unit:.1f}" for end in (low, high)]
    return Bar(f"{value * unit:.1f}", *ends)


def render(template: str, told: Mapping[str, Any]) -> str:
    """HTML, with its one style named by its hash in the policy that the page carries."""
    style = render_to_string("evaluation/report.css").strip()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    known = {"style": style, "style_hash": f"sha256-{digest}", "bar": BAR}
    return render_to_string(template, known | dict(told))


def make_room(path: Path) -> None:
    """A folder for a report: before hours are spent on what it says. Raises InvalidInput."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise _unwritten(path, fault) from None
    if path.is_dir():
        raise _unwritten(path, IsADirectoryError("it is a folder"))


def write(path: Path, text: str) -> None:
    """Raises InvalidInput."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise _unwritten(path, fault) from None


def _unwritten(path: Path, fault: OSError) -> InvalidInput:
    why = fault.strerror or str(fault)
    return InvalidInput(sentence("%(path)s cannot be written: %(why)s. Name another file.", path=str(path), why=why))
