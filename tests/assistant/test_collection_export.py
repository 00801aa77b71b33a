"""A collection leaves by the portal and by the API, while it is written."""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Iterator

import pytest

from ingestion import catalog
from tests.assistant import serving
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import bells


@pytest.fixture
def shelf(house: House) -> uuid.UUID:
    made = catalog.create(house.ada, "Travel „rules“").pk
    bells.ingested(house, made, "# Travel\n\nTwenty working days a year may be spent abroad.\n", "travel.md")
    return made


@pytest.fixture
def site() -> Iterator[str]:
    with serving.web() as address:
        yield address


def test_it_is_downloaded_whole_through_the_api_and_by_the_portals_button(
    house: House, shelf: uuid.UUID, site: str
) -> None:
    by_key = serving.caller(site, house.key("ada")).get(f"/api/v1/collections/{shelf}/export")
    browser = serving.browser(site, house, "ada")
    assert f"/collections/{shelf}/export" in browser.get(f"/collections/{shelf}").text
    by_button = browser.post(f"/collections/{shelf}/export")
    for response in (by_key, by_button):
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/zip"
        assert "attachment" in response.headers["content-disposition"]
        with zipfile.ZipFile(io.BytesIO(response.content)) as zipped:
            assert zipped.testzip() is None
            assert {"documents/00001-travel.md", "text/00001-travel.md.txt", "manifest.json"} <= set(zipped.namelist())
    assert len(leaves(house, "collection.exported")) == 2


def test_a_key_that_reads_and_does_not_manage_takes_nothing_away(house: House, shelf: uuid.UUID, site: str) -> None:
    for scopes in ("read", "ask"):
        refused = serving.caller(site, house.key("ada", scopes)).get(f"/api/v1/collections/{shelf}/export")
        assert refused.status_code == 403
        assert refused.headers["content-type"].startswith("application/json")
    assert leaves(house, "collection.exported") == []
