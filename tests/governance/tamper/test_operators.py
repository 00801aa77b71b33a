"""Whoever holds the whole database changes the record, and verification names what is wrong and where it begins."""

from __future__ import annotations

import pytest

from tests.cast import House
from tests.governance.tamper import scene
from tests.governance.tamper.operators import OPERATORS, Operator


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_it_is_found_and_its_place_is_named(operator: Operator, house: House) -> None:
    here = scene.sealed(house)
    assert here.verify(with_head=True, with_witness=True).is_sound
    with scene.disarmed() as database:
        first = operator.act(here, database)
    report = here.verify()
    said = [str(one) for one in report.findings]
    assert not report.is_sound
    assert any(operator.words in one for one in said), said
    assert report.first == first, said
