"""A question set: JSON lines, one question each.

    {"id": "abroad-days", "question": "For how many days may I work abroad?", "documents": ["hybrid-work.docx"],
     "facts": ["20 working days", ["10:00", "10 a.m."], {"pattern": "(?i)20|twenty"}], "kind": "plain", "language": "en"}
    {"id": "moon", "question": "Who was first on the moon?", "unanswerable": true}

`documents` are names or ids, each of which answers the question; `facts` must all stand in the answer, of a list any one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import re2

from governance.errors import InvalidInput
from governance.sentence import sentence

QUESTIONS_MOST = 20_000
_KNOWN = {"id", "question", "documents", "facts", "unanswerable", "kind", "language"}
_SPACE = re.compile(r"\s+")


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
        except (ValueError, TypeError, KeyError, AttributeError, re2.error) as fault:
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
        return read(path.read_text("utf-8").split("\n"))
    except (OSError, UnicodeDecodeError) as fault:
        raise InvalidInput(sentence("%(path)s cannot be read: %(why)s.", path=str(path), why=str(fault))) from None


def _question(told: Mapping[str, Any]) -> Question:
    if unknown := set(told) - _KNOWN:
        raise ValueError(f"{', '.join(sorted(unknown))} is not known; known are {', '.join(sorted(_KNOWN))}")
    is_answerable = not told.get("unanswerable", False)
    documents = frozenset(map(str, _listed(told, "documents")))
    facts = tuple(_fact(one) for one in _listed(told, "facts"))
    text = str(told["question"]).strip()
    if not text or not str(told["id"]).strip():
        raise ValueError("id and question must say something")
    if not is_answerable and (documents or facts):
        raise ValueError("a question that cannot be answered has neither documents nor facts")
    if is_answerable and not (documents or facts):
        raise ValueError("a question that can be answered names documents or facts")
    return Question(
        str(told["id"]), text, documents, facts, is_answerable, str(told.get("kind", "")), str(told.get("language", ""))
    )


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
    if isinstance(told, dict) and set(told) == {"pattern"} and str(told["pattern"]).strip():
        re2.compile(told["pattern"])
        return Fact(pattern=told["pattern"])
    raise ValueError("a fact is a text, a list of texts, or {pattern}")


def _said(fault: Exception) -> str:
    if isinstance(fault, KeyError):
        return f"{fault.args[0]} is missing"
    return "it is no JSON" if isinstance(fault, json.JSONDecodeError) else str(fault)


def _stands_in(text: str, answer: str) -> bool:
    """A figure is not found inside of a longer one: "4 hours" does not stand in "24 hours", nor "1.5" in "1.55"."""
    before = r"(?<!\d)(?<!\d[.,])" if text[:1].isdigit() else ""
    after = r"(?![.,]?\d)" if text[-1:].isdigit() else ""
    return re.search(f"{before}{re.escape(text)}{after}", answer) is not None


def _flat(text: str) -> str:
    return _SPACE.sub(" ", text).strip().casefold()
