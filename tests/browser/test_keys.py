"""A key made in the portal, and the client that people have already, at the served address."""

from __future__ import annotations

from typing import Any

import pytest

from tests import cast
from tests.assistant import asking
from tests.assistant.v1 import clients
from tests.browser import tasks
from tests.browser.conftest import Served

pytestmark = pytest.mark.browser


@tasks.everywhere
def test_a_key_is_made_used_by_openais_client_and_revoked(page: Any, served: Served, house: cast.House) -> None:
    import openai

    asking.shelf(house)
    served.let_answers_end()
    tasks.sign_in(page, house, "bob")
    page.get_by_role("link", name="Keys", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Reports")
    page.get_by_role("button", name="Make the key").click()
    key = page.get_by_label("Key", exact=True).input_value()
    tasks.check(page)

    client = clients.openai(served.address, key)
    asked: Any = {"model": "chancery", "messages": clients.said(asking.QUESTION)}
    (choice,) = client.chat.completions.create(**asked).choices
    assert "Twenty working days a year" in choice.message.content
    assert clients.beside(choice)["citations"]

    page.get_by_role("link", name="Keys", exact=True).click()
    page.on("dialog", lambda said: said.accept())
    page.get_by_role("button", name="Revoke Reports").click()
    page.get_by_text("The key was revoked.").wait_for()
    with pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(**asked)
    tasks.check(page)
