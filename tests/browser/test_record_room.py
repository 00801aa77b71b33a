"""The officers' main tasks, and the operators', in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from governance import tenants
from governance.audit import events
from governance.audit.vocabulary import Event
from tests import cast
from tests.assistant import asking, test_operators
from tests.browser import tasks
from tests.browser.conftest import Served

pytestmark = pytest.mark.browser

QUESTION = "My phone is +49 561 804 2211: how many working days a year may be spent abroad?"
WHY = "Complaint of the works council"


@tasks.everywhere
def test_an_officer_finds_an_answer_opens_it_and_takes_the_list_away(
    page: Any, served: Served, house: cast.House, settings: Any, tmp_path: Path
) -> None:
    shelf = asking.shelf(house)
    asking.speak(settings)
    interaction = asking.answered(house.bob, QUESTION, collections=[shelf]).pk
    tasks.sign_in(page, house, "olga")

    page.get_by_role("link", name="Record", exact=True).click()
    page.wait_for_load_state()  # what is typed before the page listens is not looked up
    person = page.get_by_role("combobox", name="Person")
    person.press_sequentially("bo")
    page.locator("#who-list option").first.wait_for(state="attached")
    person.fill(house.email("bob"))
    page.get_by_label("When").select_option(label="Last 24 hours")
    page.get_by_text("More filters").click()
    page.get_by_label("Collection or document").fill(str(shelf))
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile(rf"/record/\?person={house.ids['bob']}&within=24h&mentions={shelf}$"))
    assert page.locator("tr.line").count() == page.locator("tr.line", has_text="Bob asked").count() == 1
    tasks.check(page)

    with page.expect_download() as taken:
        page.get_by_role("button", name="Take this list away as CSV").click()
    taken.value.save_as(tmp_path / "list.csv")
    assert "prompt.received" in (tmp_path / "list.csv").read_text()

    page.get_by_role("link", name="The whole answer: Bob asked").click()
    page.wait_for_url(f"**/record/interactions/{interaction}")
    page.get_by_text("Hidden until it is opened").first.wait_for()
    assert "804 2211" not in page.content()
    tasks.check(page)
    page.get_by_text("Open the words").click()
    page.get_by_label("Why you open it").fill(WHY)
    page.keyboard.press("Enter")
    page.get_by_text("The words are open to you").wait_for()
    assert "804 2211" in page.get_by_role("main").inner_text()
    tasks.check(page)


def test_what_came_since_is_told_and_what_was_opened_is_closed(
    page: Any, served: Served, house: cast.House, settings: Any
) -> None:
    asking.shelf(house)
    asking.speak(settings)
    asking.answered(house.bob, QUESTION)
    page.clock.install()
    tasks.sign_in(page, house, "olga")
    page.get_by_role("link", name="Record", exact=True).click()
    page.get_by_text("Questions", exact=True).click()
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile(r"/record/\?kind=questions$"))
    page.get_by_role("combobox", name="Person").focus()
    events.record(house.bob, Event.PROMPT_RECEIVED)
    page.clock.fast_forward(10_000)
    page.get_by_role("link", name="1 new event").wait_for()
    assert page.evaluate("document.activeElement.id") == "who"

    page.get_by_role("link", name="The whole answer: Bob asked").click()
    page.get_by_text("Open the words").press("Enter")
    page.get_by_label("Why you open it").fill(WHY)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Close again").click()
    page.get_by_text("Open the words").wait_for()
    assert "804 2211" not in page.content()
    tasks.check(page)


@tasks.everywhere
def test_an_operator_sees_how_it_is_makes_a_tenant_and_switches_it_off(
    page: Any, served: Served, house: cast.House
) -> None:
    operator = test_operators.made()
    page.clock.install()
    tasks.enter(page, "/operators/", operator.email, test_operators.PASSWORD, "**/operators/")
    page.get_by_text("Processes and services").wait_for()
    page.get_by_role("link", name="Tenants").focus()
    with page.expect_response("**/operators/live") as refreshed:
        page.clock.fast_forward(5_000)
    assert refreshed.value.ok
    assert page.evaluate("document.activeElement.textContent") == "Tenants"
    tasks.check(page)

    page.get_by_role("link", name="Tenants").click()
    slug = f"o{house.slug}"
    for label, value in {
        "Name": "Otto Ltd",
        "Short name": slug,
        "First admin's e-mail address": "it@otto.example",
    }.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Their first password").fill(cast.PASSWORD)
    tasks.check(page)
    page.get_by_role("button", name="Create").click()
    page.get_by_role("heading", name="Otto Ltd").wait_for()
    tasks.check(page)
    assert tenants.find_for_login(slug)
    page.on("dialog", lambda asked: asked.accept())
    page.get_by_role("button", name="Switch off").click()
    page.get_by_role("button", name="Switch on").wait_for()
    assert tenants.find_for_login(slug) is None
    tasks.check(page)
    page.get_by_role("link", name="Versions").click()
    page.get_by_text("none pending").wait_for()
    tasks.check(page)
