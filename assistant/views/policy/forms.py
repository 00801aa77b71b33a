"""A rule as a form, and back: the fields that its detector takes, and what was written into them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from governance.policy import detectors
from governance.policy.documents import MOST_FIXTURES

SPARE = 2  # empty test texts below those that are there

# What an option is called, what is said below it, and how it is written.
OPTIONS: dict[str, tuple[str, str, str]] = {
    "types": (noop("Kinds"), noop("None ticked: all of them."), "ticks"),
    "question": (noop("The question"), noop("About the text; yes is what the rule acts on."), "text"),
    "timeout_s": (noop("Seconds it may take"), noop("After that the text counts as not checked."), "number"),
    "words": (noop("Words and phrases"), noop("One a line. They count as whole words."), "lines"),
    "expressions": (noop("Expressions"), noop("RE2, one a line."), "lines"),
    "case": (noop("Upper and lower case differ"), "", "tick"),
    "type": (noop("Name of what is found"), noop("It stands in the place of what is cut out."), "text"),
    "reach": (
        noop("Longest match of an expression, in characters"),
        noop("Answers are held back by as much while they are written."),
        "number",
    ),
    "regions": (noop("Countries whose telephone numbers are known"), noop("Two letters each: DE, AT, CH."), "words"),
    "name": (noop("Name of the topic"), "", "text"),
    "examples": (noop("Examples"), noop("One a line."), "lines"),
}


@dataclass(frozen=True)
class Choice:
    value: str
    is_chosen: bool


@dataclass(frozen=True)
class Option:
    """`kind` is ticks, lines, tick, text, number, words or json."""

    name: str
    label: str
    hint: str
    kind: str
    value: str
    choices: list[Choice]


@dataclass(frozen=True)
class Shown:
    """One test text in the form."""

    text: str
    expects: bool  # that the rule acts


def options(detector: str, given: Mapping[str, Any]) -> list[Option]:
    """The form's fields for a detector's options. Raises InvalidInput for one that is not known."""
    known = detectors.get(detector)
    order = [name for name in OPTIONS if name in known.options]
    order += sorted(known.options - set(OPTIONS))
    return [_option(name, given.get(name), sorted(known.types)) for name in order]


def shown(document: Mapping[str, Any]) -> list[Shown]:
    """Its test texts, and room for more."""
    written = [Shown(one["text"], one["expect"] != "allow") for one in document.get("fixtures", [])]
    spare = min(SPARE, MOST_FIXTURES - len(written))
    return [*written, *(Shown("", number == 0 and not written) for number in range(spare))]


def document(sent: QueryDict, detector: str) -> dict[str, Any]:
    """What was written, as a rule's document; `documents.read` says what is wrong with it."""
    action = sent.get("action", "")
    return {
        "name": sent.get("name", "").strip(),
        "detector": detector,
        "stages": sent.getlist("stages"),
        "action": action,
        "threshold": _number(sent.get("threshold", "")),
        "message": sent.get("message", ""),
        "options": dict(_written(sent, detector)),
        "scope": _place(sent),
        "on_failure": sent.get("on_failure") or None,
        "is_enabled": bool(sent.get("is_enabled")),
        "fixtures": _fixtures(sent, action),
    }


def _place(sent: QueryDict) -> dict[str, Any]:
    place: dict[str, Any] = {name: sent.getlist(name) for name in ("collections", "groups", "assistants")}
    rank = sent.get("label", "")
    return place | ({"label": int(rank) if rank.isdecimal() and len(rank) < 4 else rank} if rank else {})


def _option(name: str, value: Any, types: list[str]) -> Option:
    label, hint, kind = OPTIONS.get(name, (name, noop("As JSON."), "json"))
    choices = [Choice(one, one in (value or [])) for one in types] if kind == "ticks" else []
    return Option(name, _(label), _(hint) if hint else "", kind, _text(kind, value), choices)


def _text(kind: str, value: Any) -> str:
    if value is None:
        return ""
    if kind == "lines" and isinstance(value, list):
        return "\n".join(map(str, value))
    if kind == "words" and isinstance(value, list):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if kind == "json" else str(value)


def _written(sent: QueryDict, detector: str) -> Iterator[tuple[str, Any]]:
    """What is left empty is left out: then the detector's own default holds."""
    for option in options(detector, {}):
        field = f"option-{option.name}"
        raw = sent.get(field, "")
        if option.kind == "ticks":
            value: Any = [one for one in sent.getlist(field) if one]
        elif option.kind == "tick":
            value = bool(raw)
        else:
            value = _value(option, raw.strip())
        if value not in ("", [], False, None):
            yield option.name, value


def _value(option: Option, raw: str) -> Any:
    if option.kind == "lines":
        return [line.strip() for line in raw.splitlines() if line.strip()]
    if option.kind == "words":
        return raw.replace(",", " ").split()
    if option.kind == "number":
        return int(raw) if raw.isdecimal() and len(raw) < 10 else raw
    return _json(raw) if option.kind == "json" else raw


def _json(raw: str) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw


def _number(raw: str) -> float | str:
    try:
        return float(raw.strip().replace(",", "."))
    except ValueError:
        return raw


def _fixtures(sent: QueryDict, action: str) -> list[dict[str, str]]:
    texts, expected = sent.getlist("fixture"), sent.getlist("expect")
    return [
        {"text": text.replace("\r\n", "\n"), "expect": action if acts == "acts" else "allow"}
        for text, acts in zip(texts, expected, strict=False)
        if text.strip()
    ]
