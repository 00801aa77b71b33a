"""The same of places outside from which a collection is kept up to date."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import MULTIPART_CONTENT, encode_multipart

from governance.audit.vocabulary import Event
from ingestion.models import ItemState, Source, SourceItem, SourceState
from ingestion.sources import registry
from ingestion.sources.drafts import Draft
from tests.coverage.deed import Deed
from tests.coverage.ground import Ground

E = Event
FOLDER = {"name": "Share", "kind": "folder", "settings": {"path": "/srv/nowhere"}}
FORM = {"name": "Share", "f-path": "/srv/nowhere", "unit": "hours", "every": "2"}


def _at(g: Ground, more: str = "", before: str = "") -> str:
    return f"{before}/collections/{g.room.collection}/sources{more}"


def _api(g: Ground, more: str = "") -> str:
    return _at(g, more, "/api/v1")


def _source(g: Ground, kind: str = "folder", **changed: Any) -> uuid.UUID:
    settings = {"path": "/srv/nowhere"} if kind == "folder" else {}
    made = registry.create(g.house.ada, g.room.collection, Draft("Share", kind, settings))
    with g.house.system.transaction():
        Source.objects.filter(pk=made).update(wanted="", **changed)
    return made


def _item(g: Ground) -> str:
    """One that could not be read, by the end of its address."""
    made = _source(g)
    with g.house.system.transaction():
        row = SourceItem.objects.create(
            tenant_id=g.house.tenant,
            collection_id=g.room.collection,
            source_id=made,
            key="a",
            name="a.txt",
            mark="1",
            state=ItemState.FAILED,
        )
    return f"/{made}/items/{row.pk}"


def _upload(g: Ground) -> Any:
    body = encode_multipart("x", {"file": SimpleUploadedFile("a.zip", b"PK\x05\x06" + bytes(18))})
    address = _api(g, f"/{_source(g, 'zip')}/archive")
    return g.key("ada").put(address, body, content_type=MULTIPART_CONTENT.replace("BoUnDaRyStRiNg", "x"))


DEEDS = [
    Deed("source-new", "post", (E.SOURCE_CREATED,), lambda g: g.ada.post(_at(g, "/new/folder"), FORM)),
    Deed("source-test", "post", (E.SOURCE_TESTED,), lambda g: g.ada.post(_at(g, "/new/folder/test"), FORM)),
    Deed("source-settings", "post", (E.SOURCE_CHANGED,), lambda g: g.ada.post(_at(g, f"/{_source(g)}/settings"), FORM)),
    Deed("source-test-again", "post", (E.SOURCE_TESTED,), lambda g: g.ada.post(_at(g, f"/{_source(g)}/test"), FORM)),
    Deed("source-run", "post", (E.SOURCE_CHANGED,), lambda g: g.ada.post(_at(g, f"/{_source(g)}/run"))),
    Deed("source-pause", "post", (E.SOURCE_CHANGED,), lambda g: g.ada.post(_at(g, f"/{_source(g)}/pause"))),
    Deed("source-resume", "post", (E.SOURCE_CHANGED,), lambda g: g.ada.post(
        _at(g, f"/{_source(g, state=SourceState.PAUSED)}/resume"))),
    Deed("source-answer", "post", (E.SOURCE_CHANGED,), lambda g: g.ada.post(
        _at(g, f"/{_source(g, state=SourceState.ASKING)}/answer"), {"documents": "keep"})),
    Deed("source-delete", "post", (E.SOURCE_DELETED,), lambda g: g.ada.post(
        _at(g, f"/{_source(g)}/delete"), {"documents": "keep"})),
    Deed("source-item", "post", (E.SOURCE_CHANGED,), lambda g: g.ada.post(_at(g, _item(g)), {"do": "again"})),
    Deed("source-drift", "post", (E.SOURCE_CHANGED,), lambda g: g.ada.post(_at(g, f"/{_source(g)}/drift"))),
    Deed("api-sources", "post", (E.SOURCE_CREATED,), lambda g: g.send("ada", "post", _api(g), FOLDER)),
    Deed("api-source-test", "post", (E.SOURCE_TESTED,), lambda g: g.send("ada", "post", _api(g, "/test"), FOLDER)),
    Deed("api-source", "patch", (E.SOURCE_CHANGED,), lambda g: g.send(
        "ada", "patch", _api(g, f"/{_source(g)}"), {"every_minutes": 30})),
    Deed("api-source", "delete", (E.SOURCE_DELETED,), lambda g: g.send("ada", "delete", _api(g, f"/{_source(g)}"))),
    Deed("api-source-archive", "put", (E.SOURCE_CHANGED,), _upload),
    Deed("api-source-run", "post", (E.SOURCE_CHANGED,), lambda g: g.send("ada", "post", _api(g, f"/{_source(g)}/run"))),
    Deed("api-source-pause", "post", (E.SOURCE_CHANGED,), lambda g: g.send("ada", "post", _api(g, f"/{_source(g)}/pause"))),
    Deed("api-source-resume", "post", (E.SOURCE_CHANGED,), lambda g: g.send(
        "ada", "post", _api(g, f"/{_source(g, state=SourceState.PAUSED)}/resume"))),
    Deed("api-source-answer", "post", (E.SOURCE_CHANGED,), lambda g: g.send(
        "ada", "post", _api(g, f"/{_source(g, state=SourceState.ASKING)}/answer"), {"documents": "delete"})),
    Deed("api-source-item", "post", (E.SOURCE_CHANGED,), lambda g: g.send("ada", "post", _api(g, _item(g)), {"do": "again"})),
    Deed("api-source-drift", "post", (E.SOURCE_CHANGED,), lambda g: g.send(
        "ada", "post", _api(g, f"/{_source(g)}/drift"))),
]  # fmt: skip
