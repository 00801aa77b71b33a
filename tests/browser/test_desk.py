"""The employees' room in a real browser: the list, the thread, the source, and the keys."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from assistant import models
from governance import grants
from governance.roles import Level
from ingestion import catalog
from ingestion.models import Chunk
from tests import cast
from tests.browser import tasks
from tests.browser.conftest import Served
from tests.browser.tasks import open_list, sign_in
from tests.ingestion import shelves

pytestmark = pytest.mark.browser

# Resolves as soon as the page has counted a block that moves by itself: neither scrolling nor its anchoring takes that back.
JUMP = """
async () => {
  const before = window.shifts;
  const block = document.body.appendChild(document.createElement("p"));
  block.textContent = "It jumps";
  Object.assign(block.style, { position: "fixed", left: 0, top: 0, width: "50vw", height: "50vh" });
  for (let tries = 0; tries < 200 && window.shifts === before; tries += 1) {
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)));
    block.style.top = tries % 2 ? 0 : "40vh";
  }
  block.remove();
  return window.shifts > before;
}
"""
TABLE = "Rates:\n\n| Level | Rate |\n| --- | --- |\n| L4 | 58 |\n| L5 | 72 |\n"


@pytest.fixture
def table(house: cast.House) -> uuid.UUID:
    return rates(house)


def rates(house: cast.House) -> uuid.UUID:
    """Bob's conversation, whose answer quotes a row of a table."""
    shelf = catalog.create(house.ada, "Rates").pk
    grants.give(house.ada, shelf, grants.Holder(group=house.team), Level.READ)
    made = shelves.indexed(house.system, shelf, ["Before it.", TABLE, "After it."])
    bob = house.bob
    with bob.transaction():
        mine = {"tenant_id": bob.tenant, "person_id": bob.person}
        chunk = Chunk.objects.get(tenant_id=house.tenant, version_id=made.pk, ordinal=1).pk
        place = models.Conversation.objects.create(**mine, title="Rates of L5")
        answer = models.Answer.objects.create(
            **mine, conversation=place, question="What is the rate of L5?", status=models.Status.ANSWERED
        )
        cited = {"marker": 1, "document_id": str(made.document_id), "document_name": "rates.txt", "locator": {}}
        models.Segment.objects.create(
            **mine,
            answer=answer,
            ordinal=0,
            text="The rate of L5 is 72.",
            citations=[cited | {"chunk_id": str(chunk), "quote": "| L5 | 72 |"}],
            is_supported=True,
        )
        models.Conversation.objects.create(**mine, title="Something else")
    return place.pk


def ask_at_length(page: Any) -> None:
    """Until some of the answer is there."""
    page.get_by_label("Your question").fill("What is the rate of L4?")
    page.keyboard.press("Enter")
    page.locator("[data-live] [data-ordinal]").nth(4).wait_for()


def test_a_source_that_comes_late_moves_nothing(page: Any, served: Served, house: cast.House, table: uuid.UUID) -> None:
    sign_in(page, house, "bob")
    page.goto(f"/c/{table}")
    asked: list[Any] = []

    def hold(route: Any) -> None:
        asked.append(route)

    page.route(lambda address: "/passages/" in address, hold)
    page.locator(".cite").first.click()
    close = page.locator("#source [data-close]")
    close.wait_for()
    before = close.bounding_box()
    while not asked:
        page.wait_for_timeout(50)
    asked[0].continue_()
    page.locator("#source mark").first.wait_for()
    assert close.bounding_box() == before
    tasks.check(page)


def test_a_source_opens_as_a_table_with_its_row_marked_and_its_neighbours(
    page: Any, served: Served, house: cast.House, table: uuid.UUID
) -> None:
    sign_in(page, house, "bob")
    page.goto(f"/c/{table}")
    page.locator(".cite").first.click()
    row = page.locator("#source tr.quoted")
    row.wait_for()
    assert row.inner_text().split() == ["L5", "72"]
    assert page.locator("#source .quoted-table th").all_inner_texts() == ["Level", "Rate"]
    page.get_by_role("link", name="Before and after", exact=True).click()
    page.locator("#source").get_by_text("Before it.").wait_for()
    assert page.locator("#source").get_by_text("After it.").is_visible()
    tasks.check(page)
    page.keyboard.press("Escape")
    page.locator("#source").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.className") == "cite"
    tasks.check(page)


@tasks.everywhere
def test_a_conversation_is_found_renamed_pinned_deleted_and_brought_back(
    page: Any, served: Served, house: cast.House, table: uuid.UUID
) -> None:
    sign_in(page, house, "bob")
    open_list(page)
    page.get_by_label("Search your conversations").fill("rate 72")
    page.locator(".snippet mark").first.wait_for()
    assert page.locator(".entry").count() == 1
    page.get_by_label("Search your conversations").fill("")
    page.locator(f'[data-conversation="{table}"]').wait_for()

    page.get_by_label("More about “Rates of L5”").click()
    page.get_by_role("link", name="Rename").locator("visible=true").click()
    page.keyboard.type("Pay of L5")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Pay of L5").wait_for()

    entry = page.locator(f'[data-conversation="{table}"]')
    entry.locator("summary").click()
    entry.get_by_role("button", name="Pin").click()
    page.locator(".conversation-list h2", has_text="Pinned").wait_for()
    entry.locator("summary").click()
    entry.get_by_role("button", name="Unpin").wait_for()
    entry.get_by_role("button", name="Delete").click()
    page.locator("[data-toast]").wait_for()
    entry.wait_for(state="detached")
    tasks.check(page)
    page.get_by_role("button", name="Undo").click()
    entry.wait_for()
    assert "Pay of L5" in entry.inner_text()
    tasks.check(page)


def test_an_undo_at_once_shows_the_conversation_although_two_lists_are_under_way(
    page: Any, served: Served, house: cast.House, table: uuid.UUID
) -> None:
    sign_in(page, house, "bob")
    open_list(page)
    held: list[tuple[Any, Any]] = []

    def hold(route: Any) -> None:
        held.append((route, route.fetch()))
        if len(held) == 2:
            for one, response in held:
                one.fulfill(response=response)

    page.route("**/c/list", hold)
    page.locator(f'[data-conversation="{table}"]').hover()
    page.locator(f'[data-conversation="{table}"] summary').click()
    page.locator(f'[data-conversation="{table}"]').get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").click()
    page.locator(f'[data-conversation="{table}"]').wait_for()
    assert len(held) == 2


@tasks.everywhere
def test_a_question_is_asked_and_asked_again_without_leaving_the_page_and_nothing_jumps(
    page: Any, served: Served, house: cast.House, table: uuid.UUID
) -> None:
    served.hold_answers()
    sign_in(page, house, "bob")
    page.goto(f"/c/{table}")
    page.evaluate("window.stayed = true")
    ask_at_length(page)
    tasks.check(page)
    assert page.evaluate(JUMP), "something that jumps would not have been counted"
    page.get_by_role("button", name="Stop").click()
    page.locator("[data-live]").wait_for(state="detached")
    assert page.locator(".exchange").count() == 2

    served.let_answers_end()
    first = page.locator(".exchange").first
    first.hover()
    first.get_by_label("Edit this question").click()
    page.get_by_label("The question in other words").first.fill("And what is the rate of L4?")
    page.keyboard.press("Enter")
    page.get_by_text("And what is the rate of L4?").first.wait_for()
    page.locator(".exchange:not([data-live]) .tools").wait_for()
    assert page.locator(".exchange").count() == 1
    assert page.evaluate("window.stayed")
    tasks.check(page, grows=True)


def test_nothing_jumps_either_when_an_answer_comes_to_its_end(
    page: Any, served: Served, house: cast.House, table: uuid.UUID
) -> None:
    served.hold_answers()
    sign_in(page, house, "bob")
    page.goto(f"/c/{table}")
    ask_at_length(page)  # longer ago than what the browser forgives a key
    served.let_answers_end()
    page.locator("[data-live]").wait_for(state="detached")
    page.locator(".exchange").nth(1).locator(".sources").wait_for()
    page.evaluate("new Promise(seen => requestAnimationFrame(() => requestAnimationFrame(seen)))")
    tasks.check(page)


def test_single_keys_work_outside_fields_alone_and_can_be_switched_off(
    page: Any, served: Served, house: cast.House, table: uuid.UUID
) -> None:
    sign_in(page, house, "bob")
    page.goto(f"/c/{table}")
    page.keyboard.press("/")
    page.keyboard.type("n/?jk")
    assert page.get_by_label("Your question").input_value() == "n/?jk"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.className") == "exchange"
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keyboard")
    help_.wait_for()
    help_.get_by_label("Use these single keys").uncheck()
    page.keyboard.press("Escape")
    help_.wait_for(state="hidden")
    page.keyboard.press("n")
    assert page.url.endswith(str(table))
    tasks.check(page)


@tasks.everywhere
def test_an_answer_is_copied_with_its_sources_and_judged(
    page: Any, served: Served, house: cast.House, table: uuid.UUID
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, house, "bob")
    page.goto(f"/c/{table}")
    page.get_by_role("link", name="Copy with sources").click()
    page.get_by_role("link", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "The rate of L5 is 72. [1]" in copied
    assert "[1] rates.txt" in copied
    page.get_by_label("This did not help").click()
    page.get_by_placeholder("What was wrong or missing?").fill("It is 73.")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Thank you. Your reason is kept.").wait_for()
    tasks.check(page)
