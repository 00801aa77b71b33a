from __future__ import annotations

import pytest
from django.db import DatabaseError

from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from ingestion import glossary
from ingestion.models import GlossaryTerm
from tests.cast import House
from tests.governance.database import leaves, payloads


def test_a_term_is_added_changed_and_taken_out_and_each_is_recorded(house: House) -> None:
    row = glossary.add(house.ada, "  PTO ", ["annual  leave", "pto", "Annual leave"])
    assert (row.term, row.meanings) == ("PTO", ["Annual leave"])
    glossary.change(house.ada, row.pk, "PTO", ["paid time off"])
    assert [(one.term, one.meanings) for one in glossary.listed(house.ada)] == [("PTO", ["paid time off"])]
    assert [(one.term, one.meanings) for one in glossary.entries(house.bob)] == [("PTO", ("paid time off",))]
    glossary.remove(house.ada, row.pk)
    assert glossary.listed(house.ada) == []
    actions = [leaf["action"] for leaf in leaves(house) if leaf["action"].startswith("glossary.")]
    assert actions == ["glossary.added", "glossary.changed", "glossary.removed"]
    assert payloads(house, "glossary.changed") == [
        {"term": "PTO", "meanings": ["paid time off"], "before": {"term": "PTO", "meanings": ["Annual leave"]}}
    ]
    assert "time off" not in str(leaves(house))  # the words are in the encrypted part alone


def test_only_an_admin_writes_it_and_the_database_says_the_same(house: House) -> None:
    row = glossary.add(house.ada, "PTO", ["annual leave"])
    for act in (
        lambda: glossary.add(house.bob, "CFO", ["finance"]),
        lambda: glossary.change(house.bob, row.pk, "PTO", ["other"]),
        lambda: glossary.remove(house.bob, row.pk),
        lambda: glossary.listed(house.bob),
        lambda: glossary.get(house.olga, row.pk),
    ):
        with pytest.raises(Forbidden):
            act()
    with house.bob.transaction():
        assert GlossaryTerm.objects.update(term="stolen") == 0
        assert GlossaryTerm.objects.all().delete()[0] == 0
    with pytest.raises(DatabaseError), house.bob.transaction():
        GlossaryTerm.objects.create(
            tenant_id=house.tenant, term="x", key="x", meanings=["y"], changed_at=row.changed_at
        )
    assert [one.term for one in glossary.listed(house.ada)] == ["PTO"]


def test_another_tenant_neither_sees_nor_reaches_an_entry(house: House, neighbour: House) -> None:
    row = glossary.add(house.ada, "PTO", ["annual leave"])
    assert glossary.entries(neighbour.ada) == []
    for act in (lambda: glossary.get(neighbour.ada, row.pk), lambda: glossary.remove(neighbour.ada, row.pk)):
        with pytest.raises(NotFound):
            act()
    glossary.add(neighbour.ada, "PTO", ["their own"])
    with neighbour.system.transaction():
        assert list(GlossaryTerm.objects.values_list("meanings", flat=True)) == [["their own"]]


def test_what_is_no_entry_is_refused(house: House) -> None:
    glossary.add(house.ada, "PTO", ["annual leave"])
    with pytest.raises(Conflict):
        glossary.add(house.ada, "pto", ["something else"])
    for term, meanings in (
        ("", ["a b"]),
        ("?!", ["a b"]),
        ("PTO2", []),
        ("PTO2", ["pto2"]),
        ("x" * 81, ["a b"]),
        ("PTO2", ["m" * 81]),
    ):
        with pytest.raises(InvalidInput):
            glossary.add(house.ada, term, meanings)
    with pytest.raises(InvalidInput):
        glossary.add(house.ada, "PTO2", [f"meaning {number}" for number in range(glossary.MEANINGS_MAX + 1)])
    assert len(glossary.listed(house.ada)) == 1
    assert glossary.split(" paid time off; annual leave\n\n; rest ") == ["paid time off", "annual leave", "rest"]
