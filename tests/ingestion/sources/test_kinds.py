"""What is peculiar to one kind: names that ids outlive, and an archive that is kept here."""

from __future__ import annotations

import io
import zipfile
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.files.storage import default_storage

from governance.errors import InvalidInput
from ingestion import connectors
from ingestion.connectors.base import Ground, Item, Reached
from ingestion.documents import purging
from ingestion.models import Source
from ingestion.sources import registry, work
from ingestion.sources.drafts import Draft
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion import bells
from tests.ingestion.connectors import servers
from tests.ingestion.connectors.places import GUARD
from tests.ingestion.sources.share import Faulty, Share

# As Nextcloud answers: what it does not know of an entry stands under a status of its own.
NEXTCLOUD = b"""<?xml version="1.0"?>
<d:multistatus xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns">
 <d:response><d:href>/dav/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype>
  <d:getetag>&quot;5f&quot;</d:getetag><oc:fileid>2</oc:fileid></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>
  <d:propstat><d:prop><d:getcontentlength/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>
 <d:response><d:href>/dav/Vertr%C3%A4ge%202026.txt</d:href><d:propstat><d:prop><d:resourcetype/>
  <d:getcontentlength>7</d:getcontentlength><d:getetag>&quot;a1&quot;</d:getetag><oc:fileid>7</oc:fileid></d:prop>
  <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>
</d:multistatus>"""


def test_a_rename_is_kept_where_the_key_tells(share: Share, house: House, faulty: type[Faulty]) -> None:
    share.sync()
    before = share.documents()["a.txt"].pk
    there = [Item("a.txt", "renamed.txt", "1"), Item("b.txt", "b.txt", "1"), Reached()]
    with mock.patch.object(Faulty, "changes", return_value=iter(there)):
        run = share.sync()
    assert (run.counts["renamed"], run.counts["brought"], run.counts["removed"]) == (1, 0, 0)
    assert share.documents()["renamed.txt"].pk == before
    (leaf,) = leaves(house, "document.renamed")
    assert leaf["facts"]["source"] == str(share.source)


def test_a_nextcloud_tells_files_by_their_ids() -> None:
    def answer(to: BaseHTTPRequestHandler) -> None:
        servers.say(to, NEXTCLOUD if to.command == "PROPFIND" else b"A text.", 207 if to.command == "PROPFIND" else 200)

    ground = Ground(guard=GUARD)
    with servers.answering(answer) as url, connectors.connector("webdav", {"url": f"{url}/dav/"}, {}, ground) as place:
        (item, reached) = place.changes("")
        assert item == Item("id:7", "Verträge 2026.txt", '"a1"', 7, "Verträge 2026.txt")
        assert reached == Reached()
        assert isinstance(item, Item)
        with place.read(item) as file:
            assert file.read() == b"A text."


def zipped(**files: str) -> io.BytesIO:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.txt", text)
    made.seek(0)
    return made


def synced(share: Share, source: Any) -> set[str]:
    with bells.silent():
        work.work(share.house.tenant, source)
    return set(share.documents())


def test_an_uploaded_archive_is_kept_followed_and_goes_with_its_source(
    share: Share, house: House, tmp_path: Path
) -> None:
    draft = Draft("Batch", "zip", {}, {}, None)
    source = registry.create(house.ada, share.collection, draft, zipped(a="One.", b="Two."))
    assert synced(share, source) == {"a.txt", "b.txt"}
    registry.change(house.ada, share.collection, source, draft, zipped(a="One and a half.", b="Two.", c="Three."))
    registry.ask(house.ada, share.collection, source)
    assert synced(share, source) == {"a.txt", "b.txt", "c.txt"}
    assert share.text("a.txt") == "One and a half."
    with house.system.transaction():
        kept = Source.objects.get(pk=source).archive
    purging._remove_strays(house.system)
    assert kept not in purging._unknown(house.system)
    registry.delete(house.ada, share.collection, source, documents=False)
    purging._purge(house.system)
    assert not default_storage.exists(kept)


def test_only_an_archive_is_uploaded(share: Share, house: House) -> None:
    draft = share.draft(name="Another")
    with pytest.raises(InvalidInput) as refused:
        registry.create(house.ada, share.collection, draft, zipped(a="One."))
    assert refused.value.param == "archive"
