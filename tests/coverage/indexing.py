"""Deeds on the search index and the glossary."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from unittest import mock

from django.test import override_settings

from governance.audit.vocabulary import Event
from ingestion import glossary, tasks
from ingestion import indexes as services
from ingestion.indexes import building
from ingestion.models import Index
from tests.coverage.deed import Deed
from tests.coverage.ground import Ground

NEXT = "scripted-96"
E = Event
FURTHER = [{"BACKEND": "inference.runners.scripted.ScriptedEmbedder", "OPTIONS": {"dimensions": 96}}]


def beside(deed: Callable[[Ground, str], Any], *, is_built: bool) -> Callable[[Ground], Any]:
    """`deed` with the address of the next index, which is built or only begun; nobody is rung for."""

    def done(ground: Ground) -> Any:
        with override_settings(CHANCERY_EMBEDDERS=FURTHER), mock.patch.object(tasks, "ring_index"):
            assert ground.room.document  # something that is in it
            row = _begun(ground)
            while is_built and building.stretch(ground.house.tenant, row.pk):
                pass
            return deed(ground, f"/settings/index/{row.pk}")

    return done


def _begun(ground: Ground) -> Index:
    rows = services.listed(ground.house.ada)
    return next((row for row in rows if row.name == NEXT), None) or services.build(ground.house.ada, NEXT)


def api(address: str, deed: str) -> str:
    """Of the API, for the index whose page in the portal is at `address`."""
    return f"/api/v1/indexes/{address.rpartition('/')[2]}/{deed}"


def _further(deed: Callable[[], Any]) -> Any:
    with override_settings(CHANCERY_EMBEDDERS=FURTHER), mock.patch.object(tasks, "ring_index"):
        return deed()


def _build(ground: Ground) -> Any:
    return _further(lambda: ground.ada.post("/settings/index", {"embedder": NEXT}))


def _entry(ground: Ground) -> str:
    row = glossary.add(ground.house.ada, f"T{uuid.uuid4().hex[:8]}", ["a term"])
    return f"/settings/glossary/{row.pk}"


def _api_entry(ground: Ground) -> str:
    return f"/api/v1/glossary/{_entry(ground).rpartition('/')[2]}"


INDEXES = [
    Deed("glossary", "post", (E.GLOSSARY_ADDED,), lambda g: g.ada.post(
        "/settings/glossary", {"term": f"T{uuid.uuid4().hex[:8]}", "meanings": "annual leave; paid leave"})),
    Deed("api-glossary", "post", (E.GLOSSARY_ADDED,), lambda g: g.send(
        "ada", "post", "/api/v1/glossary", {"term": f"T{uuid.uuid4().hex[:8]}", "meanings": ["annual leave"]})),
    Deed("api-glossary-entry", "put", (E.GLOSSARY_ADDED, E.GLOSSARY_CHANGED), lambda g: g.send(
        "ada", "put", _api_entry(g), {"term": f"T{uuid.uuid4().hex[:8]}", "meanings": ["annual leave"]})),
    Deed("api-glossary-entry", "delete", (E.GLOSSARY_ADDED, E.GLOSSARY_REMOVED), lambda g: g.send(
        "ada", "delete", _api_entry(g))),
    Deed("glossary-entry", "post", (E.GLOSSARY_ADDED, E.GLOSSARY_CHANGED), lambda g: g.ada.post(
        _entry(g), {"deed": "change", "term": f"T{uuid.uuid4().hex[:8]}", "meanings": "annual leave"})),
    Deed("collection-cutting", "post", (E.COLLECTION_CHANGED,), lambda g: g.ada.post(
        f"/collections/{g.room.collection}/cutting", {"size": "100", "most": "120", "around": "1"})),
    Deed("collection-gaps-close", "post", (E.COLLECTION_CHANGED,), lambda g: g.ada.post(
        f"/collections/{g.room.collection}/gaps/close", {"term": ["zebra"]})),
    Deed("api-collection-gaps", "post", (E.COLLECTION_CHANGED,), lambda g: g.send(
        "ada", "post", f"/api/v1/collections/{g.room.collection}/gaps", {"closed": ["flamingo"]})),
    Deed("collection-read-again", "post", (E.COLLECTION_CHANGED, E.COLLECTION_REREAD), lambda g: (
        g.ada.post(f"/collections/{g.room.collection}/cutting", {"size": "100", "most": "120", "around": "0"}),
        g.ada.post(f"/collections/{g.room.collection}/read-again"))[1]),
    Deed("indexes", "post", (E.INDEX_BEGUN,), _build),
    Deed("index-change", "post", (E.INDEX_READY, E.INDEX_SWITCHED), beside(
        lambda g, address: g.ada.post(f"{address}/change", {"deed": "switch"}), is_built=True)),
    Deed("api-indexes", "post", (E.INDEX_BEGUN,), lambda g: _further(
        lambda: g.send("ada", "post", "/api/v1/indexes", {"embedder": NEXT}))),
    Deed("api-index-pause", "post", (E.INDEX_PAUSED,), beside(
        lambda g, address: g.send("ada", "post", api(address, "pause")), is_built=False)),
    Deed("api-index-resume", "post", (E.INDEX_PAUSED, E.INDEX_RESUMED), beside(
        lambda g, address: (g.send("ada", "post", api(address, "pause")), g.send("ada", "post", api(address, "resume")))[1],
        is_built=False)),
    Deed("api-index-switch", "post", (E.INDEX_READY, E.INDEX_SWITCHED), beside(
        lambda g, address: g.send("ada", "post", api(address, "switch")), is_built=True)),
    Deed("api-index-retire", "post", (E.INDEX_GIVEN_UP,), beside(
        lambda g, address: g.send("ada", "post", api(address, "retire")), is_built=False)),
    Deed("api-index-compare", "post", (E.INDEX_READY, E.INDEX_COMPARED), beside(
        lambda g, address: g.send("ada", "post", api(address, "compare"), {"questions": ["How many days abroad?"]}),
        is_built=True)),
    Deed("index-compare", "post", (E.INDEX_READY, E.INDEX_COMPARED), beside(
        lambda g, address: g.ada.post(f"{address}/compare", {"questions": "How many days abroad?"}), is_built=True)),
]  # fmt: skip
