"""A rule by itself: where it holds, and what is refused beside the field that it is wrong in."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest

from governance.errors import ChanceryError, InvalidInput
from governance.policy import documents
from governance.policy.rules import Place
from tests.governance.policies import FALCON


def test_a_rule_holds_where_and_for_whom_it_says() -> None:
    here, there, team, others = (uuid.uuid4() for _ in range(4))
    rule = replace(FALCON, collections=frozenset({here}), groups=frozenset({team}))
    for collections, groups, holds in (
        ({here}, {team}, True),
        ({here, there}, {team, others}, True),
        ({there}, {team}, False),
        ({here}, {others}, False),
        (set(), {team}, False),
        (None, {team}, True),
        ({here}, None, True),
        (None, None, True),
    ):
        held = [None if one is None else frozenset(one) for one in (collections, groups)]
        place = Place(collections=held[0], groups=held[1])
        assert rule.applies(place) is holds, (collections, groups)


GOOD = documents.of(FALCON)


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"colour": "red"}, "colour"),
        ({"name": "Falcon!"}, "name"),
        ({"name": 7}, "name"),
        ({"stages": []}, "stages"),
        ({"stages": ["lunch"]}, "stages"),
        ({"action": "shout"}, "action"),
        ({"action": "require_reason", "stages": ["output"]}, "action"),
        ({"threshold": "high"}, "threshold"),
        ({"threshold": True}, "threshold"),
        ({"threshold": 2}, "threshold"),
        ({"message": ""}, "message"),
        ({"message": "x\x00"}, "message"),
        ({"message": "x" * 501}, "message"),
        ({"on_failure": "redact"}, "on_failure"),
        ({"scope": {"groups": ["the team"]}}, "scope"),
        ({"scope": {"groups": [7]}}, "scope"),
        ({"scope": []}, "scope"),
        ({"is_enabled": "yes"}, "is_enabled"),
        ({"detector": "horoscope"}, "detector"),
        ({"options": {"words": ["x"], "colour": "red"}}, "options.colour"),
        ({"options": {"words": ["x\x00"]}}, "options"),
        ({"options": {"words": ["x"], "reach": 2**60}}, "options"),
        ({"options": {"expressions": ["(a"]}}, "options.expressions"),
        ({"options": {"expressions": ["a" * 1001]}}, "options.expressions"),
        ({"options": {"expressions": ["a{1000}" * 100]}}, "options.expressions"),
        ({"options": {"expressions": [f"a{n}" for n in range(101)]}}, "options.expressions"),
        ({"options": {"words": ["x" * 201]}}, "options.words"),
        ({"options": {"words": [f"w{n}" for n in range(5001)]}}, "options.words"),
        ({"options": {"words": ["x"], "case": "no"}}, "options.case"),
        ({"fixtures": ["Falcon"]}, "fixtures"),
        ({"fixtures": [{"text": "Falcon", "expect": "shout"}]}, "fixtures"),
        ({"fixtures": [{"text": " ", "expect": "block"}]}, "fixtures"),
        ({"fixtures": [{"text": "x" * 4001, "expect": "block"}]}, "fixtures"),
        ({"fixtures": [{"text": "x", "expect": "block"}] * 21}, "fixtures"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rule_that_cannot_work_is_refused_beside_its_field(wrong: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        documents.read(GOOD | wrong)
    assert refused.value.param == param
    assert isinstance(refused.value, ChanceryError)
