"""Chunks of a parsed document: as large as an embedder reads well, cut where the document itself has a joint.

Tokens are counted by the embedder that will read the chunks, and counting is the expensive part: texts go to it in
batches, and a unit is counted once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ingestion.cutting import blocks
from ingestion.cutting.blocks import Unit
from ingestion.cutting.stretches import Stretch, stretches
from ingestion.parsers.base import Locator, Parsed

Count = Callable[[Sequence[str]], list[int]]
Finer = Callable[[str, Unit], list[Unit]]
_PATH_SIGN = " › "
_SIGNS_A_TOKEN = 20  # an embedder may take a word of any length for one token: an encoded picture is a single word
_SIGNS_A_SHORT_TOKEN = 4  # longer texts seldom fit, and would be counted once for nothing
_FINER: tuple[Finer, ...] = (blocks.lines, blocks.sentences, blocks.clauses, blocks.words, *[blocks.halves] * 20)


@dataclass(frozen=True)
class Piece:
    """`text` is at most `most` tokens long; `context`, which is what is embedded, at most `window`.

    `context` is the text with the document's title and the heading path above it. Rows of a table stand under their
    header rows in every piece. `locator` counts characters from where the section's own locator starts.
    """

    ordinal: int
    text: str
    heading_path: tuple[str, ...]
    locator: Locator
    context: str


@dataclass(frozen=True)
class _Measured:
    """A unit and its tokens without the marks of start and end; `header_tokens` come on top where a piece starts."""

    unit: Unit
    tokens: int
    header_tokens: int = 0


def chunk(
    parsed: Parsed,
    count_tokens: Count,
    *,
    size: int = 180,
    most: int = 230,
    window: int = 256,
    has_title: bool = True,
    has_path: bool = True,
    joins_tiny: bool = True,
    repeats_header: bool = True,
) -> list[Piece]:
    """Pieces in the order of the document. A piece aims at `size` tokens; all three figures include the marks of start
    and end that `count_tokens` adds. ValueError unless 0 < size <= most <= window.

    `has_title` and `has_path` put the document's title and the headings into what is embedded, `joins_tiny` tiny neighbours
    into one piece, and `repeats_header` a table's header rows over each piece of it.
    """
    if not 0 < size <= most <= window:
        raise ValueError("size, most and window must rise in this order")
    marks = count_tokens([""])[0]

    def ladder(stretch: Stretch, text: str) -> list[str]:
        return _ladder(parsed.title if has_title else "", stretch.heading_path if has_path else (), text)

    def context(stretch: Stretch, text: str) -> str:
        return ladder(stretch, text)[0]

    joined = stretches(parsed, count_tokens, tiny=size // 4 if joins_tiny else 0, most=size)
    whole = _whole(joined, count_tokens, most, context)
    found: list[tuple[Stretch, list[Unit]]] = []
    for at, stretch in enumerate(joined):
        if at in whole:
            found.append((stretch, whole[at]))
            continue
        scale = _Scale(stretch.text, count_tokens, most - marks, marks, repeats_header=repeats_header)
        found.extend((stretch, group) for group in _pack(stretch.text, scale.measure(), size - marks, most - marks))
    fitting = _fitted(found, count_tokens, most, context)
    texts = [_text(stretch.text, group) for stretch, group in fitting]
    ladders = [ladder(stretch, text) for (stretch, _), text in zip(fitting, texts, strict=True)]
    contexts = _contexts(ladders, count_tokens, window)
    return [
        Piece(at, texts[at], stretch.heading_path, stretch.locate(group[0].start, group[-1].end), contexts[at])
        for at, (stretch, group) in enumerate(fitting)
    ]


def _whole(
    joined: Sequence[Stretch], count_tokens: Count, most: int, context: Callable[[Stretch, str], str]
) -> dict[int, list[Unit]]:
    """Of the stretches that fit into a piece even with something above them their units, by place: nothing closes such a
    piece before its end, and what its units count by themselves need not be known.
    """
    short = {
        at: [replace(unit, header=None) for unit in blocks.units(stretch.text)]
        for at, stretch in enumerate(joined)
        if len(stretch.text) <= most * _SIGNS_A_SHORT_TOKEN
    }
    tried = {at: units for at, units in short.items() if units}
    counts = count_tokens([context(joined[at], _text(joined[at].text, units)) for at, units in tried.items()])
    return {at: units for (at, units), tokens in zip(tried.items(), counts, strict=True) if tokens <= most}


class _Scale:
    """Measures the units of one text, and replaces each that is longer than `room` tokens by finer ones."""

    def __init__(self, text: str, count_tokens: Count, room: int, marks: int, *, repeats_header: bool) -> None:
        self._text, self._count_tokens, self._room, self._marks = text, count_tokens, room, marks
        self._units = blocks.units(text)
        headers = sorted({unit.header for unit in self._units if unit.header})
        tokens = self._count(headers)
        # Header rows that fill a third of a piece would cost more than they tell.
        self._headers = {
            place: cost
            for place, cost in zip(headers, tokens, strict=True)
            if repeats_header and cost * 3 <= room and (place[1] - place[0]) * 3 <= room * _SIGNS_A_TOKEN
        }

    def measure(self) -> list[_Measured]:
        bare = [unit if unit.header in self._headers else replace(unit, header=None) for unit in self._units]
        measured = self._measured(bare)
        for finer in _FINER:
            if all(map(self._fits, measured)):
                break
            measured = self._refined(measured, finer)
        return measured

    def _refined(self, measured: Sequence[_Measured], finer: Finer) -> list[_Measured]:
        parts = [[one.unit] if self._fits(one) else finer(self._text, one.unit) for one in measured]
        new = iter(self._measured([unit for group in parts if len(group) > 1 for unit in group]))
        result: list[_Measured] = []
        for one, group in zip(measured, parts, strict=True):
            result.extend([one] if len(group) == 1 else [next(new) for _ in group])
        return result

    def _fits(self, one: _Measured) -> bool:
        length = one.unit.end - one.unit.start
        return one.tokens + one.header_tokens <= self._room and length <= self._room * _SIGNS_A_TOKEN

    def _measured(self, units: Sequence[Unit]) -> list[_Measured]:
        tokens = self._count([(unit.start, unit.end) for unit in units])
        return [
            _Measured(unit, cost, self._headers[unit.header] if unit.header else 0)
            for unit, cost in zip(units, tokens, strict=True)
        ]

    def _count(self, places: Sequence[tuple[int, int]]) -> list[int]:
        texts = [self._text[start:end] for start, end in places]
        return [tokens - self._marks for tokens in self._count_tokens(texts)] if texts else []


def _pack(text: str, measured: Sequence[_Measured], size: int, most: int) -> Iterator[list[Unit]]:
    """Runs of units of about `size` tokens. The last of a stretch may grow to `most` rather than leave a crumb."""
    held: list[_Measured] = []
    left = sum(one.tokens for one in measured)
    blocks_left = _block_tokens(measured)
    for one in measured:
        filled = _tokens(held)
        if held and filled + left > most and _closes(held, one, filled, blocks_left[one.unit.block], size):
            keeps = _introduction(text, held, one, size)
            yield [each.unit for each in held[: len(held) - keeps]]
            held = held[len(held) - keeps :]
        held.append(one)
        left -= one.tokens
    if held:
        yield [each.unit for each in held]


def _block_tokens(measured: Sequence[_Measured]) -> dict[int, int]:
    whole: dict[int, int] = {}
    for one in measured:
        whole[one.unit.block] = whole.get(one.unit.block, 0) + one.tokens
    return whole


def _tokens(held: Sequence[_Measured]) -> int:
    return sum(one.tokens for one in held) + (held[0].header_tokens if held else 0)


def _closes(held: Sequence[_Measured], one: _Measured, filled: int, of_block: int, size: int) -> bool:
    """Whether a piece ends before `one`: when it is full, or half full and a list or table would be torn for nothing."""
    if filled + one.tokens > size:
        return True
    starts_block = held[-1].unit.block != one.unit.block
    return starts_block and filled * 2 >= size and filled + of_block > size >= of_block


def _introduction(text: str, held: Sequence[_Measured], one: _Measured, size: int) -> int:
    """1 if the last unit announces the next ("The steps are:") and can go with it, else 0."""
    last = held[-1]
    announces = len(held) > 1 and text[last.unit.start : last.unit.end].endswith(":")
    return int(announces and last.tokens + last.header_tokens + one.tokens <= size)


def _fitted(
    found: Sequence[tuple[Stretch, list[Unit]]], count_tokens: Count, most: int, context: Callable[[Stretch, str], str]
) -> list[tuple[Stretch, list[Unit]]]:
    """Tokens of a whole may be more than those of its parts: what came out too long is halved until it fits.

    The context is counted first, which has to be counted anyway: a text that fits with something above it fits.
    """
    result, open_ends = list(found), set(range(len(found)))
    while open_ends:
        at_work = sorted(open_ends)
        texts = {at: _text(result[at][0].text, result[at][1]) for at in at_work}
        counts = count_tokens([context(result[at][0], texts[at]) for at in at_work])
        unsure = [at for at, tokens in zip(at_work, counts, strict=True) if tokens > most]
        over = {at for at, text in texts.items() if len(text) > most * _SIGNS_A_TOKEN}
        counts = count_tokens([texts[at] for at in unsure]) if unsure else []
        over |= {at for at, tokens in zip(unsure, counts, strict=True) if tokens > most}
        result, open_ends = _halved(result, over)
    return result


def _halved(
    found: Sequence[tuple[Stretch, list[Unit]]], over: set[int]
) -> tuple[list[tuple[Stretch, list[Unit]]], set[int]]:
    """The pieces with those at `over` cut in two, and where the halves stand now."""
    result: list[tuple[Stretch, list[Unit]]] = []
    new: set[int] = set()
    for at, (stretch, group) in enumerate(found):
        parts = _halves(stretch.text, group) if at in over else [group]
        if len(parts) > 1:
            new.update(range(len(result), len(result) + len(parts)))
        result.extend((stretch, part) for part in parts)
    return result, new


def _halves(text: str, group: list[Unit]) -> list[list[Unit]]:
    if len(group) > 1:
        middle = len(group) // 2
        return [group[:middle], group[middle:]]
    return [[unit] for unit in blocks.halves(text, group[0])]


def _text(text: str, group: Sequence[Unit]) -> str:
    """The units as they stand in the text, under their header rows if those are not among them."""
    first = group[0]
    written = text[first.start : group[-1].end]
    return f"{text[slice(*first.header)].rstrip()}\n{written}" if first.header else written


def _contexts(ladders: Sequence[Sequence[str]], count_tokens: Count, window: int) -> list[str]:
    rungs = [0] * len(ladders)
    unsure = list(range(len(ladders)))
    while unsure:
        counts = count_tokens([ladders[at][rungs[at]] for at in unsure])
        unsure = [at for at, tokens in zip(unsure, counts, strict=True) if tokens > window]
        unsure = [at for at in unsure if rungs[at] + 1 < len(ladders[at])]
        for at in unsure:
            rungs[at] += 1
    return [ladder[rung] for ladder, rung in zip(ladders, rungs, strict=True)]


def _ladder(title: str, path: tuple[str, ...], text: str) -> list[str]:
    """What to put above a text, the fullest first, nothing last.

    The title matters most after the text (it tells the year and the product), then the nearest heading.
    """
    path = path[1:] if path[:1] == (title,) else path
    named = (title,) if title else ()
    tried = dict.fromkeys([(*named, *path), (*named, *path[-1:]), named, path[-1:], ()])
    return [f"{_PATH_SIGN.join(above)}\n{text}" if above else text for above in tried]


def joined(texts: Iterable[str]) -> str:
    """The pieces' texts in their order, as the policy looks at a whole document."""
    return "\n\n".join(texts)
