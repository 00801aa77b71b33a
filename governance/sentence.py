"""What people are told: made in English by the services, and put into the reader's language where it is read.

The record, the API and the logs hold the English. A sentence with values in it keeps the template it was made from, so that
the portal can say it again in another language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Self

Value = str | int | float

_PLACE = re.compile(r"%\((\w+)\)s")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})*")


class Sentence(str):
    """An English text that remembers its template, with a `%(name)s` for each value."""

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, Value]

    def __new__(cls, template: str, values: Mapping[str, Value]) -> Self:
        made = super().__new__(cls, template % {name: _english(value) for name, value in values.items()})
        made.template, made.values = template, values
        return made


def sentence(template: str, **values: Value) -> Sentence:
    """`sentence("A name has at most %(most)s characters.", most=200)`. Whole numbers are grouped by thousands."""
    return Sentence(template, values)


def phrase(text: str) -> str:
    """Marks a text that stands elsewhere than where it is raised, so that the catalogue has it too."""
    return text


def read_back(text: str, templates: Iterable[str]) -> Sentence | None:
    """A sentence that was stored as its English, by the first of the templates it may have been made from."""
    for template in templates:
        parts = _PLACE.split(template)  # words, name, words, name, words
        pattern = "".join(f"(?P<{part}>.+)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
        if found := re.fullmatch(pattern, text, re.DOTALL):
            return Sentence(template, {name: _value(said) for name, said in found.groupdict().items()})
    return None


def _value(said: str) -> Value:
    return int(said.replace(",", "")) if _GROUPED.fullmatch(said) else said


def _english(value: Value) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
