"""What the portal says of a run is what came of it: in its figures, by kind, and where nothing was missed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from assistant.evaluation import figures, runs, sets
from assistant.evaluation.rows import Answered, Row
from assistant.models import RunState, Status
from ingestion import catalog
from tests.assistant import portal
from tests.cast import House

EITHER = ("hours.md", "gleitzeit.md")
FOUND = "A right document among the first five"
NOTHING = "Nothing was missed"


def question(row: Row) -> dict[str, Any]:
    told: dict[str, Any] = {"id": row.id, "question": f"What of {row.id}?", "kind": row.kind}
    return told | ({"documents": list(row.relevant) or ["a.md"]} if row.is_answerable else {"unanswerable": True})


def page(house: House, rows: Sequence[Row]) -> str:
    """Of a run that was asked these, in which they came to this."""
    shelf = catalog.create(house.ada, "Rules").pk
    sets.replace(house.ada, shelf, [question(row) for row in rows])
    run = runs.start(house.ada, shelf, answers=False)
    with house.ada.transaction():
        for number, row in enumerate(sorted(rows, key=lambda row: row.id)):
            runs.put_down(run.pk, number, row)
        run.done = run.total
        runs.close(house.ada, run, RunState.DONE)
    return portal.signed_in(house, "ada").get(f"/collections/{shelf}/evaluations/{run.pk}").content.decode()


def told(html: str, kind: str) -> list[str]:
    """The cells of a kind's line: questions, found, facts, refused rightly and wrongly."""
    (line,) = re.findall(rf"<td>{kind}</td>(.*?)</tr>", html, re.DOTALL)
    return [cell.strip() for cell in re.findall(r"<td data-label=\"[^\"]*\">(.*?)</td>", line, re.DOTALL)]


def test_one_of_two_documents_that_each_answer_it_is_a_right_one_found(house: House) -> None:
    row = Row("core", "", "", is_answerable=True, relevant=EITHER, ranked={"both": ("hours.md", "trips.md")})
    known = {one.key: one.mean.value for one in figures.of([row])}
    assert (known["both.hit5"], known["both.recall5"]) == (1.0, 0.5)
    html = page(house, [row])
    (line,) = re.findall(rf"<td>{FOUND}</td>(.*?)</tr>", html, re.DOTALL)
    assert "1.000" in line
    assert "0.500" not in html
    assert NOTHING in html


def test_by_kind_right_refusals_and_wrong_ones_stand_apart(house: House) -> None:
    answered, refused = Answered(Status.ANSWERED), Answered(Status.REFUSED)
    ranked = {"both": ("hours.md",)}
    html = page(
        house,
        [
            Row("a", "mixed", "", True, ("hours.md",), ranked, True, answered=answered),
            Row("b", "mixed", "", True, ("hours.md",), ranked, False, answered=refused),
            Row("c", "mixed", "", False, (), ranked, False, answered=refused),
            Row("d", "plain", "", True, EITHER, ranked, False, answered=refused),
            Row("e", "off topic", "", False, (), ranked, True, answered=answered),
        ],
    )
    assert told(html, "mixed") == ["3", "1.000", "–", "1.000", "0.500"]
    assert told(html, "plain") == ["1", "1.000", "–", "–", "1.000"]
    assert told(html, "off topic") == ["1", "–", "–", "0.000", "–"]


def test_by_kind_of_a_search_it_is_said_what_the_evidence_holds_back(house: House) -> None:
    ranked = {"both": ("hours.md",)}
    html = page(
        house,
        [
            Row("a", "plain", "", True, ("hours.md",), ranked, suffices=True),
            Row("b", "plain", "", True, ("hours.md",), ranked, suffices=False),
            Row("c", "off topic", "", False, (), ranked, suffices=False),
        ],
    )
    assert told(html, "plain") == ["2", "1.000", "–", "–", "0.500"]
    assert told(html, "off topic") == ["1", "–", "–", "1.000", "–"]


def test_of_questions_that_name_no_documents_it_is_not_said_that_they_were_found(house: House) -> None:
    html = page(house, [Row("moon", "", "", False, (), {"both": ("trips.md",)}, answered=Answered(Status.ANSWERED))])
    assert "Refused, of the unanswerable" in html
    assert NOTHING not in html
