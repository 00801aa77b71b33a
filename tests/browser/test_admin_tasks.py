"""What admins do most, in a real browser, at a desk and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db.models import F

from governance import access, people, tenants
from governance.actions import Action
from governance.policy import versions
from governance.policy.rules import Action as PolicyAction
from ingestion import catalog
from ingestion.documents import contents
from ingestion.models import Status, Version
from tests import cast
from tests.assistant import asking
from tests.browser import tasks
from tests.browser.conftest import Served
from tests.browser.tasks import sign_in
from tests.ingestion import papers

pytestmark = pytest.mark.browser
NEW_PASSWORD = "a wholly new long password"
DAMAGED = b"%PDF-1.7\nnothing of a PDF follows\n"
REMEDY = "Print it to a new PDF and upload that."
DROP = """text => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], "dropped.md"));
  transfer.items.add(new File([new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0])], "poor.exe"));
  document.querySelector("h1").dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, bubbles: true}));
}"""


@tasks.everywhere
def test_a_person_is_invited_and_comes_to_a_collection_through_their_group(
    page: Any, served: Served, house: cast.House
) -> None:
    handbook = catalog.create(house.ada, "Handbook").pk
    sign_in(page, house, "ada")
    page.get_by_role("link", name="Admin", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Nia New")
    page.get_by_label("E-mail address").fill("nia@example.com")
    page.get_by_role("button", name="Add", exact=True).click()
    link = page.get_by_label("Link", exact=True).input_value()
    tasks.check(page)

    visitor = page.context.browser.new_context(base_url=served.address).new_page()
    visitor.goto(link)
    visitor.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
    visitor.get_by_label("The same again").fill(NEW_PASSWORD)
    visitor.get_by_role("button", name="Set the password").click()
    visitor.get_by_label("E-mail address").fill("nia@example.com")
    visitor.get_by_label("Password").fill(NEW_PASSWORD)
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    visitor.wait_for_url("**/c/")

    page.get_by_role("link", name="Groups", exact=True).first.click()
    page.get_by_role("link", name="Team", exact=True).click()
    page.get_by_label("Person", exact=True).select_option(label="Nia New · nia@example.com")
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator("#toast", has_text="Added to the group.").wait_for()
    tasks.check(page)

    page.get_by_role("link", name="What it may do").click()
    page.locator("[data-cell]").click()
    page.locator("dialog[open]").get_by_role("radio", name="Read ask about").check()
    page.get_by_role("button", name="Save").click()
    page.locator("td .chip.read").wait_for()
    toast = page.locator("#toast")
    toast.get_by_role("button", name="Undo").wait_for()
    assert may_read(house, "nia@example.com", handbook)
    toast.get_by_role("button", name="Undo").click()
    page.locator("#toast [name=choice][value^=read]").wait_for(state="attached")  # the undo may be undone
    assert not may_read(house, "nia@example.com", handbook)
    toast.get_by_role("button", name="Undo").click()
    page.locator("td .chip.read").wait_for()
    assert may_read(house, "nia@example.com", handbook)
    tasks.check(page)


@tasks.everywhere
def test_documents_are_uploaded_mended_as_their_remedy_says_tried_again_and_deleted(
    page: Any, served: Served, house: cast.House, tmp_path: Path
) -> None:
    shelf = catalog.create(house.ada, "Papers").pk
    rules = tmp_path / "rules.pdf"
    rules.write_bytes(DAMAGED)
    sign_in(page, house, "ada")
    page.get_by_role("link", name="Collections", exact=True).click()
    page.get_by_role("link", name="Papers").click()
    upload(page, rules)
    row = page.locator("tr[data-document]", has_text="rules.pdf")
    row.get_by_text(REMEDY).wait_for()
    tasks.check(page, grows=True)
    rules.write_bytes(papers.pdf("Trips are booked by the travel desk."))
    upload(page, rules)
    ready = row.locator(".badge.good", has_text="Ready")
    ready.wait_for()

    fail(house)
    page.reload()
    row.get_by_text("Try again in a minute.").wait_for()
    tasks.check(page, grows=True)
    row.get_by_role("button", name="Try again").click()
    ready.wait_for()
    page.on("dialog", lambda asked: asked.accept())
    row.get_by_role("button", name="Delete rules.pdf").click()
    page.get_by_text("No documents yet").wait_for()
    assert contents.counted(house.ada, shelf) == {}
    tasks.check(page, grows=True)


@tasks.everywhere
def test_a_limit_and_a_rule_are_changed_and_what_is_used_is_seen(
    page: Any, served: Served, house: cast.House, settings: Any
) -> None:
    asking.shelf(house)
    asking.speak(settings)
    asking.answered(house.bob)
    sign_in(page, house, "ada")
    page.get_by_role("link", name="Admin", exact=True).click()
    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_label("Tokens a day").fill("50000")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved.").wait_for()
    assert tenants.current(house.ada).tokens_per_day == 50_000

    page.get_by_role("link", name="Policy", exact=True).click()
    page.get_by_role("button", name="Write a draft").click()
    page.get_by_role("link", name="secrets-input").click()
    page.get_by_label("What follows").select_option(value="flag")
    tasks.check(page)
    page.get_by_role("button", name="Save the rule").click()
    page.get_by_text("secrets-input is saved.").wait_for()
    page.get_by_label("Text", exact=True).fill("My password is hunter2.")
    page.get_by_role("button", name="Try").click()
    page.locator("#tried mark", has_text="hunter2").wait_for()
    page.get_by_role("button", name="Run the test texts").click()
    page.get_by_text("came out as they should").wait_for()
    tasks.check(page, grows=True)
    assert versions.in_force(house.bob).stamp.number == 1
    page.on("dialog", lambda asked: asked.accept())
    page.get_by_role("button", name="Publish").click()
    page.get_by_text("It is published, and holds from now on.").wait_for()
    held = {rule.name: rule.action for rule in versions.in_force(house.bob).rules}
    assert held["secrets-input"] is PolicyAction.FLAG
    tasks.check(page)

    page.get_by_role("link", name="Admin", exact=True).click()
    page.get_by_role("link", name="Usage", exact=True).click()
    tiles = page.locator(".tiles > div")
    assert "1" in tiles.filter(has_text="Questions").inner_text()
    assert "of 50" in tiles.filter(has_text="Tokens today").inner_text()
    tasks.check(page)


def test_files_are_dropped_anywhere_and_the_chosen_are_deleted(
    page: Any, served: Served, house: cast.House, tmp_path: Path
) -> None:
    papers = catalog.create(house.ada, "Papers").pk
    sign_in(page, house, "ada")
    page.goto(f"/collections/{papers}")
    page.evaluate(DROP, "# Travel\n\nTrips are booked by the travel desk.\n")
    page.get_by_text("1 of 2 uploaded, 1 not taken").wait_for()
    page.get_by_role("button", name="Try again: poor.exe").wait_for()
    page.locator(".badge.good", has_text="Ready").first.wait_for()  # without a reload
    tasks.check(page, refused="415", grows=True)
    page.get_by_role("link", name="dropped.md").click()
    page.get_by_text("How it went").wait_for()
    page.get_by_text("travel desk").wait_for()
    page.go_back()
    page.get_by_label("Choose all on this page").check()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete the chosen").click()
    page.get_by_text("1 document was deleted.").wait_for()
    page.get_by_text("No documents yet").wait_for()
    tasks.check(page, refused="415", grows=True)


def upload(page: Any, *files: Path) -> None:
    page.get_by_label("Add documents").set_input_files([*files])
    page.get_by_role("button", name="Upload").click()


def fail(house: cast.House) -> None:
    """As if the index had been away when the latest version of every document came to it."""
    with house.system.transaction():
        Version.objects.filter(document__latest=F("pk")).update(
            status=Status.FAILED, error="The index does not answer.", remedy="Try again in a minute."
        )


def may_read(house: cast.House, email: str, collection: Any) -> bool:
    person = people.find_by_email(house.system, email)
    assert person is not None
    return access.decide(people.scope_in(house.tenant, person.pk), Action.COLLECTION_READ, collection).allowed
