"""One conversation in a real browser: edited, gone back to, compared, taken away, found, and shared with somebody who may
read less.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from assistant.models import Status
from governance import grants
from governance.roles import Level
from tests import cast
from tests.assistant import asking
from tests.browser.conftest import PATIENCE_MS, Served
from tests.browser.tasks import sign_in

pytestmark = pytest.mark.browser

OPEN = "Twenty working days a year may be spent abroad."
CLOSED = "The zephyrquartz bonus of the board is paid in March."
SHOTS = os.environ.get("CHANCERY_SHOTS")


def look(page: Any, name: str) -> None:
    """For whoever wants to see it: a folder in CHANCERY_SHOTS."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def test_a_conversation_is_edited_compared_exported_found_and_shared_with_less(
    browser: Any, served: Served, house: cast.House
) -> None:
    served.let_answers_end()
    made = asking.shelf(house, OPEN, name="Handbook")
    asking.shelf(house, CLOSED, name="Vault")
    grants.give(house.ada, made, grants.Holder(person=house.ids["charlie"]), Level.READ)
    row = asking.answered(house.bob, "How many working days a year may be spent abroad?", collections=[made])
    closed = asking.answered(
        house.bob, "When is the zephyrquartz bonus of the board paid?", conversation=row.conversation_id
    )
    assert (row.status, closed.status) == (Status.ANSWERED, Status.ANSWERED)
    page = browser.new_context(base_url=served.address, accept_downloads=True).new_page()
    page.set_default_timeout(PATIENCE_MS)
    sign_in(page, house, "bob")
    page.goto(f"/c/{row.conversation_id}")

    _edit(page, closed.pk)
    page.get_by_role("button", name="The version before").click()
    page.locator(f"#a-{closed.pk}").wait_for()
    assert "1/2" in page.locator(f"#a-{closed.pk} .beside").inner_text()
    look(page, "branch")
    page.get_by_role("link", name="Compare").click()
    page.locator(".side").nth(1).wait_for()
    assert page.locator(".side .answer-text", has_text="zephyrquartz").count() >= 1
    look(page, "compare")

    page.goto(f"/c/{row.conversation_id}")
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as taken:
        page.get_by_role("button", name="PDF").click()
    assert taken.value.suggested_filename.endswith(".pdf")
    page.get_by_role("link", name="Share", exact=True).click()
    share = page.get_by_label("Share with")
    share.select_option(value=share.locator("option", has_text="Charlie").get_attribute("value"))
    look(page, "share")
    page.locator(".shares").get_by_role("button", name="Share", exact=True).click()
    page.get_by_text("Shared, as far as it has come.").wait_for()
    page.get_by_label("Search your conversations").fill("zephyrquartz")
    page.locator(".snippet mark").first.wait_for()
    look(page, "found")

    _read_as_charlie(browser, served, house, row.conversation_id)
    for context in browser.contexts:
        context.close()


def _read_as_charlie(browser: Any, served: Served, house: cast.House, conversation: Any) -> None:
    reader = browser.new_context(base_url=served.address, viewport={"width": 390, "height": 844}).new_page()
    sign_in(reader, house, "charlie")
    reader.goto(f"/shared/{conversation}")
    shown = reader.content()
    assert OPEN in shown
    assert "bonus of the board is paid" not in shown
    assert "Part of this answer stands on documents you may not see." in shown
    look(reader, "shared")


def _edit(page: Any, answer: Any) -> None:
    turn = page.locator(f"#a-{answer}")
    turn.hover()
    turn.locator(".edit summary").click()
    turn.locator(".edit textarea").fill("When is the bonus of the board paid out, the zephyrquartz one?")
    turn.get_by_role("button", name="Ask again").click()
    page.locator(".beside", has_text="2/2").wait_for()
    page.locator("[data-live]").wait_for(state="detached")
