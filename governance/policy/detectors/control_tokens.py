"""Tokens that chat templates use to mark turns: in a text they are either an accident or an attempt to open a
turn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from governance.policy.detectors.base import Detector, Finding

# Each is bounded and holds no blank, so a token never reaches across a break. DeepSeek writes its bars
# full-width.
TOKEN = re.compile(
    r"<[|\uff5c][A-Za-z][A-Za-z0-9_\u2581.-]{1,40}[|\uff5c]>"
    r"|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>|\[/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS)\]"
    r"|</?(?:tool_call|tool_response|think)>"
)


class ControlTokens(Detector):
    name: ClassVar[str] = "control_tokens"
    types: ClassVar[frozenset[str]] = frozenset({"control_token"})

    def detect(self, text: str, options: Mapping[str, object]) -> list[Finding]:
        return [
            Finding(
                "control_token",
                found.start(),
                found.end(),
                1.0,
                "a token that marks turns in a chat template",
            )
            for found in TOKEN.finditer(text)
        ]
