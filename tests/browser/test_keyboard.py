"""The main tasks by the keyboard alone: after the first address nothing but keys, and every stop of the focus is seen."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests import cast
from tests.assistant import asking
from tests.assistant.v1 import clients
from tests.browser import tasks
from tests.browser.conftest import Served
from tests.browser.keyboard import come_in, expect_at, fill, press, tab_to, write
from tests.browser.test_desk import rates

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("served")]
at_a_desk = pytest.mark.parametrize("page", ["desktop-light"], indirect=True)


def test_employees_ask_follow_a_source_stop_and_ask_again(page: Any, served: Served, house: cast.House) -> None:
    rates(house)
    served.hold_answers()
    come_in(page, f"/t/{house.slug}/", house.email("bob"))
    page.wait_for_url("**/c/")
    expect_at(page, "Your question")
    page.keyboard.type("What is the rate of L4?")
    page.keyboard.press("Enter")
    page.locator("[data-live] [data-ordinal]").nth(3).wait_for()
    page.keyboard.press("j")  # to the question
    press(page, re.compile("^Source 1"))
    page.locator("#source tr.quoted").wait_for()
    expect_at(page, "Source")
    press(page, "Before and after")
    page.locator("#source").get_by_text("Before it.").wait_for()
    page.keyboard.press("Escape")
    expect_at(page, re.compile("^Source 1"))

    press(page, "Stop", back=True)
    page.locator("[data-live]").wait_for(state="detached")
    page.locator(".exchange:focus").wait_for()
    tasks.check(page, grows=True)  # what was written pushed the passages down that it was written from
    press(page, "Edit this question")
    expect_at(page, "The question in other words")
    write(page, "And what is the rate of L5?")
    served.let_answers_end()
    page.keyboard.press("Enter")
    ended = page.locator(".exchange:focus:not([data-live])")  # once it has ended and stands in its place
    ended.filter(has=page.locator(".question", has_text="And what")).wait_for()
    press(page, re.compile("^1 .*txt$"))
    page.locator("#source tr.quoted").wait_for()
    press(page, "The whole document")
    page.wait_for_url("**/documents/*#p-*")
    tasks.check(page)


def test_employees_copy_an_answer_and_say_whether_it_helped(page: Any, house: cast.House) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    rates(house)
    come_in(page, f"/t/{house.slug}/", house.email("bob"))
    page.wait_for_url("**/c/")
    page.keyboard.press("Tab")  # out of the question's box, where a letter is a letter
    page.keyboard.press("s")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect_at(page, "Rates of L5")
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/*-*")
    press(page, "Copy with sources")
    page.get_by_role("link", name="Copied").wait_for()
    assert "[1] " in page.evaluate("navigator.clipboard.readText()")
    press(page, "This did not help")
    page.get_by_placeholder("What was wrong or missing?").wait_for()
    expect_at(page, "This did not help")
    tab_to(page, "Why? You need not say.")
    page.keyboard.type("It is 73.")
    page.keyboard.press("Enter")
    page.get_by_text("Thank you. Your reason is kept.").wait_for()
    expect_at(page, "This did not help")
    tasks.check(page)


def test_employees_find_rename_pin_and_delete_a_conversation_and_bring_it_back(page: Any, house: cast.House) -> None:
    table = rates(house)
    come_in(page, f"/t/{house.slug}/", house.email("bob"))
    page.wait_for_url("**/c/")
    page.keyboard.press("Tab")  # out of the question's box, where a letter is a letter
    page.keyboard.press("s")
    page.keyboard.type("rate 72")
    page.locator(".snippet mark").first.wait_for()
    page.keyboard.press("ArrowDown")
    expect_at(page, re.compile("^Rates of L5"))
    page.keyboard.press("ArrowUp")
    write(page, "r")
    page.keyboard.press("Backspace")
    entry = page.locator(f'[data-conversation="{table}"]')
    entry.wait_for()

    press(page, "More about “Rates of L5”")
    press(page, "Rename")
    expect_at(page, "Title")
    write(page, "Pay of L5")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Pay of L5").wait_for()
    expect_at(page, "Pay of L5")
    press(page, re.compile("^More about"))
    press(page, "Pin")
    page.locator(".conversation-list h2", has_text="Pinned").wait_for()
    expect_at(page, "Pay of L5")
    press(page, re.compile("^More about"))
    press(page, "Delete")
    entry.wait_for(state="detached")
    expect_at(page, "Undo")
    page.keyboard.press("Enter")
    entry.wait_for()
    expect_at(page, "Pay of L5")
    tasks.check(page)


@at_a_desk
def test_a_key_is_made_copied_and_used(page: Any, served: Served, house: cast.House) -> None:
    asking.shelf(house)
    served.let_answers_end()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    come_in(page, f"/t/{house.slug}/", house.email("bob"))
    page.wait_for_url("**/c/")
    press(page, "Keys")
    page.wait_for_url("**/keys/")
    fill(page, {"Name": "Reports"})
    press(page, "Make the key")
    page.get_by_text("Copy it now").wait_for()
    press(page, "Copy")
    page.get_by_role("button", name="Copied").wait_for()
    client = clients.openai(served.address, page.evaluate("navigator.clipboard.readText()"))
    asked: Any = {"model": "chancery", "messages": clients.said(asking.QUESTION)}
    (choice,) = client.chat.completions.create(**asked).choices
    assert clients.beside(choice)["citations"]
    tasks.check(page)
