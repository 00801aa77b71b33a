"""From a provider that is not set up yet to an employee who sees what they may, by the keyboard alone.

Each browser is given one address, the first. Whatever comes after it is gone to by Tab, by keys, and by the provider's redirects.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from governance import people
from governance.identity import providers
from ingestion import catalog
from tests import cast
from tests.assistant.sso import journeys, strict
from tests.browser import tasks
from tests.browser.conftest import COUNT_SHIFTS, Seen
from tests.browser.keyboard import come_in, expect_at, fill, press, tab_to

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("served")]
UUID = "[0-9a-f-]{36}"


def test_an_admin_opens_a_collection_to_a_providers_group_and_a_new_employee_sees_just_that(
    page: Any, house: cast.House, settings: Any
) -> None:
    settings.SSO_INTERNAL_HOSTS = ["127.0.0.1"]
    handbook = catalog.create(house.ada, "Handbook").pk
    catalog.create(house.ada, "Minutes of the board")
    on_this_machine(page)
    come_in(page, f"/t/{house.slug}/", house.email("ada"))
    page.wait_for_url("**/c/")
    press(page, "Admin")
    page.wait_for_url("**/people/")
    press(page, "Sign-in")
    page.wait_for_url("**/sign-in")
    press(page, "Add a provider")
    page.wait_for_url("**/new")
    with strict.standing(page.locator("#redirect-address").inner_text()) as issuer:
        claims = {"email": f"sam@{house.slug}.example", "email_verified": True, "name": "Sam Ortiz"}
        strict.tell(issuer, "sam", claims | {"groups": ["idp-team", "cyclists"]})
        set_up(page, house, issuer)
        try_out(page)
        switch_on(page)
        give(page)
        press(page, "Why, and who")
        page.wait_for_url("**/access/why")
        explain(page, "Bob")
        page.get_by_text("by hand").wait_for()

        employee = newcomer(page, house)
        press(employee, "Collections")
        employee.wait_for_url("**/collections/")
        employee.get_by_role("link", name="Handbook").wait_for()
        assert "Minutes" not in employee.get_by_role("main").inner_text()
        press(employee, "Handbook", "link")
        employee.wait_for_url(f"**/collections/{handbook}")
        tasks.check(employee)

        press(page, "By collection")  # the page of before knows nobody who came since
        page.wait_for_url("**/access/")
        press(page, "Why, and who")
        page.wait_for_url("**/access/why")
        explain(page, "Sam")
        page.get_by_text("claim of the identity provider").first.wait_for()
        tasks.check(page)


def set_up(page: Any, house: cast.House, issuer: str) -> None:
    filled = journeys.filled(house, issuer) | {"Name": "Strict ID", "Value in the claim": "idp-team"}
    fill(page, filled)
    tab_to(page, "Group here")
    page.keyboard.type("Team")
    press(page, "Save")
    page.wait_for_url(re.compile(f"/sign-in/{UUID}$"))
    (row,) = providers.listed(house.ada)
    assert (row.name, row.is_enabled, providers.allowed_groups(house.ada, row.pk)) == (
        "Strict ID",
        False,
        [("idp-team", house.team)],
    )


def try_out(page: Any) -> None:
    press(page, "Test")
    at_the_provider(page)
    page.get_by_text("This sign-in would succeed.").wait_for()
    page.locator(".badge.good", has_text="Team").wait_for()
    page.locator("tr", has_text="groups").get_by_text("cyclists").wait_for()
    page.wait_for_load_state("load")
    here = page.locator(".parts [aria-current]").evaluate("one => [one.textContent, one.getBoundingClientRect().right]")
    assert here[0] == "Sign-in"
    assert here[1] <= page.viewport_size["width"], "on a small screen the row is moved along to where one is"
    tasks.check(page)


def switch_on(page: Any) -> None:
    press(page, "Strict ID", "link")
    page.wait_for_url(re.compile(f"/sign-in/{UUID}$"))
    press(page, re.compile("^Switched on"), "checkbox", key="Space")
    press(page, "Save")
    page.get_by_text("Saved.").wait_for()


def give(page: Any) -> None:
    """From the group's page, so that the table is narrowed to it."""
    press(page, "Groups")
    page.wait_for_url("**/groups/")
    press(page, "Team", "link")
    page.wait_for_url("**/groups/*-*")
    press(page, "What it may do")
    page.wait_for_url("**/access/?who=Team")
    press(page, re.compile("^Handbook, "))
    page.locator("dialog[open]").wait_for()
    page.keyboard.press("ArrowDown")
    press(page, "Save")
    page.locator("td .chip.read").wait_for()
    expect_at(page, re.compile("^Handbook, .*Read$"))


def explain(page: Any, name: str) -> None:
    tab_to(page, "Person")
    page.keyboard.type(name)
    tab_to(page, "Collection")
    page.keyboard.type("Handbook")
    press(page, "Explain")
    page.get_by_role("heading", name=re.compile(f"^Yes: {name}.*Handbook")).wait_for()
    tasks.check(page)


def newcomer(page: Any, house: cast.House) -> Any:
    """In a browser of their own, which knows nothing of the admin's."""
    browser, size = page.context.browser, page.viewport_size
    opened = browser.new_context(viewport=size, base_url=page.url.partition("/access")[0]).new_page()
    opened.set_default_timeout(60_000)
    opened.seen = Seen()
    opened.seen.watch(opened)
    opened.add_init_script(COUNT_SHIFTS)
    on_this_machine(opened)
    opened.goto(f"/t/{house.slug}/")
    press(opened, "Sign in with Strict ID")
    at_the_provider(opened)
    opened.wait_for_url("**/c/")
    assert people.find_by_email(house.system, f"sam@{house.slug}.example")
    return opened


def on_this_machine(page: Any) -> None:
    """The provider's pages would have a font from elsewhere."""
    page.route("**/*", lambda one: one.continue_() if "127.0.0.1" in one.request.url else one.fulfill(body=""))


def at_the_provider(page: Any) -> None:
    """Its own pages, which put the focus where it belongs."""
    page.locator("input[name=login]:focus").wait_for()
    page.keyboard.type("sam")
    page.keyboard.press("Tab")
    page.keyboard.type("any")
    page.keyboard.press("Enter")
    page.locator("button:focus", has_text="Continue").wait_for()
    page.keyboard.press("Enter")
