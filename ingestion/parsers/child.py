"""The other side of the sandbox: gives up its rights, parses standard input, and prints what it found as JSON lines."""

from __future__ import annotations

import importlib
import io
import json
import resource
import sys
from typing import Any

from ingestion import media_types
from ingestion.parsers import jail
from ingestion.parsers.base import Parsed, ParseFailed, Parser

PARSERS = {
    media_types.PDF: "pdf.Pdf",
    media_types.DOCX: "docx.Docx",
    media_types.HTML: "html.Html",
    media_types.MARKDOWN: "markdown.Markdown",
    media_types.TEXT: "text.Text",
}
BROKEN = (
    "broken",
    "The file is damaged and cannot be read.",
    "Open it in its program, save it anew and upload it again.",
)
MEMORY = ("out_of_memory", "Reading the document took more memory than is allowed.", "Split it into smaller documents.")


def main() -> None:
    order = json.loads(sys.argv[1])
    _limit(order["memory"], order["cpu_s"])
    parser = _parser(order["media_type"])  # imported before the door is shut: an import opens files
    isolated = jail.shut()
    try:
        parsed = parser.parse(io.BytesIO(sys.stdin.buffer.read()))
        _require_size(parsed, order)
    except ParseFailed as fault:
        _say({"failed": [fault.code, fault.message, fault.remedy]})
    except MemoryError:
        _say({"failed": MEMORY})
    except Exception:  # noqa: BLE001  a parser of foreign bytes may raise anything; the document is what is broken
        _say({"failed": BROKEN})
    else:
        _say({"parsed": _told(parsed, isolated)})


def progress(done: int, total: int) -> None:
    _say({"done": done, "total": total})


def _limit(memory: int, cpu_s: int) -> None:
    for what, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (limit, limit))


def _parser(media_type: str) -> Parser:
    module, _, name = PARSERS[media_type].partition(".")
    parser: Parser = getattr(importlib.import_module(f"ingestion.parsers.{module}"), name)()
    return parser


def _require_size(parsed: Parsed, order: dict[str, Any]) -> None:
    if (parsed.pages or 0) > order["pages"] or sum(len(one.text) for one in parsed.sections) > order["characters"]:
        raise ParseFailed("too_large", "The document is longer than is read.", "Split it into smaller documents.")


def _told(parsed: Parsed, isolated: bool) -> dict[str, Any]:
    warnings = list(parsed.warnings)
    if not isolated:
        warnings.append("This system does not let the parser's network be cut off.")
    sections = [
        {"heading_path": one.heading_path, "text": one.text, "locator": one.locator.to_json()}
        for one in parsed.sections
    ]
    return {"title": parsed.title, "sections": sections, "pages": parsed.pages, "warnings": warnings}


def _say(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(message).encode("ascii") + b"\n")
    sys.stdout.buffer.flush()
