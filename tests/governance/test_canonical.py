"""The bytes that are hashed are RFC 8785's, whichever of the two encoders wrote them."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from governance.audit import canonical, events

NUMBERS = (
    st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(-1e-3, 1e-3, allow_subnormal=False)
)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=6), VALUES, max_size=5)


@given(OBJECTS)
@example({"a": 1.0, "b": 5e-05, "c": [1e21, -0.0, 1e16], "d": {"e": 123456.5}})
@example({"\ufb33": 1, "\U0001f600": 2, "\u20ac": 3, "1": 4, "\r": 5})  # RFC 8785's own example of an order
@example({"text": 'say ":1.0," and [2e9] \x00\x1f\x7f \\ / \u2028'})
def test_it_writes_what_the_reference_writes(value: dict[str, Any]) -> None:
    assert canonical.dumps(value) == rfc8785.dumps(value)


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return round(value, 6) if isinstance(value, float) else value


@given(OBJECTS)
def test_what_is_recorded_is_what_the_reference_writes_of_it_rounded(value: dict[str, Any]) -> None:
    assert canonical.dumps(events._plain(value)) == rfc8785.dumps(rounded(value))


@pytest.mark.parametrize("odd", [2**53, float("nan"), float("inf"), "\ud800", {1, 2}, object()])
def test_what_has_no_such_bytes_is_refused_as_the_reference_refuses_it(odd: Any) -> None:
    for write in (canonical.dumps, rfc8785.dumps):
        with pytest.raises((ValueError, TypeError)):
            write({"a": odd})
