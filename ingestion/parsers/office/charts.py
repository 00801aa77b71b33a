"""Charts and SmartArt: what a chart plots as a table of its series, what a diagram says as a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion.parsers.office import drawing
from ingestion.parsers.office.ooxml import R, number
from ingestion.parsers.outline import one_line, table
from ingestion.parsers.package import Package
from ingestion.parsers.tables import number_formats

_POINTS_MOST = 2_000  # of a series; a curve of more says nothing as words
_SERIES_MOST = 50
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"


def told(package: Package, part: str, root: Any) -> list[str]:
    """Blocks of Markdown for the charts and diagrams that an element of the part refers to, in its order."""
    elements = list(root.iter(_CHART, _DIAGRAM + "relIds"))
    relations = package.relations(part) if elements else {}
    found: list[str] = []
    for element in elements:
        is_chart = element.tag == _CHART
        relation = relations.get(element.get(R + ("id" if is_chart else "dm"), ""))
        other = package.part(relation.target) if relation is not None and not relation.is_outside else None
        if other is not None:
            found.append(_chart(other) if is_chart else _diagram(other))
    return [block for block in found if block]


def _chart(root: Any) -> str:
    title = root.find("{*}chart/{*}title")
    said = " ".join(one_line(drawing.said(one)) for one in title.iter("{*}p")) if title is not None else ""
    series = [*root.iter("{*}ser")][:_SERIES_MOST]
    names = [one_line(" ".join(_points(one.find("{*}tx")).values())) for one in series]
    rows: dict[int, list[str]] = {}
    for at, one in enumerate(series):
        for kind in ("cat", "xVal"):
            for place, value in _points(one.find(f"{{*}}{kind}")).items():
                rows.setdefault(place, [""] * (len(series) + 1))[0] = value
        for kind in ("val", "yVal"):
            for place, value in _points(one.find(f"{{*}}{kind}")).items():
                rows.setdefault(place, [""] * (len(series) + 1))[at + 1] = value
    axes = [one_line(" ".join(drawing.said(p) for p in axis.iter("{*}p"))) for axis in root.iterfind(".//{*}title")]
    others = "; ".join(dict.fromkeys(one for one in axes if one and one != said))
    data = table([["", *names], *(rows[place] for place in sorted(rows))]) if rows else ""
    return "\n\n".join(filter(None, (said, others, data)))


def _points(element: Any | None) -> dict[int, str]:
    """What a chart keeps of the cells it was made from, by their places."""
    if element is None:
        return {}
    bare = element.find("{*}v")
    if bare is not None:
        return {0: bare.text or ""}
    level = element.find(".//{*}lvl")
    holder = element if level is None else level
    code = element.findtext(".//{*}formatCode") or number_formats.GENERAL
    is_number = element.find(".//{*}numCache") is not None or element.find("{*}numLit") is not None
    points: dict[int, str] = {}
    for point in holder.iter("{*}pt"):
        place, said = number(point.get("idx"), 0, 10_000_000), point.findtext("{*}v") or ""
        if len(points) < _POINTS_MOST:
            points[place] = _figure(said, code) if is_number else said
    return points


def _figure(said: str, code: str) -> str:
    try:
        return number_formats.shown(float(said), code)[0]
    except (ValueError, OverflowError):
        return said


def _diagram(root: Any) -> str:
    """The texts of its points, as they were typed in."""
    return "\n".join(f"- {said}" for said in _points_said(root))


def _points_said(root: Any) -> Iterator[str]:
    for point in root.iter(_DIAGRAM + "pt"):
        body = point.find("{*}t") if point.get("type", "node") in {"node", "asst"} else None
        said = one_line(" ".join(drawing.lines(body))) if body is not None else ""
        if said:
            yield said
