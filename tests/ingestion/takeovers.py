"""A parser of the tests' own in place of those that the child knows, and how a parse ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.parsers.base import Parsed, ParseFailed
from ingestion.parsers.limited import forks, sandbox
from ingestion.parsers.limited.sandbox import Limits

Attempt = Callable[..., Parsed]


KNOWN_START = forks.START


TAKEN_OVER = """
import sys, types
from ingestion.parsers.limited import child
from ingestion.parsers.base import Locator, Parsed, ParseFailed, Parser, Section
class Hostile(Parser):
    def parse(self, stream):
        said = ""
        try:
{body}
        except OSError as fault:
            said = type(fault).__name__
        return Parsed("", (Section((), str(said), Locator()),))
sys.modules["ingestion.parsers.hostile"] = module = types.ModuleType("hostile")
module.Hostile = Hostile
child._PARSERS["hostile"] = "hostile.Hostile"
child.main()
"""


def said(parsed: Parsed) -> str:
    return parsed.sections[0].text


def failed(attempt: Attempt, body: str, limits: Limits = sandbox.LIMITS) -> ParseFailed:
    with pytest.raises(ParseFailed) as fault:
        attempt(body, limits)
    assert fault.value.message.endswith(".")
    assert fault.value.remedy.endswith(".")
    return fault.value


def parsed(path: Path, content: bytes, media_type: str, limits: Limits = sandbox.LIMITS) -> Parsed:
    document = path / "upload"
    document.write_bytes(content)
    return sandbox.run(document, media_type, limits)
