"""A collection is kept up to date from a folder: what comes, changes, is renamed and goes there does so here, and no more."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest

from governance.errors import Conflict
from ingestion.connectors import folder
from ingestion.documents import binned, removal
from ingestion.models import ItemState, SourceState
from ingestion.sources import drift, items, registry
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion.sources.share import Share, by_hand


def test_what_is_there_becomes_documents_on_behalf_of_the_source(share: Share, house: House) -> None:
    share.put("warranty.txt", "Four years.")
    share.put("contracts/lease.txt", "Until 2031.")
    run = share.sync()
    assert run.state == "done"
    assert (run.counts["listed"], run.counts["brought"], run.counts["failed"]) == (2, 2, 0)
    assert set(share.documents()) == {"warranty.txt", "lease.txt"}
    uploaded = leaves(house, "document.uploaded")
    assert {leaf["actor"]["kind"] for leaf in uploaded} == {"system"}
    assert {leaf["facts"]["source"] for leaf in uploaded} == {str(share.source)}
    (began,), (ended,) = leaves(house, "source.sync_started"), leaves(house, "source.sync_finished")
    assert began["facts"]["by"] == str(house.ids["ada"])
    assert (ended["facts"]["outcome"], ended["facts"]["brought"]) == ("done", 2)


def test_only_what_has_changed_is_read_again(share: Share) -> None:
    share.put("a.txt", "One.")
    share.put("b.txt", "Two.")
    share.sync()
    share.put("a.txt", "One and a half.")
    with mock.patch.object(folder.Folder, "read", autospec=True, side_effect=folder.Folder.read) as read:
        run = share.sync()
    assert [call.args[1].key for call in read.call_args_list] == ["a.txt"]
    assert (run.counts["changed"], run.counts["brought"]) == (1, 1)
    document = share.documents()["a.txt"]
    assert document.latest
    assert document.latest.number == 2
    assert share.text("a.txt") == "One and a half."


def test_what_is_gone_there_goes_here(share: Share, house: House) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        share.put(name, f"Paper {name}.")
    share.sync()
    (share.path / "b.txt").unlink()
    run = share.sync()
    assert run.counts["removed"] == 1
    assert set(share.documents()) == {"a.txt", "c.txt"}
    (leaf,) = leaves(house, "document.deleted")
    assert leaf["facts"]["source"] == str(share.source)


def test_more_than_half_at_once_waits_for_somebodys_word(share: Share) -> None:
    for name in ("a.txt", "b.txt", "c.txt", "d.txt"):
        share.put(name, f"Paper {name}.")
    share.sync()
    for name in ("a.txt", "b.txt", "c.txt"):
        (share.path / name).unlink()
    share.put("new.txt", "Brought all the same.")
    share.sync()
    assert share.state.row.state == SourceState.ASKING
    assert share.state.row.question == 3
    assert len(share.documents()) == 5
    with pytest.raises(Conflict):
        registry.ask(share.house.ada, share.collection, share.source)
    registry.answer(share.house.ada, share.collection, share.source, removes=True)
    assert share.sync().counts["removed"] == 3
    assert set(share.documents()) == {"d.txt", "new.txt"}
    assert not share.state.row.may_remove


def test_the_answer_may_be_to_keep_them(share: Share) -> None:
    for name in ("a.txt", "b.txt"):
        share.put(name, f"Paper {name}.")
    share.sync()
    for name in ("a.txt", "b.txt"):
        (share.path / name).unlink()
    share.sync()
    registry.answer(share.house.ada, share.collection, share.source, removes=False)
    assert share.sync().counts["removed"] == 0
    assert share.sync().state == "done"
    assert set(share.documents()) == {"a.txt", "b.txt"}
    assert share.state.row.state == SourceState.ACTIVE
    share.put("a.txt", "Back again.")
    share.sync()
    assert share.text("a.txt") == "Back again."


def test_exactly_half_is_deleted_without_a_question(share: Share) -> None:
    for name in ("a.txt", "b.txt"):
        share.put(name, f"Paper {name}.")
    share.sync()
    (share.path / "a.txt").unlink()
    assert share.sync().counts["removed"] == 1
    assert share.state.row.state == SourceState.ACTIVE


def test_what_was_changed_by_hand_is_not_written_over(share: Share) -> None:
    share.put("a.txt", "From there.")
    share.sync()
    by_hand(share, "a.txt", "By hand.")
    share.sync()
    assert share.item("a.txt").state == ItemState.HERE  # nothing has changed there: both may stand
    share.put("a.txt", "From there, and newer.")
    share.sync()
    assert share.text("a.txt") == "By hand."
    row = share.item("a.txt")
    assert (row.state, bool(row.error), bool(row.remedy)) == (ItemState.CHANGED, True, True)
    items.again(share.house.ada, share.collection, share.source, row.pk)
    share.go_on()
    assert share.text("a.txt") == "From there, and newer."


def test_what_was_changed_by_hand_can_be_kept_until_the_next_change(share: Share) -> None:
    share.put("a.txt", "From there.")
    share.sync()
    by_hand(share, "a.txt", "By hand.")
    share.put("a.txt", "From there, and newer.")
    share.sync()
    items.keep(share.house.ada, share.collection, share.source, share.item("a.txt").pk)
    share.sync()
    assert (share.item("a.txt").state, share.text("a.txt")) == (ItemState.HERE, "By hand.")
    share.put("a.txt", "Newer than ever, and from there.")
    share.sync()
    assert (share.item("a.txt").state, share.text("a.txt")) == (ItemState.CHANGED, "By hand.")


def test_what_was_changed_by_hand_and_is_gone_there_stays(share: Share) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        share.put(name, f"Paper {name}.")
    share.sync()
    by_hand(share, "a.txt", "By hand.")
    (share.path / "a.txt").unlink()
    assert share.sync().counts["removed"] == 0
    assert (share.item("a.txt").state, share.text("a.txt")) == (ItemState.KEPT, "By hand.")


def test_what_was_deleted_by_hand_is_not_brought_again(share: Share) -> None:
    share.put("a.txt", "Not wanted.")
    share.put("b.txt", "Wanted.")
    share.sync()
    removal.delete(share.house.ada, share.documents()["a.txt"].pk)
    share.put("a.txt", "Not wanted, though newer.")
    share.sync()
    assert set(share.documents()) == {"b.txt"}
    row = share.item("a.txt")
    assert row.state == ItemState.LEFT
    items.again(share.house.ada, share.collection, share.source, row.pk)
    share.go_on()
    assert share.text("a.txt") == "Not wanted, though newer."


def test_a_name_that_is_taken_is_told_apart_and_nobodys_document_is_written_over(share: Share) -> None:
    by_hand(share, "plan.txt", "Ada's own.")
    share.put("plan.txt", "At the top.")
    share.put("north/plan.txt", "Of the north.")
    share.put("south/plan.txt", "Of the south.")
    share.sync()
    assert share.text("plan.txt") == "Ada's own."
    assert {name: share.text(name) for name in share.documents()} == {
        "plan.txt": "Ada's own.",
        "plan (2).txt": "At the top.",
        "north – plan.txt": "Of the north.",
        "south – plan.txt": "Of the south.",
    }


def test_one_that_cannot_be_taken_says_why_and_the_others_come(share: Share, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    share.put("large.txt", "x" * 2000)
    share.put("empty.txt", "")
    share.put("good.txt", "Good.")
    (share.path / "virus.exe").write_bytes(b"MZ\x90\x00" + bytes(200))
    run = share.sync()
    assert set(share.documents()) == {"good.txt"}
    assert (run.counts["brought"], run.counts["refused"]) == (1, 3)
    for name in ("large.txt", "empty.txt", "virus.exe"):
        assert share.item(name).state == ItemState.REFUSED
        assert share.item(name).error
    share.put("large.txt", "Small now.")
    assert share.sync().counts["brought"] == 1


def test_the_drift_report_says_what_differs_and_changes_nothing(share: Share, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    for name in ("same.txt", "differs.txt", "gone.txt"):
        share.put(name, f"Paper {name}.")
    share.put("large.txt", "x" * 2000)
    share.sync()
    share.put("new.txt", "New.")
    share.put("differs.txt", "Other words, and more of them.")
    (share.path / "gone.txt").unlink()
    registry.ask(share.house.ada, share.collection, share.source, "look")
    share.go_on()
    run = registry.drifted(share.house.ada, share.collection, share.source)
    assert run
    assert run.report
    assert {(line.finding, line.name) for line in drift.read(run.report)} == {
        (drift.THERE, "new.txt"),
        (drift.DIFFERS, "differs.txt"),
        (drift.HERE, "gone.txt"),
        (drift.FAILED, "large.txt"),
    }
    assert (run.report["same"], run.report["at_the_source"], run.report["here"]) == (1, 4, 3)
    assert set(share.documents()) == {"same.txt", "differs.txt", "gone.txt"}


def test_what_somebody_has_deleted_here_is_told_as_not_here(share: Share) -> None:
    for name in ("a.txt", "b.txt"):
        share.put(name, f"Paper {name}.")
    share.sync()
    removal.delete(share.house.ada, share.documents()["a.txt"].pk)
    registry.ask(share.house.ada, share.collection, share.source, "look")
    share.go_on()
    run = registry.drifted(share.house.ada, share.collection, share.source)
    assert run
    assert run.report
    assert [(line.finding, line.name) for line in drift.read(run.report)] == [(drift.THERE, "a.txt")]
    assert run.report["here"] == 1


def test_what_went_with_its_source_can_come_back_from_the_bin(share: Share) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        share.put(name, f"Paper {name}.")
    share.sync()
    gone = share.documents()["a.txt"].pk
    (share.path / "a.txt").unlink()
    share.sync()
    assert "a.txt" not in share.documents()
    binned.restore(share.house.ada, gone)
    assert share.sync().counts["removed"] == 0
    assert "a.txt" in share.documents()
