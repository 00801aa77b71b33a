"""Rules as JSON: how they are stored, hashed, sent and read. What is read back is what was hashed, to the byte."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import rfc8785

from governance.errors import InvalidInput
from governance.policy import rules
from governance.policy.rules import Action, Fixture, Rule, Stage
from governance.sentence import sentence

FORMAT = 1
MOST_RULES = 200
MOST_FIXTURES = 20  # of one rule
LONGEST_FIXTURE = 4_000  # characters
MOST_BYTES = 1_000_000  # of all rules of a version
FIELDS = frozenset(
    {"name", "stages", "detector", "options", "threshold", "action", "message", "scope", "on_failure"}
    | {"is_enabled", "fixtures"}
)


def of(rule: Rule) -> dict[str, Any]:
    """The rule in JSON's own types, every field told and every set in order."""
    return {
        "name": rule.name,
        "stages": sorted(str(stage) for stage in rule.stages),
        "detector": rule.detector,
        "options": dict(rule.options),
        "threshold": rule.threshold,
        "action": str(rule.action),
        "message": rule.message,
        "scope": _place(rule),
        "on_failure": str(rule.on_failure) if rule.on_failure is not None else None,
        "is_enabled": rule.is_enabled,
        "fixtures": [{"text": one.text, "expect": str(one.expect)} for one in rule.fixtures],
    }


def _place(rule: Rule) -> dict[str, Any]:
    """What a rule does not name of assistants and labels is not told: versions of before have the hash of before."""
    told: dict[str, Any] = {
        "collections": sorted(str(one) for one in rule.collections),
        "groups": sorted(str(one) for one in rule.groups),
    }
    told |= {"assistants": sorted(str(one) for one in rule.assistants)} if rule.assistants else {}
    return told | ({"label": rule.label} if rule.label is not None else {})


def all_of(listed: Iterable[Rule]) -> list[dict[str, Any]]:
    return [of(rule) for rule in sorted(listed, key=lambda rule: rule.name)]


def sha256(listed: Iterable[Rule]) -> str:
    """In hex, over the RFC 8785 form of `{"rules": […], "v": 1}`, the rules by name: the order they run in says nothing."""
    return hashlib.sha256(_bytes(listed)).hexdigest()


def read(sent: Mapping[str, Any]) -> Rule:
    """A rule from its JSON, checked. Raises InvalidInput, whose `param` is the field."""
    if unknown := sorted(set(sent) - FIELDS):
        known = ", ".join(sorted(FIELDS))
        raise InvalidInput(
            sentence("A rule has no field %(unknown)s; it knows: %(known)s.", unknown=repr(unknown[0]), known=known),
            param=unknown[0],
        )
    place = _of_type(sent, "scope", dict, {})
    failure = sent.get("on_failure") or None
    message = " ".join(_text(sent, "message", "").split())
    rule = Rule(
        name=_text(sent, "name"),
        stages=frozenset(_stage(one) for one in _of_type(sent, "stages", list, [])),
        detector=_text(sent, "detector"),
        action=_action(sent, "action", "action"),
        threshold=_number(sent, "threshold", 0.5),
        message=message,
        options=_plain(_of_type(sent, "options", dict, {})),
        collections=_ids(place, "collections"),
        groups=_ids(place, "groups"),
        assistants=_ids(place, "assistants"),
        label=_rank(place),
        on_failure=_action(sent, "on_failure", "on_failure") if failure else None,
        is_enabled=_of_type(sent, "is_enabled", bool, True),
        fixtures=_fixtures(sent),
    )
    rules.check(rule)
    return rule


def read_all(sent: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """By name. Raises InvalidInput."""
    return tuple(sorted((read(one) for one in sent), key=lambda rule: rule.name))


def check_size(listed: Iterable[Rule]) -> None:
    """Raises InvalidInput where a version would hold too much, or a name twice."""
    listed = list(listed)
    names = [rule.name for rule in listed]
    if twice := sorted(name for name in set(names) if names.count(name) > 1):
        raise InvalidInput(sentence("There is more than one rule called %(name)s.", name=twice[0]), param="name")
    if len(listed) > MOST_RULES:
        raise InvalidInput(sentence("A policy has at most %(most)s rules.", most=MOST_RULES))
    if len(_bytes(listed)) > MOST_BYTES:
        raise InvalidInput(sentence("A policy has at most %(most)s bytes, with its word lists.", most=MOST_BYTES))


def _bytes(listed: Iterable[Rule]) -> bytes:
    return rfc8785.dumps({"v": FORMAT, "rules": all_of(listed)})


def _fixtures(sent: Mapping[str, Any]) -> tuple[Fixture, ...]:
    found = _of_type(sent, "fixtures", list, [])
    if len(found) > MOST_FIXTURES:
        raise InvalidInput(sentence("A rule has at most %(most)s test texts.", most=MOST_FIXTURES), param="fixtures")
    return tuple(_fixture(one) for one in found)


def _fixture(one: object) -> Fixture:
    if not isinstance(one, dict) or set(one) != {"text", "expect"}:
        raise InvalidInput('A test text is {"text": …, "expect": …}.', param="fixtures")
    text = _text(one, "text")
    if not text.strip() or len(text) > LONGEST_FIXTURE:
        raise InvalidInput(
            sentence("A test text has 1 to %(most)s characters.", most=LONGEST_FIXTURE), param="fixtures"
        )
    return Fixture(text, _action(one, "expect", "fixtures"))


def _action(sent: Mapping[str, Any], key: str, param: str) -> Action:
    word = _text(sent, key)
    try:
        return Action.named(word)
    except InvalidInput as fault:
        fault.param = param
        raise


def _stage(word: object) -> Stage:
    try:
        return Stage(str(word))
    except ValueError:
        known = ", ".join(Stage)
        raise InvalidInput(
            sentence("There is no stage %(word)s; use one of: %(known)s.", word=repr(word), known=known), param="stages"
        ) from None


def _ids(place: Mapping[str, Any], key: str) -> frozenset[uuid.UUID]:
    try:
        return frozenset(uuid.UUID(one) for one in _of_type(place, key, list, []))
    except (ValueError, TypeError, AttributeError):
        raise InvalidInput(sentence("Field %(key)s is a list of ids.", key=repr(key)), param="scope") from None


def _rank(place: Mapping[str, Any]) -> int | None:
    """The lowest label's place in the tenant's list, from 0."""
    rank = place.get("label")
    if rank is None or (isinstance(rank, int) and not isinstance(rank, bool)):
        return rank
    raise InvalidInput("A rule's label is its place in the organisation's list, from 0.", param="scope")


def _text(sent: Mapping[str, Any], key: str, otherwise: str | None = None) -> str:
    """Text that a database, a hash and a page can all hold."""
    value: str = _of_type(sent, key, str, otherwise)
    if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise InvalidInput(sentence("Field %(key)s holds signs that cannot be stored.", key=repr(key)), param=key)
    return value


def _number(sent: Mapping[str, Any], key: str, otherwise: float) -> float:
    value = sent.get(key, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(sentence("Field %(key)s is a number.", key=repr(key)), param=key)
    return float(value)


def _of_type(sent: Mapping[str, Any], key: str, kind: type, otherwise: Any) -> Any:
    value = sent.get(key, otherwise)
    if not isinstance(value, kind):
        told = {str: "a text", list: "a list", dict: "an object", bool: "true or false"}[kind]
        raise InvalidInput(sentence("Field %(key)s is %(kind)s.", key=repr(key), kind=told), param=key)
    return value


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    """Options go through the same door as the hash, which knows what JSON can hold."""
    try:
        rfc8785.dumps(options)
    except (rfc8785.CanonicalizationError, ValueError, UnicodeError):
        raise InvalidInput("The options hold something that JSON cannot.", param="options") from None
    if any("\x00" in text for text in _texts(options)):
        raise InvalidInput("The options hold signs that cannot be stored.", param="options")
    return options


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from (key, *_texts(one))
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
