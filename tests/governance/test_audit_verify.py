"""`manage.py audit_verify`, as an operator uses it."""

from __future__ import annotations

import io
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from governance.audit import verifying
from tests import cast
from tests.cast import House
from tests.governance import sealing
from tests.governance.database import leaves
from tests.governance.tamper import scene


def run(*arguments: str) -> tuple[int, str]:
    said = io.StringIO()
    try:
        call_command("audit_verify", *arguments, stdout=said, stderr=said)
    except SystemExit as end:
        return int(str(end.code)), said.getvalue()
    return 0, said.getvalue()


def test_a_sound_record_ends_with_0_and_the_result_is_on_it(house: House) -> None:
    here = scene.sealed(house)
    code, said = run("--tenant", house.slug)
    assert code == 0
    assert f"{house.slug}: {here.size} leaves, 2 events waiting, 3 heads, the last over {here.size}" in said
    assert f"{house.slug}: sound" in said
    (event,) = leaves(house, "record.verified")
    assert event["facts"]["findings"] == 0


def test_a_changed_record_ends_with_1_and_says_where(house: House) -> None:
    here = scene.sealed(house)
    with scene.disarmed() as database:
        changed = scene.event_at(database, here, here.plain[0])
        database.execute("UPDATE audit.event SET leaf = leaf || ' ' WHERE id = %s", [changed])
    code, said = run("--tenant", house.slug)
    assert code == 1
    assert f"NOT SOUND: 1 findings, the first bad index is {here.plain[0]}" in said
    assert f"  index {here.plain[0]}: the event is not the one whose hash is in the tree" in said
    (event,) = leaves(house, "record.verified")
    assert event["facts"]["first"] == here.plain[0]


def test_a_log_that_goes_on_under_another_name_is_sound_where_the_former_one_is_known(
    house: House, settings: Any
) -> None:
    scene.sealed(house)
    former = settings.RECORD_ORIGIN
    settings.RECORD_ORIGIN = f"{former}/after"
    sealing.seal(house)
    code, said = run("--tenant", house.slug)
    assert code == 1
    assert "its note says another head" in said
    settings.RECORD_FORMER_ORIGINS = [former]
    assert run("--tenant", house.slug)[0] == 0


def test_logs_are_verified_one_after_the_other_and_each_says_how_it_was(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    here, other = scene.sealed(house), cast.house(f"t{uuid.uuid4().hex[:12]}")
    scene.sealed(other)
    with scene.disarmed() as database:
        changed = scene.event_at(database, here, here.plain[0])
        database.execute("UPDATE audit.event SET leaf = leaf || ' ' WHERE id = %s", [changed])
    assert verifying.each([house.tenant, other.tenant]) == [house.tenant]
    assert f"the record of {house.tenant} is not sound" in caplog.text
    for one, amount in ((house, 1), (other, 0)):
        (event,) = leaves(one, "record.verified")
        assert event["facts"]["findings"] == amount


def test_a_head_is_saved_and_verified_from_the_next_time(house: House, tmp_path: Path) -> None:
    here = scene.sealed(house)
    file = tmp_path / "head.txt"
    assert run("--tenant", house.slug, "--save-head", str(file))[0] == 0
    sealing.seal(house)
    assert run("--head", str(file))[0] == 0
    with scene.disarmed() as database:
        for table in (*scene.TABLES, "writer"):
            database.execute(f"DELETE FROM audit.{table} WHERE tenant_id = %s", [here.tenant])
    code, said = run("--from-head", str(file), "--save-head", str(file))
    assert code == 1
    assert "the head that you kept is over" in said
    assert file.read_text().split("\n")[1] == str(here.size), (
        "a head is not overwritten by one of a record that is broken"
    )


def test_what_cannot_be_understood_is_said(house: House, tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense"
    nonsense.write_text("no head")
    for arguments in (
        ("--tenant", "nobody-here"),
        ("--head", str(nonsense)),
        ("--head", str(tmp_path / "absent")),
        ("--save-head", str(tmp_path / "x")),
        ("--tenant", house.slug, "--save-head", str(tmp_path / "x")),  # nothing is signed yet
    ):
        with pytest.raises(CommandError):
            call_command("audit_verify", *arguments, stdout=io.StringIO(), stderr=io.StringIO())
    other = sealing.seal(house)
    strange = tmp_path / "strange"
    for origin in (f"elsewhere.example/{house.tenant}", "chancery.localhost/record/none", f"x/{uuid.uuid4()}"):
        strange.write_text(f"{origin}\n{other.text.partition(chr(10))[2]}\n{LINE}")
        with pytest.raises(CommandError, match="none of ours"):
            call_command("audit_verify", "--head", str(strange), stdout=io.StringIO(), stderr=io.StringIO())


LINE = "\N{EM DASH} elsewhere.example AAAAAAAAAAAA\n"
