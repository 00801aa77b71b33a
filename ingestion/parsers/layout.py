"""From the lines of PDF pages to headings, paragraphs, lists and tables, by sizes, gaps and columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingestion.parsers.letters import Cell, Line
from ingestion.parsers.outline import Outline, table

EDGE = 2  # lines at the head and at the foot of a page that may run through the document
GAP = 1.45  # from foot to foot, of the letters' size: more ends a paragraph
ROW_GAP = 4.0  # the same for the rows of a table
LARGER = 1.1  # the letters of a heading, of those of the text
HEADING_MAX = 120  # characters
COLUMN_TEXT = 30  # characters a cell: with more the "table" is a page in columns
LEVELS = 5
_BULLET = re.compile(r"[•▪◦‣●■○]\s*|[–—*-]\s+")
_ITEM = re.compile(r"(?:- |\(?\d{1,3}[.)] |\(?[a-z][.)] )")
_PAGE_NUMBER = re.compile(r"\A\W*(?:page|seite|p\.|s\.)?\s*(\d{1,5})(?:\s*(?:of|von|/)\s*\d{1,5})?\W*\Z", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]{2}")
_NUMBER = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})*|[A-Z])[.)]?")
_NO_HEADING = re.compile(rf"{_BULLET.pattern}|(?:figure|fig\.|table|abbildung|abb\.|tabelle)\s*\d", re.IGNORECASE)
_ENDS = (".", ",", ";", ":")


@dataclass(frozen=True)
class Body:
    """The text's own letters, and the sizes of headings from the largest."""

    size: float
    is_bold: bool
    sizes: tuple[float, ...]

    def level(self, line: Line) -> int:
        """0 for text. Bold letters of the text's size make the lowest heading."""
        if line.is_running or line.is_broken:
            return 0
        text = line.text
        is_one = len(line.cells) == 1 or (len(line.cells) == 2 and bool(_NUMBER.fullmatch(line.cells[0].text)))
        if not is_one or len(text) > HEADING_MAX or not _LETTERS.search(text):
            return 0
        if line.size >= self.size * LARGER:
            return 1 + min(self.sizes.index(line.size), LEVELS - 1) if line.size in self.sizes else LEVELS
        is_set_apart = line.is_bold and not self.is_bold and line.size >= 0.95 * self.size
        is_phrase = not text.endswith(_ENDS) and not _NO_HEADING.match(text)
        return LEVELS + 1 if is_set_apart and is_phrase else 0


def body(pages: Sequence[Sequence[Line]]) -> Body:
    sizes: Counter[float] = Counter()
    bold = letters = 0
    for line in (line for page in pages for line in page):
        sizes[line.size] += len(line.text)
        letters += len(line.text)
        bold += len(line.text) * line.is_bold
    usual = sizes.most_common(1)[0][0] if sizes else 1.0
    return Body(usual, bold * 2 > letters, tuple(sorted((one for one in sizes if one >= usual * LARGER), reverse=True)))


def without_running(pages: Sequence[list[Line]]) -> list[list[Line]]:
    """Without the heads and feet that most pages repeat, their numbers aside; the first page keeps what they say."""
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_shape(line) for line in _edges(page)})
    running = {shape for shape, count in seen.items() if count > 1 and count * 2 > len(pages)}
    kept, said = [], set[str]()
    for number, page in enumerate(pages, 1):
        edges = _edges(page)
        again = {
            id(line)
            for line in edges
            if (len(page) > 2 * EDGE and _is_page_number(line, number)) or _shape(line) in running & said
        }
        said |= {_shape(line) for line in edges}
        edge = {id(line) for line in edges if _shape(line) in running}
        kept.append([replace(line, is_running=id(line) in edge) for line in page if id(line) not in again])
    return kept


def write(outline: Outline, lines: Sequence[Line], letters: Body) -> None:
    """One page."""
    items: list[str] = []
    for block in _blocks(_in_columns(lines), letters):
        level = letters.level(block[0])
        said = _marked(_joined(block)) if not level and len(block[0].cells) == 1 else ""
        if _ITEM.match(said):
            items.append(said)
            continue
        outline.block("\n".join(items))
        items = []
        if level:
            outline.heading(level, _joined(block))
        else:
            outline.block(said or _table(block))
    outline.block("\n".join(items))


def largest(page: Sequence[Line], letters: Body) -> str:
    """The heading in the largest letters, or nothing."""
    headings = [line for line in page if letters.level(line)]
    return max(headings, key=lambda line: line.size).text if headings else ""


def _is_page_number(line: Line, page: int) -> bool:
    return any(int(said) == page for said in _PAGE_NUMBER.findall(line.text))


def _edges(page: list[Line]) -> list[Line]:
    """By their place, for pages write their foot first as often as last. A page of one or two lines has no edge."""
    if len(page) <= EDGE:
        return []
    by_foot = sorted(page, key=lambda line: line.foot)
    return by_foot[:EDGE] + by_foot[EDGE:][-EDGE:]


def _shape(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text)


def _in_columns(lines: Sequence[Line]) -> list[Line]:
    """A page that writes two columns of text row by row is read one column after the other."""
    ordered: list[Line] = []
    run: list[Line] = []
    for line in [*lines, None]:
        if line is not None and len(line.cells) == 2 and (not run or _same(run[-1], line)):
            run.append(line)
            continue
        ordered += _turned(run)
        run = [line] if line is not None and len(line.cells) == 2 else []
        ordered += [line] if line is not None and not run else []
    return ordered


def _same(above: Line, below: Line) -> bool:
    return all(abs(one.left - other.left) < below.size for one, other in zip(above.cells, below.cells, strict=True))


def _turned(run: list[Line]) -> list[Line]:
    texts = [len(cell.text) for line in run for cell in line.cells]
    if len(run) < 4 or min(texts, default=0) < COLUMN_TEXT // 2 or sum(texts) < COLUMN_TEXT * len(texts):
        return run
    broken = [replace(line, cells=(cell,)) for cell_at in (0, 1) for line in run for cell in (line.cells[cell_at],)]
    return [replace(line, is_broken=line.is_broken and at >= len(run)) for at, line in enumerate(broken)]


def _blocks(lines: Sequence[Line], letters: Body) -> Iterator[list[Line]]:
    block: list[Line] = []
    for line in lines:
        if block and _parts(block, line, letters):
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _parts(block: Sequence[Line], line: Line, letters: Body) -> bool:
    above = block[-1]
    fall = above.foot - line.foot
    level = letters.level(line)
    if level != letters.level(above) or line.is_running != above.is_running:
        return True
    if level:
        return line.size != above.size or not 0 < fall <= GAP * line.size
    if len(above.cells) > 1 or len(line.cells) > 1:
        return not _continues_table(block, line, fall)
    return _ITEM.match(_marked(line.text)) is not None or not 0 <= fall <= GAP * max(above.size, line.size)


def _continues_table(block: Sequence[Line], line: Line, fall: float) -> bool:
    """A row, or the further line of a cell; text that merely follows a table starts at its left edge again."""
    if not 0 <= fall <= ROW_GAP * line.size or len(block[0].cells) == 1:
        return False
    if len(line.cells) > 1:
        return True
    left = min(each.left for each in block)
    return fall <= GAP * line.size and line.left > left + line.size


def _table(block: list[Line]) -> str:
    columns = _columns(block)
    if len(block) < 2 or not columns:
        return "\n".join("  ".join(cell.text for cell in line.cells) for line in block)
    rows: list[list[str]] = []
    for line in block:
        row = [""] * len(columns)
        for cell in line.cells:
            column = _column(cell, columns)
            row[column] = f"{row[column]} {cell.text}".strip()
        is_further = rows and not row[0] and len(line.cells) < len(columns) and _is_close(block, line)
        rows[-1:] = [_merged(rows[-1], row)] if is_further else [*rows[-1:], row]
    return table(rows)


def _columns(block: Sequence[Line]) -> list[tuple[float, float]]:
    """The spans of x that cells share; a span that would bridge two cells of one line is no column."""
    found: list[tuple[float, float]] = []
    for cell in sorted((cell for line in block for cell in line.cells), key=lambda cell: cell.left):
        if found and cell.left < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], cell.right))
        else:
            found.append((cell.left, cell.right))
    used = [[_column(cell, found) for cell in line.cells] for line in block]
    return found if len(found) > 1 and all(len(set(row)) == len(row) for row in used) else []


def _column(cell: Cell, columns: Sequence[tuple[float, float]]) -> int:
    return next(at for at, (left, right) in enumerate(columns) if left <= cell.left and cell.right <= right)


def _is_close(block: Sequence[Line], line: Line) -> bool:
    """Whether it stands right below the line above, as a cell's further line does."""
    at = block.index(line)
    return at > 0 and block[at - 1].foot - line.foot <= GAP * line.size


def _merged(above: list[str], below: list[str]) -> list[str]:
    return [" ".join(filter(None, pair)) for pair in zip(above, below, strict=True)]


def _joined(lines: Sequence[Line]) -> str:
    """As one paragraph. A word broken at a line's end is made whole; before a capital or a figure its hyphen is its own."""
    text, is_broken = "", False
    for line in lines:
        said = line.text
        if is_broken:
            text += said if said[0].islower() else f"-{said}"
        else:
            text = f"{text} {said}" if text else said
        is_broken = line.is_broken
    return text + ("-" if is_broken else "")


def _marked(text: str) -> str:
    return _BULLET.sub("- ", text, count=1) if _BULLET.match(text) else text
