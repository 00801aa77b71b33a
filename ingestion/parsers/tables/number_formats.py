"""Numbers as a spreadsheet shows them: dates, percentages and amounts of money by the code of their format.

The codes are those of ECMA-376, part 1, 18.8.30. Dates that have the system's own format stand as ISO dates: 03/04 would
be two days. What a code does not say plainly is shown as it would be without one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

GENERAL = "General"
# The numbers of formats that are not written into a file; those between and beyond are dates of East Asian systems.
BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 14: "yyyy-mm-dd", 15: "d-mmm-yy",
    16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm",
    37: "#,##0;-#,##0", 38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00", 41: "#,##0", 42: "#,##0",
    43: "#,##0.00", 44: "#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0",
}  # fmt: skip
_TOKEN = re.compile(
    r'"(?P<said>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]|(?P<noon>AM/PM|A/P)|(?P<general>General)'
    r"|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?|e+(?![+-]))|(?P<exponent>E[+-]0+)|(?P<digits>[0#?][0#?,]*(?:\.[0#?]*)?|\.[0#?]+)"
    r"|(?P<plain>.)",
    re.IGNORECASE | re.DOTALL,
)
_CURRENCY = re.compile(r"\$([^-]*)(?:-.*)?")
_ELAPSED = re.compile(r"(h+|m+|s+)", re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)")
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001  a sheet's dates have no zone
_WHOLE_MOST = 1e15  # beyond, a float does not know its last figures
_LAST_DAY = 2_958_466  # 1 January 10000
_MONTHS = tuple("January February March April May June July August September October November December".split())  # noqa: SIM905
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


@dataclass(frozen=True)
class _Part:
    """One of the up to four parts of a code, which part by the sign of the number."""

    tokens: tuple[_Token, ...]
    condition: tuple[str, float] | None
    is_date: bool
    is_general: bool
    figures: tuple[int, ...]  # where the tokens are that stand for figures
    percents: int


def shown(value: float, code: str, *, is_1904: bool = False) -> tuple[str, str]:
    """What a cell shows, and the kind of it: n for a number, d for a date or a time."""
    part, number = _part(value, _parsed(code or GENERAL))
    if part is None or part.is_general:
        return general(value), "n"
    if part.is_date:
        if (moment := _moment(value, is_1904)) is None:
            return general(value), "n"
        return _date(moment, value, part.tokens).strip(), "d"
    try:
        return _number(number, part).strip() or general(value), "n"
    except (InvalidOperation, OverflowError, ValueError):
        return general(value), "n"


def general(value: float) -> str:
    if abs(value) < _WHOLE_MOST and value == int(value):
        return str(int(value))
    return f"{value:.11g}".replace("e", "E")


@functools.lru_cache(maxsize=2_000)
def _parsed(code: str) -> tuple[_Part, ...]:
    parts: list[list[_Token]] = [[]]
    for found in _TOKEN.finditer(code[:255]):
        kind = found.lastgroup or "space"
        said = found[kind] if found.lastgroup else " "
        if kind == "plain" and said == ";":
            parts.append([])
        elif kind in {"said", "escaped"}:
            parts[-1].append(_Token("plain", said))
        elif kind == "bracket":
            parts[-1].append(_bracket(said))
        else:
            parts[-1].append(_Token(kind, said))
    return tuple(_as_part(tokens) for tokens in parts[:4])


def _bracket(said: str) -> _Token:
    if money := _CURRENCY.fullmatch(said):
        return _Token("plain", money[1])
    if _ELAPSED.fullmatch(said):
        return _Token("elapsed", said.lower())
    return _Token("condition" if _CONDITION.fullmatch(said) else "nothing", said)


def _as_part(tokens: Sequence[_Token]) -> _Part:
    said = next((token.text for token in tokens if token.kind == "condition"), "")
    found = _CONDITION.fullmatch(said)
    is_date = any(token.kind in {"date", "elapsed", "noon"} for token in tokens)
    kept = tuple(token for token in tokens if token.kind not in {"condition", "nothing"})
    return _Part(
        kept,
        (found[1], float(found[2])) if found else None,
        is_date,
        any(token.kind == "general" for token in kept),
        tuple(at for at, token in enumerate(kept) if token.kind == "digits"),
        sum(token.text.count("%") for token in kept if token.kind == "plain"),
    )


def _part(value: float, parts: tuple[_Part, ...]) -> tuple[_Part | None, float]:
    """The part that the number is shown by, and what it shows: where the part tells the sign it is without one."""
    if len(parts) == 1 and parts[0].condition is None:
        return parts[0], value
    conditional = [part for part in parts if part.condition]
    for part in conditional:
        if part.condition and _holds(value, *part.condition):
            return part, value
    if conditional:
        return next((part for part in parts if not part.condition), None), value
    if value < 0 and len(parts) > 1:
        return parts[1], -value
    if value == 0 and len(parts) > 2:
        return parts[2], value
    return parts[0], value


def _holds(value: float, sign: str, bound: float) -> bool:
    return {
        "<": value < bound,
        ">": value > bound,
        "<=": value <= bound,
        ">=": value >= bound,
        "=": value == bound,
        "<>": value != bound,
    }[sign]


def _moment(value: float, is_1904: bool) -> datetime | None:
    if not 0 <= value < _LAST_DAY:
        return None
    if not is_1904 and value < 60:
        value += 1
    whole = timedelta(days=int(value), milliseconds=round((value - int(value)) * 86_400_000))
    try:
        return (_EPOCH_1904 if is_1904 else _EPOCH) + whole
    except OverflowError:
        return None


def _date(moment: datetime, value: float, tokens: Sequence[_Token]) -> str:
    is_half = any(token.kind == "noon" for token in tokens)
    said: list[str] = []
    has_fraction = any(token.kind == "date" and "." in token.text for token in tokens)
    shown_at = moment if has_fraction else moment + timedelta(milliseconds=500)
    shown_at = shown_at.replace(microsecond=shown_at.microsecond if has_fraction else 0)
    clock = [token for token in tokens if token.kind in {"date", "elapsed"}]
    for token in tokens:
        if token.kind == "elapsed":
            said.append(_elapsed(value, token.text))
        elif token.kind == "noon":
            said.append("PM" if shown_at.hour >= 12 else "AM")
        elif token.kind == "date":
            said.append(_piece(shown_at, token.text.lower(), is_minute=_is_minute(clock, token), is_half=is_half))
        elif token.kind in {"plain", "space", "digits"}:
            said.append(token.text)
    return "".join(said)


def _is_minute(clock: Sequence[_Token], token: _Token) -> bool:
    """An m after an h or before an s is a minute."""
    at = next(at for at, one in enumerate(clock) if one is token)
    before = clock[at - 1].text.lower()[:1] if at else ""
    after = clock[at + 1].text.lower()[:1] if at + 1 < len(clock) else ""
    return before == "h" or after == "s"


def _elapsed(value: float, unit: str) -> str:
    per_day = {"h": 24, "m": 1_440, "s": 86_400}[unit[0]]
    return str(int(value * per_day + 1e-6)).zfill(len(unit))


def _piece(moment: datetime, said: str, *, is_minute: bool, is_half: bool) -> str:
    sign, length = said[0], len(said)
    if sign == "s":
        whole, _, fraction = said.partition(".")
        digits = f".{moment.microsecond:06d}"[: len(fraction) + 1] if fraction else ""
        return str(moment.second).zfill(min(len(whole), 2)) + digits
    if sign == "m" and not is_minute:
        names = {3: _MONTHS[moment.month - 1][:3], 4: _MONTHS[moment.month - 1], 5: _MONTHS[moment.month - 1][:1]}
        return names.get(length, str(moment.month).zfill(min(length, 2)))
    if sign == "d" and length > 2:
        return _DAYS[moment.weekday()][: 3 if length == 3 else None]
    if sign in "ye":
        return str(moment.year) if length > 2 or sign == "e" else f"{moment.year % 100:02d}"
    hour = (moment.hour % 12 or 12) if is_half else moment.hour
    return str({"m": moment.minute, "d": moment.day, "h": hour}[sign]).zfill(min(length, 2))


def _number(value: float, part: _Part) -> str:
    if not part.figures:
        return "".join(token.text for token in part.tokens if token.kind in {"plain", "space"})
    is_scientific = any(token.kind == "exponent" for token in part.tokens)
    if is_scientific or len(part.figures) > 1:  # telephone numbers, fractions
        return _patterned(value, part.tokens, is_scientific=is_scientific)
    at = part.figures[0]
    number = Decimal(repr(value)) * 100**part.percents
    digits = _digits(abs(number), part.tokens[at].text)
    sign = "-" if number < 0 and any(each in "123456789" for each in digits) else ""
    return sign + "".join(digits if place == at else token.text for place, token in enumerate(part.tokens))


def _digits(number: Decimal, pattern: str) -> str:
    whole, _, decimals = pattern.partition(".")
    scaled = number / 1000 ** (len(whole) - len(whole.rstrip(",")))
    rounded = scaled.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    left, _, right = f"{rounded:f}".partition(".")
    least = sum(sign == "0" for sign in whole)
    left = left.lstrip("0").zfill(least)
    if "," in whole.rstrip(","):
        left = f"{int(left):,}".zfill(least) if left else left
    keep = len(decimals.rstrip("#?"))
    while len(right) > keep and right.endswith("0"):
        right = right[:-1]
    return f"{left}.{right}" if right else left


def _patterned(value: float, tokens: Sequence[_Token], *, is_scientific: bool) -> str:
    if is_scientific:
        pattern = next(token.text for token in tokens if token.kind == "digits")
        return f"{value:.{len(pattern.partition('.')[2])}E}"
    if any(token.kind == "plain" and token.text == "/" for token in tokens):
        return general(value)
    figures = str(int(Decimal(repr(abs(value))).quantize(Decimal(1), ROUND_HALF_UP)))
    said: list[str] = []
    slots = sum(len(token.text) for token in tokens if token.kind == "digits")
    figures = figures.zfill(slots)
    for token in tokens:
        if token.kind == "digits":
            taken = len(figures) - (slots - len(token.text)) if not said or figures else 0
            said.append(figures[:taken])
            figures, slots = figures[taken:], slots - len(token.text)
        else:
            said.append(token.text)
    return ("-" if value < 0 else "") + "".join(said)
