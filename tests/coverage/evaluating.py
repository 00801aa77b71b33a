"""Deeds on a collection's question set."""

from __future__ import annotations

import json

from django.core.files.uploadedfile import SimpleUploadedFile

from assistant.evaluation import runs, sets
from governance.audit.vocabulary import Event
from tests.coverage.deed import Deed
from tests.coverage.ground import Ground

E = Event
LINE = {"id": "days", "question": "How many days abroad?", "facts": ["twenty"]}
STARTED = (E.QUESTIONS_CHANGED, E.EVALUATION_STARTED)
ENDED = (*STARTED, E.EVALUATION_ENDED)


def at(ground: Ground) -> str:
    return f"/collections/{ground.room.collection}"


def _question(ground: Ground) -> str:
    return str(sets.add(ground.house.ada, ground.room.collection, LINE).pk)


def _run(ground: Ground) -> str:
    _question(ground)
    return str(runs.start(ground.house.ada, ground.room.collection).pk)


DEEDS = [
    Deed("questions-add", "post", (E.QUESTIONS_CHANGED,), lambda g: g.ada.post(
        f"{at(g)}/questions/add", {"question": "How many days abroad?", "facts": "twenty"})),
    Deed("questions-import", "post", (E.QUESTIONS_CHANGED,), lambda g: g.ada.post(
        f"{at(g)}/questions/import", {"file": SimpleUploadedFile("set.jsonl", json.dumps(LINE).encode())})),
    Deed("question-delete", "post", (E.QUESTIONS_CHANGED,), lambda g: g.ada.post(f"{at(g)}/questions/{_question(g)}/delete")),
    Deed("evaluations", "post", STARTED, lambda g: (_question(g), g.ada.post(f"{at(g)}/evaluations"))[1]),
    Deed("evaluation-stop", "post", ENDED, lambda g: g.ada.post(f"{at(g)}/evaluations/{_run(g)}/stop")),
    Deed("api-questions", "put", (E.QUESTIONS_CHANGED,), lambda g: g.send(
        "ada", "put", f"/api/v1{at(g)}/questions", {"questions": [LINE]})),
    Deed("api-evaluations", "post", STARTED, lambda g: (
        _question(g), g.send("ada", "post", f"/api/v1{at(g)}/evaluations"))[1]),
    Deed("api-evaluation", "delete", ENDED, lambda g: g.send("ada", "delete", f"/api/v1{at(g)}/evaluations/{_run(g)}")),
]  # fmt: skip
