"""Replays in the portal and by REST: started by an officer, watched, read, signed off by an admin."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.test import Client

from governance import models
from governance.policy import versions
from governance.policy.replay import runs, tasks, work
from governance.policy.rules import Action, Stage
from ingestion import catalog, pipeline
from ingestion.documents import uploads
from ingestion.models import Chunk
from tests.assistant import asking, portal
from tests.cast import House
from tests.governance import policies, traffic
from tests.governance.database import leaves

WHY = "Before the new policy is published"
FORM = {"stage": ["input"], "reason": WHY}


@pytest.fixture(autouse=True)
def unrung() -> Iterator[mock.Mock]:
    with mock.patch.object(tasks, "ring") as ring:
        yield ring


@pytest.fixture
def draft(house: House) -> models.PolicyVersion:
    """One hundred recorded questions, and a draft."""
    traffic.publish(house)
    traffic.record(house, 1)
    traffic.erase(house, "charlie")
    return traffic.drafted(house)


def days() -> dict[str, str]:
    today = datetime.now(UTC).date()
    return {"since": (today - timedelta(days=1)).isoformat(), "until": today.isoformat()}


def begin(client: Client, draft: models.PolicyVersion) -> str:
    response = client.post("/policy/replays/", FORM | days() | {"version": str(draft.number)})
    assert response.status_code == 302, response.content.decode()
    return str(response["Location"])


def work_off(house: House) -> models.PolicyReplay:
    (row,) = runs.listed(house.olga)
    while work.stretch(house.tenant, row.pk):
        pass
    return runs.get(house.olga, row.pk)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_an_officer_starts_one_and_reads_what_it_found(house: House, draft: models.PolicyVersion) -> None:
    olga = portal.signed_in(house, "olga")
    assert "Nothing has been replayed yet" in text(olga.get("/policy/replays/"))
    address = begin(olga, draft)
    under_way = text(olga.get(address))
    assert f'hx-get="{address}/progress"' in under_way
    assert "0 of 100 interactions are replayed" in under_way
    assert olga.get(f"{address}/progress").status_code == 200
    row = work_off(house)
    over = olga.get(f"{address}/progress")
    assert (over.status_code, over["HX-Refresh"]) == (204, "true")
    response = olga.get(address)
    assert dict(response.context["changes"]) == traffic.WANTED
    assert dict(response.context["rules"])["falcon"] == [20, 0, 0, 4]
    shown = text(response)
    assert "3 can no longer be read" in shown
    assert row.report_sha256 in shown
    one = json.loads(bytes(row.report or b""))["examples"]["newly_blocked"]["falcon"][0]
    assert f'href="/record/interactions/{one["interaction"]}"' in shown
    for word in (traffic.FALCON, traffic.CARD, "Sommer"):
        assert word not in shown
    assert "Sign off" not in shown  # an officer writes no policy


def test_an_admin_reads_what_it_found_and_signs_it_off(house: House, draft: models.PolicyVersion) -> None:
    address = begin(portal.signed_in(house, "olga"), draft)
    work_off(house)
    ada = portal.signed_in(house, "ada")
    assert "a compliance officer starts it" in text(ada.get("/policy/replays/"))
    shown = text(ada.get(address))
    assert "Sign off and publish" in shown
    assert "/record/interactions/" not in shown  # an admin reads no record
    assert ada.post(f"{address}/sign-off").status_code == 302
    assert versions.in_force(house.system).stamp.sha256 == draft.sha256
    assert "signed off" in text(ada.get(address))
    assert "Sign off and publish" not in text(ada.get(address))


def test_a_draft_that_was_changed_since_is_refused_in_words(house: House, draft: models.PolicyVersion) -> None:
    address = begin(portal.signed_in(house, "olga"), draft)
    work_off(house)
    versions.remove_rule(house.ada, draft.number, "cards")
    refused = portal.signed_in(house, "ada").post(f"{address}/sign-off")
    assert refused.status_code == 409
    assert "changed since it was replayed" in text(refused)
    assert versions.in_force(house.system).stamp.sha256 != draft.sha256


def test_the_report_is_taken_away_byte_for_byte(house: House, draft: models.PolicyVersion) -> None:
    olga = portal.signed_in(house, "olga")
    address = begin(olga, draft)
    assert olga.get(f"{address}/report").status_code == 404
    row = work_off(house)
    taken = olga.get(f"{address}/report")
    assert hashlib.sha256(taken.content).hexdigest() == row.report_sha256
    assert "attachment" in taken["Content-Disposition"]


def test_stopped_it_says_so(house: House, draft: models.PolicyVersion) -> None:
    olga = portal.signed_in(house, "olga")
    address = begin(olga, draft)
    assert olga.post(f"{address}/stop").status_code == 302
    assert "It was stopped after 0 of 100" in text(olga.get(address))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reason": "so"}, "Say why"),
        ({"since": "2099-01-01", "until": "2099-02-01"}, "begins before it ends"),
        ({"since": "yesterday"}, "A day is written like"),
        ({"version": "x"}, "Choose a version"),
        ({"stage": []}, "at least one kind"),
    ],
)
def test_what_cannot_be_replayed_is_said_on_the_form(
    wrong: dict[str, Any], said: str, house: House, draft: models.PolicyVersion
) -> None:
    olga = portal.signed_in(house, "olga")
    response = olga.post("/policy/replays/", FORM | days() | {"version": str(draft.number)} | wrong)
    assert response.status_code == 400
    assert said in text(response)
    assert leaves(house, "policy.replay_started") == []


def test_by_rest_it_is_started_watched_read_and_signed_off(house: House, draft: models.PolicyVersion) -> None:
    olga = Client(headers={"Authorization": f"Bearer {house.key('olga', 'record')}"})
    ada = Client(headers={"Authorization": f"Bearer {house.key('ada', 'manage')}"})
    now = datetime.now(UTC)
    sent = {
        "version": draft.number,
        "since": (now - timedelta(hours=1)).isoformat(),
        "until": now.isoformat(),
        "stages": ["input"],
        "reason": WHY,
    }
    started = olga.post("/api/v1/policy/replays", sent, content_type="application/json")
    assert (started.status_code, started.json()["status"], started.json()["total"]) == (202, "queued", 100)
    address = f"/api/v1/policy/replays/{started.json()['id']}"
    work_off(house)
    told = olga.get(address).json()
    assert (told["status"], told["seen"]) == ("done", 100)
    report = ada.get(f"{address}/report")
    assert hashlib.sha256(report.content).hexdigest() == told["report_sha256"]
    assert report.json()["changes"] == traffic.WANTED
    assert olga.post(f"{address}/sign-off").status_code == 403
    published = ada.post(f"{address}/sign-off").json()
    assert published["sha256"] == draft.sha256
    assert [one["id"] for one in ada.get("/api/v1/policy/replays").json()["replays"]] == [told["id"]]


@pytest.mark.parametrize("name", ["ada", "bob"])
def test_who_may_not_open_the_record_starts_none_by_rest(name: str, house: House, draft: models.PolicyVersion) -> None:
    client = Client(headers={"Authorization": f"Bearer {house.key(name)}"})
    sent = {"version": draft.number, "since": "2026-01-01T00:00Z", "until": "2026-02-01T00:00Z", "reason": WHY}
    assert client.post("/api/v1/policy/replays", sent, content_type="application/json").status_code == 403


def test_a_whole_answer_is_replayed_passage_by_passage_and_as_it_was_written(house: House, settings: Any) -> None:
    """Through the portal's own service: what was found, what was written, and what was held back."""
    token = "ghp_" + "aB3dE5gH7j" * 3 + "k9LmNo"
    asking.shelf(house)
    asking.speak(settings, [f"Twenty working days. The token is {token} and so on. Done."])
    policies.change(house, lambda rule: rule)
    since = datetime.now(UTC)
    row = asking.answered(house.bob)
    until = datetime.now(UTC)
    twenty = policies.words("no-twenty", Stage.PASSAGE, Action.BLOCK, "Twenty working days a year")
    kept = [rule for rule in versions.in_force(house.system).rules if rule.name != "secrets-text"]
    draft = traffic.drafted(house, [*kept, twenty])
    runs.start(house.olga, draft.number, since, until, WHY)
    told = json.loads(bytes(work_off(house).report or b""))
    assert told["texts"] == {stage: {"read": 1, "unreadable": 0} for stage in ("input", "passage", "output")}
    assert told["rules"] == {"no-twenty": {"newly_blocked": 1}, "secrets-text": {"changed_redactions": 1}}
    assert told["decided_otherwise"] == 0
    (example,) = told["examples"]["newly_blocked"]["no-twenty"]
    assert (example["interaction"], example["subject"]) == (str(row.pk), row.passages[0]["chunk"])


def test_a_passage_that_is_no_longer_kept_is_counted_as_such(house: House, settings: Any) -> None:
    shelf = asking.shelf(house)
    asking.speak(settings, ["Twenty working days."])
    since = datetime.now(UTC)
    asking.answered(house.bob)
    catalog.delete(house.ada, shelf)
    with house.system.transaction():
        Chunk.objects.filter(tenant_id=house.tenant).delete()
    runs.start(house.olga, versions.in_force(house.system).stamp.number, since, datetime.now(UTC), WHY)
    told = json.loads(bytes(work_off(house).report or b""))
    assert told["texts"]["passage"] == {"read": 0, "unreadable": 1}
    assert told["texts"]["output"] == {"read": 1, "unreadable": 0}


def test_a_document_is_replayed_as_it_was_judged(house: House) -> None:
    since = datetime.now(UTC)
    shelf = catalog.create(house.ada, "Projects").pk
    text = b"# Rules\n\nProjekt Falke begins in May.\n\n# More\n\nIt ends in June.\n"
    version = uploads.upload(house.ada, shelf, "rules.md", io.BytesIO(text)).latest_id
    assert version
    pipeline.ingest(house.tenant, version)
    falcon = policies.words("no-falcon", Stage.UPLOAD, Action.BLOCK, traffic.FALCON)
    draft = traffic.drafted(house, [*versions.in_force(house.system).rules, falcon])
    runs.start(house.olga, draft.number, since, datetime.now(UTC), WHY, [Stage.UPLOAD])
    told = json.loads(bytes(work_off(house).report or b""))
    assert told["texts"] == {"upload": {"read": 1, "unreadable": 0}}
    (example,) = told["examples"]["newly_blocked"]["no-falcon"]
    assert example["interaction"] == str(version)
