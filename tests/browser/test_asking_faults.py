"""What a person has typed is lost to no fault of the asking: a session that ended, a rule, a file, a page without a box."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant import conversations, models
from assistant.models import Status
from governance.policy.rules import Action, Stage
from tests import cast
from tests.assistant.test_threads import turn
from tests.browser import tasks
from tests.browser.conftest import Served
from tests.browser.tasks import sign_in
from tests.governance import policies

pytestmark = pytest.mark.browser

QUESTION = "How long may one stay abroad, and who has to agree?"


def ended(house: cast.House, question: str, status: Status, beside: models.Answer | None = None) -> models.Answer:
    row = turn(house.bob, question, conversation=beside.conversation_id if beside else None)
    with house.bob.transaction():
        models.Answer.objects.filter(pk=row.pk).update(status=status)
        if beside:
            models.Answer.objects.filter(pk=row.pk).update(after=beside.after_id)
    return row


def test_what_was_typed_stays_where_the_session_has_ended(page: Any, served: Served, house: cast.House) -> None:
    row = turn(house.bob, "How many days?", "Twenty.")
    sign_in(page, house, "bob")
    page.goto(f"/c/{row.conversation_id}")
    page.context.clear_cookies(name="chancery_session")
    box = page.get_by_label("Your question")
    box.fill(QUESTION)
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("The question did not get through").wait_for()
    assert box.input_value() == QUESTION
    assert page.locator(".exchange").count() == 1


def test_what_was_typed_is_there_after_a_file_was_attached(
    page: Any, served: Served, house: cast.House, tmp_path: Path
) -> None:
    (tmp_path / "notes.md").write_text("# Notes\n\nThe lift is out of order.\n")
    sign_in(page, house, "bob")
    page.get_by_label("Your question").fill(QUESTION)
    page.get_by_text("Attach a file").click()
    page.locator("#attach-file").set_input_files(tmp_path / "notes.md")
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("link", name="notes.md").wait_for()
    assert page.get_by_label("Your question").input_value() == QUESTION
    page.reload()
    assert page.get_by_label("Your question").input_value() == ""
    tasks.check(page)


def test_what_was_typed_is_there_after_another_form_was_sent(page: Any, served: Served, house: cast.House) -> None:
    one = ended(house, "How many days?", Status.ANSWERED)
    ended(house, "How many days a year?", Status.ANSWERED, beside=one)
    conversations.show(house.bob, one.pk)
    sign_in(page, house, "bob")
    page.goto(f"/c/{one.conversation_id}")
    box = page.get_by_label("Your question")
    box.fill(QUESTION)

    page.get_by_role("button", name="The next version").click()
    page.locator(".beside", has_text="2/2").wait_for()
    assert box.input_value() == QUESTION
    page.get_by_role("button", name="The version before").click()
    page.locator(".beside", has_text="1/2").wait_for()
    assert box.input_value() == QUESTION

    page.locator("summary", has_text="Rename").click()
    page.get_by_label("Title").fill("Days abroad")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Days abroad").wait_for()
    assert box.input_value() == QUESTION

    share = page.get_by_role("link", name="Share", exact=True)
    share.click()
    who = page.get_by_label("Share with")
    who.select_option(value=who.locator("option", has_text="Charlie").get_attribute("value"))
    page.locator(".shares").get_by_role("button", name="Share", exact=True).click()
    page.get_by_text("Shared, as far as it has come.").wait_for()
    assert box.input_value() == QUESTION
    share.click()
    page.locator(".shares").get_by_role("button", name="Stop sharing").click()
    page.get_by_text("It is no longer shared with them.").wait_for()
    assert box.input_value() == QUESTION
    tasks.check(page)


def test_what_was_typed_comes_up_nowhere_that_it_was_not_left_for(page: Any, served: Served, house: cast.House) -> None:
    """A form that leads to no page keeps nothing: an export, one that a script sends, the asking itself. Nor does signing out."""
    row = turn(house.bob, "How many days?", "Twenty.")
    sign_in(page, house, "bob")

    def typed() -> Any:
        page.goto(f"/c/{row.conversation_id}")
        box = page.get_by_label("Your question")
        assert box.input_value() == ""
        box.fill(QUESTION)
        return box

    typed()
    page.locator("summary", has_text="Export").click()
    with page.expect_download():
        page.get_by_role("button", name="Markdown").click()
    typed()
    page.get_by_role("button", name="This helped").click()
    page.get_by_label("Why? You need not say.").wait_for()
    box = typed()
    served.let_answers_end()
    box.press("Enter")
    page.locator(".exchange").nth(1).wait_for()
    typed()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Password", exact=True).wait_for()
    sign_in(page, house, "bob")
    typed()


def test_a_rule_that_wants_a_reason_is_met_where_a_question_is_tried_again(
    page: Any, served: Served, house: cast.House
) -> None:
    rule = policies.words("trips", Stage.INPUT, Action.REQUIRE_REASON, "abroad", message="Say what it is for.")
    policies.publish(house, [rule])
    row = ended(house, QUESTION, Status.FAILED)
    sign_in(page, house, "bob")
    page.goto(f"/c/{row.conversation_id}")
    page.get_by_role("button", name="Try again").click()
    reason = page.locator("form[data-again] [data-reason] input")
    reason.fill("A trip in May")
    served.let_answers_end()
    page.get_by_role("button", name="Try again").click()
    page.locator(f"#a-{row.pk}").wait_for(state="detached")
    page.locator(".exchange").wait_for()


def test_two_answers_side_by_side_say_what_went_wrong(page: Any, served: Served, house: cast.House) -> None:
    one = ended(house, QUESTION, Status.ANSWERED)
    other = ended(house, QUESTION, Status.FAILED, beside=one)
    sign_in(page, house, "bob")
    page.goto(f"/a/{other.pk}/compare?with={one.pk}")
    page.route("**/again", lambda route: route.abort())
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("alert").get_by_text("The question did not get through").wait_for()
    assert page.get_by_role("button", name="Try again").get_attribute("aria-disabled") == "false"
