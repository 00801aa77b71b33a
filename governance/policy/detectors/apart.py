"""Credentials that are written apart: wrapped at the end of a line, put together by a program, spelled out with signs
between, or in base64. Each is put together again, so that the shapes of `credentials` find it.

Only what begins like a credential is put together, and only pieces that look drawn at random are taken for more of it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LONGEST = 800  # characters from a credential's head to its last piece

_KNOWN_HEAD = (
    r"(?:A(?:KI|SI|BI|CC)A|gh[pousr]_|github_pat_|gl(?:pat|dt|ft|soat|rt|cbt|ptt|agent)-|xox[abeoprs]-|xapp-"
    r"|[sr]k_(?:live|test)_|whsec_|sk-|hf_|npm_|pypi-AgE|AIza|ya29\.|GOCSPX-|do[opr]_v1_|shp(?:at|ca|pa|ss)_|dapi"
    r"|hv[sbr]\.|key-|SG\.|AT(?:ATT|CTT)3|gl(?:sa|c)_|AGE-SECRET-KEY-1|eyJ|https://hooks\.slack\.com/)"
)
_NAMED_HEAD = (
    r"(?i:(?:account|access|secret|api|auth|private|signing|encryption|client|shared)[_ .-]?(?:access[_ .-]?)?"
    r"(?:key|token|secret)|token|secret|bearer|passw(?:or|d|ort)[a-z]{0,2})"
    r"[\"'`\]]{0,2}[ \t]{0,3}(?:=>|:=|[:=]|[ \t]is|(?<=earer))[ \t]{0,3}[\"'`(]{0,2}"
)
_HEAD = re.compile(rf"(?<![A-Za-z0-9]){_KNOWN_HEAD}|{_NAMED_HEAD}")
_BEGINS = re.compile(_KNOWN_HEAD)
_PIECE = re.compile(r"[A-Za-z0-9_\-./+~=!#$%&*?@^]{1,400}")
# A line's end with what mail, diff, comment and continuation put around it; strings that a program joins; signs of
# an escaped or marked-up line break.
_GAP = re.compile(
    r"(?P<wrap>[ \t]{0,3}\r?\n[ \t]{0,40}(?:[>#*|][> \t]{0,4}|//[ \t]?)?)"
    r"|[ \t]{0,2}\\[ \t]{0,2}\r?\n[ \t]{0,40}"
    r"|[\"'`][ \t]{0,3}[+.&]?[ \t]{0,3}\\?(?:\r?\n)?[ \t]{0,40}[+.&]?[ \t]{0,3}[\"'`]"
    r"|\\r\\n|\\n|<(?:br|wbr) ?/?>|&shy;"
)
_ASSIGNS = re.compile(r"[ \t]*[=:(\[]|[ \t]+[a-z]")
_SPELLED = tuple(
    re.compile(rf"(?<![A-Za-z0-9])(?:[A-Za-z0-9_+/=-]{{1,6}}{mark}){{4,120}}[A-Za-z0-9_+/=-]{{1,6}}(?![A-Za-z0-9])")
    for mark in (r" ", r"\.", r" \. ", r"\u00b7", r"\|", r",", r", ", r"\u2022", r" ?[\u2013\u2014] ?")
)
_ONE_BY_ONE = tuple(
    re.compile(rf"(?<![A-Za-z0-9])(?:[A-Za-z0-9.]{mark}){{15,120}}[A-Za-z0-9]") for mark in ("-", "_", "/")
)
_GROUP = re.compile(r"[A-Za-z0-9_+/=-]{1,6}")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,20000}={0,2}(?![A-Za-z0-9+/_-])")
_SHORT_TAIL = 12


@dataclass(frozen=True)
class Joined:
    """All that was put together, one a line; `places` says of each sign, and of its end, where it stands in the
    text. What was decoded stands as a whole where its code does.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        return min(self.starts[start:end]), max(self.ends[start:end])


@dataclass(frozen=True)
class _Run:
    text: str
    starts: list[int]
    ends: list[int]


def join(text: str) -> Joined | None:
    """None where nothing is written apart."""
    runs = [*_wrapped(text), *_spelled(text), *_decoded(text)]
    if not runs:
        return None
    starts = [place for run in runs for place in (*run.starts, 0)]
    ends = [place for run in runs for place in (*run.ends, 0)]
    return Joined("\n".join(run.text for run in runs), starts, ends)


def open_from(text: str) -> int:
    """Where something begins that may be a credential whose pieces are still to come: `len(text)` when nothing."""
    floor = max(0, len(text) - LONGEST)
    for head in _HEAD.finditer(text, floor):
        pieces = _pieces(text, head.end())
        end = pieces[-1][1] if pieces else head.end()
        gap = _GAP.match(text, end)
        if end == len(text) or (gap is not None and gap.end() == len(text)) or not text[end:].strip(" \t\r\n\\\"'+"):
            return head.start()
    return min((_open_spelling(text, floor, form) for form in (*_SPELLED, *_ONE_BY_ONE)), default=len(text))


def _open_spelling(text: str, floor: int, form: re.Pattern[str]) -> int:
    found = list(form.finditer(text, floor))
    if not found or found[-1].end() < len(text) - 2:
        return len(text)
    last = found[-1]
    bare = "".join(text[place] for place in _signs(last, form))
    return last.start() if _BEGINS.search(bare) else len(text)


def _wrapped(text: str) -> Iterator[_Run]:
    at = 0
    while head := _HEAD.search(text, at):
        begins = head.start()
        pieces = _pieces(text, head.end() if _BEGINS.match(head.group()) is None else begins)
        at = max(head.end(), pieces[-1][1] if len(pieces) > 1 else 0)
        if len(pieces) < 2:
            continue
        named = [] if _BEGINS.match(head.group()) else [(begins, head.end())]
        yield _run(text, [*named, *pieces])
        start, end = pieces[-1]
        if end - start <= _SHORT_TAIL and not _looks_drawn(text[start:end]) and len(pieces) > 2:
            yield _run(text, [*named, *pieces[:-1]])


def _pieces(text: str, start: int) -> list[tuple[int, int]]:
    """The first piece, and those after it that look like more of the same."""
    first = _PIECE.match(text, start)
    if first is None:
        return []
    pieces, limit = [first.span()], start + LONGEST
    while gap := _GAP.match(text, pieces[-1][1]):
        piece = _PIECE.match(text, gap.end())
        if piece is None or piece.end() > limit or not _goes_on(text, piece, gap):
            break
        pieces.append(piece.span())
        if not _looks_drawn(piece.group()):
            break
    return pieces


def _goes_on(text: str, piece: re.Match[str], gap: re.Match[str]) -> bool:
    if gap.group("wrap") is None:
        return True
    if _ASSIGNS.match(text, piece.end()) or (piece.group().endswith((":", "=")) and len(piece.group()) < _SHORT_TAIL):
        return False
    is_alone = piece.end() == len(text) or text[piece.end()] in "\r\n\"'`,;)<"
    return _looks_drawn(piece.group()) or (is_alone and len(piece.group()) <= _SHORT_TAIL)


def _looks_drawn(piece: str) -> bool:
    """At random, and not a word: digits among letters, or capitals in the middle."""
    has_digit, has_letter = any(map(str.isdigit, piece)), any(map(str.isalpha, piece))
    return len(piece) >= 6 and has_letter and (has_digit or re.search(r"[a-z][A-Z]", piece) is not None)


def _run(text: str, pieces: Sequence[tuple[int, int]]) -> _Run:
    places = [place for start, end in pieces for place in range(start, end)]
    return _Run("".join(text[start:end] for start, end in pieces), places, [place + 1 for place in places])


def _spelled(text: str) -> Iterator[_Run]:
    for form in (*_SPELLED, *_ONE_BY_ONE):
        for found in form.finditer(text):
            places = _signs(found, form)
            bare = "".join(text[place] for place in places)
            if begins := _BEGINS.search(bare):
                kept = places[begins.start() :]
                yield _Run(bare[begins.start() :], kept, [place + 1 for place in kept])


def _signs(found: re.Match[str], form: re.Pattern[str]) -> list[int]:
    """Where what is spelled stands, without the signs between."""
    if form in _ONE_BY_ONE:
        return list(range(found.start(), found.end(), 2))
    pieces = _GROUP.finditer(found.string, found.start(), found.end())
    return [place for piece in pieces for place in range(*piece.span())]


def _decoded(text: str) -> Iterator[_Run]:
    for found in _BASE64.finditer(text):
        code = found.group().translate(str.maketrans("-_", "+/")).rstrip("=")
        try:
            plain = base64.b64decode(code + "=" * (-len(code) % 4)).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            continue
        if plain.isprintable() or plain.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
            size = len(plain)
            yield _Run(plain, [found.start()] * size, [found.end()] * size)
