"""What a replay has found so far, and its report: the same traffic and the same draft give the same bytes.

All of it is JSON, so that it can be put down after a stretch and taken up again, by another worker, to the same end. It names
places and offsets, never a word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785

from governance.policy.replay.comparing import Change, Difference
from governance.policy.replay.traffic import Text
from governance.policy.rules import Stamp

FORMAT = 1
EXAMPLES_MOST = 5  # of each rule and change: the first ones
Found = dict[str, Any]


def empty() -> Found:
    return {"texts": {}, "changes": {}, "rules": {}, "versions": {}, "examples": {}, "decided_otherwise": 0}


def count_unreadable(found: Found, text: Text) -> None:
    _stage(found, text)["unreadable"] += 1


def count(found: Found, text: Text, difference: Difference, version: int) -> None:
    """`version` is the number of the policy that the draft was held against."""
    _stage(found, text)["read"] += 1
    _add(found["versions"], str(version))
    _add(found["changes"], str(difference.change))
    found["decided_otherwise"] += str(difference.before) != text.decided
    for rule, spans in difference.rules.items():
        _add(found["rules"].setdefault(rule, {}), str(difference.change))
        examples = found["examples"].setdefault(str(difference.change), {}).setdefault(rule, [])
        if len(examples) < EXAMPLES_MOST:
            examples.append(_example(text, difference) | {"spans": [list(span) for span in spans]})


def report(found: Found, draft: Stamp, period: Mapping[str, str], stages: list[str]) -> bytes:
    """RFC 8785, of what was found and of what it was asked of."""
    told = found | {
        "v": FORMAT,
        "draft": draft.as_json(),
        "period": dict(period),
        "stages": sorted(stages),
        "changes": {str(change): found["changes"].get(str(change), 0) for change in Change},
    }
    return rfc8785.dumps(told)


def sha256(report: bytes) -> str:
    return hashlib.sha256(report).hexdigest()


def _stage(found: Found, text: Text) -> dict[str, int]:
    counted: dict[str, int] = found["texts"].setdefault(str(text.stage), {"read": 0, "unreadable": 0})
    return counted


def _add(counted: dict[str, int], name: str) -> None:
    counted[name] = counted.get(name, 0) + 1


def _example(text: Text, difference: Difference) -> dict[str, Any]:
    return {
        "interaction": str(text.interaction),
        "event": str(text.event),
        "stage": str(text.stage),
        "part": text.part,
        "subject": str(text.subject) if text.subject else None,
        "before": str(difference.before),
        "after": str(difference.after),
    }
