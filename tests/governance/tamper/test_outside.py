"""What is consistent in itself shows only beside something that lay outside the database: a kept head, or the witness."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.cast import House
from tests.governance import sealing
from tests.governance.tamper import acts, scene
from tests.governance.tamper.acts import Database, change_leaf
from tests.governance.tamper.scene import Scene


def _rebuilt_and_signed(here: Scene, database: Database) -> int:
    """With the sealer's own key, but not the witness's."""
    change_leaf(here, database)
    scene.rebuild(database, here.tenant, signer=sealing.signer())
    return 0  # no root is known from before the change but the kept one


def _older_backup(here: Scene, database: Database) -> int:
    """Everything as it was at the first head."""
    database.execute(
        "DELETE FROM audit.event e WHERE e.tenant_id = %s AND NOT EXISTS (SELECT FROM audit.leaf l"
        " WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id AND l.index < %s)",
        [here.tenant, here.early],
    )
    database.execute(
        "DELETE FROM audit.payload p WHERE p.tenant_id = %s AND NOT EXISTS"
        " (SELECT FROM audit.event e WHERE e.tenant_id = p.tenant_id AND e.id = p.event_id)",
        [here.tenant],
    )
    database.execute("DELETE FROM audit.leaf WHERE tenant_id = %s AND index >= %s", [here.tenant, here.early])
    database.execute("DELETE FROM audit.checkpoint WHERE tenant_id = %s AND number > 1", [here.tenant])
    database.execute(
        "UPDATE audit.writer w SET last = (SELECT max(number) FROM audit.event e WHERE e.tenant_id = w.tenant_id"
        " AND e.writer = w.id) WHERE tenant_id = %s",
        [here.tenant],
    )
    return here.early


def _unsealed(here: Scene, database: Database) -> int:
    """The tree is thrown away, to be made anew in another order."""
    for table in ("leaf", "node", "checkpoint"):
        database.execute(f"DELETE FROM audit.{table} WHERE tenant_id = %s", [here.tenant])
    return 0


def _everything(here: Scene, database: Database) -> int:
    for table in (*scene.TABLES, "writer"):
        database.execute(f"DELETE FROM audit.{table} WHERE tenant_id = %s", [here.tenant])
    return 0


SPARE = "00000000-0000-0000-0000-00000000beef"


@dataclass(frozen=True)
class Operator:
    name: str
    act: Callable[[Scene, Database], int]
    words: str


OPERATORS = [
    Operator("the past is rebuilt and signed with the sealer's key", _rebuilt_and_signed, "something from here on"),
    Operator("an older backup is restored", _older_backup, "leaves are missing from here on"),
    Operator("the tree is thrown away", _unsealed, "leaves are missing from here on"),
    Operator("everything is deleted", _everything, "leaves are missing from here on"),
]


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_it_is_found_by_a_kept_head_and_by_the_witness(operator: Operator, house: House) -> None:
    here = scene.sealed(house)
    assert here.verify(with_head=True, with_witness=True).is_sound
    with scene.disarmed() as database:
        first = operator.act(here, database)
    assert here.verify().is_sound, "nothing in the database alone can tell; if it can, this belongs to the other list"
    for where in ({"with_head": True}, {"with_witness": True}):
        report = here.verify(**where)
        said = [str(one) for one in report.findings]
        assert any(operator.words in one for one in said), said
        assert report.first == first, said


def test_the_last_head_is_missed_by_whoever_kept_it(house: House) -> None:
    here = scene.sealed(house)
    with scene.disarmed() as database:
        database.execute("DELETE FROM audit.checkpoint WHERE tenant_id = %s AND number = 3", [here.tenant])
    assert here.verify().is_sound
    (said,) = here.verify(with_head=True).findings
    assert str(said).startswith("heads are gone: you kept one over")


def test_a_witness_that_was_rolled_back_remembers_less_than_it_cosigned(house: House) -> None:
    here = scene.sealed(house)
    memory = sealing.witness().memory
    origin = here.kept.origin
    before = memory.last(origin)
    assert before is not None
    with scene.disarmed() as database:
        row = database.execute(
            "SELECT note FROM audit.checkpoint WHERE tenant_id = %s AND number = 1", [here.tenant]
        ).fetchone()
    assert row is not None
    memory.keep(origin, row[0])
    (said,) = here.verify(with_witness=True).findings
    assert "its memory was rolled back" in str(said)
    memory._path(origin).unlink()
    (said,) = here.verify(with_witness=True).findings
    assert "its memory was rolled back" in str(said)


def test_what_waits_too_long_is_said(house: House) -> None:
    """So that a sealer that was stopped, or whose heads were thrown away, does not go unseen where nobody kept a head."""
    here = scene.sealed(house)
    with scene.disarmed() as database:
        database.execute("DELETE FROM audit.checkpoint WHERE tenant_id = %s", [here.tenant])
    assert here.verify().is_sound
    said = [str(one) for one in here.verify(patience=timedelta()).findings]
    assert sum("waits for its place in the tree since" in one for one in said) == 2
    assert sum("leaves are under no signed head since" in one for one in said) == 1


def _backdated(here: Scene, database: Database, ago: timedelta) -> None:
    """An event by a writer that there is, under its next number, whose every place says an hour long past."""
    when = datetime.now(UTC) - ago
    row = database.execute(
        "UPDATE audit.writer SET last = last + 1 WHERE (tenant_id, id) = (SELECT tenant_id, writer FROM audit.event"
        " WHERE tenant_id = %s LIMIT 1) RETURNING id, last",
        [here.tenant],
    ).fetchone()
    assert row is not None
    told = acts.told_at(here, database, here.plain[0])
    accepted = {"at": when.isoformat(timespec="microseconds"), "number": row[1], "writer": str(row[0])}
    acts.insert(here, database, told | {"id": str(uuid.uuid4()), "at": accepted["at"], "accepted": accepted})


def test_an_event_that_is_put_in_long_after_its_time_is_named(house: House) -> None:
    """The sealer takes it for a late one and gives it its place: all is as it should be, but for the time that it says."""
    here = scene.sealed(house)
    with scene.disarmed() as database:
        _backdated(here, database, timedelta(hours=3))
    assert here.verify(with_head=True).first is None
    assert any("waits for its place in the tree since" in str(one) for one in here.verify().findings)
    scene.write(house, 1)
    size = sealing.seal(house).size
    (found,) = here.verify(with_head=True, with_witness=True).findings
    assert "it was put in long after its time" in found.wrong
    assert found.index is not None
    assert here.size <= found.index < size
    with scene.disarmed() as database:  # the heads' rows are his to change, and the witness's time in them is not
        database.execute("UPDATE audit.checkpoint SET at = at - interval '1 day' WHERE tenant_id = %s", [here.tenant])
    assert found in here.verify().findings


@pytest.mark.parametrize("is_witnessed", [True, False])
def test_a_clock_that_was_set_back_and_a_sealer_that_was_away_are_no_alarm(
    house: House, is_witnessed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last head was made while the clock ran three hours ahead; and what waited for a sealer is sealed late."""
    here = scene.sealed(house)
    ahead = timedelta(hours=3)
    monkeypatch.setattr(sealing.witness().witness, "clock", lambda: time.time() + ahead.total_seconds())
    scene.write(house, 1)
    sealing.seal(house, is_witnessed=is_witnessed)
    monkeypatch.undo()
    with scene.disarmed() as database:
        database.execute(
            "UPDATE audit.checkpoint SET at = at + %s WHERE tenant_id = %s AND number = 4", [ahead, here.tenant]
        )
    scene.write(house, 1)
    sealing.seal(house, is_witnessed=is_witnessed)
    assert [str(one) for one in here.verify().findings] == []
    monkeypatch.setattr(sealing.witness().witness, "clock", lambda: time.time() + 2 * ahead.total_seconds())
    scene.write(house, 1)
    sealing.seal(house, is_witnessed=is_witnessed)
    assert [str(one) for one in here.verify().findings] == []


def test_two_tenants_whose_records_change_places(house: House, neighbour: House) -> None:
    here, there = scene.sealed(house), scene.sealed(neighbour)
    with scene.disarmed() as database:
        for table in (*scene.TABLES, "writer"):
            for after, before in ((SPARE, here.tenant), (here.tenant, there.tenant), (there.tenant, SPARE)):
                database.execute(f"UPDATE audit.{table} SET tenant_id = %s WHERE tenant_id = %s", [after, before])
    for one in (here, there):
        report = one.verify()
        said = [str(finding) for finding in report.findings]
        assert report.first == 0, said
        assert any("of another tenant" in finding for finding in said)


def test_two_tenants_events_that_change_places(house: House, neighbour: House) -> None:
    """The bytes of one event each, with all that stands beside them."""
    here, there = scene.sealed(house), scene.sealed(neighbour)
    with scene.disarmed() as database:
        mine, theirs = (scene.event_at(database, one, one.plain[0]) for one in (here, there))
        columns = "writer, number, recorded_at, leaf, at, action, actor_id, subject_id, interaction, resource_id"
        query = (
            f"UPDATE audit.event a SET ({columns}) = (SELECT {columns} FROM audit.event b"
            " WHERE b.tenant_id = %s AND b.id = %s) WHERE a.tenant_id = %s AND a.id = %s"
        )
        database.execute("CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM audit.event WHERE id = %s", [mine])
        database.execute(query, [there.tenant, theirs, here.tenant, mine])
        database.execute(
            f"UPDATE audit.event a SET ({columns}) = (SELECT {columns} FROM kept) WHERE a.tenant_id = %s AND a.id = %s",
            [there.tenant, theirs],
        )
    for one in (here, there):
        report = one.verify()
        assert report.first == one.plain[0]
        assert any("of another tenant" in finding.wrong for finding in report.findings)
