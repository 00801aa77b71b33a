"""Proofs, signed heads and bundles, as officers get them: over the API and in the portal."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import threading
import uuid
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from assistant.api import evidence
from governance.audit import events, verifying
from governance.audit.tree import heads
from governance.audit.tree.verifier import Checkpoint, check_consistency, leaf_hash, root_by_inclusion
from governance.audit.vocabulary import Event
from tests import cast
from tests.assistant import portal
from tests.governance import sealing
from tests.governance.database import leaves, payloads, stored

AUDIT = "/api/v1/audit"
REASON = "Request of the supervisory authority"


@pytest.fixture
def api(house: cast.House) -> Client:
    return Client(headers={"Authorization": f"Bearer {house.key('olga')}"})


@pytest.fixture
def olga(house: cast.House) -> Client:
    return portal.signed_in(house, "olga")


@pytest.fixture(autouse=True)
def _no_sealer_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "WAIT_MOST_S", 0.0)


def prompt(house: cast.House, text: str = "How long?") -> uuid.UUID:
    return events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": text})


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def decoded(values: list[str]) -> list[bytes]:
    return [base64.b64decode(one, validate=True) for one in values]


def unpacked(content: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return folder


def verified(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-I", str(folder / "verify.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_event_and_its_proof_are_checked_by_what_the_api_gives(house: cast.House, api: Client) -> None:
    event = prompt(house)
    refused = api.get(f"{AUDIT}/events/{event}/proof")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    sealing.seal(house)
    proof = api.get(f"{AUDIT}/events/{event}/proof").json()
    assert set(proof) == {"leaf_index", "tree_size", "leaf_hash", "path", "note"}
    told = api.get(f"{AUDIT}/events/{event}").json()
    assert told["index"] == proof["leaf_index"]
    head, leaf = Checkpoint.parse(proof["note"]), leaf_hash(base64.b64decode(told["leaf_data"]))
    key = heads.sealer(house.tenant)
    assert key is not None
    head.require(key)
    assert decoded([proof["leaf_hash"]]) == [leaf]
    assert proof["tree_size"] == head.size
    assert root_by_inclusion(leaf, proof["leaf_index"], head.size, decoded(proof["path"])) == head.root


@pytest.mark.parametrize("address", [f"{AUDIT}/checkpoint", f"{AUDIT}/consistency"])
def test_one_head_leads_on_to_the_next(address: str, house: cast.House, api: Client) -> None:
    assert api.get(address).status_code == 404
    old = sealing.seal(house)
    prompt(house)
    new = sealing.seal(house)
    assert set(api.get(address).json()) == {"note"}
    told = api.get(address, {"from": old.size}).json()
    assert set(told) == {"note", "consistency"}
    assert Checkpoint.parse(told["note"]) == new
    check_consistency(old.size, new.size, old.root, new.root, decoded(told["consistency"]))
    for wrong in ("-1", "x", str(new.size + 1)):
        assert api.get(address, {"from": wrong}).status_code == 400


def test_a_bundle_is_asked_for_and_fetched_once_a_head_covers_it(
    house: cast.House, api: Client, tmp_path: Path
) -> None:
    prompt(house)
    asked = api.post(f"{AUDIT}/exports", {"action": "prompt.received"}, content_type="application/json")
    assert asked.status_code == 202
    address = asked.json()["url"]
    assert asked["Location"] == address
    assert api.get(address).status_code == 409
    sealing.seal(house)
    response = api.get(address)
    assert (response.status_code, response["Content-Type"]) == (200, "application/zip")
    assert "all 1 events" in verified(unpacked(b"".join(response.streaming_content), tmp_path))  # type: ignore[attr-defined]


def test_with_a_sealer_at_work_the_bundle_comes_at_once(
    house: cast.House, api: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "WAIT_MOST_S", 60.0)
    monkeypatch.setattr(evidence, "GLANCE_S", 0.01)
    prompt(house, "Wie lange?")
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            sealing.seal(house)

    sealer = threading.Thread(target=work)
    sealer.start()
    try:
        sent = {"action": "prompt.received", "reason": REASON}
        response = api.post(f"{AUDIT}/exports", sent, content_type="application/json")
    finally:
        over.set()
        sealer.join()
    assert response.status_code == 200
    folder = unpacked(b"".join(response.streaming_content), tmp_path)  # type: ignore[attr-defined]
    assert "1 of them with their words" in verified(folder)
    assert json.loads((folder / "events.jsonl").read_text())["payload"] == {"text": "Wie lange?"}
    assert payloads(house, "record.exported") == [{"reason": REASON}]


def test_what_an_export_cannot_be_asked_by_is_named(api: Client) -> None:
    for wrong in ({"action": "nothing.known"}, {"reason": "no"}, {"head": "nonsense"}, {"person": "nobody"}):
        assert api.post(f"{AUDIT}/exports", wrong, content_type="application/json").status_code == 400, wrong


def test_nobody_without_the_role_gets_a_proof_a_head_or_a_bundle(house: cast.House, neighbour: cast.House) -> None:
    event = prompt(house)
    sealing.seal(house)
    for name in ("bob", "ada", "charlie"):
        client = Client(headers={"Authorization": f"Bearer {house.key(name)}"})
        for address in (f"events/{event}/proof", "checkpoint", "consistency", f"exports/{uuid.uuid4()}"):
            assert client.get(f"{AUDIT}/{address}").status_code == 403, (name, address)
        assert client.post(f"{AUDIT}/exports", {}, content_type="application/json").status_code == 403
    theirs = Client(headers={"Authorization": f"Bearer {neighbour.key('olga')}"})
    assert theirs.get(f"{AUDIT}/events/{event}/proof").status_code == 404
    asked = Client(headers={"Authorization": f"Bearer {house.key('olga')}"}).post(
        f"{AUDIT}/exports", {}, content_type="application/json"
    )
    sealing.seal(house)
    assert theirs.get(asked.json()["url"]).status_code == 404


def test_the_page_of_a_proof_in_each_of_its_states(house: cast.House, olga: Client) -> None:
    event = prompt(house)
    assert "No signed head covers this event yet" in text(olga.get(f"/record/{event}/proof"))
    head = sealing.seal(house)
    shown = text(olga.get(f"/record/{event}/proof"))
    assert f"under the signed head over {head.size} events" in shown
    assert f"/record/{event}/proof" in text(olga.get(f"/record/{event}"))
    file = olga.get(f"/record/{event}/proof?file")
    assert "attachment" in file["Content-Disposition"]
    told = json.loads(file.content)
    leaf = leaf_hash(base64.b64decode(told["leaf_data"]))
    assert base64.b64decode(told["leaf_data"]) == stored(house, event)[0]
    assert root_by_inclusion(leaf, told["leaf_index"], head.size, decoded(told["path"])) == head.root
    assert olga.get(f"/record/{uuid.uuid4()}/proof").status_code == 404


def test_the_page_of_the_head_in_each_of_its_states(house: cast.House, olga: Client) -> None:
    shown = text(olga.get("/record/head"))
    assert "Nothing is signed yet" in shown
    assert "was not verified from end to end yet" in shown
    assert olga.get("/record/head/file").status_code == 404
    sealing.seal(house, is_witnessed=False)
    assert "no witness has cosigned it" in text(olga.get("/record/head"))
    prompt(house)
    head = sealing.seal(house)
    verifying.note(verifying.verify(house.tenant))
    shown = text(olga.get("/record/head"))
    for said in (f"Over {head.size} events", "cosigned by the witness", sealing.witness().verifier.text, "sound"):
        assert said in shown
    file = olga.get("/record/head/file")
    assert Checkpoint.parse(file.content.decode()) == head


def test_a_bundle_is_made_in_the_portal_for_the_filters_that_stand(
    house: cast.House, olga: Client, tmp_path: Path
) -> None:
    prompt(house)
    prompt(house)
    kept = sealing.seal(house)
    with house.olga.transaction():
        note = heads.newest()[0].note
    assert "/record/bundle?action=prompt.received" in text(olga.get("/record/?action=prompt.received"))
    assert "2 events match" in text(olga.get("/record/bundle?action=prompt.received"))
    short = olga.post("/record/bundle?action=prompt.received", {"reason": "no"})
    assert (short.status_code, "Say why you open it" in text(short)) == (400, True)
    strange = olga.post("/record/bundle?action=prompt.received", {"head": io.BytesIO(b"nonsense")})
    assert (strange.status_code, "That is no signed head" in text(strange)) == (400, True)
    sent = {"reason": REASON, "head": io.BytesIO(note.encode())}
    made = olga.post("/record/bundle?action=prompt.received", sent)
    address = made["Location"]
    assert "waiting" in text(olga.get(address))
    part = olga.get(address, headers={"HX-Request": "true"})
    assert "<html" not in text(part)
    assert 'hx-trigger="every 2s"' in text(part)
    assert olga.get(f"{address}/file").status_code == 409
    sealing.seal(house)
    part = olga.get(address, headers={"HX-Request": "true"})
    assert "Take the bundle away" in text(part)
    assert "hx-get" not in text(part)
    response = olga.get(f"{address}/file")
    said = verified(unpacked(b"".join(response.streaming_content), tmp_path))  # type: ignore[attr-defined]
    assert "all 2 events" in said
    assert f"leads on from the one over {kept.size} leaves" in said
    assert len(leaves(house, "record.exported")) == 1


def test_one_answer_says_how_much_of_it_is_signed(house: cast.House, olga: Client) -> None:
    interaction = uuid.uuid4()
    events.record(house.bob, Event.PROMPT_RECEIVED, interaction=interaction, payload={"text": "x"})
    assert "0 of 1 events stand under a signed head" in text(olga.get(f"/record/interactions/{interaction}"))
    sealing.seal(house)
    assert "Every event stands under the signed head" in text(olga.get(f"/record/interactions/{interaction}"))
