"""The other side of the sandbox: gives up its rights, parses standard input, and prints what it found as JSON lines."""

from __future__ import annotations

import importlib
import io
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from governance.sentence import phrase
from ingestion import media_types
from ingestion.parsers import jail, nursery
from ingestion.parsers.base import Bounds, Parsed, ParseFailed, Parser

_PARSERS = {
    media_types.PDF: "pdf.Pdf",
    media_types.DOCX: "docx.Docx",
    media_types.HTML: "html.Html",
    media_types.MARKDOWN: "markdown.Markdown",
    media_types.TEXT: "text.Text",
}
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


def main() -> None:
    for module in {name.partition(".")[0] for name in _PARSERS.values()} - set(sys.modules):
        importlib.import_module(f"ingestion.parsers.{module}")
    os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    nursery.serve(_parse)


def _parse(order: dict[str, Any]) -> None:
    _limit(order["memory"], order["cpu_s"])
    parser = _parser(order["media_type"], Bounds(order["pages"], order["characters"], order["unpacked"]))
    is_cut_off = jail.shut(_code(Path(order["root"])))
    try:
        parsed = parser.parse(io.BytesIO(sys.stdin.buffer.read()))
        _say({"parsed": _told(parsed, is_cut_off)})
    except ParseFailed as fault:
        _say({"failed": [fault.code, fault.message, fault.remedy]})
    except MemoryError:
        _say({"failed": _MEMORY})
    except Exception:  # noqa: BLE001  a parser of foreign bytes may raise anything: it is the document that is broken
        _say({"failed": _BROKEN})


def _limit(memory: int, cpu_s: int) -> None:
    for what, soft, hard in (
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_CPU, cpu_s, cpu_s + _GRACE_S),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, _FILES, _FILES),
    ):
        resource.setrlimit(what, (soft, hard))


def _parser(media_type: str, bounds: Bounds) -> Parser:
    module, _, name = _PARSERS[media_type].partition(".")
    made: type[Parser] = getattr(importlib.import_module(f"ingestion.parsers.{module}"), name)
    return made(bounds, lambda done, total: _say({"done": done, "total": total}))


def _code(root: Path) -> list[Path]:
    """Where modules and libraries are loaded from, late ones too. Not the root itself: data may stand below it."""
    own = [root / floor for floor in _FLOORS]
    return [*own, *(Path(each) for each in sys.path if each and Path(each) != root), Path("/usr/lib"), Path("/lib")]


def _told(parsed: Parsed, is_cut_off: bool) -> dict[str, Any]:
    notice = () if is_cut_off else (phrase("This system does not let the parser's network be cut off."),)
    sections = [
        {"heading_path": one.heading_path, "text": one.text, "locator": one.locator.to_json()}
        for one in parsed.sections
    ]
    warnings = (*parsed.warnings, *notice)
    return {"title": parsed.title, "sections": sections, "pages": parsed.pages, "warnings": warnings}


def _say(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(message).encode("ascii") + b"\n")
    sys.stdout.buffer.flush()
