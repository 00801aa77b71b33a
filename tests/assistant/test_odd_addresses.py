"""What nobody means stands in an address or a body: it is refused with a sentence, and never falls through."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from assistant.api import evidence
from tests.assistant import portal
from tests.assistant.officers import WHY, of_api, said
from tests.cast import House

HUGE = "9" * 40
TIMES = ("9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00", "now")
PAGES = {
    "/record/": ("person", "model", "cursor"),
    "/record/verdicts": ("rule", "detector", "cursor"),
    "/record/overview": ("days",),
}
LAST_HEAD = f"a\n{HUGE}\n" + "A" * 43 + "=\n\n\u2014 a AAAAAAAA\n"
BODIES: list[Any] = [
    None,
    [],
    {"reason": 7},
    {"reason": "\x00" * 40},
    {"words": "\x00\x00", "reason": WHY},
    {"since": "9999-12-31T23:59:59-14:00"},
    {"head": LAST_HEAD},
    {"title": "\x00"},
    {"title": "a", "interactions": 7},
    {"kind": ["event"], "target": {}, "reason": WHY},
]


def test_no_officers_page_falls_over_what_stands_in_its_address(house: House) -> None:
    said(house)
    olga = portal.signed_in(house, "olga")
    olga.raise_request_exception = False
    asked = [(page, name, text) for page in PAGES for name in ("since", "until", "day") for text in TIMES]
    asked += [(page, name, text) for page, names in PAGES.items() for name in names for text in ("\x00", HUGE, "-1")]
    wrong = [one for one in asked if olga.get(one[0], {one[1]: one[2]}).status_code >= 500]
    assert wrong == []


def test_no_call_of_the_api_falls_over_what_it_is_sent(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "WAIT_MOST_S", 0.0)  # there is no sealer here, whose head a bundle waits for
    said(house)
    api = of_api(house, "olga")
    api.raise_request_exception = False
    one = uuid.uuid4()
    wrong = [
        (call, body)
        for call in ("searches", "exports", "cases", "openings", f"cases/{one}/notes")
        for body in BODIES
        if api.post(f"/api/v1/audit/{call}", body, content_type="application/json").status_code >= 500
    ]
    assert wrong == []
