"""Shapes of a slide: what is on it, where, and in which order somebody reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from ingestion.parsers.office.ooxml import P, related
from ingestion.parsers.package import Package

Place = tuple[int, int, int, int]  # left, top, right, bottom
Boxes = Mapping[tuple[str, str], Place]

_SHAPES = frozenset(P + tag for tag in ("sp", "cxnSp", "graphicFrame", "pic", "contentPart"))
_TITLES = frozenset(("title", "ctrTitle"))
_LISTS = frozenset(("body", "obj", ""))  # kinds of placeholders whose paragraphs are items
_UNREAD = frozenset(("dt", "ftr", "sldNum", "hdr", "sldImg"))
_GROUPS_DEEPEST = 20
_SHAPES_MOST = 5_000
_NOWHERE: Place = (0, 0, 0, 0)
_CUTS_DEEPEST = 100
_SLACK = 45_000  # a twentieth of an inch: what overlaps by less lies side by side


@dataclass(frozen=True)
class Shape:
    """`kind` is that of its placeholder, None where it is none."""

    element: Any
    kind: str | None
    place: Place

    @property
    def body(self) -> Any | None:
        return self.element.find(P + "txBody")

    @property
    def is_title(self) -> bool:
        return self.kind in _TITLES

    @property
    def is_list(self) -> bool:
        return self.kind in _LISTS

    @property
    def is_notes(self) -> bool:
        return self.kind == "body"

    @property
    def is_graphic(self) -> bool:
        return bool(self.element.tag == P + "graphicFrame")


def shapes(root: Any, inherited: Boxes) -> Iterator[Shape]:
    """All that hold something to read, those in groups where they stand on the slide."""
    tree = root.find(f"{P}cSld/{P}spTree")
    found = _within(tree, inherited, (1.0, 1.0, 0.0, 0.0), 0) if tree is not None else iter(())
    for _, shape in zip(range(_SHAPES_MOST), found, strict=False):
        yield shape


def _within(group: Any, inherited: Boxes, scale: tuple[float, float, float, float], depth: int) -> Iterator[Shape]:
    for element in group:
        if element.tag in _SHAPES:
            kind, index = _placeholder(element)
            if kind not in _UNREAD and not _is_hidden(element):
                place = _place(element, scale) or inherited.get((kind or "", index)) or _by_kind(inherited, kind)
                yield Shape(element, kind, place or _NOWHERE)
        elif element.tag == P + "grpSp" and depth < _GROUPS_DEEPEST and not _is_hidden(element):
            yield from _within(element, inherited, _scaled(element, scale), depth + 1)
        elif isinstance(element.tag, str) and element.tag.endswith("}AlternateContent"):
            chosen = element.find("{*}Choice")
            if chosen is not None and depth < _GROUPS_DEEPEST:
                yield from _within(chosen, inherited, scale, depth + 1)


def _placeholder(element: Any) -> tuple[str | None, str]:
    found = element.find(f"./*/{P}nvPr/{P}ph")
    return (found.get("type", ""), found.get("idx", "")) if found is not None else (None, "")


def _is_hidden(element: Any) -> bool:
    found = element.find(f"./*/{P}cNvPr")
    return found is not None and found.get("hidden") in {"1", "true"}


def _by_kind(inherited: Boxes, kind: str | None) -> Place | None:
    return next((place for (other, _), place in inherited.items() if other == kind), None) if kind else None


def _numbers(element: Any | None, *names: str) -> list[int] | None:
    told = [element.get(name, "") for name in names] if element is not None else []
    try:
        return [int(said) for said in told] if told and all(len(said) < 15 for said in told) else None
    except ValueError:
        return None


def _place(element: Any, scale: tuple[float, float, float, float]) -> Place | None:
    transform = next(element.iterfind("./*/{*}xfrm"), element.find("{*}xfrm"))
    if transform is None:
        return None
    corner, size = _numbers(transform.find("{*}off"), "x", "y"), _numbers(transform.find("{*}ext"), "cx", "cy")
    if corner is None or size is None:
        return None
    across, down, right, below = scale
    left, top = corner[0] * across + right, corner[1] * down + below
    return round(left), round(top), round(left + size[0] * across), round(top + size[1] * down)


def _scaled(group: Any, scale: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """A group has coordinates of its own: how they lie on the slide."""
    transform = group.find(f"{P}grpSpPr/{{*}}xfrm")
    told = [
        _numbers(transform.find(f"{{*}}{name}"), *sides) if transform is not None else None
        for name, sides in (("off", "xy"), ("ext", ("cx", "cy")), ("chOff", "xy"), ("chExt", ("cx", "cy")))
    ]
    if not all(told):
        return scale
    corner, size, own_corner, own_size = (one or [0, 0] for one in told)
    across, down = size[0] / (own_size[0] or 1), size[1] / (own_size[1] or 1)
    outer_across, outer_down, right, below = scale
    return (
        outer_across * across,
        outer_down * down,
        right + outer_across * (corner[0] - own_corner[0] * across),
        below + outer_down * (corner[1] - own_corner[1] * down),
    )


def layout_boxes(package: Package, name: str) -> dict[tuple[str, str], Place]:
    """Where the placeholders of a layout stand, by kind and number; its master tells those that it leaves out."""
    root = package.part(name) if name else None
    if root is None:
        return {}
    masters = related(package, name, "slideMaster")
    master = package.part(masters[0]) if masters else None
    found: dict[tuple[str, str], Place] = {}
    for source in (root, master):
        for element in source.iter(P + "sp") if source is not None else ():
            kind, index = _placeholder(element)
            place = _place(element, (1.0, 1.0, 0.0, 0.0))
            if kind is not None and place is not None:
                found.setdefault((kind, index), place)
    return found


class Placed(Protocol):
    @property
    def place(self) -> Place: ...


_Each = TypeVar("_Each", bound=Placed)


def in_reading_order(found: Sequence[_Each]) -> list[_Each]:
    """From top to bottom, and from left to right where several stand side by side."""
    return _cut(list(found), 1, 0, 0)


def _cut(found: list[_Each], axis: int, failures: int, depth: int) -> list[_Each]:
    """Cuts where nothing lies across, by turns along both axes; what no cut parts stays as it was drawn."""
    if len(found) < 2 or failures == 2 or depth == _CUTS_DEEPEST:
        return found
    parts: list[list[_Each]] = []
    end = 0
    for shape in sorted(found, key=lambda one: one.place[axis]):
        if parts and shape.place[axis] < end - _SLACK:
            parts[-1].append(shape)
        else:
            parts.append([shape])
        end = max(end, shape.place[axis + 2]) if len(parts[-1]) > 1 else shape.place[axis + 2]
    if len(parts) == 1:
        drawn = {id(shape): at for at, shape in enumerate(found)}
        return _cut(sorted(parts[0], key=lambda one: drawn[id(one)]), 1 - axis, failures + 1, depth + 1)
    return [shape for part in parts for shape in _cut(part, 1 - axis, 0, depth + 1)]
