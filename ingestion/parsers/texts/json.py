"""JSON, and JSON a line: paths to their values; objects of one kind as the rows of a table; notebooks as their cells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from governance.sentence import phrase
from ingestion.parsers.base import Parsed, ParseFailed, Parser
from ingestion.parsers.outline import TITLE_MAX, Outline, fenced, lined, one_line, table
from ingestion.parsers.texts import markdown
from ingestion.parsers.texts.text import decode, lines_of

_COLUMNS_MOST = 40
_HEADINGS_MOST = 3  # levels: below, the path stands before the value
_HEADED_MOST = 2_000  # values of a list, each under a heading of its own
_DAMAGE_MOST = 0.1  # of the lines of a file with a value in each
_BROKEN_MOST = 100  # lines: after as many it is clear that a line is no value here
_NAMES = ("title", "name", "label", "id", "key")


class Json(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        text = decode(stream.read())
        outline = Outline(self.bounds.characters)
        try:
            title = _read(outline, text)
        except RecursionError:
            raise ParseFailed(
                "too_large", "The file is nested too deeply to be read.", phrase("Save its values as a list of lines.")
            ) from None
        sections = outline.filled()
        return Parsed(title[:TITLE_MAX], sections)


def _read(outline: Outline, text: str) -> str:
    try:
        value = _value(text.lstrip("\ufeff"))
    except ValueError:
        return _read_lines(outline, text)
    if isinstance(value, dict) and isinstance(value.get("cells"), list) and "nbformat" in value:
        _notebook(outline, value)
        return ""
    _tell(outline, (), value)
    return _title(value)


def _read_lines(outline: Outline, text: str) -> str:
    """A value a line; or, where too few of the lines are one, the text as it stands: with comments, or cut off."""
    lines = [line for line in lines_of(text) if line.strip()]
    values: list[Any] = []
    broken = 0
    for line in lines:
        if broken > _BROKEN_MOST and broken * 2 > len(values):
            break
        try:
            values.append(_value(line))
        except ValueError:
            if len(values) == len(lines) - 1 and values:  # a line that was being written
                continue
            values.append(line)
            broken += 1
    if len(lines) < 2 or broken > _DAMAGE_MOST * len(lines):
        outline.block(*lined(lines_of(text), 1))
    else:
        _tell(outline, (), values)
    return ""


def _value(text: str) -> Any:
    # Numbers stay as they are written: 1.10 is no 1.1 here, and a number of ten thousand digits takes no time.
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)


def _tell(outline: Outline, path: tuple[str, ...], value: Any) -> None:
    if isinstance(value, list) and (rows := _rows(value)):
        outline.block(table(rows))
    elif isinstance(value, dict) and len(path) < _HEADINGS_MOST:
        _block(outline, [line for key, one in value.items() if _is_short(one) for line in _lines(key, one)])
        for key, one in value.items():
            if not _is_short(one):
                outline.heading(len(path) + 1, key)
                _tell(outline, (*path, key), one)
    elif (
        isinstance(value, list)
        and len(value) <= _HEADED_MOST
        and any(map(_is_large, value))
        and len(path) < _HEADINGS_MOST
    ):
        for at, one in enumerate(value, 1):
            outline.heading(len(path) + 1, _title(one) or str(at))
            _tell(outline, (*path, str(at)), one)
    else:
        _block(outline, list(_lines("", value)))


def _block(outline: Outline, lines: Sequence[str]) -> None:
    outline.block("\n".join(lines))


def _lines(path: str, value: Any) -> Iterator[str]:
    """`a.b[2].c: value`, a line for each value that is none of its own kind."""
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _lines(f"{path}.{key}" if path else key, one)
    elif isinstance(value, list) and value and not all(map(_is_short, value)):
        for at, one in enumerate(value, 1):
            yield from _lines(f"{path}[{at}]", one)
    elif isinstance(value, list) and value:
        if path:
            yield f"{path}: {', '.join(map(_said, value))}"
        else:
            yield from (f"- {_said(one)}" for one in value)
    elif value not in ("", None, {}, []):
        yield f"{path}: {_said(value)}" if path else _said(value)


def _rows(values: Sequence[Any]) -> list[list[str]]:
    """Objects with the same keys as a table under its header; none where they are no such objects."""
    if len(values) < 2 or not all(isinstance(one, dict) for one in values):
        return []
    flat = [dict(_flat("", one)) for one in values]
    keys = list(dict.fromkeys(key for one in flat for key in one))
    filled = sum(map(len, flat))
    if not 1 <= len(keys) <= _COLUMNS_MOST or filled * 2 < len(keys) * len(flat):
        return []
    if any(not _is_short(value) for one in flat for value in one.values()):
        return []
    return [keys, *([_said(one.get(key)) for key in keys] for one in flat)]


def _flat(path: str, value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, one in value.items():
        here = f"{path}.{key}" if path else key
        if isinstance(one, dict):
            yield from _flat(here, one)
        else:
            yield here, one


def _is_short(value: Any) -> bool:
    return not isinstance(value, dict | list) or (
        isinstance(value, list)
        and all(not isinstance(one, dict | list) for one in value)
        and len(value) <= _COLUMNS_MOST
    )


def _is_large(value: Any) -> bool:
    """Whether it is more than a row of a table holds."""
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(not _is_short(one) for one in held)


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, list) else ", ".join(map(_said, value))


def _title(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    return next((one_line(said) for key in _NAMES if isinstance(said := value.get(key), str) and said.strip()), "")


def _notebook(outline: Outline, notebook: Mapping[str, Any]) -> None:
    """Jupyter's: the words and the code, and what it printed; pictures are left out."""
    for cell in notebook["cells"]:
        if not isinstance(cell, dict):
            continue
        source = _joined(cell.get("source"))
        if cell.get("cell_type") == "code":
            outline.block(fenced(source.split("\n"), 1)[0])
            outputs = cell.get("outputs")
            for output in outputs if isinstance(outputs, list) else ():
                outline.block(fenced(_output(output).split("\n"), 1)[0])
        else:
            markdown.read(outline, source, None)


def _output(output: Any) -> str:
    if not isinstance(output, dict):
        return ""
    found = output.get("data")
    return _joined(output.get("text") or (found.get("text/plain") if isinstance(found, dict) else ""))


def _joined(source: Any) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source or "")
