"""What every place outside has to do the same, on a real server of its kind."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from governance.fetching import Guard
from ingestion import connectors
from ingestion.connectors.base import ItemDown, ItemRefused, SourceDown, SourceRefuses
from tests.ingestion.connectors import places, servers
from tests.ingestion.connectors.places import Place


@pytest.fixture(scope="module", params=list(places.EVERY))
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    base: Path = tmp_path_factory.mktemp(request.param)
    try:
        with places.EVERY[request.param](base) as made:
            yield made
    except servers.Missing as gone:
        pytest.skip(f"{gone} is not installed here")


@pytest.fixture
def name() -> str:
    """A file of the test's own: a place is shared by all tests of its kind."""
    return f"{uuid.uuid4().hex[:8]}.eml"


def test_every_kind_is_tried_here() -> None:
    assert set(places.EVERY) == set(connectors.KINDS)


def test_what_is_there_is_listed_and_can_be_read(place: Place, name: str) -> None:
    place.put(f"contracts/{name}", b"The warranty lasts four years.\n")
    items, gone, reached = place.listed()
    assert name in items
    assert gone == []
    assert reached.is_whole
    assert place.content(items[name]).rstrip().endswith(b"The warranty lasts four years.")
    assert "not-ours.txt" not in items


def test_nothing_has_changed_when_it_is_asked_again(place: Place, name: str) -> None:
    place.put(name, b"Once.\n")
    first, _, reached = place.listed()
    again, gone, _ = place.listed(reached.cursor)
    known = {one.key: one.mark for one in first.values()}
    assert {one.key: one.mark for one in again.values()}.items() <= known.items()
    assert gone == []


def test_what_changes_has_another_mark_and_the_same_key(place: Place, name: str) -> None:
    if not place.changes_in_place:
        pytest.skip("a mail never changes")
    place.put(name, b"Before.\n")
    before, _, reached = place.listed()
    place.put(name, b"After all.\n")
    after, _, _ = place.listed(reached.cursor)
    assert after[name].key == before[name].key
    assert after[name].mark != before[name].mark
    assert place.content(after[name]) == b"After all.\n"


def test_what_is_taken_away_is_missed(place: Place, name: str) -> None:
    place.put(name, b"For a while.\n")
    kept = f"kept-{uuid.uuid4().hex[:8]}.eml"
    place.put(kept, b"For good.\n")
    before, _, reached = place.listed()
    place.remove(name)
    after, gone, reached = place.listed(reached.cursor)
    there = {one.key for one in after.values()}
    assert before[name].key in gone or (reached.is_whole and before[name].key not in there)
    assert before[kept].key in there
    with pytest.raises((ItemDown, ItemRefused)):
        place.content(before[name])


def test_a_list_without_changes_in_between_has_the_same_keys(place: Place, name: str) -> None:
    place.put(name, b"Here.\n")
    assert {one.key for one in place.listed()[0].values()} == {one.key for one in place.listed()[0].values()}


def test_more_items_than_are_allowed_end_the_list(place: Place, name: str) -> None:
    for number in range(3):
        place.put(f"{number}{name}", b"One of three.\n")
    if place.kind == "website":  # has a limit of its own, and says that the list is not all
        assert not place.listed(settings={"pages": 2})[2].is_whole
        return
    with pytest.raises(SourceRefuses, match="more than 2 items"):
        place.listed(items=2)


def test_a_file_that_is_too_large_is_refused_alone(place: Place, name: str) -> None:
    place.put(name, b"x" * 5000)
    items, _, _ = place.listed()
    with pytest.raises(ItemRefused, match="larger than the limit"):
        place.content(items[name], item_bytes=1000)
    place.put(f"small-{name}", b"small\n")
    assert place.content(place.listed()[0][f"small-{name}"], item_bytes=1000).rstrip().endswith(b"small")


def test_trying_the_settings_says_what_was_found(place: Place) -> None:
    with place.connector() as made:
        assert "can be read" in made.probe()


def test_a_wrong_password_is_said_without_repeating_it(place: Place) -> None:
    secret = "wrong-sesame-1174"

    def echo(asked: BaseHTTPRequestHandler) -> None:
        servers.say(asked, f"{asked.headers}{secret}".encode(), 401, WWW_Authenticate=f'Basic realm="{secret}"')

    named = [one.name for one in connectors.KINDS[place.kind].fields if one.is_secret]
    if not place.is_outside:
        assert named == []
        return
    with servers.answering(echo) as address:
        settings = {"user": secret} if place.wrong else {_where(place): address, "user": secret, "access_key": secret}
        with (
            place.connector(settings=settings, secrets=dict.fromkeys(named, secret)) as made,
            pytest.raises(SourceRefuses) as refused,
        ):
            made.probe()
    assert secret not in f"{refused.value}{refused.value.remedy}"
    assert refused.value.remedy


def test_nobody_at_home_is_no_fault_of_the_settings(place: Place) -> None:
    if not place.is_outside:
        with place.connector(settings={"path": f"{place.settings['path']}/nowhere"}) as made, pytest.raises(SourceDown):
            made.probe()
        return
    address = str(place.settings[_where(place)]).replace(str(_port(place)), str(servers.free_port()))
    with place.connector(settings={_where(place): address}) as made, pytest.raises(SourceDown):
        made.probe()


def test_an_address_inside_is_asked_only_where_the_operator_lists_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not place.is_outside:
        with place.connector(folders=["/srv/elsewhere"]) as made, pytest.raises(SourceRefuses, match="not opened"):
            made.probe()
        return
    asked: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda *given: asked.append(given))
    guard = Guard([], "Ask the operator.", allows_plain=True)
    address = str(place.settings[_where(place)]).replace("http://", "https://")
    with (
        place.connector(guard=guard, settings={_where(place): address}) as made,
        pytest.raises(SourceDown, match="Ask the op"),
    ):
        made.probe()
    assert asked == []


def _where(place: Place) -> str:
    """The field that says where it is."""
    return next(name for name in ("url", "endpoint", "host") if name in place.settings)


def _port(place: Place) -> int:
    told = str(place.settings[_where(place)])
    port = urlsplit(told if "//" in told else f"//{told}").port
    assert port
    return port
