"""Servers that mean harm: each ends in a fault that says what is wrong, in bounded time and size; nobody else is spoken to."""

from __future__ import annotations

import itertools
import socket
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from governance.fetching import Guard
from ingestion import connectors
from ingestion.connectors.base import Ground, Item, ItemRefused, SourceDown, SourceRefuses
from tests.ingestion.connectors import servers
from tests.ingestion.connectors.hostile import (
    FAULTS,
    HOSTILE,
    KINDS,
    listed,
    made,
    multistatus,
    packed_bomb,
)
from tests.ingestion.connectors.places import GUARD
from tests.ingestion.connectors.servers import say

pytestmark = pytest.mark.usefixtures("bounded")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", HOSTILE)
def test_a_list_of_a_hostile_server_ends_in_a_fault(kind: str, what: str) -> None:
    with servers.answering(HOSTILE[what]) as url, pytest.raises(FAULTS) as fault:
        listed(made(kind, url, way="sitemap"))  # which means something to a website alone
    assert "open-sesame" not in f"{fault.value}{fault.value.args}"
    assert "root:" not in str(fault.value)


@pytest.mark.parametrize("kind", ["webdav", "s3", "website"])
@pytest.mark.parametrize("what", ["drips", "floods", "lies"])
def test_an_item_of_a_hostile_server_ends_in_a_fault(kind: str, what: str) -> None:
    def answer(to: BaseHTTPRequestHandler) -> None:
        say(to, b"", 404) if to.path == "/robots.txt" else HOSTILE[what](to)

    with servers.answering(answer) as url, made(kind, url) as place:
        item = Item(f"{url}/a.pdf" if kind == "website" else "a.pdf", "a.pdf", "1", place="a.pdf")
        with pytest.raises(FAULTS):
            place.read(item)


def test_a_page_that_unpacks_to_no_end_is_not_unpacked() -> None:
    def answer(to: BaseHTTPRequestHandler) -> None:
        say(to, b"", 404) if to.path == "/robots.txt" else packed_bomb(to)

    with servers.answering(answer) as url:
        *items, reached = listed(made("website", url))
    assert items == []
    assert not reached.is_whole


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "where", ["http://169.254.169.254/latest/meta-data/", "https://10.0.0.7/", "https://evil.example/", "//[::1]/x"]
)
def test_a_redirect_leads_nowhere_but_to_the_host_itself(
    kind: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[Any] = []
    real = socket.socket.connect

    def connect(line: socket.socket, to: Any) -> None:
        connected.append(to)
        real(line, to)

    monkeypatch.setattr(socket.socket, "connect", connect)
    with (
        servers.answering(lambda to: say(to, b"", 302, Location=where)) as url,
        pytest.raises(SourceRefuses, match="another host"),
    ):
        listed(made(kind, url))
    assert {to[0] for to in connected} == {"127.0.0.1"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_redirect_in_circles_ends(kind: str) -> None:
    with (
        servers.answering(lambda to: say(to, b"", 302, Location=to.path)) as url,
        pytest.raises(SourceRefuses, match="circles"),
    ):
        listed(made(kind, url))


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_leads_inside_is_not_followed_there(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with DNS rebinding: what was public when the settings were checked is not when the connection is made."""
    connected: list[Any] = []
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
    monkeypatch.setattr(socket.socket, "connect", lambda *given: connected.append(given))
    with pytest.raises(SourceDown, match="not a public address"):
        listed(made(kind, "https://files.example.org", Ground(guard=Guard([]))))
    assert connected == []


def test_a_bucket_that_lists_without_an_end_is_cut() -> None:
    numbers = itertools.count()

    def answer(to: BaseHTTPRequestHandler) -> None:
        token = f"<NextContinuationToken>{next(numbers)}</NextContinuationToken>"
        say(
            to,
            f"<R><IsTruncated>true</IsTruncated>{token}<Contents><Key>k{next(numbers)}</Key></Contents></R>".encode(),
        )

    with servers.answering(answer) as url, pytest.raises((SourceRefuses, SourceDown), match="more than"):
        listed(made("s3", url))


def test_a_bucket_that_repeats_itself_is_cut() -> None:
    body = b"<R><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken></R>"
    with servers.answering(lambda to: say(to, body)) as url, pytest.raises(SourceRefuses, match="without an end"):
        listed(made("s3", url))


def test_a_tree_without_a_floor_is_cut() -> None:
    def answer(to: BaseHTTPRequestHandler) -> None:
        say(to, multistatus(to.path, *(f"{to.path}{n}/" for n in range(3))), 207)

    with servers.answering(answer) as url, pytest.raises((SourceRefuses, SourceDown), match="more than"):
        listed(made("webdav", url))


ASTRAY = [
    "/dav/../../etc/passwd", "/dav/%2e%2e/%2e%2e/etc/passwd", "/dav/..%2f..%2fetc%2fpasswd", "/etc/passwd", "/dav",
    "http://evil.example/dav/a.txt", "//evil.example/dav/a.txt", "/dav/a/b/c.txt", "/dav/..\\..\\x", "/dav/a%00.txt",
    "/dav/.htpasswd", "/dav//x", "http://[::1", "/dav/%0d%0aHost:%20evil",
]  # fmt: skip


def test_what_a_server_names_elsewhere_is_passed_over() -> None:
    def answer(to: BaseHTTPRequestHandler) -> None:
        say(to, multistatus("/dav/", "/dav/good.txt", *ASTRAY), 207)

    with servers.answering(answer) as url:
        *items, _ = listed(made("webdav", url))
    assert [item.key for item in items] == ["good.txt"]


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "a\\b", "", "C:/x", "a\0b"])
@pytest.mark.parametrize("kind", ["webdav", "folder"])
def test_a_path_that_leads_out_is_not_read(kind: str, path: str, tmp_path: Path) -> None:
    settings = {"path": str(tmp_path)} if kind == "folder" else {"url": "http://127.0.0.1:9/dav/"}
    ground = Ground(guard=GUARD, folders=[str(tmp_path)])
    with connectors.connector(kind, settings, {}, ground) as place, pytest.raises(ItemRefused):
        place.read(Item(path, "x", "1", place=path))


def test_keys_that_no_address_can_carry_are_passed_over() -> None:
    keys = ["good.txt", "../../etc/passwd", "a/../b", "a/./b", "folder/", "x" * 1100]
    told = "".join(f"<Contents><Key>{key}</Key><ETag>1</ETag></Contents>" for key in keys)
    with servers.answering(lambda to: say(to, f"<R>{told}</R>".encode())) as url:
        *items, _ = listed(made("s3", url))
    assert [item.key for item in items] == ["good.txt"]


# Git


# A folder


# A mailbox
