"""From each kind of place to an answerable document and away again: a real server, the worker's own way, the index's search."""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from governance.audit import events
from ingestion import catalog, pipeline, search
from ingestion.models import Document, Version
from ingestion.sources import registry, trying, work
from ingestion.sources.drafts import Draft
from tests.cast import House
from tests.governance.database import as_superuser
from tests.ingestion import bells
from tests.ingestion.connectors import places, servers
from tests.ingestion.connectors.places import Place


def documents(house: House, collection: uuid.UUID) -> dict[str, Document]:
    with house.system.transaction():
        return {row.name: row for row in Document.objects.filter(collection=collection)}


def synced(house: House, collection: uuid.UUID, source: uuid.UUID) -> dict[str, int]:
    if not registry.get(house.ada, collection, source).row.wanted:
        registry.ask(house.ada, collection, source)
    with bells.silent():
        work.work(house.tenant, source)
    run = registry.history(house.ada, collection, source)[0]
    assert (run.state, run.error) == ("done", "")
    with house.system.transaction():
        waiting = list(Version.objects.filter(collection=collection, status="queued").values_list("pk", flat=True))
    for version in waiting:
        pipeline.ingest(house.tenant, version)
    return dict(run.counts)


def finds(house: House, words: str) -> bool:
    return any(words in passage.text for passage in search.passages(house.ada, words, limit=8).passages)


MADE = places.EVERY | {"imap over tls": places.mailbox_over_tls}


@pytest.mark.parametrize("kind", MADE)
def test_what_a_place_holds_is_found_and_what_it_no_longer_holds_is_not(
    kind: str, house: House, tmp_path: Path, settings: Any
) -> None:
    try:
        with MADE[kind](tmp_path) as place:
            settings.SOURCE_FOLDERS = {house.slug: list(place.ground.folders)}
            settings.SOURCE_INTERNAL_HOSTS, settings.SOURCE_CA_FILE = places.LOCAL, place.ground.guard.ca_file
            there_and_back(house, place)
    except servers.Missing as gone:
        pytest.skip(f"{gone} is not installed here")


def test_a_page_that_changes_once_more_in_the_second_of_its_change_is_read_again(
    house: House, tmp_path: Path, settings: Any
) -> None:
    with places.website(tmp_path) as place:
        settings.SOURCE_INTERNAL_HOSTS = places.LOCAL
        collection = catalog.create(house.ada, "Site").pk
        source = registry.create(house.ada, collection, Draft("Site", "website", place.settings, {}, 60))
        that_second = time.time() + 60  # it has not passed
        for number in range(2):
            place.put(f"{number}.eml", mail(f"The quokkapaper number{number} is kept."))
            os.utime(tmp_path / "www" / "index.html", (that_second, that_second))
            synced(house, collection, source)
            assert f"{number}.eml" in documents(house, collection)


@pytest.mark.parametrize("made", [places.mailbox, places.mailbox_over_tls], ids=["starttls", "tls"])
def test_a_mail_server_is_trusted_by_the_authorities_that_the_operator_names_alone(
    made: Any, house: House, tmp_path: Path, settings: Any
) -> None:
    try:
        with made(tmp_path) as place:
            settings.SOURCE_INTERNAL_HOSTS = places.LOCAL
            draft = Draft("Mails", "imap", place.settings, place.secrets, 60)
            collection = catalog.create(house.ada, "Mails").pk
            for authorities, is_good in ((place.ground.guard.ca_file, True), ("", False)):
                settings.SOURCE_CA_FILE = authorities
                tried = trying.attempt(house.ada, collection, draft)
                assert (tried.is_good, "SSLCertVerificationError" in tried.said) == (is_good, not is_good)
            settings.SOURCE_CA_FILE = place.ground.guard.ca_file  # and by the name that stands in the certificate
            port = place.settings["host"].partition(":")[2]
            other = replace(draft, settings=place.settings | {"host": f"127.0.0.1:{port}"})
            tried = trying.attempt(house.ada, collection, other)
            assert (tried.is_good, "SSLCertVerificationError" in tried.said) == (False, True)
            assert_nowhere(house, servers.PASSWORD)
    except servers.Missing as gone:
        pytest.skip(f"{gone} is not installed here")


def there_and_back(house: House, place: Place) -> None:
    collection = catalog.create(house.ada, f"From {place.kind}").pk
    for number in range(3):
        place.put(f"rules/{number}.eml", mail(f"The quokkapaper number{number} is kept."))
    draft = Draft(place.kind, place.kind, place.settings, place.secrets, 60)
    source = registry.create(house.ada, collection, draft)
    first = synced(house, collection, source)
    assert first["brought"] >= 3
    assert finds(house, "quokkapaper number1")
    assert synced(house, collection, source)["brought"] == 0
    before = documents(house, collection)
    assert {"0.eml", "1.eml", "2.eml"} <= set(before)
    place.put("rules/new.eml", mail("A wombatpaper came later."))
    place.remove("rules/1.eml")
    counts = synced(house, collection, source)
    assert counts["removed"] == 1
    assert counts["new"] >= 1
    after = documents(house, collection)
    assert "1.eml" not in after
    assert {name: after[name].pk for name in ("0.eml", "2.eml")} == {
        name: before[name].pk for name in ("0.eml", "2.eml")
    }
    assert finds(house, "wombatpaper")
    assert not finds(house, "quokkapaper number1")
    for secret in place.secrets.values():
        assert_nowhere(house, secret)


def mail(words: str) -> bytes:
    """Of the same words in a mailbox and in a file: there a mail has its own head."""
    return f"Dear all,\n\n{words}\n".encode()


def assert_nowhere(house: House, secret: str) -> None:
    with as_superuser() as database:
        clear = database.execute(
            "SELECT string_agg(convert_from(leaf, 'UTF8'), ' ') FROM audit.event WHERE tenant_id IN (%s, %s)",
            [house.tenant, events.INSTALLATION],
        ).fetchone()
        rows = database.execute(
            "SELECT string_agg(s::text, ' ') || coalesce((SELECT string_agg(r::text, ' ') FROM source_run r"
            " WHERE r.tenant_id = %s), '') FROM source s WHERE s.tenant_id = %s",
            [house.tenant, house.tenant],
        ).fetchone()
    assert clear
    assert rows
    assert secret not in f"{clear[0]}{rows[0]}"
