"""Evidence bundles, checked by their own `verify.py` in a fresh interpreter that knows nothing of this house."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from governance import assignments, tenants
from governance.access import Denied
from governance.audit import events, keyring
from governance.audit.bundle import asking, building
from governance.audit.officers import openings
from governance.audit.tree import heads, notes
from governance.audit.tree.verifier import Checkpoint
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput, NotFound, SecondOfficerNeeded, TooLarge
from governance.roles import Role
from tests.cast import House
from tests.governance import sealing
from tests.governance.bundles import REASON, amended, bundle, lines, verify
from tests.governance.database import leaves, payloads
from tests.governance.tamper import scene


def test_a_bundle_holds_for_somebody_who_has_nothing_but_it(house: House, tmp_path: Path) -> None:
    scene.write(house, 3)
    folder = bundle(house, tmp_path / "b", action="document.read")
    code, said = verify(folder)
    assert code == 0, said
    assert "all 3 events stand under the head as they were sealed; none is left out" in said
    assert f"exported by {house.ids['olga']}" in said
    assert said.endswith("The bundle holds.\n")
    assert not any("words" in line or "payload" in line for line in lines(folder, "events.jsonl"))
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["by"] == str(house.ids["olga"])
    assert manifest["origin"] == heads.origin(house.tenant)
    assert manifest["asked"]["wanted"] == {"action": "document.read"}
    for name, said in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == said
    (event,) = leaves(house, "record.exported")
    assert event["facts"] == manifest["asked"]
    assert str(house.email("bob")) not in "".join(one.read_text() for one in folder.iterdir())


def test_with_a_reason_the_words_come_too_and_are_those_that_were_committed_to(house: House, tmp_path: Path) -> None:
    scene.write(house, 2)
    gone = events.record(house.charlie, Event.PROMPT_RECEIVED, payload={"text": "erase me"})
    keyring.ring().destroy(house.tenant, house.ids["charlie"])
    folder = bundle(house, tmp_path / "b", action="prompt.received", reason=REASON)
    code, said = verify(folder)
    assert code == 0, said
    assert "all 3 events stand under the head as they were sealed, 2 of them with their words" in said
    found = lines(folder, "events.jsonl")
    assert [one["payload"] for one in found if "payload" in one] == [{"text": "question 0"}, {"text": "question 1"}]
    assert [one["id"] for one in found if one.get("is_erased")] == [str(gone)]
    assert payloads(house, "record.exported") == [{"reason": REASON}]


def test_the_next_bundle_leads_on_from_the_head_of_the_last_and_from_one_that_was_kept(
    house: House, tmp_path: Path
) -> None:
    first = bundle(house, tmp_path / "a")
    kept = first / "checkpoint.txt"
    assert "no earlier head came along" in verify(first)[1]
    assert verify(first, "--head", str(kept))[0] == 0
    scene.write(house, 2)
    second = bundle(house, tmp_path / "b")
    assert (second / "checkpoint-before.txt").read_text() == kept.read_text()
    code, said = verify(second, "--head", str(kept))
    assert code == 0, said
    assert "the head leads on from the one over" in said

    third = bundle(house, tmp_path / "c", head=kept.read_text())
    assert verify(third, "--head", str(kept))[0] == 0
    code, said = verify(third, "--head", str(second / "checkpoint.txt"))
    assert code == 1
    assert "ask for a bundle from it" in said
    false = tmp_path / "false.txt"
    size = kept.read_text().split("\n")[1]
    false.write_text(kept.read_text().replace(kept.read_text().split("\n")[2], "A" * 43 + "="))
    code, said = verify(third, "--head", str(false))
    assert code == 1
    assert f"from the one over {size}" not in said


def test_the_keys_that_the_reader_knows_are_asked(house: House, tmp_path: Path) -> None:
    folder = bundle(house, tmp_path / "b")
    key = tmp_path / "sealer.pub"
    key.write_text(sealing.signer().verifier.text + "\n")
    code, said = verify(folder, "--key", str(key), "--key", sealing.witness().verifier.text)
    assert code == 0, said
    assert "Compare the keys" not in said
    stranger = notes.load(tmp_path / "other", sealing.signer().name).verifier.text
    code, said = verify(folder, "--key", stranger)
    assert code == 1
    assert "is not signed by" in said


def _flip(text: str) -> str:
    """One character in the middle, still of the same kind."""
    place = len(text) // 2
    while not text[place].isalnum():
        place += 1
    return text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :]


FILES = (
    "events.jsonl", "proofs.jsonl", "export.json", "checkpoint.txt", "checkpoint-before.txt", "consistency.json",
    "keys.txt", "manifest.json", "verify.py", "README.txt",
)  # fmt: skip


def test_every_file_that_is_changed_or_taken_away_is_found(house: House, tmp_path: Path) -> None:
    bundle(house, tmp_path / "a")
    scene.write(house, 2)
    folder = bundle(house, tmp_path / "b", action="prompt.received", reason=REASON)
    assert sorted(one.name for one in folder.iterdir()) == sorted(FILES)
    trusted = building.script()
    for name in FILES:
        path = folder / name
        before = path.read_text()
        if name == "verify.py":  # it cannot be its own judge once it is changed, but a careless change shows
            path.write_text(before + "\n# changed\n")
        else:
            path.write_text(_flip(before))
        code, said = verify(folder)
        assert code == 1, f"{name} changed: {said}"
        path.unlink()
        own = tmp_path / "verify.py"
        own.write_text(trusted)
        done = subprocess.run(
            [sys.executable, "-I", str(own), str(folder)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1, f"{name} taken away: {done.stdout}"
        path.write_text(before)
    assert verify(folder)[0] == 0


def _without_an_event(folder: Path) -> None:
    kept = lines(folder, "events.jsonl")
    (folder / "events.jsonl").write_text("".join(json.dumps(one) + "\n" for one in kept[1:]))
    proofs = [one for one in lines(folder, "proofs.jsonl") if one["leaf_index"] != kept[0]["index"]]
    (folder / "proofs.jsonl").write_text("".join(json.dumps(one) + "\n" for one in proofs))


def _words_changed(folder: Path) -> None:
    kept = lines(folder, "events.jsonl")
    kept[0]["payload"]["text"] = "another question"
    (folder / "events.jsonl").write_text("".join(json.dumps(one) + "\n" for one in kept))


def _words_without_salt(folder: Path) -> None:
    kept = lines(folder, "events.jsonl")
    del kept[0]["words"]
    kept[0]["payload"]["text"] = "another question"
    (folder / "events.jsonl").write_text("".join(json.dumps(one) + "\n" for one in kept))


def _order(folder: Path) -> None:
    kept = lines(folder, "events.jsonl")
    (folder / "events.jsonl").write_text("".join(json.dumps(one) + "\n" for one in kept[::-1]))


def _asked(folder: Path) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"asked": manifest["asked"] | {"wanted": {}}}))


def _by(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"by": str(uuid.uuid4())}))


def _another_key(folder: Path) -> None:
    """Signed anew by somebody with a key of their own, who puts that key in."""
    head = Checkpoint.parse((folder / "checkpoint.txt").read_text())
    thief = replace(notes.load(folder.parent / "thief", head.origin), name=head.origin)
    (folder / "checkpoint.txt").write_text(notes.signed(thief, head.origin, head.size, head.root))
    (folder / "keys.txt").write_text(thief.verifier.text + "\n")
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"keys": [thief.verifier.text]}))


@pytest.mark.parametrize(
    "act", [_without_an_event, _words_changed, _words_without_salt, _order, _asked, _by, _another_key],
    ids=lambda act: act.__name__,
)  # fmt: skip
def test_whoever_makes_the_manifest_fit_again_is_found_too(
    act: Callable[[Path], None], house: House, tmp_path: Path
) -> None:
    scene.write(house, 3)
    folder = bundle(house, tmp_path / "b", action="prompt.received", reason=REASON)
    assert verify(folder)[0] == 0
    act(folder)
    amended(folder)
    key = tmp_path / "sealer.pub"
    key.write_text(sealing.signer().verifier.text + "\n")
    known = ["--key", str(key)] if act is _another_key else []
    code, said = verify(folder, *known)
    assert code == 1, said
    assert "files are those that the manifest names" in said


def test_it_waits_for_a_head_over_its_own_asking(house: House) -> None:
    sealing.seal(house)
    asked = asking.ask(house.olga)
    with pytest.raises(Conflict, match="No signed head covers"):
        building.build(house.olga, asked)
    sealing.seal(house)
    building.build(house.olga, asked).close()


def test_it_is_for_whoever_asked_and_for_an_hour(
    house: House, neighbour: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asking.ask(house.olga)
    sealing.seal(house)
    for scope, fault in ((neighbour.olga, NotFound), (house.ada, Denied), (house.charlie, Denied)):
        with pytest.raises(fault):
            building.build(scope, asked)
    other = events.record(house.olga, Event.RECORD_EXPORTED, facts={"format": "csv"})
    with pytest.raises(NotFound):
        building.build(house.olga, other)
    monkeypatch.setattr(asking, "LASTS", timedelta())
    asked = asking.ask(house.olga)
    sealing.seal(house)
    with pytest.raises(NotFound, match="time is over"):
        building.build(house.olga, asked)


def test_words_in_a_bundle_are_opened_as_they_are_on_their_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded for each answer, so that whom it concerns sees it, and where the tenant wants two officers it takes two."""
    scene.write(house, 2)
    lone = events.record(house.bob, Event.PROMPT_RECEIVED, payload={"text": "alone"})
    asking.ask(house.olga, action="prompt.received", reason=REASON)
    opened = leaves(house, "record.opened")
    asked = leaves(house, "prompt.received")
    assert {one["facts"].get("interaction") for one in opened} == {one["interaction"] for one in asked}
    assert [one["facts"]["event"] for one in opened if "event" in one["facts"]] == [str(lone)]
    assert payloads(house, "record.opened") == [{"reason": REASON}] * 3

    assignments.give(house.system, house.ids["charlie"], Role.COMPLIANCE_OFFICER)
    tenants.need_second_officer(house.ada, needed=True)
    before = len(leaves(house))
    with pytest.raises(SecondOfficerNeeded):
        asking.ask(house.olga, action="prompt.received", reason=REASON)
    assert len(leaves(house)) == before
    asking.ask(house.olga, action="prompt.received")
    one = uuid.UUID(asked[0]["interaction"])
    opening = openings.ask(house.olga, "interaction", one, REASON)
    openings.decide(house.charlie, opening.pk, approves=True)
    asking.ask(house.olga, interaction=one, action="prompt.received", reason=REASON)
    assert leaves(house, "record.opened")[-1]["facts"]["approved_by"] == str(house.ids["charlie"])
    tenants.need_second_officer(house.ada, needed=False)
    monkeypatch.setattr(asking, "OPENED_MOST", 2)
    with pytest.raises(TooLarge, match="at most 2 answers"):
        asking.ask(house.olga, action="prompt.received", reason=REASON)


def test_what_cannot_be_asked_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput, match="Say why"):
        asking.ask(house.olga, reason="no")
    with pytest.raises(InvalidInput, match="no signed head"):
        asking.ask(house.olga, head="nonsense")
    sealing.seal(house)
    with house.olga.transaction():
        (head,) = heads.newest()
    for wrong in (
        head.note.replace(str(house.tenant), str(uuid.uuid4())),
        head.note.replace(f"\n{head.size}\n", "\n1\n"),
    ):
        with pytest.raises(InvalidInput, match="no such head"):
            asking.ask(house.olga, head=wrong)
    asking.ask(house.olga, head=head.note.replace("\n", "\r\n"))
    with pytest.raises(Denied):
        asking.ask(house.bob)
    monkeypatch.setattr(asking, "EVENTS_MOST", 3)
    before = len(leaves(house, "record.exported"))
    with pytest.raises(TooLarge):
        asking.ask(house.olga)
    assert len(leaves(house, "record.exported")) == before


def test_the_bundles_verifier_reads_as_one_file_and_imports_nothing_of_ours() -> None:
    script = building.script()
    compile(script, "verify.py", "exec")
    assert "governance" not in script.replace("governance/", "")
    assert script.count("from __future__ import annotations") == 1
    assert io.StringIO(script).readline() == "#!/usr/bin/env python3\n"
