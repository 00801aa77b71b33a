"""Servers that mean no good, and places opened at them under tight bounds."""

from __future__ import annotations

import gzip
import itertools
import os
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from ingestion import connectors
from ingestion.connectors.base import Connector, Ground, ItemDown, ItemRefused, SourceDown, SourceRefuses
from tests.ingestion.connectors.places import GUARD
from tests.ingestion.connectors.servers import say

FAULTS = (SourceDown, SourceRefuses, ItemDown, ItemRefused)


SHORT = Ground(guard=GUARD, item_bytes=100_000, archive_bytes=1_000_000, item_seconds=2, list_seconds=3, items=500)


KINDS: dict[str, Callable[[str], dict[str, Any]]] = {
    "webdav": lambda url: {"url": f"{url}/dav/", "user": "carol"},
    "s3": lambda url: {"endpoint": url, "bucket": "papers", "access_key": "carol"},
    "website": lambda url: {"url": f"{url}/", "per_minute": 6000, "pages": 300, "depth": 20},
    "zip": lambda url: {"url": f"{url}/a.zip"},
    "git": lambda url: {"url": f"{url}/papers.git"},
}


SECRETS = {"password": "open-sesame", "secret_key": "open-sesame"}


def made(kind: str, url: str, ground: Ground = SHORT, **more: Any) -> Connector:
    return connectors.connector(kind, KINDS[kind](url) | more, SECRETS, ground)


def listed(place: Connector) -> list[Any]:
    with place:
        return list(place.changes(""))


def drip(to: BaseHTTPRequestHandler) -> None:
    to.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in itertools.count():
        to.wfile.write(f"X-{number}: x\r\n".encode())
        time.sleep(0.2)


def flood(to: BaseHTTPRequestHandler) -> None:
    to.send_response(200)
    to.send_header("Content-Type", "text/html")
    to.end_headers()
    while True:
        to.wfile.write(b"<a>" * 100_000)


def lies(to: BaseHTTPRequestHandler) -> None:
    """Says a length, and sends less."""
    to.send_response(200)
    to.send_header("Content-Length", "500")
    to.end_headers()
    to.wfile.write(b"short")


def garbage(to: BaseHTTPRequestHandler) -> None:
    to.wfile.write(os.urandom(4096))


def bomb(to: BaseHTTPRequestHandler) -> None:
    lines = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    body = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "lol">{lines}]><x>&e9;</x>'
    say(to, body.encode(), 207, Content_Type="application/xml")


def outside_entity(to: BaseHTTPRequestHandler) -> None:
    body = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><urlset><url><loc>&e;</loc></url></urlset>'
    say(to, body, 207, Content_Type="application/xml")


def packed_bomb(to: BaseHTTPRequestHandler) -> None:
    say(to, gzip.compress(b"<" * 30_000_000, 1), Content_Encoding="gzip", Content_Type="text/html")


HOSTILE: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {
    "drips": drip, "floods": flood, "lies": lies, "garbage": garbage, "xml bomb": bomb, "outside entity": outside_entity,
}  # fmt: skip


def multistatus(*entries: str) -> bytes:
    told = "".join(
        f"<d:response><d:href>{href}</d:href><d:propstat><d:prop><d:getetag>1</d:getetag>"
        f"<d:resourcetype>{'<d:collection/>' if href.endswith('/') else ''}</d:resourcetype></d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
        for href in entries
    )
    return f'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">{told}</d:multistatus>'.encode()
