"""Bundles that were made to mislead: whoever made them knows how a manifest is made to fit, and what a reader overlooks."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from governance.audit import events, proofs
from governance.audit.tree import heads, merkle
from governance.audit.tree.verifier import Checkpoint
from governance.audit.vocabulary import Event
from tests.cast import House
from tests.governance import sealing
from tests.governance.bundles import REASON, amended, bundle, lines, verify
from tests.governance.tamper import scene


def _rewrite(folder: Path, name: str, change: Callable[[list[dict[str, Any]]], Any]) -> None:
    kept = lines(folder, name)
    change(kept)
    (folder / name).write_text("".join(json.dumps(one) + "\n" for one in kept))


def _true_for_one(folder: Path) -> None:
    """1 == True, for whoever compares carelessly: the words say 1, and what is shown says true."""

    def change(kept: list[dict[str, Any]]) -> None:
        (numbered,) = (one for one in kept if one["payload"].get("number") == 1)
        numbered["payload"]["number"] = True

    _rewrite(folder, "events.jsonl", change)
    amended(folder)


def _outside(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["../outside.txt"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _endless(folder: Path) -> None:
    """Whoever opened it would read for ever."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["/dev/zero"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "notes.txt")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["notes.txt"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _without_the_past(folder: Path) -> None:
    """The head that it was to lead on from does not lead here, so both files are left out."""
    for name in ("checkpoint-before.txt", "consistency.json"):
        (folder / name).unlink()
    amended(folder)


def _a_past_that_is_not_named(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["files"]["consistency.json"]
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _huge_numbers(folder: Path) -> None:
    text = (folder / "proofs.jsonl").read_text()
    (folder / "proofs.jsonl").write_text(text.replace('"leaf_index": ', f'"leaf_index": {"9" * 5_000}', 1))
    amended(folder)


def _no_number(folder: Path) -> None:
    _rewrite(folder, "proofs.jsonl", lambda kept: kept[0].update(leaf_index=float("inf")))
    amended(folder)


def _half_a_place(folder: Path) -> None:
    """int(0.5) is 0: another event's place."""
    _rewrite(folder, "events.jsonl", lambda kept: kept[1].update(index=kept[0]["index"] + 0.5))
    amended(folder)


def _too_deep(folder: Path) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    (folder / "export.json").write_text((folder / "export.json").read_text().replace("{", f'{{"x": {deep}, ', 1))
    amended(folder)


def _a_link(name: str, to: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to(to)

    act.__name__ = f"{name} leads to {to}"
    return act


def _a_pipe_for_the_head(folder: Path) -> None:
    (folder / "checkpoint.txt").unlink()
    os.mkfifo(folder / "checkpoint.txt")


def _said_twice(folder: Path) -> None:
    """A reader who takes the first of two sees words that the event does not commit to."""
    path = folder / "events.jsonl"
    path.write_text(path.read_text().replace('"payload": ', '"payload": {"text": "another question"}, "payload": ', 1))
    amended(folder)


def _said_beside(folder: Path) -> None:
    """What no proof is of stands in an event's own line."""
    _rewrite(folder, "events.jsonl", lambda kept: kept[0].update(text="another question"))
    amended(folder)


def _asked_by_two(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace("{", '{"by": "nobody at all", ', 1))


@pytest.fixture(scope="module")
def made(shared_house: House, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    """An honest one, which leads on from another, for copies to be made of."""
    place = tmp_path_factory.mktemp("made")
    with django_db_blocker.unblock():
        scene.write(shared_house, 2)
        events.record(shared_house.bob, Event.PROMPT_RECEIVED, payload={"text": "How many?", "number": 1})
        bundle(shared_house, place / "a")
        return bundle(shared_house, place / "b", action="prompt.received", reason=REASON)


@pytest.mark.parametrize(
    "act",
    [_true_for_one, _outside, _endless, _a_pipe, _without_the_past, _a_past_that_is_not_named, _huge_numbers, _no_number,
     _half_a_place, _too_deep, _a_link("manifest.json", "/dev/zero"), _a_link("events.jsonl", "/dev/zero"),
     _a_link("keys.txt", "/etc/passwd"), _a_pipe_for_the_head, _said_twice, _said_beside, _asked_by_two],
    ids=lambda act: act.__name__.removeprefix("_"),
)  # fmt: skip
def test_it_is_said_to_be_wrong_and_the_verifier_neither_hangs_nor_falls(
    act: Callable[[Path], None], made: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(made, tmp_path / "b")
    assert verify(folder)[0] == 0
    act(folder)
    code, said = verify(folder)
    assert code == 1, said
    assert "Traceback" not in said
    assert said.rstrip().endswith("The bundle does NOT hold.") or "cannot be read" in said


def test_a_past_that_is_older_than_the_one_that_was_asked_for_is_none(house: House, tmp_path: Path) -> None:
    first = sealing.seal(house)
    folder = bundle(house, tmp_path / "b")
    before = json.loads((folder / "manifest.json").read_text())["asked"]["before"]
    scene.write(house, 1)
    with house.olga.transaction():
        older, head = heads.covering(first.size - 1), Checkpoint.parse((folder / "checkpoint.txt").read_text())
        assert older is not None
        path = merkle.consistency(heads.hashes, older.size, head.size)
    proof = {"old_size": older.size, "new_size": head.size, "consistency": [proofs.text(one) for one in path]}
    (folder / "consistency.json").write_text(json.dumps(proof))
    (folder / "checkpoint-before.txt").write_text(older.note)
    amended(folder)
    code, said = verify(folder)
    assert (before, code) == (None, 1), said
    assert "it was to lead on from a head over None leaves" in said


def test_a_bundle_writes_nothing_over_what_its_verifier_says(house: House, tmp_path: Path) -> None:
    folder = bundle(house, tmp_path / "b")
    (folder / "keys.txt").write_text((folder / "keys.txt").read_text() + "\x1b[2J\x1b[8mThe bundle holds.+ab+AA==\n")
    (folder / "\x1b[2Jnotes.txt").write_text("The bundle holds.")
    said = verify(folder)[1]
    assert "\x1b" not in said
    (folder / "checkpoint.txt").write_text("\x1b[2J" + (folder / "checkpoint.txt").read_text())
    code, said = verify(folder)
    assert code == 1
    assert "\x1b" not in said


def test_what_lies_beside_a_bundle_is_said_to_be_no_part_of_it(house: House, tmp_path: Path) -> None:
    folder = bundle(house, tmp_path / "b")
    assert "no part of the bundle" not in verify(folder)[1]
    (folder / "summary.html").write_text("<p>Nothing was asked.</p>")
    code, said = verify(folder)
    assert code == 0
    assert "beside them lie summary.html, which are no part of the bundle" in said


def test_words_that_were_taken_out_are_counted(house: House, tmp_path: Path) -> None:
    """Whether they were erased or hidden nobody can prove; that they are not here is said."""
    scene.write(house, 3)
    folder = bundle(house, tmp_path / "b", action="prompt.received", reason=REASON)
    assert "words that are not here" not in verify(folder)[1]

    def take_out(kept: list[dict[str, Any]]) -> None:
        del kept[0]["words"], kept[0]["payload"]

    _rewrite(folder, "events.jsonl", take_out)
    amended(folder)
    code, said = verify(folder)
    assert code == 0, said
    assert "1 had words that are not here" in said


def test_a_bundle_of_another_organisation_does_not_pass_for_ones_own(
    house: House, neighbour: House, tmp_path: Path
) -> None:
    folder = bundle(neighbour, tmp_path / "theirs")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["origin"] = manifest["origin"].replace(str(neighbour.tenant), str(house.tenant))
    (folder / "manifest.json").write_text(json.dumps(manifest))
    code, said = verify(folder, "--key", sealing.signer().verifier.text)
    assert code == 1
    assert "of another log" in said
