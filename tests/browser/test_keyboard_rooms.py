"""The tasks of those who run it and review it, by the keyboard alone, as in test_keyboard.py."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from governance import tenants
from ingestion import catalog
from ingestion.documents import contents
from tests import cast
from tests.assistant import asking, test_operators
from tests.browser import tasks
from tests.browser.keyboard import come_in, expect_at, fill, press, tab_to, write
from tests.browser.test_admin_tasks import DAMAGED, REMEDY, may_read
from tests.ingestion import papers

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("served")]
at_a_desk = pytest.mark.parametrize("page", ["desktop-light"], indirect=True)


@at_a_desk
def test_admins_invite_group_and_give(page: Any, house: cast.House) -> None:
    handbook = catalog.create(house.ada, "Handbook").pk
    come_in(page, f"/t/{house.slug}/", house.email("ada"))
    page.wait_for_url("**/c/")
    press(page, "Admin")
    page.wait_for_url("**/people/")
    fill(page, {"Name": "Nia New", "E-mail address": "nia@example.com"})
    press(page, "Add", "button")
    page.get_by_label("Link", exact=True).wait_for()
    press(page, "Groups")
    page.wait_for_url("**/groups/")
    press(page, "Team", "link")
    page.wait_for_url("**/groups/*-*")
    tab_to(page, "Person")
    page.keyboard.type("Nia")
    press(page, "Add", "button")
    page.locator("#toast", has_text="Added to the group.").wait_for()
    press(page, "What it may do")
    page.wait_for_url("**/access/?who=Team")
    press(page, re.compile("^Handbook, "))
    page.locator("dialog[open]").wait_for()
    page.keyboard.press("Escape")
    expect_at(page, re.compile("^Handbook, "))
    page.keyboard.press("Enter")
    page.locator("dialog[open]").wait_for()
    page.keyboard.press("ArrowDown")
    press(page, "Save")
    page.locator("td .chip.read").wait_for()
    expect_at(page, "Handbook, Read")
    assert may_read(house, "nia@example.com", handbook)
    press(page, "Undo")
    page.locator("td .chip.nothing").wait_for()
    expect_at(page, re.compile("^Handbook, "))
    assert not may_read(house, "nia@example.com", handbook)
    press(page, "Dismiss")
    expect_at(page, re.compile("^Handbook, "))
    tasks.check(page)


@at_a_desk
def test_admins_upload_mend_and_delete(page: Any, house: cast.House, tmp_path: Path) -> None:
    shelf = catalog.create(house.ada, "Papers").pk
    rules = tmp_path / "rules.pdf"
    page.on("dialog", lambda asked: asked.accept())
    come_in(page, f"/t/{house.slug}/", house.email("ada"))
    page.wait_for_url("**/c/")
    press(page, "Collections")
    page.wait_for_url("**/collections/")
    press(page, "Papers")
    page.wait_for_url("**/collections/*-*")
    row = page.locator("tr[data-document]", has_text="rules.pdf")
    for content, comes in (
        (DAMAGED, row.get_by_text(REMEDY)),
        (papers.pdf("Trips are booked by the travel desk."), row.locator(".badge.good", has_text="Ready")),
    ):
        rules.write_bytes(content)
        with page.expect_file_chooser() as chooser:
            press(page, re.compile("^Add documents"), key="Space")
        chooser.value.set_files(rules)
        press(page, "Upload")
        comes.wait_for()
        expect_at(page, "Upload")
    press(page, "Delete rules.pdf")
    page.get_by_text("No documents yet").wait_for()
    assert contents.counted(house.ada, shelf) == {}
    tasks.check(page, grows=True)


@at_a_desk
def test_admins_set_limits_and_rules_and_see_what_is_used(page: Any, house: cast.House) -> None:
    come_in(page, f"/t/{house.slug}/", house.email("ada"))
    page.wait_for_url("**/c/")
    press(page, "Admin")
    page.wait_for_url("**/people/")
    press(page, "Settings")
    page.wait_for_url("**/settings/")
    fill(page, {"Tokens a day": "50000"})
    page.keyboard.press("Enter")
    page.get_by_text("Saved.").wait_for()
    assert tenants.current(house.ada).tokens_per_day == 50_000
    press(page, "Policy")
    page.wait_for_url("**/policy/")
    press(page, "Write a draft")
    page.wait_for_url("**/policy/2")
    press(page, re.compile("^secrets-input "))
    page.wait_for_url("**/rules/secrets-input")
    tab_to(page, "What follows")
    page.keyboard.press("ArrowUp")
    press(page, "Save the rule")
    page.get_by_text("secrets-input is saved.").wait_for()
    page.on("dialog", lambda asked: asked.accept())
    press(page, "Publish")
    page.get_by_text("It is published, and holds from now on.").wait_for()
    tasks.check(page)
    press(page, "Admin")
    page.wait_for_url("**/people/")
    press(page, "Usage")
    page.get_by_text("of 50").wait_for()
    tasks.check(page)


@at_a_desk
def test_officers_find_an_answer_open_it_and_take_the_list_away(
    page: Any, house: cast.House, settings: Any, tmp_path: Path
) -> None:
    asking.shelf(house)
    asking.speak(settings)
    asking.answered(house.bob, "My phone is +49 561 804 2211: how many working days may be spent abroad?")
    come_in(page, f"/t/{house.slug}/", house.email("olga"))
    page.wait_for_url("**/c/")
    press(page, "Record")
    page.wait_for_url("**/record/")
    press(page, "Questions", key="Space")
    fill(page, {"Person": house.email("bob")})
    tab_to(page, "When")
    page.keyboard.type("Last 24")
    press(page, "Show")
    page.wait_for_url("**/record/?kind=questions&person=*&within=24h")
    with page.expect_download() as taken:
        press(page, re.compile("as CSV"))
    taken.value.save_as(tmp_path / "list.csv")
    assert "prompt.received" in (tmp_path / "list.csv").read_text()
    press(page, "The whole answer: Bob asked")
    page.wait_for_url("**/record/interactions/*")
    press(page, "Open the words")
    fill(page, {"Why you open it": "Complaint of the works council"})
    page.keyboard.press("Enter")
    page.get_by_text("The words are open to you").wait_for()
    assert "804 2211" in page.get_by_role("main").inner_text()
    press(page, "Close again")
    page.get_by_text("Open the words").wait_for()
    assert "804 2211" not in page.content()
    tasks.check(page)


@at_a_desk
def test_operators_make_a_tenant_and_switch_it_off(page: Any, house: cast.House) -> None:
    operator = test_operators.made()
    slug = f"k{house.slug}"
    page.on("dialog", lambda asked: asked.accept())
    come_in(page, "/operators/", operator.email, test_operators.PASSWORD)
    page.get_by_text("Processes and services").wait_for()
    press(page, "Tenants")
    page.wait_for_url("**/tenants")
    # From the page's end: before the form stand as many tenants as there are.
    tab_to(page, "Name", "textbox", back=True)
    write(page, "Otto Ltd")
    fields = {"Short name": slug, "First admin's e-mail address": "it@otto.example"}
    fill(page, fields | {"Their first password": cast.PASSWORD})
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Otto Ltd").wait_for()
    press(page, "Switch off")
    page.get_by_role("button", name="Switch on").wait_for()
    assert tenants.find_for_login(slug) is None
    tasks.check(page)


@pytest.mark.parametrize("page", ["phone-dark"], indirect=True)
def test_who_goes_through_a_row_of_links_before_the_page_is_whole_is_not_left_behind(
    page: Any, house: cast.House
) -> None:
    come_in(page, f"/t/{house.slug}/", house.email("ada"))
    page.wait_for_url("**/c/")
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => document.querySelector('.parts a')?.focus({preventScroll: true}))"
    )
    page.goto("/settings/", wait_until="load")
    first = page.locator(".parts a").first
    assert not first.get_attribute("aria-current")
    page.evaluate("new Promise(done => setTimeout(done))")  # whoever hears that the page is whole has heard it
    assert first.bounding_box()["x"] >= 0
    here = page.locator(".parts [aria-current]").bounding_box()
    assert here["x"] + here["width"] > 390  # where the row is moved to for whoever has not begun
