"""An assistant asked inside another site's page: where it may stand it answers, elsewhere the browser shows nothing of it."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from assistant.conversations import assistants
from assistant.conversations.assistants import Draft
from tests import cast
from tests.browser import tasks
from tests.browser.conftest import Served
from tests.browser.test_desk import rates

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("served")]


@contextlib.contextmanager
def site(script: str, assistant: object) -> Iterator[str]:
    """A page of somebody else, with our line in it. Its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            line = f'<script src="{script}" data-assistant="{assistant}" data-label="Ask travel" defer></script>'
            self.wfile.write(f"<!doctype html><title>Intranet</title><h1>Canteen</h1>{line}".encode())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_people_ask_it_where_they_work_and_only_there(page: Any, served: Served, house: cast.House) -> None:
    rates(house)
    served.let_answers_end()
    row = assistants.compose(house.ada, Draft("Travel desk", "Trips", is_for_all=True, origins=["https://a.example"]))
    script = f"{served.address}/static/js/widget.js"
    with site(script, row.pk) as allowed:
        draft = Draft("Travel desk", "Trips", starters=["What is the rate of L5?"], is_for_all=True, origins=[allowed])
        assistants.change(house.ada, row.pk, draft)
        page.goto(allowed)
        page.get_by_role("button", name="Ask travel").click()
        inside = page.frame_locator("iframe")
        inside.get_by_text("Sign in to ask").wait_for()
        with page.expect_popup() as opened:
            inside.get_by_role("link", name="Sign in in a new window").click()
        door = opened.value
        tasks.enter(door, f"/t/{house.slug}/", house.email("bob"), cast.PASSWORD, "**/c/")
        door.close()
        inside.get_by_role("link", name="I have signed in").click()
        inside.get_by_role("button", name="What is the rate of L5?").click()
        inside.get_by_role("button", name="Ask", exact=True).click()
        inside.locator(".exchange:not([data-live]) .tools").wait_for()
        inside.locator(".cite").first.click()
        inside.locator("#source tr.quoted").wait_for()
        assert urlsplit(page.frames[-1].url).path.startswith(f"/embed/{row.pk}/")
        assert page.frames[-1].evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("Escape")
        assert [one for one in page.seen.errors if "401" not in one] == []
        assert page.seen.reports == []
    with site(script, row.pk) as elsewhere:
        page.goto(elsewhere)
        with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
            page.get_by_role("button", name="Ask travel").click()
        assert "Travel desk" not in page.frames[-1].content()
