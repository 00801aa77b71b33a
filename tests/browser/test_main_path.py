"""The main path in a real browser, at a desk and on a phone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests import cast
from tests.browser import tasks
from tests.browser.conftest import Served
from tests.browser.tasks import sign_in

pytestmark = pytest.mark.browser

LEAVE = """# Leave

## Working abroad

Employees of the company may spend twenty working days a year abroad, within the European Union.
"""
QUESTION = "How many working days a year may employees of the company spend abroad?"
# Where the last line of an answer stands that nothing covers.
IN_SIGHT = """() => [...document.querySelectorAll("[data-live] [data-ordinal]")].reverse().flatMap(one => {
  const box = one.getClientRects()[0], place = [box.x + box.width / 2, box.y + box.height / 2];
  return document.elementFromPoint(...place) === one ? [place] : [];
})[0]"""
IS_UNCOVERED = """one => {
  const box = one.getBoundingClientRect();
  return one.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
}"""
LIES_THERE = "place => document.elementFromPoint(...place) === pressed"


def ordinals(page: Any) -> list[int]:
    found: list[str] = page.locator(".exchange:last-of-type [data-ordinal]").evaluate_all(
        "parts => parts.map(part => part.dataset.ordinal)"
    )
    return [int(one) for one in found]


def make_collection(page: Any, folder: Path) -> None:
    page.get_by_role("link", name="Collections", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Handbook")
    page.get_by_role("button", name="Create").click()
    files = []
    for name, text in (("leave.md", LEAVE), ("travel.md", "# Travel\n\nTrips are booked by the travel desk.\n")):
        (folder / name).write_text(text)
        files.append(folder / name)
    page.get_by_label("Add documents").set_input_files([*files])
    page.get_by_role("button", name="Upload").click()


def come_to_ask(page: Any, house: cast.House, folder: Path) -> None:
    """With the documents ready and the question typed."""
    sign_in(page, house, "ada")
    make_collection(page, folder)
    page.locator(".badge.good", has_text="Ready").nth(1).wait_for()
    page.get_by_role("link", name="Ask", exact=True).click()
    page.get_by_label("Your question").fill(QUESTION)


def come_to_a_growing_answer(page: Any, served: Served, house: cast.House, folder: Path) -> None:
    """With its first sentence there. It grows until answers are let end."""
    served.hold_answers()
    come_to_ask(page, house, folder)
    page.keyboard.press("Enter")
    page.locator("[data-live] [data-ordinal]").first.wait_for()


@tasks.everywhere
def test_from_signing_in_to_a_cited_answer(page: Any, served: Served, house: cast.House, tmp_path: Path) -> None:
    served.hold_answers()
    sign_in(page, house, "ada")
    make_collection(page, tmp_path)
    page.locator(".badge.good", has_text="Ready").nth(1).wait_for()  # without a reload
    tasks.check(page, grows=True)

    page.get_by_role("link", name="Ask", exact=True).click()
    page.get_by_label("Your question").fill(QUESTION)
    page.keyboard.press("Enter")
    page.locator("[data-live] [data-ordinal]").nth(6).wait_for()
    tasks.check(page)

    page.locator(".cite").first.click()
    page.locator("#source mark").wait_for()
    assert "leave.md" in page.locator("#source").inner_text()
    tasks.check(page)
    page.get_by_role("link", name="The whole document").click()
    page.wait_for_url("**/documents/*#p-*")
    place = page.locator(f"[id='{page.url.partition('#')[2]}']")
    assert "twenty working days a year abroad" in place.inner_text()
    assert place.bounding_box()["y"] < page.viewport_size["height"]
    tasks.check(page)

    page.go_back()
    before = len(ordinals(page))
    assert before
    page.locator("[data-ordinal]").nth(before).wait_for()  # it goes on
    served.let_answers_end()
    page.locator("[data-live]").wait_for(state="detached")
    assert "That was all." in page.locator(".answer-text").inner_text()
    assert ordinals(page) == list(range(len(ordinals(page))))
    tasks.check(page)


def test_nothing_moves_under_a_pointer_that_is_down_while_the_answer_grows(
    page: Any, served: Served, house: cast.House, tmp_path: Path
) -> None:
    come_to_a_growing_answer(page, served, house, tmp_path)
    page.evaluate("addEventListener('pointerdown', event => window.pressed = event.target.closest('[data-ordinal]'))")
    while True:  # until the page has not moved between the look and the press
        place = page.wait_for_function(IN_SIGHT).json_value()
        page.mouse.move(*place)
        page.mouse.down()
        if page.evaluate("Boolean(pressed)"):
            break
        page.mouse.up()
    stood = page.evaluate("scrollY")
    page.wait_for_function("stood => document.body.scrollHeight - innerHeight > stood + 150", arg=stood)
    assert page.evaluate("scrollY") == stood
    assert page.evaluate(LIES_THERE, place)
    page.mouse.up()
    page.wait_for_function("stood => scrollY > stood", arg=stood)  # whoever looked at the end looks at it again
    served.let_answers_end()


def test_what_the_keyboard_is_at_is_not_scrolled_away_while_the_answer_grows(
    page: Any, served: Served, house: cast.House, tmp_path: Path
) -> None:
    come_to_a_growing_answer(page, served, house, tmp_path)
    stop = page.get_by_role("button", name="Stop")
    stop.focus()
    for _ in range(3):
        high = page.evaluate("document.body.scrollHeight")
        page.wait_for_function("high => document.body.scrollHeight > high + 150", arg=high)
        assert stop.evaluate(IS_UNCOVERED)
    page.evaluate("document.activeElement.blur()")
    stood = page.evaluate("scrollY")
    page.wait_for_function("stood => scrollY > stood", arg=stood)
    served.let_answers_end()


def test_of_two_sources_that_are_opened_at_once_the_later_one_stays(
    page: Any, served: Served, house: cast.House, tmp_path: Path
) -> None:
    served.let_answers_end()
    come_to_ask(page, house, tmp_path)
    page.keyboard.press("Enter")
    page.get_by_text("That was all.").wait_for()
    page.locator("[data-live]").wait_for(state="detached")
    late: list[Any] = []

    def hold(route: Any) -> None:  # Playwright takes no bound method of a list
        late.append(route)

    page.route("**/passages/**", hold)
    first, second = page.locator("a[data-source]").evaluate_all("""links => {
      const apart = links.filter((one, at) => links.findIndex(other => other.pathname === one.pathname) === at);
      apart.slice(0, 2).forEach(one => one.click());
      return apart.slice(0, 2).map(one => one.pathname);
    }""")
    while len(late) < 2:
        page.wait_for_timeout(50)
    for path in (second, first):
        with page.expect_response(f"**{path}*"):
            next(one for one in late if path in one.request.url).continue_()
    page.evaluate("fetch('/healthz').then(answer => answer.text())")  # what came before it has been shown
    assert "travel.md" in page.locator("#source").inner_text()


def test_stop_ends_an_answer_and_keeps_its_part(page: Any, served: Served, house: cast.House, tmp_path: Path) -> None:
    served.hold_answers()
    come_to_ask(page, house, tmp_path)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator("[data-live] [data-ordinal]").first.wait_for()
    page.get_by_role("button", name="Stop").click()
    page.locator("[data-live]").wait_for(state="detached")
    assert re.search("Stopped", page.locator(".exchange").inner_text())
    assert ordinals(page)
    tasks.check(page)
