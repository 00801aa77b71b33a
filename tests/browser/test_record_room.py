"""The officers' main tasks, and the operators', in a real browser."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from governance import assignments, tenants
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.roles import Role
from tests import cast
from tests.assistant import asking, test_operators
from tests.browser import tasks
from tests.browser.conftest import Served
from tests.governance import sealing

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
    page.get_by_label("Collection", exact=True).select_option(label="Handbook")
    page.get_by_text("Questions", exact=True).click()
    page.get_by_role("button", name="Show").click()
    address = rf"/record/\?kind=questions&person={house.ids['bob']}&within=24h&collection={shelf}$"
    page.wait_for_url(re.compile(address))
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


@tasks.everywhere
def test_an_officer_finds_by_person_day_and_word_takes_the_proof_and_the_employee_sees_who_looked(
    page: Any, served: Served, house: cast.House, settings: Any, tmp_path: Path
) -> None:
    asking.shelf(house, strictness="lenient")
    asking.speak(settings)
    asking.answered(house.bob, "Who books the trips?")
    interaction = asking.answered(house.bob, QUESTION).pk
    asking.answered(house.ada, QUESTION)
    tasks.sign_in(page, house, "olga")
    page.get_by_role("link", name="Record", exact=True).click()

    # One step to the form, one to search, one to the answer.
    page.get_by_role("link", name="Search the words").click()
    page.wait_for_load_state()
    page.get_by_role("combobox", name="Person").fill("bob")
    page.get_by_label("On the day").fill(str(datetime.now(UTC).date()))
    page.get_by_label("Words", exact=True).fill('phone "working days"')
    page.get_by_label("Why you search").fill(WHY)
    tasks.check(page)
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_text("2 found").wait_for()  # as it was asked, and as it was understood for the search
    assert page.locator(".hits > li").count() == 2
    assert page.get_by_text("in the question").count() == 1
    assert "804 2211" not in page.content()
    assert "phone" not in page.url
    tasks.check(page)
    page.get_by_role("link", name="The whole answer: Bob asked").click()
    page.wait_for_url(f"**/record/interactions/{interaction}")
    page.get_by_text("Hidden until it is opened").first.wait_for()

    page.get_by_text("Open the words").click()
    page.get_by_label("Why you open it").fill(WHY)
    page.keyboard.press("Enter")
    page.get_by_text("The words are open to you").wait_for()
    assert "804 2211" in page.get_by_role("main").inner_text()

    take_the_bundle(page, house, tmp_path)
    page.get_by_role("button", name="Sign out").click()
    tasks.sign_in(page, house, "bob")
    page.get_by_role("link", name="My data").click()
    looks = page.get_by_role("table", name="Who looked at it")
    for said in ("Took words away as evidence", "Opened your words", "Searched what was said"):
        assert looks.locator("tr", has_text=said).filter(has_text="Olga").count() >= 1, said
    tasks.check(page)


def take_the_bundle(page: Any, house: cast.House, folder: Path) -> None:
    """From an answer's page, with its words, and checked as an outsider would."""
    page.get_by_role("link", name="Evidence bundle").click()
    page.get_by_label("Why the words are needed").fill(WHY)
    page.get_by_role("button", name="Make the bundle").click()
    page.get_by_text("Until a signed head covers what you asked for").wait_for()
    sealing.seal(house)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Take the bundle away").click()
    taken.value.save_as(folder / "bundle.zip")
    assert checked_alone(folder).endswith("The bundle holds.\n")
    tasks.check(page)


def checked_alone(folder: Path) -> str:
    """What the bundle's own program says, run where nothing of ours can be imported."""
    with zipfile.ZipFile(folder / "bundle.zip") as packed:
        packed.extractall(folder / "bundle")
    script = next((folder / "bundle").rglob("verify.py"))
    alone = subprocess.run(
        [sys.executable, "-I", script], cwd=script.parent, capture_output=True, text=True, check=False, env={}
    )
    assert alone.returncode == 0, alone.stdout + alone.stderr
    return alone.stdout


def test_opening_takes_two_officers_where_the_tenant_wants_it(
    page: Any, served: Served, house: cast.House, settings: Any
) -> None:
    asking.shelf(house)
    asking.speak(settings)
    interaction = asking.answered(house.bob, QUESTION).pk
    assignments.give(house.system, house.ids["charlie"], Role.COMPLIANCE_OFFICER)
    tenants.need_second_officer(house.ada, needed=True)
    tasks.sign_in(page, house, "olga")
    page.goto(f"/record/interactions/{interaction}")
    page.get_by_text("Ask to open the words").press("Enter")
    page.get_by_label("Why you open it").fill(WHY)
    page.keyboard.press("Enter")
    page.get_by_text("It waits for a second officer").wait_for()
    tasks.check(page)
    page.get_by_role("button", name="Sign out").click()

    tasks.sign_in(page, house, "charlie")
    page.get_by_role("link", name="Record", exact=True).click()
    page.get_by_role("link", name="Openings 1 wait for you").click()
    page.get_by_text(WHY).wait_for()
    tasks.check(page)
    page.get_by_role("button", name="Approve the request of Olga").click()
    page.get_by_text("approved by Charlie").wait_for()
    page.get_by_role("button", name="Sign out").click()

    tasks.sign_in(page, house, "olga")
    page.goto(f"/record/interactions/{interaction}")
    page.get_by_role("button", name="Open the words").click()
    page.get_by_text("The words are open to you").wait_for()
    assert "804 2211" in page.get_by_role("main").inner_text()
    tasks.check(page)


def test_a_list_becomes_a_case_that_is_noted_in_held_and_closed(page: Any, served: Served, house: cast.House) -> None:
    asking.ask(house.bob, QUESTION)
    tasks.sign_in(page, house, "olga")
    page.get_by_role("link", name="Record", exact=True).click()
    page.get_by_text("Questions", exact=True).click()
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Make a case of this").click()
    page.get_by_label("What it is about").fill("What the works council asked")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What the works council asked").wait_for()
    assert page.locator("tr.line", has_text="Bob asked").count() == 1
    page.get_by_label("A note").fill("Nobody told him.\nHe said so himself.")
    page.get_by_role("button", name="Write it down").click()
    page.get_by_text("He said so himself.").wait_for()
    page.get_by_label("Why it is held").fill(WHY)
    page.get_by_role("button", name="Place a hold").click()
    page.get_by_text("nobody in them is erased").wait_for()
    tasks.check(page)
    page.get_by_role("button", name="Close the case").click()
    page.get_by_role("button", name="Open it again").wait_for()
    assert page.get_by_label("A note").count() == 0
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
