"""The ten main tasks of the four kinds of people, and what every page on the way owes them.

Each is done with the mouse at a desk and on a phone, in light and in dark, and once by the keyboard alone (test_keyboard*.py).

Employees
 1. ask, and follow a citation to its place: test_main_path.py
 2. stop an answer, and ask again in other words: test_desk.py
 3. find, rename, pin and delete a conversation, and bring it back: test_desk.py
 4. copy an answer with its sources, and say whether it helped: test_desk.py

Admins
 5. invite a person, put them into a group, and give the group a collection: test_admin_tasks.py
 6. upload documents, see one fail, do what its remedy says, and delete it: test_admin_tasks.py
 7. change a limit, draft, try and publish a rule of the policy, and see what is used: test_admin_tasks.py
 8. set single sign-on up, and try it out: test_sso.py

Compliance officers
 9. find one answer by person, day and collection, open its words with a reason, and take the list away: test_record_room.py

Operators
10. see how the installation is, make a tenant, and switch it off: test_record_room.py

An eleventh belongs to any of them who builds on it: make a key, and use it with OpenAI's client (test_keys.py).
"""

from __future__ import annotations

from typing import Any

import pytest

from tests import cast
from tests.browser.conftest import SCREENS

everywhere = pytest.mark.parametrize("page", list(SCREENS), indirect=True)
SHIFT_MOST = 0.05  # of what moves of itself, in Chromium's measure; up to 0.1 counts as good


def sign_in(page: Any, house: cast.House, name: str) -> None:
    enter(page, f"/t/{house.slug}/", house.email(name), cast.PASSWORD, "**/c/")


def enter(page: Any, door: str, email: str, password: str, room: str) -> None:
    page.goto(door)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(room)


def open_list(page: Any) -> None:
    """The list of conversations, which a small screen keeps in a drawer."""
    drawer = page.locator("[data-drawer-open]")
    if drawer.is_visible():
        drawer.click()


def no_wider_than_the_window(page: Any) -> bool:
    page.wait_for_load_state("load")  # before its styles are there a page is wider
    return bool(page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"])


def check(page: Any, refused: str = "", *, grows: bool = False) -> None:
    """Nothing to complain of so far. The browser itself tells of a request that was `refused` with that status.

    What `grows` by what comes in of itself may push down what stands below it.
    """
    assert [one for one in page.seen.errors if not refused or refused not in one] == []
    assert page.seen.reports == []
    assert no_wider_than_the_window(page)
    assert grows or page.evaluate("window.shifts") <= SHIFT_MOST, page.evaluate("window.shifted")
