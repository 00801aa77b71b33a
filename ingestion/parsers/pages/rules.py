"""Lines that a page draws: what parts the cells of a table, and the tables that they make.

Only what stands upright or lies level counts, as a line, as a side of a rectangle, or as a bar that is thin enough for one.
"""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import neg
from typing import Any, NamedTuple

import pypdfium2
import pypdfium2.raw as pdfium

from ingestion.parsers.pages.sheet import Sheet

OBJECTS_MOST, SEGMENTS_MOST = 4_000, 8_000  # of a page that are looked at: more make a drawing and no table
_PATH_MOST = 400  # segments of one path: a grid that is drawn in one stroke has fewer
STROKES_MOST = 1_500  # sides of a page that are too short to part cells by themselves: what has more is drawn by hand
_PEEKED = 24  # segments of a path: if most of them neither stand nor lie, it is a drawing, and no more are read
CROSSINGS_MOST, PLACES_MOST = 200_000, 4_000
_THIN = 2.5  # points
_SAME = 1.6  # points: lines that are nearer are one
_APART = 3.0  # points: a line may be drawn in parts, and end a little before the one it meets
_LEAST = 6.0  # points: less is a sign, or the edge of one
_FORMS_DEEPEST = 3
_SLACK = 0.01  # points: the library reckons rectangles less exactly
_LINE, _MOVE = pdfium.FPDF_SEGMENT_LINETO, pdfium.FPDF_SEGMENT_MOVETO


class Rule(NamedTuple):
    """`at` is its place on the other axis; all in points from the lower left corner that a reader sees."""

    at: float
    start: float
    end: float


@dataclass(frozen=True)
class Rules:
    upright: tuple[Rule, ...] = ()
    level: tuple[Rule, ...] = ()

    def standing(self, height: float) -> list[float]:
        """The places of the upright lines at this height of the page, from the left."""
        return [rule.at for rule in self.upright if rule.start <= height <= rule.end]


@dataclass(frozen=True)
class Frame:
    """A table by its lines: `across` and `down` are the places of its upright and level ones, `down` from the top."""

    across: tuple[float, ...]
    down: tuple[float, ...]
    rules: Rules = field(repr=False)

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column, from 0."""
        if not (self.across[0] <= x < self.across[-1] and self.down[-1] < y <= self.down[0]):
            return None
        return bisect_right(self.down, -y, key=neg) - 1, bisect_right(self.across, x) - 1

    def is_open(self, row: int, column: int) -> tuple[bool, bool]:
        """Whether nothing parts a cell from the one to its right, and from the one below it."""
        middle = (self.down[row] + self.down[row + 1]) / 2, (self.across[column] + self.across[column + 1]) / 2
        upright, level = self._at
        return (
            not any(one.start <= middle[0] <= one.end for one in upright[column + 1]),
            not any(one.start <= middle[1] <= one.end for one in level[row + 1]),
        )

    @cached_property
    def _at(self) -> tuple[list[list[Rule]], list[list[Rule]]]:
        """The lines at each of its places."""
        upright = [[one for one in self.rules.upright if abs(one.at - place) <= _SAME] for place in self.across]
        return upright, [[one for one in self.rules.level if abs(one.at - place) <= _SAME] for place in self.down]


def of(page: pypdfium2.PdfPage, sheet: Sheet) -> Rules:
    upright: list[Rule] = []
    level: list[Rule] = []
    strokes = 0
    for one, other in _Drawn(page).sides():
        (x, y), (other_x, other_y) = sheet.point(*one), sheet.point(*other)
        strokes += max(_apart((x, y), (other_x, other_y))) < _LEAST
        if strokes > STROKES_MOST:
            break
        if abs(x - other_x) <= _SAME < abs(y - other_y):
            upright.append(Rule((x + other_x) / 2, min(y, other_y), max(y, other_y)))
        elif abs(y - other_y) <= _SAME < abs(x - other_x):
            level.append(Rule((y + other_y) / 2, min(x, other_x), max(x, other_x)))
    return Rules(tuple(_whole(upright)), tuple(_whole(level)))


def frames(rules: Rules) -> list[Frame]:
    """Lines that meet, where they make two rows of two columns at least; those that are further up the page first."""
    if len(rules.upright) * len(rules.level) > CROSSINGS_MOST:
        return []
    found = []
    for upright, level in _groups(rules):
        across, down = _bounds(upright, level), _bounds(level, upright)[::-1]
        if len(across) > 2 and len(down) > 2 and len(across) * len(down) <= PLACES_MOST:
            found.append(Frame(tuple(across), tuple(down), Rules(tuple(upright), tuple(level))))
    return sorted(found, key=lambda frame: -frame.down[0])


def _bounds(lines: Sequence[Rule], across: Sequence[Rule]) -> list[float]:
    """Their places, and as outer ones the ends of those across them where these reach further: many a table has no sides."""
    places = sorted({one.at for one in lines})
    first, last = min((one.start for one in across), default=0.0), max((one.end for one in across), default=0.0)
    before = [first] if places and first < places[0] - _LEAST else []
    return [*before, *places, *([last] if places and last > places[-1] + _LEAST else [])]


def _groups(rules: Rules) -> Iterator[tuple[list[Rule], list[Rule]]]:
    left = set(rules.level)
    waiting = set(rules.upright)
    while waiting:
        upright, level, edge = list[Rule](), list[Rule](), [waiting.pop()]
        while edge:
            upright += edge
            met = [one for one in left if any(_meet(each, one) for each in edge)]
            left.difference_update(met)
            level += met
            edge = [one for one in waiting if any(_meet(one, each) for each in met)]
            waiting.difference_update(edge)
        yield upright, level


def _meet(upright: Rule, level: Rule) -> bool:
    return (
        level.start - _APART <= upright.at <= level.end + _APART
        and upright.start - _APART <= level.at <= upright.end + _APART
    )


def _whole(parts: Sequence[Rule]) -> Iterator[Rule]:
    """Lines put together from their parts, in the order of their places."""
    for near in _near(parts):
        at = sum(one.at for one in near) / len(near)
        start, end = near[0].start, near[0].end
        for one in near[1:]:
            if one.start > end + _APART:
                yield from [Rule(at, start, end)] if end - start >= _LEAST else []
                start, end = one.start, one.end
            end = max(end, one.end)
        yield from [Rule(at, start, end)] if end - start >= _LEAST else []


def _near(parts: Sequence[Rule]) -> Iterator[list[Rule]]:
    """Those of one place, each group in the order in which they begin."""
    near: list[Rule] = []
    for one in sorted(parts):
        if near and one.at - near[0].at > _SAME:
            yield sorted(near, key=lambda each: each.start)
            near = []
        near.append(one)
    if near:
        yield sorted(near, key=lambda each: each.start)


Point = tuple[float, float]
Place = Callable[[Point], Point]


class _Drawn:
    """The sides of what a page draws, in its own space."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self._page = page.raw
        self._objects, self._segments = OBJECTS_MOST, SEGMENTS_MOST
        self._x, self._y = ctypes.c_float(), ctypes.c_float()
        self._bounds = tuple(ctypes.c_float() for _ in range(4))
        self._fill, self._stroke = ctypes.c_int(), ctypes.c_int()

    def sides(self) -> Iterator[tuple[Point, Point]]:
        count = pdfium.FPDFPage_CountObjects(self._page)
        if count <= OBJECTS_MOST:
            yield from self._within(count, lambda at: pdfium.FPDFPage_GetObject(self._page, at), lambda point: point, 0)

    def _within(self, count: int, get: Callable[[int], Any], place: Place, depth: int) -> Iterator[tuple[Point, Point]]:
        for at in range(count):
            self._objects -= 1
            if self._objects < 0 or self._segments < 0:
                return
            one = get(at)
            kind = pdfium.FPDFPageObj_GetType(one)
            if kind == pdfium.FPDF_PAGEOBJ_PATH:
                yield from self._path(one, place)
            elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _FORMS_DEEPEST:
                inside = pdfium.FPDFFormObj_CountObjects(one)
                yield from self._within(inside, _member(one), _placed(one, place), depth + 1)

    def _path(self, path: Any, place: Place) -> Iterator[tuple[Point, Point]]:
        pdfium.FPDFPath_GetDrawMode(path, self._fill, self._stroke)
        is_stroked = bool(self._stroke.value)
        if not (is_stroked or self._fill.value) or not self._may_part(path, place, is_stroked=is_stroked):
            return
        points, is_straight = self._points(path, _placed(path, place))
        if is_stroked:
            yield from ((before, point) for before, point, is_line in points if is_line)
        elif points and is_straight:
            yield from _bar([point for _, point, _ in points])

    def _may_part(self, path: Any, place: Place, *, is_stroked: bool) -> bool:
        """By the rectangle around it: what is filled has to be thin, and what is a line longer than a dot. Most of what a page
        draws is neither, and its points are not looked at.
        """
        left, bottom, right, top = self._bounds
        if not pdfium.FPDFPageObj_GetBounds(path, left, bottom, right, top):
            return True
        (x, y), (other_x, other_y) = place((left.value, bottom.value)), place((right.value, top.value))
        thin, long = sorted((abs(other_x - x), abs(other_y - y)))
        return long > _SAME if is_stroked else thin <= _THIN + _SLACK and long > _THIN - _SLACK

    def _points(self, path: Any, place: Place) -> tuple[list[tuple[Point, Point, bool]], bool]:
        """Each with the one before it, and whether a line joins them; whether there are lines alone."""
        found: list[tuple[Point, Point, bool]] = []
        count = pdfium.FPDFPath_CountSegments(path)
        if count > _PATH_MOST:
            return [], False
        first = before = (0.0, 0.0)
        is_straight, slanted = True, 0
        for at in range(count if self._segments >= 0 else 0):
            self._segments -= 1
            segment = pdfium.FPDFPath_GetPathSegment(path, at)
            pdfium.FPDFPathSegment_GetPoint(segment, self._x, self._y)
            point = place((self._x.value, self._y.value))
            kind = pdfium.FPDFPathSegment_GetType(segment)
            is_straight &= kind in {_LINE, _MOVE}
            first = point if kind == _MOVE else first
            slanted += kind != _MOVE and (kind != _LINE or min(_apart(before, point)) > _SAME)
            if at >= _PEEKED and 2 * slanted > at:
                return [], False
            found.append((before, point, kind == _LINE))
            if pdfium.FPDFPathSegment_GetClose(segment):
                found.append((point, first, True))
            before = point
        return found, is_straight


def _apart(one: Point, other: Point) -> Point:
    return abs(one[0] - other[0]), abs(one[1] - other[1])


def _member(form: Any) -> Callable[[int], Any]:
    return lambda at: pdfium.FPDFFormObj_GetObject(form, at)


def _placed(one: Any, place: Place) -> Place:
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(one, matrix):
        return place
    a, b, c, d, e, f = matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f
    if (a, b, c, d, e, f) == (1, 0, 0, 1, 0, 0):
        return place
    return lambda point: place((a * point[0] + c * point[1] + e, b * point[0] + d * point[1] + f))


def _bar(points: Sequence[Point]) -> Iterator[tuple[Point, Point]]:
    """What is filled is a line where it is thin."""
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)
    if right - left <= _THIN < high - low:
        yield ((left + right) / 2, low), ((left + right) / 2, high)
    elif high - low <= _THIN < right - left:
        yield (left, (low + high) / 2), (right, (low + high) / 2)
