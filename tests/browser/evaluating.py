"""What a collection is measured by and lacks, in each state: its question set, and what was asked of it in vain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.utils import timezone

from assistant.evaluation import runs, sets
from assistant.evaluation.rows import Answered, Row
from assistant.models import RunState, SetRun
from tests.assistant import asking
from tests.browser.stage import Stage
from tests.browser.states import State

SET: list[dict[str, Any]] = [
    {
        "id": "days",
        "question": "For how many days may I work abroad?",
        "documents": ["hybrid-work.docx"],
        "kind": "travel",
    },
    {
        "id": "core",
        "question": "What are the core hours?",
        "documents": ["hours.md"],
        "facts": ["10:00"],
        "kind": "time",
    },
    {"id": "moon", "question": "Who was first on the moon?", "unanswerable": True},
]
FOUND = {
    "days": Row("days", "travel", "", True, ("hybrid-work.docx",), {"both": ("hybrid-work.docx",)}, True, search_ms=40),
    "core": Row("core", "time", "", True, ("hours.md",), {"both": ("trips.md", "rent.md")}, True, search_ms=60),
    "moon": Row("moon", "", "", False, (), {"both": ("trips.md",)}, False, search_ms=50),
}
TOOK = Answered("answered", sentences=1, prompt_tokens=600, tokens=12, first_ms=2100, whole_ms=4000)
ANSWERED = {
    "days": replace(TOOK, text="Twenty days.", cited=("hybrid-work.docx",)),
    "core": replace(TOOK, text="From nine.", met=(False,), cited=("trips.md",), unsupported=1),
    "moon": Answered("refused"),
}


def build(made: Stage) -> None:
    """A collection whose set was asked three times and is being asked, and one with an empty set."""
    ada, ids = made.house.ada, made.ids
    ids["measured"] = asking.shelf(made.house, "Trips are booked by the travel desk.", name="Measured")
    sets.replace(ada, ids["measured"], SET)
    for name in ("first-run", "second-run", "failed-run"):
        row = runs.start(ada, ids["measured"], is_automatic=name == "second-run")
        with ada.transaction():
            row.has_answers, row.done = True, row.total
            for number, key in enumerate(sorted(FOUND)):
                runs.put_down(row.pk, number, _row(key, is_better=name == "second-run"))
            failed = name == "failed-run"
            runs.close(ada, row, RunState.FAILED if failed else RunState.DONE, "Nobody is here." if failed else "")
        ids[name] = row.pk
    _asked_in_vain(made)
    ids["running-run"] = runs.start(ada, ids["measured"]).pk
    with made.house.system.transaction():  # which nobody takes up
        SetRun.objects.filter(pk=ids["running-run"]).update(done=1, lease_until=timezone.now().replace(year=2099))


def _asked_in_vain(made: Stage) -> None:
    for who in (made.house.ada, made.house.bob):
        asking.answered(who, "Zebras and flamingos?", collections=[made.ids["measured"]])


def _row(key: str, *, is_better: bool) -> Row:
    told = FOUND[key].__dict__ | {"answered": ANSWERED[key]}
    return Row(**told | ({"ranked": {"both": ("hours.md",)}} if is_better and key == "core" else {}))


PAGES: list[State] = [
    State("collection-gaps", "empty", "ada", "/collections/{blank}/gaps"),
    State("collection-gaps", "words of two people", "ada", "/collections/{measured}/gaps"),
    State("questions", "empty", "ada", "/collections/{blank}/questions"),
    State("questions", "asked and being asked", "ada", "/collections/{measured}/questions"),
    *(
        State("evaluation", name, "ada", f"/collections/{{measured}}/evaluations/{{{name}-run}}")
        for name in ("second", "failed", "running")
    ),
]
