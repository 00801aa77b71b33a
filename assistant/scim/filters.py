"""SCIM's filters and paths (RFC 7644, sections 3.4.2.2 and 3.5.2): read by their grammar, and asked of a resource. Only computes.

    filter     = disjunction
    disjunction = conjunction *("or" conjunction)        conjunction = term *("and" term)
    term       = ["not"] "(" filter ")" / path "[" filter "]" / path "pr" / path operator value

What comes from outside is bounded in length and in depth, so that no filter costs more than a look at it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from assistant.scim import reading
from assistant.scim.errors import Rejected

LONGEST = 4_000
DEEPEST = 16
TERMS_MOST = 100
OPERATORS = frozenset({"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"})
_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<mark>[()\[\]])|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w$:])'
    r"|(?P<word>[A-Za-z$][\w$:.\-]*))"
)
_NAME = re.compile(r"\$?[A-Za-z][\w\-]*")
Value = str | bool | int | float | None


@dataclass(frozen=True)
class Path:
    """`schema` is empty for the resource's own; an extension by itself has no `name`."""

    schema: str
    name: str
    sub: str = ""


@dataclass(frozen=True)
class Compare:
    path: Path
    operator: str
    value: Value


@dataclass(frozen=True)
class Present:
    path: Path


@dataclass(frozen=True)
class Not:
    of: Filter


@dataclass(frozen=True)
class All:
    of: tuple[Filter, ...]


@dataclass(frozen=True)
class Any:
    of: tuple[Filter, ...]


@dataclass(frozen=True)
class Within:
    """Of one element of what has several."""

    path: Path
    of: Filter


Filter = Compare | Present | Not | All | Any | Within


@dataclass(frozen=True)
class Target:
    """What a PATCH changes: a path, of some of its elements where `of` says which."""

    path: Path
    of: Filter | None = None


def parse(text: str, schemas: frozenset[str]) -> Filter:
    """Raises Rejected with invalidFilter."""
    reader = _Reader(text, schemas, "invalidFilter")
    found = reader.disjunction(0)
    reader.end()
    return found


def parse_target(text: str, schemas: frozenset[str]) -> Target:
    """Raises Rejected with invalidPath."""
    reader = _Reader(text, schemas, "invalidPath")
    path = reader.path()
    if reader.peek() != "[":
        reader.end()
        return Target(path)
    reader.take()
    inside = reader.disjunction(0)
    reader.expect("]")
    rest = text.strip()[reader.at_text() :]
    if rest:
        if not rest.startswith(".") or not _NAME.fullmatch(rest[1:]):
            raise Rejected(f"“{text[:200]}” is no path.", "invalidPath")
        path = Path(path.schema, path.name, rest[1:])
    return Target(path, inside)


def path_of(text: str, schemas: frozenset[str], kind: str = "invalidPath") -> Path:
    """An attribute by its name, with a schema before it or without. Raises Rejected."""
    if text.lower().startswith("urn:"):
        schema = next((one for one in schemas if text.lower() == one.lower()), None)
        if schema is not None:
            return Path(schema, "")
        schema = next((one for one in schemas if text.lower().startswith(f"{one.lower()}:")), None)
        if schema is None:
            raise Rejected(f"There is no schema for “{text[:200]}”.", kind)
        return _plain(text[len(schema) + 1 :], schema, kind)
    return _plain(text, "", kind)


def _plain(text: str, schema: str, kind: str) -> Path:
    name, dot, sub = text.partition(".")
    if not _NAME.fullmatch(name) or (dot and not _NAME.fullmatch(sub)):
        raise Rejected(f"“{text[:200]}” is no name of an attribute.", kind)
    return Path(schema, name, sub)


@dataclass
class _Reader:
    text: str
    schemas: frozenset[str]
    kind: str
    tokens: list[tuple[str, str, int]] = field(default_factory=list)
    at: int = 0
    terms: int = 0

    def __post_init__(self) -> None:
        self.text = self.text.strip()
        if not self.text or len(self.text) > LONGEST:
            raise Rejected(f"A filter has 1 to {LONGEST} characters.", self.kind)
        self.tokens = list(self._split())

    def _split(self) -> Iterator[tuple[str, str, int]]:
        """Up to what is no token: the end of a path, after its bracket, may be one."""
        place = 0
        while place < len(self.text):
            found = _TOKEN.match(self.text, place)
            if found is None:
                yield "odd", self.text[place:], len(self.text)
                return
            place = found.end()
            yield str(found.lastgroup), found.group(str(found.lastgroup)), place

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise self._wrong("it ends too early")
        kind, text, _ = self.tokens[self.at]
        self.at += 1
        return kind, text

    def at_text(self) -> int:
        return self.tokens[self.at - 1][2]

    def expect(self, mark: str) -> None:
        if self.take()[1] != mark:
            raise self._wrong(f"a “{mark}” is missing")

    def end(self) -> None:
        if self.at < len(self.tokens):
            raise self._wrong("something follows its end")

    def disjunction(self, depth: int) -> Filter:
        found = [self._conjunction(depth)]
        while self.peek().lower() == "or":
            self.take()
            found.append(self._conjunction(depth))
        return found[0] if len(found) == 1 else Any(tuple(found))

    def _conjunction(self, depth: int) -> Filter:
        found = [self._term(depth)]
        while self.peek().lower() == "and":
            self.take()
            found.append(self._term(depth))
        return found[0] if len(found) == 1 else All(tuple(found))

    def _term(self, depth: int) -> Filter:
        self.terms += 1
        if depth > DEEPEST or self.terms > TERMS_MOST:
            raise self._wrong("it is too deep or too long")
        if self.peek() == "(":
            return self._grouped(depth)
        if (
            self.peek().lower() == "not"
            and self.tokens[self.at + 1 : self.at + 2]
            and self.tokens[self.at + 1][1] == "("
        ):
            self.take()
            return Not(self._grouped(depth))
        path = self.path()
        if self.peek() == "[":
            self.take()
            inside = self.disjunction(depth + 1)
            self.expect("]")
            return Within(path, inside)
        return self._comparison(path)

    def _grouped(self, depth: int) -> Filter:
        self.take()
        inside = self.disjunction(depth + 1)
        self.expect(")")
        return inside

    def path(self) -> Path:
        kind, text = self.take()
        if kind != "word":
            raise self._wrong("the name of an attribute is missing")
        return path_of(text, self.schemas, self.kind)

    def _comparison(self, path: Path) -> Filter:
        operator = self.take()[1].lower()
        if operator == "pr":
            return Present(path)
        if operator not in OPERATORS:
            raise self._wrong(f"“{operator[:20]}” is no operator")
        return Compare(path, operator, self._value(operator))

    def _value(self, operator: str) -> Value:
        kind, text = self.take()
        known: dict[str, Value] = {"true": True, "false": False, "null": None}
        try:
            if kind in {"text", "number"}:
                value: Value = json.loads(text)
            else:
                value = known[text.lower()]
        except (ValueError, KeyError):
            raise self._wrong("a value is a JSON string, a number, true, false or null") from None
        if isinstance(value, str) and not reading.is_whole(value):
            raise self._wrong("it holds what is no text")
        if operator not in {"eq", "ne"} and (value is None or isinstance(value, bool)):
            raise self._wrong(f"“{operator}” does not compare true, false or null")
        return value

    def _wrong(self, why: str) -> Rejected:
        return Rejected(f"“{self.text[:200]}” cannot be read: {why}.", self.kind)
