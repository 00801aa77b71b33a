"""The other side of the sandbox: gives up its rights, works on standard input, and prints what it found as JSON lines.

The bytes of a document within the document stand after the line that gives their number.
"""

from __future__ import annotations

import base64
import importlib
import io
import json
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.sentence import phrase
from ingestion import formats
from ingestion.parsers.base import Bounds, Parsed, ParseFailed, Parser, Part, Skipped
from ingestion.parsers.containers.parts import bounded
from ingestion.parsers.limited import jail, nursery
from ingestion.parsers.pages.recognised import Page

_PARSERS = {one.media_type: one.parser for one in formats.FORMATS}
_BROKEN = (
    "broken",
    phrase("The file is damaged and cannot be read."),
    phrase("Open it in its program, save it anew and upload that."),
)
_MEMORY = (
    "out_of_memory",
    phrase("Reading the document took more memory than is allowed."),
    phrase("Split it into smaller documents."),
)
_GRACE_S = 5  # between the signal that says the time is up and the one that ends it
_FILES = 64
_NICE = 19  # a parser takes the time that the embedder leaves: what it reads waits for that one anyway
_FLOORS = ("ingestion", "governance")
Work = Callable[[bytes, bool], dict[str, Any]]


@dataclass(frozen=True)
class _Kind:
    """`modules` are loaded, and `prepare` is called, before the first fork; `begin` makes the work of an order, whose
    answer is its last word.
    """

    begin: Callable[[dict[str, Any]], Work]
    modules: tuple[str, ...]
    nice: int = _NICE
    prepare: Callable[[], object] = tuple


def main() -> None:
    kind = KINDS[_kind()]
    for module in kind.modules:
        if module not in sys.modules:
            importlib.import_module(f"ingestion.parsers.{module}")
    kind.prepare()
    jail.prepare()
    os.setpriority(os.PRIO_PROCESS, 0, kind.nice)
    nursery.serve(_parse)


def _parse(order: dict[str, Any]) -> None:
    _limit(order)
    work = KINDS[_kind()].begin(order)  # what it needs is loaded before the doors are shut
    is_cut_off = jail.shut(_code(Path(order["root"])))
    try:
        _say(work(sys.stdin.buffer.read(), is_cut_off))
    except ParseFailed as fault:
        _say({"failed": [fault.code, fault.message, fault.remedy]})
    except MemoryError:
        _say({"failed": _MEMORY})
    except Exception:  # noqa: BLE001  a parser of foreign bytes may raise anything: it is the document that is broken
        _say({"failed": _BROKEN})


def _kind() -> str:
    return sys.argv[1]


def _limit(order: dict[str, Any]) -> None:
    for what, soft, hard in (
        (resource.RLIMIT_AS, order["memory"], order["memory"]),
        (resource.RLIMIT_DATA, order["data"], order["data"]),
        (resource.RLIMIT_CPU, order["cpu_s"], order["cpu_s"] + _GRACE_S),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, _FILES, _FILES),
    ):
        resource.setrlimit(what, (soft, hard))


def _parsing(order: dict[str, Any]) -> Work:
    bounds = Bounds(**order["bounds"])
    parser = _parser(order["media_type"], bounds)
    if order["is_known"]:
        with os.fdopen(nursery.BESIDE, "rb") as beside:
            told = json.load(beside)
        # Only a parser of pages is told of any.
        parser.recognised = {int(number): Page.from_json(page) for number, page in told.items()}  # type: ignore[attr-defined]

    def parse(content: bytes, is_cut_off: bool) -> dict[str, Any]:
        parsed = parser.parse(io.BytesIO(content))
        _say({"parsed": _told(parsed, is_cut_off)})
        for part in bounded(parsed.parts, bounds):
            _hand_out(part)
        return {"end": True}

    return parse


def _parser(media_type: str, bounds: Bounds) -> Parser:
    module, _, name = _PARSERS[media_type].rpartition(".")
    made: type[Parser] = getattr(importlib.import_module(f"ingestion.parsers.{module}"), name)
    return made(bounds, lambda done, total: _say({"done": done, "total": total}))


def _drawing(order: dict[str, Any]) -> Work:
    rendering = importlib.import_module("ingestion.parsers.pages.rendering")

    def draw(content: bytes, is_cut_off: bool) -> dict[str, Any]:
        picture = rendering.draw(content, order["media_type"], order["page"])
        return {"drawn": base64.b64encode(picture).decode()}

    return draw


def _load_models() -> object:
    return importlib.import_module("ingestion.parsers.pages.recognising").engine()


def _recognising(order: dict[str, Any]) -> Work:
    recognising = importlib.import_module("ingestion.parsers.pages.recognising")

    def recognise(content: bytes, is_cut_off: bool) -> dict[str, Any]:
        for number, page in recognising.pages(content, order["media_type"], order["numbers"]):
            _say({"page": number, "read": page.to_json()})
        return {"end": True}

    return recognise


KINDS = {
    "parse": _Kind(_parsing, tuple(sorted({name.rpartition(".")[0] for name in _PARSERS.values()}))),
    "recognise": _Kind(_recognising, ("pages.recognising",), prepare=_load_models),
    "draw": _Kind(_drawing, ("pages.rendering",), nice=0),
}


def _code(root: Path) -> list[Path]:
    """Where modules and libraries are loaded from, late ones too. Not the root itself: data may stand below it."""
    own = [root / floor for floor in _FLOORS]
    return [*own, *(Path(each) for each in sys.path if each and Path(each) != root), Path("/usr/lib"), Path("/lib")]


def _told(parsed: Parsed, is_cut_off: bool) -> dict[str, Any]:
    notice = () if is_cut_off else (phrase("This system does not let the parser's network be cut off."),)
    sections = [
        {
            "heading_path": one.heading_path,
            "text": one.text,
            "locator": one.locator.to_json(),
            "spots": [spot.to_json() for spot in one.spots],
        }
        for one in parsed.sections
    ]
    warnings = (*parsed.warnings, *notice)
    told = {"title": parsed.title, "sections": sections, "pages": parsed.pages, "warnings": warnings}
    dated = parsed.dated.isoformat() if parsed.dated else ""
    return told | {"flags": parsed.flags, "unread": parsed.unread, "dated": dated}


def _hand_out(one: Part | Skipped) -> None:
    if isinstance(one, Skipped):
        _say({"skipped": [one.path, one.why]})
        return
    _say({"part": [one.path, len(one.content)]})
    sys.stdout.buffer.write(one.content)


def _say(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(message).encode("ascii") + b"\n")
    sys.stdout.buffer.flush()
