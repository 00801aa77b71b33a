"""Sources in the portal and by the API: what goes in, what comes out, and that a password never does."""

from __future__ import annotations

import ast
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ingestion import catalog, connectors
from ingestion.connectors import said
from ingestion.models import Source, SourceItem, SourceRun
from ingestion.sources import registry
from tests.assistant import portal
from tests.cast import House

SECRET = "open-sesame-4711"
CLOUD = {"f-url": "https://cloud.example.org/dav/", "f-user": "carol", "f-password": SECRET}
FORM = CLOUD | {"name": "Contracts", "unit": "hours", "every": "2"}
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def at(house: House) -> str:
    return f"/collections/{catalog.create(house.ada, 'Papers').pk}/sources"


@pytest.fixture
def ada(house: House) -> Client:
    return portal.signed_in(house, "ada")


def key(house: House, name: str = "ada") -> Client:
    return Client(headers={"Authorization": f"Bearer {house.key(name)}"})


def added(house: House, ada: Client, at: str) -> str:
    response = ada.post(f"{at}/new/webdav", FORM)
    assert response.status_code == 302
    return str(response["Location"])


def collection(at: str) -> uuid.UUID:
    return uuid.UUID(at.split("/")[2])


def test_a_source_is_added_by_its_form_and_its_schedule_is_kept(house: House, ada: Client, at: str) -> None:
    added(house, ada, at)
    (state,) = registry.listed(house.ada, collection(at))
    assert (state.row.name, state.row.kind, state.row.every_minutes) == ("Contracts", "webdav", 120)
    assert state.row.settings["url"] == CLOUD["f-url"]
    assert "password" not in state.row.settings
    assert "Contracts" in ada.get(at).content.decode()


def test_a_password_comes_out_nowhere(house: House, ada: Client, at: str) -> None:
    page = added(house, ada, at)
    for address in (
        at,
        page,
        f"{page}/settings",
        f"{page}/drift",
        f"/api/v1{at}",
        f"/api/v1{page}",
        f"/api/v1{page}/runs",
    ):
        client = key(house) if address.startswith("/api") else ada
        body = client.get(address)
        assert body.status_code == 200, address
        assert SECRET not in body.content.decode(), address
    again = ada.post(f"{at}/new/webdav", FORM | {"name": ""})
    assert again.status_code == 400
    assert SECRET not in again.content.decode()
    assert "cloud.example.org" in again.content.decode()  # what is no secret stays typed


def test_the_form_says_which_field_is_wrong(ada: Client, at: str) -> None:
    response = ada.post(f"{at}/new/webdav", FORM | {"f-url": "http://cloud.example.org/"})
    assert response.status_code == 400
    assert "https" in response.content.decode()
    for every in ("", "x", "0"):
        assert ada.post(f"{at}/new/webdav", FORM | {"every": every}).status_code == 400


def test_there_is_no_form_for_a_kind_that_there_is_not(ada: Client, at: str) -> None:
    assert ada.get(f"{at}/new/ftp").status_code == 404
    for kind in connectors.KINDS:
        assert ada.get(f"{at}/new/{kind}").status_code == 200, kind


def test_the_test_answers_beside_the_form_and_without_a_script_on_the_page(ada: Client, at: str) -> None:
    form = {"name": "", "f-path": "/srv/nowhere", "unit": "hours", "every": "1"}
    part = ada.post(f"{at}/new/folder/test", form, headers={"HX-Request": "true"}).content.decode()
    assert "not opened" in part
    assert "<html" not in part
    whole = ada.post(f"{at}/new/folder/test", form).content.decode()
    assert "not opened" in whole
    assert "/srv/nowhere" in whole
    assert "<html" in whole


def test_a_program_sets_a_source_up_changes_and_removes_it(house: House, at: str) -> None:
    sent = {"name": "Site", "kind": "website", "settings": {"url": "https://www.example.org/"}, "every_minutes": 60}
    api, address = key(house), f"/api/v1{at}"
    made = api.post(address, sent, content_type="application/json")
    assert made.status_code == 201
    assert made.json()["settings"]["pages"] == 200  # what is not said is as the form has it
    one = f"{address}/{made.json()['id']}"
    changed = api.patch(one, {"settings": {"pages": 50}}, content_type="application/json").json()
    assert (changed["settings"]["pages"], changed["settings"]["url"]) == (50, "https://www.example.org/")
    assert api.patch(one, {"settings": {"stored": "x"}}, content_type="application/json").status_code == 400
    assert api.post(f"{one}/pause").json()["state"] == "paused"
    assert api.post(f"{one}/pause").status_code == 409
    assert api.post(f"{one}/resume").json()["state"] == "active"
    assert api.post(f"{one}/answer", {"documents": "keep"}, content_type="application/json").status_code == 409
    assert api.delete(one).status_code == 204
    assert api.get(one).status_code == 404


def test_who_may_only_upload_does_neither(house: House, at: str) -> None:
    from governance import grants
    from governance.roles import Level

    grants.give(house.ada, collection(at), grants.Holder(person=house.ids["bob"]), Level.CONTRIBUTE)
    assert portal.signed_in(house, "bob").get(at).status_code == 403
    assert key(house, "bob").get(f"/api/v1{at}").status_code == 403
    page = portal.signed_in(house, "bob").get(f"/collections/{collection(at)}").content.decode()
    assert f'href="{at}"' not in page


def test_a_report_is_taken_away_as_a_file_that_runs_nothing(house: House, ada: Client, at: str) -> None:
    page = added(house, ada, at)
    whose: dict[str, Any] = {
        "tenant_id": house.tenant,
        "collection_id": collection(at),
        "source_id": page.rpartition("/")[2],
    }
    report = {"lines": [["there", "=cmd()", "=cmd()", ""]], "is_whole": True, "is_cut": False}
    with house.system.transaction():
        SourceRun.objects.create(**whose, what="look", state="done", report=report)
    body = ada.get(f"{page}/drift.csv").content.decode()
    assert body.splitlines() == ["finding,key,name,document", "there,'=cmd(),'=cmd(),"]


def test_what_somebody_else_called_a_file_is_shown_as_text(house: House, ada: Client, at: str) -> None:
    page = added(house, ada, at)
    told = {"key": "k", "mark": "1", "state": "refused", "name": "<script>x</script>", "error": "<b>no</b>"}
    with house.system.transaction():
        SourceItem.objects.create(
            tenant_id=house.tenant, collection_id=collection(at), source_id=page.rpartition("/")[2], **told
        )
    body = ada.get(page).content.decode()
    assert "&lt;script&gt;x" in body
    assert "<script>x" not in body
    assert "<b>no" not in body


def test_a_page_asks_again_while_it_is_looked_at_and_no_longer(house: House, ada: Client, at: str) -> None:
    page = added(house, ada, at)
    assert 'hx-trigger="every 2s"' in ada.get(page).content.decode()
    with house.system.transaction():
        Source.objects.update(wanted="")
    assert 'hx-trigger="every 2s"' not in ada.get(page).content.decode()
    assert ada.get(page, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_what_rows_of_sources_keep_can_be_said_in_another_language() -> None:
    """Of every sentence with values in it that a connector makes, but for those of a test of the settings."""
    made: set[str] = set()
    for path in (ROOT / "ingestion" / "connectors").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "sentence" and node.args:
                first = node.args[0]
                made |= {str(first.value)} if isinstance(first, ast.Constant) else set()
    shown_at_once = {one for one in made if "can be read." in one}
    assert made - shown_at_once <= set(said.KEPT)
