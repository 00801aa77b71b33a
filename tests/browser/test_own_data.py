"""What an officer opened stands on the employee's own page, who takes their data away, and is erased; in a real browser."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from assistant import models
from governance import people
from governance.audit import interactions
from tests import cast
from tests.assistant import asking
from tests.browser import tasks
from tests.browser.conftest import Served

pytestmark = pytest.mark.browser

WHY = "Complaint of the works council"


def test_an_employee_sees_who_looked_takes_it_away_and_is_erased(
    page: Any, served: Served, house: cast.House, settings: Any, tmp_path: Path
) -> None:
    asking.shelf(house)
    asking.speak(settings)
    answer = asking.answered(house.bob)
    interactions.open_words(house.olga, answer.pk, WHY)

    page.on("dialog", lambda asked: asked.accept())
    tasks.sign_in(page, house, "bob")
    page.get_by_role("link", name="My data").click()
    look = page.get_by_role("row").filter(has_text="Opened your words")
    assert "Olga" in look.inner_text()
    assert WHY not in page.content()
    tasks.check(page)
    with page.expect_download() as taken:
        page.get_by_role("button", name="Take it away (ZIP)").click()
    taken.value.save_as(tmp_path / "mine.zip")
    with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
        assert asking.QUESTION in archive.read("conversations.jsonl").decode()
    look.get_by_role("link").click()
    page.wait_for_url(f"**/c/{answer.conversation_id}")
    page.go_back()
    page.get_by_label("What should be known about it").fill("I leave in May.")
    page.get_by_role("button", name="Ask for erasure").click()
    page.get_by_text("Waits for a decision").wait_for()
    tasks.check(page)
    page.get_by_role("button", name="Sign out").click()

    tasks.sign_in(page, house, "ada")
    page.get_by_role("link", name="Retention").click()
    page.get_by_role("link", name="Erasure").click()
    page.get_by_role("link", name="Bob").click()
    assert "I leave in May." in page.get_by_role("main").inner_text()
    tasks.check(page)
    page.get_by_role("button", name="Approve and erase now").click()
    page.get_by_role("heading", name="What was erased where").wait_for()
    tasks.check(page)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Take the certificate away").click()
    assert taken.value.suggested_filename.startswith("erasure-")
    assert not people.get(house.ada, house.ids["bob"]).is_active
    with house.system.transaction():
        assert not models.Answer.objects.filter(person=house.ids["bob"]).exists()
