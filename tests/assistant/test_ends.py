"""What is answered where no view of ours answers, and what a program gets that asks oddly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.test import Client, RequestFactory

from assistant import ends
from tests.assistant.local_homes import ROOT
from tests.cast import House

SEARCH = "/api/v1/search"


def caller(house: House) -> Client:
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {house.key('bob')}"})


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/me/", "/api//v1/me", "/api/v1/documents/%00"])
def test_an_address_of_the_api_that_is_not_there_is_not_found_in_its_one_error_shape(
    shared_house: House, path: str
) -> None:
    assert code(caller(shared_house).get(path)) == (404, "not_found")


def test_a_page_that_is_not_there_is_shown_to_a_key_as_to_anybody(house: House) -> None:
    response = caller(house).get("/nothing/here")
    assert response.status_code == 404
    assert "Sign out" not in response.content.decode()


@pytest.mark.parametrize("sent", ["[" * 100_000, '{"query":' * 50_000])
def test_json_that_is_nested_without_end_is_refused(house: House, sent: str) -> None:
    assert code(caller(house).post(SEARCH, sent, content_type="application/json")) == (400, "invalid_input")


def test_a_body_beyond_the_limit_is_told_as_too_large(house: House, settings: Any) -> None:
    sent = '{"query":"' + "a" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + '"}'
    assert code(caller(house).post(SEARCH, sent, content_type="application/json")) == (413, "too_large")


@pytest.mark.parametrize("wanted", ["text/event-stream", "application/xml", "nonsense"])
def test_what_a_client_says_it_accepts_changes_nothing(house: House, wanted: str) -> None:
    assert caller(house).get("/api/v1/me?format=api", headers={"Accept": wanted}).status_code == 200


def test_the_api_tells_an_unexpected_fault_in_its_one_shape_and_nothing_of_it() -> None:
    response = ends.failed(RequestFactory().get(SEARCH))
    assert (response.status_code, b'"code": "unexpected"' in response.content) == (500, True)


def test_a_form_beyond_the_limit_is_a_page_that_says_so() -> None:
    response = ends.bad_request(RequestFactory().post("/c/ask"), RequestDataTooBig())
    assert (response.status_code, response["Content-Type"]) == (413, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CHANCERY_PORT", "many", "CHANCERY_PORT='many' is not a whole number."),
        ("DATABASE_URL", "nonsense", "DATABASE_URL must read postgresql://user:password@host:port/database."),
        (
            "CHANCERY_HOME",
            "{file}",
            "{file}/static: Not a directory. Set CHANCERY_HOME to a folder that can be filled.",
        ),
    ],
)
def test_a_start_that_was_told_nonsense_ends_with_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("CHANCERY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(name, value.format(file=file))
    done = subprocess.run(
        [sys.executable, "manage.py", "up"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert said.format(file=file) in done.stdout + done.stderr
