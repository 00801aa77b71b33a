"""Style and scripts, as a browser fetches them."""

from __future__ import annotations

from pathlib import Path

from django.test import Client

ROOT = Path(__file__).resolve().parents[2]

ADDRESS = "/static/css/tokens.css"


def test_a_file_comes_whole_or_the_part_that_is_asked_for_and_not_again() -> None:
    held = (ROOT / "assistant/static/css/tokens.css").read_bytes()
    whole = Client().get(ADDRESS)
    assert (whole.status_code, whole.streaming, whole.content) == (200, False, held)
    assert whole["Content-Type"].startswith("text/css")
    head = Client().head(ADDRESS)
    assert (head.status_code, head.content, head["Content-Length"]) == (200, b"", str(len(held)))
    part = Client().get(ADDRESS, headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, held[2:6])
    again = Client().get(ADDRESS, headers={"If-Modified-Since": whole["Last-Modified"]})
    assert (again.status_code, again.content) == (304, b"")
