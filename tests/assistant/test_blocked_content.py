"""What browsers report of blocked content is a line in the log, and nothing of what the address says is in it."""

from __future__ import annotations

import json

import pytest
from django.test import Client


def test_a_report_names_the_page_and_neither_its_words_nor_its_invitation(caplog: pytest.LogCaptureFixture) -> None:
    reports = {
        "https://x.example/c/list?q=dismissal": "csp: script-src, on the page conversations",
        "https://x.example/t/acme/join/s3cret-invitation": "csp: script-src, on the page join",
        "https://x.example/nowhere/at-all": "csp: script-src, on the page of nobody here",
    }
    for address in reports:
        body = {"csp-report": {"violated-directive": "script-src 'self'", "document-uri": address}}
        assert Client().post("/csp-report", json.dumps(body), content_type="application/csp-report").status_code == 204
    assert [one.getMessage() for one in caplog.records if one.name.endswith("probes")] == list(reports.values())


def test_nobody_writes_a_line_of_their_own_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    forged = {"csp-report": {"violated-directive": "x\nERROR all is lost", "document-uri": "/c/"}}
    for body in (json.dumps(forged), "[]", "{", '{"csp-report": 3}', '{"csp-report": {}}'):
        assert Client().post("/csp-report", body, content_type="application/csp-report").status_code == 204
    told = {one.getMessage() for one in caplog.records if one.name.endswith("probes")}
    assert told == {"csp: a report that cannot be read"}
