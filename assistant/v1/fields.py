"""What was sent, field by field: each is taken once, and what is left in the end is refused by its name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from assistant.v1.errors import Rejected
from governance.errors import TooLarge, Unsupported

LONGEST_NAME = 512


@dataclass
class Fields:
    """A null is as good as nothing. Every method raises Rejected for what it cannot take."""

    left: dict[str, Any]

    @classmethod
    def read(cls, request: HttpRequest) -> Fields:
        """The body, which has to be a JSON object. Raises TooLarge, Unsupported or Rejected."""
        if request.content_type != "application/json":
            raise Unsupported("Send the body as `Content-Type: application/json`.")
        longest = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        # Read here and not by Django, which looks at the length that was announced alone.
        raw = request.read(longest + 1)
        if len(raw) > longest:
            raise TooLarge(f"A body has at most {longest:,} bytes.")
        try:
            sent = json.loads(raw, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as fault:
            raise Rejected("The body is not valid JSON.", "", "invalid_json") from fault
        if not isinstance(sent, dict):
            raise Rejected("The body has to be a JSON object.", "", "invalid_json")
        return cls({name: value for name, value in sent.items() if value is not None})

    def take(self, name: str, default: Any = None) -> Any:
        return self.left.pop(name, default)

    def required(self, name: str) -> Any:
        if name not in self.left:
            raise Rejected(f"Send {name}.", name, "missing_required_parameter")
        return self.left.pop(name)

    def name(self, name: str, default: str | None = None) -> str:
        """A short text."""
        value = self.required(name) if default is None else self.take(name, default)
        if not isinstance(value, str) or len(value) > LONGEST_NAME:
            raise Rejected(f"{name} is a text of at most {LONGEST_NAME} characters.", name, "invalid_type")
        return clean(value)

    def flag(self, name: str) -> bool:
        value = self.take(name, False)
        if not isinstance(value, bool):
            raise Rejected(f"{name} is true or false.", name, "invalid_type")
        return value

    def whole(self, name: str, least: int, most: int) -> int | None:
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Rejected(f"{name} is a whole number from {least} to {most}.", name)
        return value

    def number(self, name: str, least: float, most: float) -> float | None:
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise Rejected(f"{name} is a number from {least:g} to {most:g}.", name)
        return float(value)

    def end(self, neutral: Mapping[str, tuple[Any, ...]]) -> None:
        """Nothing else may be there but what asks for nothing: `neutral` has the values of each field that do not."""
        for name, value in self.left.items():
            if name not in neutral:
                raise Rejected(f"There is no field {name!r} here.", name[:LONGEST_NAME], "unknown_parameter")
            if not any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in neutral[name]):
                allowed = " or ".join(json.dumps(one) for one in neutral[name])
                told = f" Leave it out{f', or send {allowed}' if allowed else ''}."
                raise Rejected(f"{name} is not supported here.{told}", name, "unsupported_parameter")


def clean(text: str) -> str:
    """Without what Postgres does not take: a NUL, and halves of a pair that stand alone."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _refuse_constant(name: str) -> float:
    raise ValueError(name)
