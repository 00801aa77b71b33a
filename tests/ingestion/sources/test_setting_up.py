"""Who sets a source up, with what, and where its password goes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from assistant.configuration import shares
from governance import grants
from governance.audit import keyring
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.roles import Level
from ingestion import catalog
from ingestion.models import Source, SourceItem, SourceRun
from ingestion.sources import registry, trying
from ingestion.sources.drafts import Draft
from tests.cast import House
from tests.governance.database import leaves
from tests.ingestion.sources.share import Share


@pytest.fixture(scope="module")
def standing(shared_house: House, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Share]:
    """A share beside which nothing else comes to be."""
    place = tmp_path_factory.mktemp("standing")
    with django_db_blocker.unblock(), override_settings(SOURCE_FOLDERS={shared_house.slug: [str(place)]}):
        yield Share(shared_house, place / "share")


def test_only_who_manages_by_a_grant_has_to_do_with_it(share: Share, house: House, neighbour: House) -> None:
    for level, outcome in ((Level.READ, Forbidden), (Level.CONTRIBUTE, Forbidden), (Level.MANAGE, None)):
        given = grants.give(house.ada, share.collection, grants.Holder(person=house.ids["bob"]), level)
        if outcome:
            with pytest.raises(outcome):
                registry.get(house.bob, share.collection, share.source)
        else:
            assert registry.get(house.bob, share.collection, share.source)
        with house.bob.transaction():
            assert Source.objects.filter(pk=share.source).exists() == (outcome is None)  # Postgres says the same
        grants.withdraw(house.ada, share.collection, given.pk)
    for outsider in (house.bob, house.charlie, house.olga, neighbour.ada):
        with pytest.raises(NotFound):
            registry.get(outsider, share.collection, share.source)
        with outsider.transaction():
            assert not Source.objects.filter(pk=share.source).exists()
            assert not SourceItem.objects.filter(source=share.source).exists()
            assert not SourceRun.objects.filter(source=share.source).exists()


def test_an_admin_without_a_grant_does_not(share: Share, house: House) -> None:
    for grant in grants.listed(house.ada, share.collection):
        grants.withdraw(house.ada, share.collection, grant.pk)
    with pytest.raises(Forbidden):
        registry.get(house.ada, share.collection, share.source)
    with house.ada.transaction():
        assert not Source.objects.filter(pk=share.source).exists()


WEBDAV = {"url": "https://cloud.example.org/dav/", "user": "carol"}


SECRET = "open-sesame-4711"


def webdav(house: House, collection: uuid.UUID, **changed: Any) -> Draft:
    told: dict[str, Any] = {"name": "Cloud", "kind": "webdav", "settings": WEBDAV, "secrets": {"password": SECRET}}
    return Draft(**(told | changed))


def test_a_password_is_sealed_and_never_told_again(share: Share, house: House) -> None:
    made = registry.create(house.ada, share.collection, webdav(house, share.collection))
    with house.system.transaction():
        row = Source.objects.get(pk=made)
    assert row.secret
    assert SECRET.encode() not in bytes(row.secret)
    assert SECRET not in str(row.settings)
    from tests.governance.database import as_superuser

    with as_superuser() as database:
        for table in ("source", "source_item", "source_run"):
            told = database.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t").fetchone()
            assert told
            assert SECRET not in told[0]
        clear = database.execute("SELECT string_agg(convert_from(leaf, 'UTF8'), ' ') FROM audit.event").fetchone()
        assert clear
        assert SECRET not in clear[0]


def test_a_password_is_kept_unless_it_would_go_to_somebody_else(share: Share, house: House) -> None:
    from ingestion.sources import credentials

    def held() -> dict[str, str]:
        with house.system.transaction():
            return credentials.opened(Source.objects.get(pk=made))

    made = registry.create(house.ada, share.collection, webdav(house, share.collection))
    empty = webdav(house, share.collection, name="Other name", secrets={})
    registry.change(house.ada, share.collection, made, empty)
    assert held() == {"password": SECRET}
    moved = {"url": "https://elsewhere.example.org/dav/", "user": "carol"}
    for change in (moved, WEBDAV | {"user": "mallory"}):
        with pytest.raises(InvalidInput, match="again"):
            registry.change(
                house.ada, share.collection, made, webdav(house, share.collection, settings=change, secrets={})
            )
        with pytest.raises(InvalidInput, match="again"):
            trying.attempt(
                house.ada, share.collection, webdav(house, share.collection, settings=change, secrets={}), made
            )
    new = webdav(house, share.collection, settings=moved, secrets={"password": "another-one"})
    registry.change(house.ada, share.collection, made, new)
    assert held() == {"password": "another-one"}


def test_with_the_source_its_key_goes(share: Share, house: House) -> None:
    made = registry.create(house.ada, share.collection, webdav(house, share.collection))
    registry.delete(house.ada, share.collection, made, documents=False)
    with pytest.raises(keyring.KeyGone):
        keyring.ring().key(house.tenant, made)


WRONG: list[dict[str, Any]] = [
    {"kind": "ftp"},
    {"name": ""},
    {"name": "x" * 81},
    {"every_minutes": 1},
    {"settings": {}},
    {"settings": {"path": "relative/way"}},
    {"settings": {"path": "/srv", "stored": "t/other"}},
    {"secrets": {"password": "x"}},
    {"kind": "webdav", "settings": {"url": "http://cloud.example.org/"}},
    {"kind": "webdav", "settings": {"url": "https://carol:secret@cloud.example.org/"}},
    {"kind": "webdav", "settings": {"url": "file:///etc/passwd"}},
    {"kind": "imap", "settings": {"host": "imap.example.org/x", "user": "carol"}},
    {"kind": "imap", "settings": {"host": "imap.example.org", "user": "carol", "security": "none"}},
    {"kind": "website", "settings": {"url": "https://www.example.org/", "depth": "many"}},
    {"kind": "website", "settings": {"url": "https://www.example.org/", "pages": 10**6}},
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: "-".join(f"{k}" for k in wrong))
def test_what_cannot_be_is_said_of_the_field(standing: Share, wrong: dict[str, Any]) -> None:
    share = standing
    with pytest.raises(InvalidInput):
        registry.create(share.house.ada, share.collection, share.draft(**({"name": "Another"} | wrong)))
    with share.house.system.transaction():
        assert list(Source.objects.values_list("pk", flat=True)) == [share.source]


def test_another_of_that_name_is_refused(share: Share) -> None:
    with pytest.raises(Conflict):
        registry.create(share.house.ada, share.collection, share.draft())


def test_trying_the_settings_keeps_nothing_and_is_on_the_record(share: Share, house: House) -> None:
    good = trying.attempt(house.ada, share.collection, share.draft(name=""))
    assert (good.is_good, "can be read" in good.said) == (True, True)
    bad = trying.attempt(house.ada, share.collection, share.draft(name="", settings={"path": "/etc"}))
    assert (bad.is_good, "not opened" in bad.said, bool(bad.remedy)) == (False, True, True)
    assert len(registry.listed(house.ada, share.collection)) == 1
    assert [leaf["facts"]["is_good"] for leaf in leaves(house, "source.tested")] == [True, False]


def test_other_settings_begin_anew(share: Share, tmp_path: Path) -> None:
    share.put("a.txt", "Paper.")
    share.sync()
    with share.house.system.transaction():
        Source.objects.filter(pk=share.source).update(cursor="somewhere")
    registry.change(share.house.ada, share.collection, share.source, share.draft(every_minutes=None))
    assert share.state.row.cursor == "somewhere"
    assert share.state.row.next_run_at is None
    settings = {"path": str(share.path), "patterns": "*.pdf"}
    registry.change(share.house.ada, share.collection, share.source, share.draft(settings=settings))
    assert share.state.row.cursor == ""


def test_a_folder_is_read_below_what_the_operator_opened_to_the_organisation_and_not_through_a_link_out_of_it(
    house: House, neighbour: House, tmp_path: Path, settings: Any
) -> None:
    for name in ("own", "own-too", "all", "theirs"):
        (tmp_path / name / "papers").mkdir(parents=True)
    (tmp_path / "own" / "out").symlink_to(tmp_path / "theirs")
    settings.SOURCE_FOLDERS = shares.folders(
        [f"{house.slug}={tmp_path}/own", f"*={tmp_path}/all", f"{neighbour.slug}={tmp_path}/theirs"]
    )
    for who, opened in ((house, {"own/papers", "all/papers"}), (neighbour, {"theirs/papers", "all/papers"})):
        collection = catalog.create(who.ada, "Papers").pk
        tried = {}
        for path in ("own/papers", "all/papers", "theirs/papers", "own-too/papers", "own/out", "own/out/papers", ""):
            draft = Draft("", "folder", {"path": f"{tmp_path}/{path}"}, {})
            tried[path] = trying.attempt(who.ada, collection, draft)
        assert {path for path, one in tried.items() if one.is_good} == opened
        assert "not opened" in tried["own-too/papers"].said
    for wrong in ("acme", "acme=relative/folder", "=/srv"):
        with pytest.raises(ImproperlyConfigured):
            shares.folders([wrong])
