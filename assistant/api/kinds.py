"""JSON has kinds, and the OpenAPI file says which: a number is no text here, and "5" no number, although DRF would take it.

What comes as a form or in an address is text by nature, and is read as DRF reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

# The first that fits: what the value has to be, and how that is called. A field that is none of these takes what it likes.
KINDS: tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], tuple[type, ...], str], ...] = (
    (serializers.BooleanField, (bool,), "true or false"),
    (serializers.IntegerField, (int, float), "a whole number"),
    (serializers.FloatField, (int, float), "a number"),
    (serializers.ListField, (list,), "a list"),
    (serializers.ListSerializer, (list,), "a list"),
    (serializers.DictField, (dict,), "an object"),
    (serializers.Serializer, (dict,), "an object"),
    (serializers.FileField, (object,), "a file"),
    (serializers.JSONField, (object,), "anything"),
    (serializers.Field, (str,), "a string"),
)


def require(shape: serializers.Serializer[Any], sent: Any) -> None:
    """Raises ValidationError, which names each field that is of another kind than the file says."""
    if not isinstance(sent, dict):
        return
    faults = {name: fault for name, field in shape.fields.items() if (fault := _fault(field, sent.get(name)))}
    if faults:
        raise serializers.ValidationError(faults)


def _fault(field: Any, value: Any) -> str:
    if value is None:
        return ""  # whether it may be left out or null is the field's own question
    kinds, told = next((kinds, told) for of, kinds, told in KINDS if isinstance(field, of))
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds and object not in kinds):
        return f"This has to be {told}."
    return _inner(field, value)


def _inner(field: Any, value: Any) -> str:
    if isinstance(field, serializers.ListField):
        return _first(field.child, value)
    if isinstance(field, serializers.DictField):
        return _first(field.child, value.values())
    return _within(field, value) if isinstance(field, serializers.Serializer) else ""


def _within(shape: serializers.Serializer[Any], value: Mapping[str, Any]) -> str:
    return next(
        (f"{name}: {fault}" for name, one in shape.fields.items() if (fault := _fault(one, value.get(name)))), ""
    )


def _first(child: Any, values: Any) -> str:
    if type(child).__name__ == "_UnvalidatedField":
        return ""
    return next((fault for one in values if (fault := _fault(child, one))), "")
