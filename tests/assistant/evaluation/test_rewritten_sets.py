"""What a set says of an erased document stays theirs who could read it: in other words, under a cut name, as it changes."""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from assistant.evaluation import runs, sets
from assistant.evaluation.narrowed import Kept
from assistant.evaluation.rows import Answered, Row
from assistant.models import SetAsked
from governance import grants
from governance.errors import ChanceryError, NotFound
from governance.policy.rules import Action, Stage
from inference.runners.scripted import ScriptedChat
from ingestion import documents
from ingestion.documents import binned, removal, restrictions
from ingestion.models import Document
from tests.assistant.evaluation.test_narrowed_sets import ABOUT, ABROAD, COUNCIL, WAITING, erase, keys_of, ran
from tests.assistant.evaluation.test_sets import asked
from tests.cast import House
from tests.governance import policies
from tests.governance.database import as_superuser
from tests.ingestion import bells
from tests.ingestion.test_parts import zipped

CODENAME = "Falcon"


def narrow(house: House, document: uuid.UUID) -> None:
    restrictions.restrict(house.ada, document, [grants.Holder(person=house.ids["ada"])])


def until_it_waits(thread: threading.Thread) -> None:
    """For a lock, or is done."""
    with as_superuser() as database:
        while thread.is_alive() and not (database.execute(WAITING).fetchone() or (0,))[0]:
            time.sleep(0.02)


def test_a_question_that_is_written_anew_is_told_to_no_more_people(house: House, shelf: uuid.UUID) -> None:
    other = bells.ingested(house, shelf, COUNCIL, "council.txt")
    sets.replace(house.ada, shelf, [ABROAD, ABOUT])
    narrow(house, other.pk)
    erase(house, other.pk)
    sets.replace(house.ada, shelf, [ABROAD, ABOUT | {"facts": ["Tuesday"]}])
    assert keys_of(house, "bob", shelf) == ["abroad"]
    sets.put(house.ada, shelf, json.dumps({"id": "council", "question": "Which days?", "facts": ["Tuesdays"]}))
    assert keys_of(house, "bob", shelf) == ["abroad"]
    sets.replace(house.ada, shelf, [ABROAD, ABOUT])
    sets.add(house.ada, shelf, ABOUT | {"id": "days"})
    sets.replace(house.ada, shelf, [ABROAD, ABOUT | {"id": "on which"}])
    assert keys_of(house, "bob", shelf) == ["abroad"]
    assert keys_of(house, "ada", shelf) == ["abroad", "on which"]


def test_what_is_written_anew_about_something_else_stays_told(house: House, shelf: uuid.UUID) -> None:
    other = bells.ingested(house, shelf, COUNCIL, "council.txt")
    sets.replace(house.ada, shelf, [ABROAD, ABOUT])
    narrow(house, other.pk)
    erase(house, other.pk)
    sets.replace(house.ada, shelf, [ABROAD | {"facts": ["20", "twenty"]}, ABOUT, ABROAD | {"id": "days"}])
    assert keys_of(house, "bob", shelf) == ["abroad", "days"]


def test_an_answer_that_cites_it_under_a_name_that_policy_cut_is_kept(
    house: House, shelf: uuid.UUID, model: ScriptedChat
) -> None:
    policies.add(house, policies.words("codename", Stage.OUTPUT, Action.REDACT, CODENAME))
    other = bells.ingested(house, shelf, COUNCIL, f"{CODENAME}.txt")
    row = ran(house, shelf, answers=True)
    (noon,) = [one.answered for one in runs.read(house.ada, row).rows if one.id == "noon"]
    assert noon is not None
    assert noon.stands_on == (str(other.pk),)
    assert noon.cited
    assert CODENAME not in repr(noon.cited)
    narrow(house, other.pk)
    erase(house, other.pk)
    assert [one.id for one in runs.read(house.bob, row).rows] == ["abroad"]
    assert len(runs.read(house.ada, row).rows) == 3
    key = Client(headers={"Authorization": f"Bearer {house.key('ada')}"})
    told = key.get(f"/api/v1/collections/{shelf}/evaluations/{row.pk}").json()["rows"]
    assert len(told) == 3
    assert all("stands_on" not in one["answered"] for one in told)


def test_a_cut_name_that_is_another_documents_shows_no_more() -> None:
    answered = Answered("answered", "On Tuesdays.", cited=("abroad.txt",), stands_on=("its id",))
    told, seen = Row("noon", "", "", True, answered=answered), frozenset({"abroad.txt"})
    for hidden, shown in (("its id", 0), ("some other id", 1)):
        assert len(Kept(frozenset({hidden}), seen).came([SetAsked(told=runs.kept(told))])) == shown


def test_a_row_from_before_ids_were_kept_is_read() -> None:
    told = runs.told(Row("noon", "", "", True, answered=Answered("answered", cited=("council.txt",))))
    read = Row.from_json(told).answered
    assert read is not None
    assert (read.cited, read.stands_on) == (("council.txt",), ())


@pytest.mark.parametrize("change", ["written anew", "dropped", "deleted"])
def test_what_changes_as_parts_go_waits_until_all_of_them_have_gone(
    house: House, shelf: uuid.UUID, change: str
) -> None:
    names, scope = {"a.txt", "b.txt"}, house.ada
    changers, faults = list[threading.Thread](), list[str]()
    with bells.silent():
        outer = bells.ingested(house, shelf, zipped({"a.txt": b"On Tuesdays.", "b.txt": b"At noon."}), "minutes.zip")
    sets.replace(scope, shelf, [ABOUT | {"id": name, "documents": [name]} for name in sorted(names)])
    asked(house, runs.start(scope, shelf))
    narrow(house, outer.pk)
    binned.keep_for(scope, 0)
    questions = {row.key: row.pk for row in sets.listed(scope, shelf)}
    within = {row.name: row.pk for row in documents.within(scope, outer.pk)}

    def changed(name: str) -> None:
        try:
            if change == "written anew":
                sets.add(scope, shelf, ABOUT | {"id": name, "documents": [name]})
            elif change == "dropped":
                sets.drop(scope, shelf, questions[name])
            else:
                removal.delete(scope, within[name])
        except (ChanceryError, DatabaseError) as fault:
            faults.append(type(fault).__name__)
        finally:
            connection.close()

    records = removal.recorded

    def recorded(by: Any, row: Document, *more: Any, **named: Any) -> None:
        """After the first has gone: somebody changes what the other one has to do with."""
        if not changers:
            (other,) = names - {row.name}
            changers.append(threading.Thread(target=changed, args=(other,)))
            changers[0].start()
            until_it_waits(changers[0])
        records(by, row, *more, **named)

    with bells.silent(), mock.patch.object(removal, "recorded", recorded):
        bells.ingested(house, shelf, zipped({"c.txt": b"By post."}), "minutes.zip")
    changers[0].join()
    assert [row.name for row in documents.within(scope, outer.pk)] == ["c.txt"]
    assert faults == ([NotFound.__name__] if change == "deleted" else [])
    assert len(keys_of(house, "ada", shelf)) == (1 if change == "dropped" else 2)
    assert keys_of(house, "bob", shelf) == []
