"""A run's file: JSON lines after a first one that says how the run was made. Each line is whole, or was cut off by a kill."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from governance.errors import InvalidInput
from governance.sentence import sentence

Built = TypeVar("Built")


def begin(path: Path, made: Mapping[str, Any]) -> None:
    """A new file, or one that broke off, ready to be added to. Raises InvalidInput where it holds a run made otherwise."""
    if not path.exists() or _is_barely_begun(path, _line(made)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_line(made), encoding="utf-8")
        return
    there = read(path, lambda made, _: made)
    if differing := sorted(key for key in {*made, *there} if there.get(key) != plain(made).get(key)):
        raise InvalidInput(
            sentence(
                "%(path)s holds a run with other %(what)s. Name another file.",
                path=path.name,
                what=", ".join(differing),
            )
        )
    path.write_text("".join(_whole(path)), encoding="utf-8")


def add(path: Path, told: Mapping[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(_line(told))


def read(path: Path, build: Callable[[dict[str, Any], list[dict[str, Any]]], Built]) -> Built:
    """`build` is given the first line, and the others. Raises InvalidInput where it cannot be read, or built from."""
    try:
        whole = _whole(path)
        if not whole:
            raise ValueError("it does not hold one whole line")
        made, *lines = map(json.loads, whole)
        if not isinstance(made, dict):
            raise TypeError("its first line does not say how it was made")
        return build(made, lines)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
        raise InvalidInput(sentence("%(path)s is no run: %(why)s.", path=path.name, why=str(fault))) from None


def plain(told: Mapping[str, Any]) -> dict[str, Any]:
    """As a file would give it back."""
    read: dict[str, Any] = json.loads(json.dumps(told))
    return read


def _is_barely_begun(path: Path, first: str) -> bool:
    """Empty, or cut off inside its first line: it holds nothing yet. Anything else is no file of ours to write over."""
    try:
        return first.encode().startswith(path.read_bytes())
    except OSError:
        return False


def _whole(path: Path) -> list[str]:
    """Not by `splitlines`, which also breaks at U+2028, as it stands in people's texts."""
    *whole, _ = path.read_bytes().split(b"\n")
    return [line.decode() + "\n" for line in whole]


def _line(told: Mapping[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, sort_keys=True) + "\n"
