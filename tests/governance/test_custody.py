"""What is held and taken away of a case, and that its people are told of searches and bundles about them."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path

import pytest

from governance import assignments, models, tenants
from governance.audit import events
from governance.audit.bundle import asking, building
from governance.audit.lifecycle import holds, own
from governance.audit.officers import cases, custody, openings
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound, SecondOfficerNeeded
from governance.roles import Role
from tests.cast import House
from tests.governance import sealing
from tests.governance.database import leaves

WHY = "Complaint of the works council"


def asked(house: House, name: str = "bob") -> uuid.UUID:
    interaction = uuid.uuid4()
    events.record(house.scope(name), Event.PROMPT_RECEIVED, interaction=interaction, payload={"text": "91000"})
    return interaction


def a_case(house: House, *interactions: uuid.UUID) -> uuid.UUID:
    case = cases.create(house.olga, "Bob's complaint").pk
    cases.add(house.olga, case, interactions)
    return case


def test_a_hold_is_on_all_answers_of_the_case_and_follows_it(house: House) -> None:
    first, second = asked(house), asked(house, "charlie")
    case = a_case(house, first)
    custody.hold(house.olga, case, WHY)
    with house.system.transaction():
        assert [hold.wanted for hold in holds.on(house.ids["bob"])] == [{"interactions": [str(first)]}]
        assert holds.on(house.ids["charlie"]) == []
    cases.add(house.olga, case, [second])
    with house.system.transaction():
        (hold,) = holds.on(house.ids["charlie"])
        assert hold.wanted == {"interactions": sorted((str(first), str(second)))}
        assert len(holds.on(house.ids["bob"])) == 1
    with pytest.raises(Conflict, match="Lift the hold"):
        cases.take_out(house.olga, case, first)
    with pytest.raises(Conflict, match="already"):
        custody.hold(house.olga, case, WHY)
    cases.close(house.olga, case)
    custody.lift(house.olga, case, "The works council is content")
    with house.system.transaction():
        assert holds.on(house.ids["bob"]) == []
    assert cases.get(house.olga, case).hold is None
    with pytest.raises(Conflict, match="No hold"):
        custody.lift(house.olga, case, WHY)
    assert len(leaves(house, "hold.placed")) == len(leaves(house, "hold.lifted")) == 2


def test_a_hold_that_was_lifted_elsewhere_is_no_hold(house: House) -> None:
    case = a_case(house, asked(house))
    custody.hold(house.olga, case, WHY)
    (row,) = holds.listed(house.olga)
    holds.lift(house.olga, row.pk, WHY)
    assert cases.get(house.olga, case).hold is None
    cases.add(house.olga, case, [asked(house)])
    assert [one.lifted_at is None for one in holds.listed(house.olga)] == [False]


def test_an_empty_case_is_neither_held_nor_taken_away(house: House) -> None:
    case = cases.create(house.olga, "Nothing yet").pk
    for attempt in (custody.hold, custody.export):
        with pytest.raises(InvalidInput, match="Put answers"):
            attempt(house.olga, case, WHY)
    assert leaves(house, "hold.placed") + leaves(house, "record.exported") == []


def test_custody_is_the_officers_own(house: House, neighbour: House) -> None:
    case = a_case(house, asked(house))
    for attempt in (custody.hold, custody.lift, custody.export):
        with pytest.raises(Forbidden):
            attempt(house.ada, case, WHY)
        with pytest.raises(NotFound):
            attempt(neighbour.olga, case, WHY)


def test_a_case_is_taken_away_as_a_bundle_that_checks_itself_alone(house: House, tmp_path: Path) -> None:
    interaction = asked(house)
    case = a_case(house, interaction)
    asked(house, "charlie")
    bundle = custody.export(house.olga, case, WHY)
    sealing.seal(house)
    with zipfile.ZipFile(io.BytesIO(building.build(house.olga, bundle).read())) as packed:
        packed.extractall(tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    told = {json.loads(base64.b64decode(line["leaf_data"]))["interaction"] for line in lines}
    assert told - {None} == {str(interaction)}
    script = next(tmp_path.rglob("verify.py"))
    checked = subprocess.run(
        [sys.executable, "-I", script], cwd=script.parent, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    (exported,) = leaves(house, "case.exported")
    assert exported["facts"] == {"bundle": str(bundle)}


def test_words_of_a_bundle_take_a_second_officer_where_opening_does(house: House) -> None:
    interaction = asked(house)
    case = a_case(house, interaction)
    assignments.give(house.system, house.ids["charlie"], Role.COMPLIANCE_OFFICER)
    tenants.need_second_officer(house.ada, needed=True)
    with pytest.raises(SecondOfficerNeeded):
        custody.export(house.olga, case, WHY)
    with pytest.raises(SecondOfficerNeeded):
        asking.ask(house.olga, reason=WHY, person=house.ids["bob"])
    with pytest.raises(SecondOfficerNeeded):
        asking.ask(house.olga, reason=WHY, interaction=interaction)
    custody.export(house.olga, case)  # masked it takes one alone
    row = openings.ask(house.olga, "case", case, WHY)
    openings.decide(house.charlie, row.pk, approves=True)
    custody.export(house.olga, case, WHY)
    told = leaves(house, "record.exported")[-1]["facts"]
    assert (told["is_open"], told["approved_by"]) == (True, str(house.ids["charlie"]))
    with pytest.raises(SecondOfficerNeeded):
        asking.ask(house.olga, reason=WHY, person=house.ids["bob"])


def test_an_approval_is_for_what_the_case_held_when_it_was_asked_for(house: House) -> None:
    """Or whoever got one for a single answer could put every other one in behind it."""
    case = a_case(house, asked(house))
    assignments.give(house.system, house.ids["charlie"], Role.COMPLIANCE_OFFICER)
    tenants.need_second_officer(house.ada, needed=True)
    row = openings.ask(house.olga, "case", case, WHY)
    slipped_in = asked(house, "charlie")
    cases.add(house.olga, case, [slipped_in])
    openings.decide(house.charlie, row.pk, approves=True)
    with pytest.raises(SecondOfficerNeeded, match="came into the case since"):
        custody.export(house.olga, case, WHY)
    assert leaves(house, "record.opened") == []
    custody.export(house.olga, case)  # masked it takes one alone
    cases.take_out(house.olga, case, slipped_in)
    custody.export(house.olga, case, WHY)
    cases.add(house.olga, case, [slipped_in])
    again = openings.ask(house.olga, "case", case, WHY)
    openings.decide(house.charlie, again.pk, approves=True)
    custody.export(house.olga, case, WHY)
    opened = [leaf["interaction"] for leaf in leaves(house, "record.opened")]
    assert opened.count(str(slipped_in)) == 1


def test_people_are_told_of_searches_and_bundles_that_were_about_them(house: House) -> None:
    from governance.audit import words

    interaction = asked(house)
    case = a_case(house, interaction)
    words.begin(house.olga, "salary", WHY, person=house.ids["bob"])
    asking.ask(house.olga, person=house.ids["bob"])
    custody.export(house.olga, case)
    words.begin(house.olga, "salary", WHY, person=house.ids["charlie"])
    seen = [look.action for look in own.looks(house.bob)]
    assert seen == ["record.exported", "record.exported", "record.searched"]
    assert [look.action for look in own.looks(house.charlie)] == ["record.searched"]
    assert "salary" not in json.dumps(seen)
    with house.system.transaction():
        assert models.Hold.objects.count() == 0
