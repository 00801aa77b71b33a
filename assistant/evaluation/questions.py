"""A question set: JSON lines, one question each.

    {"id": "abroad-days", "question": "For how many days may I work abroad?", "documents": ["hybrid-work.docx"],
     "facts": ["20 working days", ["10:00", "10 a.m."], {"pattern": "(?i)20|twenty"}], "kind": "plain", "language": "en"}
    {"id": "moon", "question": "Who was first on the moon?", "unanswerable": true}

`documents` are names or ids, each of which answers the question; `facts` must all stand in the answer, of a list any one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import re2

from governance.errors import InvalidInput
from governance.sentence import sentence

QUESTIONS_MOST = 20_000
_KNOWN = {"id", "question", "documents", "facts", "unanswerable", "kind", "language"}
_SPACE = re.compile(r"\s+")
# What Postgres keeps nowhere: a NUL, and halves of a pair that stand alone.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Fact:
    """Met where any of `texts` stands in the answer, or `pattern` (RE2) is found there. Case and spaces do not matter."""

    texts: tuple[str, ...] = ()
    pattern: str = ""

    def is_in(self, answer: str) -> bool:
        if self.pattern:
            return re2.search(f"(?i){self.pattern}", answer) is not None
        flat = _flat(answer)
        return any(_stands_in(_flat(text), flat) for text in self.texts)


@dataclass(frozen=True)
class Question:
    id: str
    question: str
    documents: frozenset[str] = frozenset()
    facts: tuple[Fact, ...] = ()
    is_answerable: bool = True
    kind: str = ""
    language: str = ""


def read(lines: Iterable[str]) -> list[Question]:
    """Empty lines are passed over. Raises InvalidInput, which names the line."""
    found: dict[str, Question] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            one = _question(json.loads(line))
        except (ValueError, TypeError, KeyError, RecursionError, re2.error) as fault:
            raise InvalidInput(sentence("Line %(line)s: %(why)s.", line=number, why=_said(fault))) from None
        if one.id in found:
            raise InvalidInput(sentence("Line %(line)s: %(why)s.", line=number, why=f"{one.id} is there twice"))
        found[one.id] = one
        if len(found) > QUESTIONS_MOST:
            raise InvalidInput(sentence("A set holds at most %(most)s questions.", most=QUESTIONS_MOST))
    if not found:
        raise InvalidInput("There is no question in this set.")
    return list(found.values())


def load(path: Path) -> list[Question]:
    """Raises InvalidInput, which names the line."""
    try:
        return read(path.read_text("utf-8-sig").split("\n"))
    except (OSError, UnicodeDecodeError) as fault:
        raise InvalidInput(sentence("%(path)s cannot be read: %(why)s.", path=str(path), why=str(fault))) from None


def _question(told: Any) -> Question:
    if not isinstance(told, dict):
        raise TypeError('it is no object: write {"id": …, "question": …}')
    if any(map(_NO_TEXT.search, _strings(told))):
        raise ValueError("there is a sign in it that no text holds: take it out")
    if unknown := set(told) - _KNOWN:
        raise ValueError(f"{', '.join(sorted(unknown))} is not known; known are {', '.join(sorted(_KNOWN))}")
    told = {name: value for name, value in told.items() if value is not None}
    key, text = _text(told["id"], "id").strip(), _text(told["question"], "question").strip()
    if not key or not text:
        raise ValueError("id and question must say something")
    is_answerable = not _truth(told.get("unanswerable", False), "unanswerable")
    documents = frozenset(_text(one, "each of documents") for one in _listed(told, "documents"))
    facts = tuple(_fact(one) for one in _listed(told, "facts"))
    if not is_answerable and (documents or facts):
        raise ValueError("a question that cannot be answered has neither documents nor facts")
    if is_answerable and not (documents or facts):
        raise ValueError("a question that can be answered names documents or facts")
    kind, language = (_text(told.get(name, ""), name) for name in ("kind", "language"))
    return Question(key, text, documents, facts, is_answerable, kind, language)


def _strings(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        told = [*told, *told.values()]
    if isinstance(told, list):
        for one in told:
            yield from _strings(one)
    elif isinstance(told, str):
        yield told


def _text(told: Any, name: str) -> str:
    """A number is no name of anything: 7 and 7.0 would be one in one set, and two in another."""
    if not isinstance(told, str):
        raise TypeError(f"{name} must be a text: put it in quotes")
    return told


def _truth(told: Any, name: str) -> bool:
    """Of "false" the truth would be true."""
    if not isinstance(told, bool):
        raise TypeError(f"{name} must be true or false, without quotes")
    return told


def _listed(told: Mapping[str, Any], name: str) -> list[Any]:
    """A text would be taken letter by letter."""
    found = told.get(name, [])
    if not isinstance(found, list):
        raise TypeError(f"{name} must be a list")
    return found


def _fact(told: Any) -> Fact:
    texts = [told] if isinstance(told, str) else told
    if isinstance(texts, list) and texts and all(isinstance(one, str) for one in texts):
        if not all(one.strip() for one in texts):
            raise ValueError("a fact must say something")
        return Fact(tuple(texts))
    if isinstance(told, dict) and set(told) == {"pattern"} and _text(told["pattern"], "pattern").strip():
        re2.compile(told["pattern"])
        return Fact(pattern=told["pattern"])
    raise ValueError("a fact is a text, a list of texts, or {pattern}")


def _said(fault: Exception) -> str:
    if isinstance(fault, KeyError):
        return f"{fault.args[0]} is missing"
    if isinstance(fault, RecursionError):
        return "it is nested too deeply"
    return "it is no JSON" if isinstance(fault, json.JSONDecodeError) else str(fault)


def _stands_in(text: str, answer: str) -> bool:
    """A figure is not found inside of a longer one: "4 hours" does not stand in "24 hours", nor "1.5" in "1.55"."""
    before = r"(?<!\d)(?<!\d[.,])" if text[:1].isdigit() else ""
    after = r"(?![.,]?\d)" if text[-1:].isdigit() else ""
    return re.search(f"{before}{re.escape(text)}{after}", answer) is not None


def _flat(text: str) -> str:
    return _SPACE.sub(" ", text).strip().casefold()
