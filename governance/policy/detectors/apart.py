"""Credentials that are written apart: wrapped at the end of a line, put together by a program, spelled out with signs
between, or in base64. Each is put together again, so that the shapes of `credentials` find it.

Only what begins like a credential is put together, and only pieces that look drawn at random are taken for more of it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from governance.policy.detectors.scan import Expression

LONGEST = 800  # characters from a credential's head to its last piece
MOST_ASKED = 300  # heads in one text
MOST_LINES = 12

_KNOWN_HEAD = (
    r"(?:A(?:KI|SI|BI|CC)A|gh[pousr]_|github_pat_|gl(?:pat|dt|ft|soat|rt|cbt|ptt|agent)-|xox[abeoprs]-|xapp-"
    r"|[sr]k_(?:live|test)_|whsec_|sk-|hf_|npm_|pypi-AgE|AIza|ya29\.|GOCSPX-|do[opr]_v1_|shp(?:at|ca|pa|ss)_|dapi"
    r"|hv[sbr]\.|key-|SG\.|AT(?:ATT|CTT)3|gl(?:sa|c)_|AGE-SECRET-KEY-1|eyJ|https://hoo|SK[0-9a-f]{3}"
    r"|[0-9]{8,10}:(?=A)|[A-Za-z0-9_~.]{3}[78]Q~)"
)
_NAMED_HEAD = (
    r"(?:(?i:authorization)[\"']?[ \t]{0,2}[:=][ \t]{0,2}[\"']?(?i:bearer|basic|token)[ \t]+"
    r"|\b[a-z][a-z0-9+.-]{2,15}://[^\s:/@\"'<>]{0,60}:"
    r"|(?i:(?:account|access|secret|api|auth|private|signing|encryption|client|shared)[_ .-]?(?:access[_ .-]?)?"
    r"(?:key|token|secret)|token|secret|passw(?:or|d|ort)[a-z]{0,2})"
    r"\\?[\"'`\]]{0,2}[ \t]{0,3}(?:=>|:=|[:=]|[ \t]is)[ \t]{0,3}\\?[\"'`(]{0,2})"
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
# The last signs of a wrapped line: no word, no number, no initial.
_TAIL = re.compile(
    r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9_+/-]{2,12}={0,2}(?![A-Za-z0-9])|={1,2}(?!\S)|[A-Z]{1,3}(?=[^\s\w])"
)
_ASSIGNS = re.compile(r"[ \t]*[=:(\[]")
_SPELLED = tuple(
    re.compile(rf"(?<![A-Za-z0-9])(?:{group}{{1,6}}{mark}){{4,300}}{group}{{1,6}}(?![A-Za-z0-9])")
    for group, mark in (
        (r"[A-Za-z0-9_+/=-]", r"\."),
        *(
            (r"[A-Za-z0-9_+/=.-]", mark)
            for mark in (r" ", r"\u00b7", r"\|", r",", r", ", r"\u2022", r" ?[\u2013\u2014] ?")
        ),
    )
)
_ONE_BY_ONE = tuple(
    re.compile(rf"(?<![A-Za-z0-9])[A-Za-z0-9]{mark}(?:{sign}{mark}){{14,299}}[A-Za-z0-9]")
    for sign, mark in (("[A-Za-z0-9.]", "-"), ("[A-Za-z0-9.]", "_"), ("[A-Za-z0-9.]", "/"), ("[A-Za-z0-9_.-]", r"\."))
)
# What a form cannot do without, which is seen sooner than whether it is there: so many of these signs, and, where most texts
# have those, an expression of RE2 that is found wherever the form is.
_NEEDED: Mapping[re.Pattern[str], tuple[str, int]] = {
    **dict(
        zip(
            _SPELLED, ((mark, 4) for mark in (".", " ", "\u00b7", "|", ",", ",", "\u2022", "\u2013\u2014")), strict=True
        )
    ),
    **dict(zip(_ONE_BY_ONE, ((mark, 15) for mark in "-_/."), strict=True)),
}
_PLACED: Mapping[re.Pattern[str], Expression] = {
    _SPELLED[0]: Expression(r"(?:[A-Za-z0-9_+/=-]{1,6}\.){4}[A-Za-z0-9_+/=-]"),
    _SPELLED[4]: Expression(r"(?:[A-Za-z0-9_+/=.-]{1,6},){4}[A-Za-z0-9_+/=.-]"),
    _SPELLED[5]: Expression(r"(?:[A-Za-z0-9_+/=.-]{1,6}, ){4}[A-Za-z0-9_+/=.-]"),
    _ONE_BY_ONE[0]: Expression(r"(?:[A-Za-z0-9.]-){15}[A-Za-z0-9]"),
    _ONE_BY_ONE[3]: Expression(r"(?:[A-Za-z0-9_.-]\.){15}[A-Za-z0-9]"),
}
_BEGINS_SOMEWHERE = Expression(_KNOWN_HEAD.replace("(?=A)", "A"))
_HEAD_SOMEWHERE = Expression(rf"{_KNOWN_HEAD}|{_NAMED_HEAD}".replace("(?=A)", "A").replace(r"\b", ""))
_CASELESS = {
    0x130: "i",
    0x131: "i",
    0x17F: "s",
    0x212A: "k",
}  # what `re` takes for a letter of ASCII where case is ignored
_GROUP = re.compile(r"[A-Za-z0-9_+/=-]{1,6}")
_GROUP_WITH_DOT = re.compile(r"[A-Za-z0-9_+/=.-]{1,6}")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,20000}={0,2}(?![A-Za-z0-9+/_-])")
Whole = Callable[[str], bool]


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


def join(text: str, is_whole: Whole) -> Joined | None:
    """None where nothing is written apart. `is_whole` says of a text that begins like a credential whether it is one."""
    runs = [*_wrapped(text, is_whole), *_spelled(text), *_decoded(text)]
    if not runs:
        return None
    starts = [place for run in runs for place in (*run.starts, 0)]
    ends = [place for run in runs for place in (*run.ends, 0)]
    return Joined("\n".join(run.text for run in runs), starts, ends)


def open_from(text: str) -> int:
    """Where something begins that may be a credential whose pieces are still to come: `len(text)` when nothing."""
    floor = max(0, len(text) - LONGEST)
    for head in _HEAD.finditer(text, floor):
        pieces = _pieces(text, head, _never)
        end = pieces[-1][1] if pieces else head.end()
        gap = _GAP.match(text, end)
        if end == len(text) or (gap is not None and gap.end() == len(text)) or not text[end:].strip(" \t\r\n\\\"'+>"):
            return head.start()
    return min((_open_spelling(text, floor, form) for form in (*_SPELLED, *_ONE_BY_ONE)), default=len(text))


def _open_spelling(text: str, floor: int, form: re.Pattern[str]) -> int:
    found = list(form.finditer(text, floor))
    if not found or found[-1].end() < len(text) - 2:
        return len(text)
    last = found[-1]
    bare = "".join(text[place] for place in _signs(last, form))
    return last.start() if _BEGINS.search(bare) else len(text)


def _wrapped(text: str, is_whole: Whole) -> Iterator[_Run]:
    at, asked = 0, 0
    if not _HEAD_SOMEWHERE.occurs(_bytes(text)):
        return
    while head := _HEAD.search(text, at):
        at = head.end()
        if (first := _first(text, head)) is None or _GAP.match(text, first[1]) is None:
            continue
        asked += 1
        # Past so many the text is a list of heads, and each costs what a text costs: then the look of a piece decides.
        pieces = _pieces(text, head, is_whole if asked <= MOST_ASKED else _never)
        at = max(at, pieces[-1][1] if len(pieces) > 1 else 0)
        if len(pieces) > 1:
            yield _run(text, pieces)


def _first(text: str, head: re.Match[str]) -> tuple[int, int] | None:
    """The head with what stands right behind it."""
    piece = _PIECE.match(text, head.end())
    return (head.start(), piece.end()) if piece else None


def _pieces(text: str, head: re.Match[str], is_whole: Whole) -> list[tuple[int, int]]:
    """The first piece, and those after it: what a program joins always, the next line where more is missing or where it
    looks like more of the same.
    """
    first = _first(text, head)
    if first is None:
        return []
    pieces, limit = [first], head.start() + LONGEST
    while gap := _GAP.match(text, pieces[-1][1]):
        piece = _PIECE.match(text, gap.end())
        if piece is None or piece.end() > limit:
            break
        if gap.group("wrap") is not None and not _goes_on(text, pieces, piece, is_whole):
            break
        pieces.append(piece.span())
    return pieces


def _goes_on(text: str, pieces: Sequence[tuple[int, int]], piece: re.Match[str], is_whole: Whole) -> bool:
    if _HEAD.match(text, piece.start()) or _ASSIGNS.match(text, piece.end()):
        return False
    if _looks_drawn(piece.group()) or _TAIL.match(text, piece.start()):
        return True
    return len(pieces) < MOST_LINES and not is_whole("".join(text[start:end] for start, end in pieces))


def _never(text: str) -> bool:
    del text
    return True


def _looks_drawn(piece: str) -> bool:
    """At random, and not a word: digits among letters, or capitals in the middle."""
    has_digit, has_letter = any(map(str.isdigit, piece)), any(map(str.isalpha, piece))
    return len(piece) >= 6 and has_letter and (has_digit or re.search(r"[a-z][A-Z]", piece) is not None)


def _run(text: str, pieces: Sequence[tuple[int, int]]) -> _Run:
    places = [place for start, end in pieces for place in range(start, end)]
    return _Run("".join(text[start:end] for start, end in pieces), places, [place + 1 for place in places])


def _spelled(text: str) -> Iterator[_Run]:
    folded = _bytes(text)
    for form in (*_SPELLED, *_ONE_BY_ONE):
        for found in form.finditer(text) if _may_stand(form, text, folded) else ():
            places = _signs(found, form)
            bare = "".join(text[place] for place in places)
            if begins := _BEGINS.search(bare):
                kept = places[begins.start() :]
                yield _Run(bare[begins.start() :], kept, [place + 1 for place in kept])


def _may_stand(form: re.Pattern[str], text: str, folded: bytes) -> bool:
    """False only where no credential can be spelled out in that form."""
    marks, least = _NEEDED[form]
    if sum(map(text.count, marks)) < least:
        return False
    if form is _SPELLED[1]:  # every sentence is of this form: what makes the difference is how it begins
        return _BEGINS_SOMEWHERE.occurs(folded.replace(b" ", b""))
    return form not in _PLACED or _PLACED[form].occurs(folded)


def _bytes(text: str) -> bytes:
    """One for each sign; a sign of ASCII, or what `re` takes for one, is itself, and no other becomes one of a credential's."""
    return text.encode("ascii") if text.isascii() else text.translate(_CASELESS).encode("latin-1", "replace")


def _signs(found: re.Match[str], form: re.Pattern[str]) -> list[int]:
    """Where what is spelled stands, without the signs between."""
    if form in _ONE_BY_ONE:
        return list(range(found.start(), found.end(), 2))
    group = _GROUP if form is _SPELLED[0] else _GROUP_WITH_DOT
    pieces = [piece.span() for piece in group.finditer(found.string, found.start(), found.end())]
    usual = Counter(end - start for start, end in pieces).most_common(1)[0][0]
    kept: list[int] = []
    for start, end in pieces:
        if end - start > usual and len(kept) > 4 * usual:
            break  # the words after it
        kept += range(start, end)
    return kept


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
