"""A website without an end, or with sitemaps that lead nowhere, is read within its bounds, and only what it allows."""

from __future__ import annotations

import gzip
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import pytest

from ingestion.connectors.base import Item, ItemRefused, SourceDown, SourceRefuses
from tests.ingestion.connectors import servers
from tests.ingestion.connectors.hostile import (
    listed,
    made,
)
from tests.ingestion.connectors.servers import say

pytestmark = pytest.mark.usefixtures("bounded")


def test_a_website_without_an_end_stops_at_its_limit() -> None:
    """A calendar: every page links to the next ones."""

    def answer(to: BaseHTTPRequestHandler) -> None:
        if to.path == "/robots.txt":
            return say(to, b"", 404)
        day = int(parse_qs(urlsplit(to.path).query).get("day", ["0"])[0])
        links = "".join(f'<a href="/?day={day + more}">next</a>' for more in range(1, 40))
        return say(to, f"<html><body><p>Day {day}</p>{links}</body></html>".encode(), Content_Type="text/html")

    with servers.answering(answer) as url:
        *items, reached = listed(made("website", url, pages=30))
    assert len(items) == 30
    assert not reached.is_whole
    assert reached.note


def test_what_robots_txt_forbids_is_not_asked_for() -> None:
    asked: list[str] = []

    def answer(to: BaseHTTPRequestHandler) -> None:
        asked.append(to.path)
        if to.path == "/robots.txt":
            return say(to, b"User-agent: *\nDisallow: /private/\n", Content_Type="text/plain")
        links = b'<a href="/private/a">a</a><a href="/open/b">b</a><a href="http://evil.example/c">c</a>'
        return say(to, links, Content_Type="text/html")

    with servers.answering(answer) as url, made("website", url) as place:
        items = list(place.changes(""))
        with pytest.raises(ItemRefused):
            place.read(Item(f"{url}/private/a", "a", "1"))
    assert len(items) == 3
    assert set(asked) == {"/robots.txt", "/", "/open/b"}


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_that_does_not_say_what_it_allows_is_asked_for_nothing(status: int) -> None:
    asked: list[str] = []

    def answer(to: BaseHTTPRequestHandler) -> None:
        asked.append(to.path)
        say(to, b"", status)

    with servers.answering(answer) as url, pytest.raises(SourceDown):
        listed(made("website", url))
    assert asked == ["/robots.txt"]


def test_sitemaps_that_name_each_other_end() -> None:
    def answer(to: BaseHTTPRequestHandler) -> None:
        base = f"http://{to.headers['Host']}"
        if to.path == "/robots.txt":
            return say(to, b"", 404)
        if to.path.endswith(".xml"):
            others = "".join(f"<sitemap><loc>{base}/{n}.xml</loc></sitemap>" for n in (1, 2, "sitemap"))
            pages = f"<url><loc>{base}/page</loc></url><url><loc>http://evil.example/x</loc></url>"
            kind, inner = ("urlset", pages) if to.path == "/2.xml" else ("sitemapindex", others)
            return say(to, f"<{kind}>{inner}</{kind}>".encode(), Content_Type="application/xml")
        return say(to, b"<p>A page.</p>", Content_Type="text/html")

    with servers.answering(answer) as url:
        *items, reached = listed(made("website", url, way="sitemap"))
    assert [urlsplit(item.key).path for item in items] == ["/page"]
    assert reached.is_whole


def test_a_sitemap_that_unpacks_to_no_end_is_refused() -> None:
    body = gzip.compress(b"<urlset>" + b" " * 60_000_000, 1)

    def answer(to: BaseHTTPRequestHandler) -> None:
        say(to, b"", 404) if to.path == "/robots.txt" else say(to, body)

    with servers.answering(answer) as url, pytest.raises(SourceRefuses):
        listed(made("website", url, way="sitemap"))
