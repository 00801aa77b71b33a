"""RFC 8785 bytes. The standard library's encoder, in C, writes the same where nothing odd occurs; rfc8785, in Python, the rest.

Odd are numbers that the two write differently (exponents, whole floats, integers past 2 ** 53) and signs outside the basic
plane, by which keys sort in another order.
"""

from __future__ import annotations

import json
import re
from typing import Any

import rfc8785

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode
# It may find such a thing inside a string too, where it does no harm but the time.
_ODD = re.compile(r"[:,\[]-?(?:\d{16}|[\d.]+e|\d+\.0[,\]}])|[\ud800-\udfff\U00010000-\U0010ffff]")


def dumps(value: dict[str, Any]) -> bytes:
    """`value` has JSON's own types alone. Raises as `rfc8785.dumps` does."""
    try:
        text = _encode(value)
    except ValueError:  # not a number, or no end to it
        return rfc8785.dumps(value)
    return rfc8785.dumps(value) if _ODD.search(text) else text.encode()
