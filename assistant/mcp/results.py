"""What a tool gives: words for the model that called it, and the same as an object for its program."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from assistant.mcp import errors
from governance.errors import Busy, ChanceryError


def given(text: str, structured: BaseModel) -> dict[str, Any]:
    return {"content": [_text(text)], "structuredContent": structured.model_dump(mode="json"), "isError": False}


def failed(fault: ChanceryError) -> dict[str, Any]:
    """The sentence says what to do; `_meta` has the code by which programs tell faults apart."""
    says_so = fault.message.endswith(" seconds.")  # as the model's own bound does
    wait = f" Try again in {max(1, round(fault.wait_s))} seconds." if isinstance(fault, Busy) and not says_so else ""
    return {"content": [_text(fault.message + wait)], "isError": True, "_meta": {"chancery/error": errors.told(fault)}}


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}
