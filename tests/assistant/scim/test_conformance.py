"""The published test of SCIM servers, against a web process."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server
from scim2_tester.utils import ResourceManager

from tests.assistant import serving
from tests.assistant.scim import doors
from tests.cast import House

FAULTS = {Status.ERROR, Status.CRITICAL, Status.DEVIATION}
# Searching people and groups at once is not offered; RFC 7644 has 501 for it.
SKIPPED = {"search_with_attributes"}


@pytest.fixture
def _once(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each check the tester deletes all that it has ever made, which is most of its requests: what is gone is gone."""
    delete_all = ResourceManager.cleanup

    def cleanup(made: ResourceManager) -> None:
        delete_all(made)
        made.resources.clear()

    monkeypatch.setattr(ResourceManager, "cleanup", cleanup)


@pytest.mark.usefixtures("_once")
def test_the_tester_of_scim_finds_no_fault(house: House) -> None:
    door = doors.door(house)
    with (
        serving.web() as address,
        httpx2.Client(
            base_url=f"{address}{door.root}", headers={"Authorization": f"Bearer {door.token}"}, timeout=60
        ) as client,
    ):
        found: list[Any] = check_server(SyncSCIMClient(client))
    assert not [(one.title, one.resource_type, one.reason) for one in found if one.status in FAULTS]
    assert {one.title for one in found if one.status is Status.SKIPPED} <= SKIPPED
    assert {"object_creation", "object_replacement", "check_add_attribute"} <= {one.title for one in found}
    assert len(found) > 50
    for kind in ("Users", "Groups"):
        assert door.told("GET", f"/{kind}")["totalResults"] == 0  # each was deleted at its first try
