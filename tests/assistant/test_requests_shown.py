"""A form of access requests that was refused is shown again as it was filled in, with what was wrong where it was."""

from __future__ import annotations

import uuid

from governance.requests import asking, offers
from governance.requests.asking import Wish
from governance.requests.offers import Draft
from governance.roles import Level
from ingestion import catalog
from tests.assistant import portal
from tests.cast import House


def test_what_was_filled_in_is_kept(house: House) -> None:
    ada, charlie = portal.signed_in(house, "ada"), portal.signed_in(house, "charlie")
    shelf = catalog.create(house.ada, f"Wages {uuid.uuid4().hex[:8]}").pk
    offer = {"title": "Wages", "summary": "By level", "level": "2", "approvals": "2", "days": "30", "lapses": "400"}
    page = ada.post(f"/collections/{shelf}/offer", offer | {"groups": [house.team], "approvers": house.team})
    assert page.status_code == 400
    shown = " ".join(page.content.decode().split())
    team = f'value="{house.team}"'
    for kept in ('value="By level"', 'value="2" selected', f"{team} checked", f"{team} selected", 'value="400"'):
        assert kept in shown, kept

    row = offers.put(house.ada, shelf, Draft("Wages", level_most=Level.CONTRIBUTE))
    page = charlie.post(f"/requests/offers/{row.pk}?q=wage", {"level": "2", "days": "5000", "reason": "For the audit."})
    shown = " ".join(page.content.decode().split())
    assert page.status_code == 400
    assert "<details open>" in shown
    assert 'value="2" selected' in shown
    assert 'aria-invalid="true" aria-describedby="fault" autofocus value="5000"' in shown
    assert ">For the audit.</textarea>" in shown
    assert 'value="wage"' in shown  # what was searched for, or the form might not be on the page

    asked = asking.ask(house.charlie, row.pk, Wish(Level.READ, 5, "For the audit.")).pk
    page = ada.post(f"/requests/{asked}/refuse", {"answer": "x" * 1001})
    assert page.status_code == 400
    assert f"autofocus required>{'x' * 1001}</textarea>" in " ".join(page.content.decode().split())
