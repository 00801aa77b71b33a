"""Pages of one web server: those of its sitemap, or those that links lead to from an address, within limits.

robots.txt is obeyed, requests are spaced out, and what has not changed is not asked for again: ETag and Last-Modified are
kept in the cursor, with the links of each page.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from urllib import robotparser
from urllib.parse import unquote, urljoin, urlsplit

from lxml import etree, html

from governance.sentence import phrase, sentence
from ingestion.connectors import paths, sitemaps, web
from ingestion.connectors.base import (
    KEY_MAX,
    Change,
    Connector,
    Field,
    Gone,
    Ground,
    Item,
    ItemRefused,
    Reached,
    SourceRefuses,
)
from ingestion.connectors.folder import PATTERNS

AGENT = "Chancery"
LINKS_MAX = 500
ROBOTS_MAX = 512 * 1024
PAUSE_MAX = 30.0
PAGES = ("text/html", "application/xhtml+xml")
READ = (
    "text/",
    "application/pdf",
    "application/vnd.",
    "application/msword",
    "application/rtf",
    "application/epub",
    "application/json",
    "application/xml",
    "application/octet-stream",
    "message/rfc822",
)
PASSED_OVER = ("text/css", "text/javascript", "text/calendar")
CUT = phrase(
    "There are more pages than the limit of %(most)s: what lies beyond is left out, and deletions are not followed there."
)


@dataclass
class _Page:
    """As the last look left it. `is_gone`: the server says that it is not there; `is_unsure`: it cannot be read now. `moved`
    is where a redirect led, which stands for itself.
    """

    mark: str = ""
    links: list[str] = field(default_factory=list)
    etag: str = ""
    at: str = ""
    is_read: bool = True
    is_page: bool = True
    size: int | None = None
    is_gone: bool = False
    is_unsure: bool = False
    moved: str = ""


class Website(Connector):
    """The key is the address. The mark is the ETag, else a hash of a page's words; a file's is its time of change and length."""

    fields = (
        Field("url", phrase("Address to begin at"), "text", phrase("Such as https://www.example.org/handbook/"), True),
        Field(
            "way",
            phrase("Which pages"),
            "choice",
            default="links",
            choices=(("links", phrase("Those that links lead to")), ("sitemap", phrase("Those of the sitemap"))),
        ),
        Field(
            "within",
            phrase("Only below"),
            "text",
            phrase("A path such as /handbook/. Empty for where the address begins."),
        ),
        Field("depth", phrase("Links deep"), "number", default=3, least=0, most=20),
        Field("pages", phrase("Pages at most"), "number", default=200, least=1, most=5000),
        Field("per_minute", phrase("Requests a minute"), "number", default=60, least=1, most=6000),
        Field("user", phrase("User name"), "text", phrase("Where the server asks for one (HTTP Basic)."), most=200),
        Field("password", phrase("Password"), "secret"),
        PATTERNS,
    )

    def __init__(self, settings: Any, secrets: Any, ground: Ground) -> None:
        super().__init__(settings, secrets, ground)
        self.url = str(settings.get("url", "")).partition("#")[0]
        user = str(settings.get("user", ""))
        self.web = web.Web(ground, self.url, (user, secrets.get("password", "")) if user else None)
        self.most = min(int(settings.get("pages") or 200), ground.items)
        self.pause = 60.0 / int(settings.get("per_minute") or 60)
        self.within = str(settings.get("within") or "") or (urlsplit(self.url).path.rpartition("/")[0] + "/")
        self._robots: robotparser.RobotFileParser | None = None
        self._next = 0.0

    def changes(self, cursor: str) -> Iterator[Change]:
        before, seen = _remembered(cursor), dict[str, _Page]()
        self._obey()
        waiting, is_whole = self._beginning()
        queued, patterns = {url for url, _ in waiting}, paths.lines(self.settings.get("patterns"))
        is_crawl = self.settings.get("way") != "sitemap"
        while waiting:
            url, depth = waiting.pop(0)
            if len(seen) >= self.most:
                is_whole = False
                break
            page = self._looked_at(url, before.get(url))
            seen[url] = page
            is_whole = is_whole and not page.is_unsure
            if page.is_gone:
                yield Gone(url)
            elif page.is_read and paths.wanted(unquote(urlsplit(url).path).lstrip("/"), patterns):
                yield _item(url, page)
            onward = [(page.moved, depth)] if page.moved else []
            onward += [(link, depth - 1) for link in page.links if is_crawl and depth > 0]
            for link, left in onward:
                if link not in queued and self._may(link):
                    queued.add(link)
                    waiting.append((link, left))
        note = "" if is_whole else sentence(CUT, most=self.most)
        yield Reached(_kept(seen), is_whole, note)

    def read(self, item: Item) -> BinaryIO:
        self._obey()
        if not self._may(item.key):
            raise ItemRefused(phrase("The server's robots.txt does not want it read."))
        self._wait()
        return self.web.fetch(item.key)

    def probe(self) -> str:
        self._obey()
        if not self._may(self.url):
            raise SourceRefuses(
                phrase("The server's robots.txt does not want this address read, or it is outside of what you chose."),
                phrase("Ask whoever runs the website, or choose another address."),
            )
        with self.web.open("GET", self.url) as answer:
            web.require(answer)
        if self.settings.get("way") == "sitemap":
            return sentence("The sitemap can be read. It names %(number)s pages.", number=len(self._beginning()[0]))
        return phrase("The page can be read, and robots.txt allows it.")

    def close(self) -> None:
        self.web.close()

    def _beginning(self) -> tuple[list[tuple[str, int]], bool]:
        """(address, links deep) to look at first, and whether that is all."""
        if self.settings.get("way") != "sitemap":
            return [(self.url, int(self.settings.get("depth") or 0))], True
        assert self._robots is not None  # noqa: S101  for the type checker
        named = [urljoin(self.url, one) for one in self._robots.site_maps() or ()]
        first = [self.url] if urlsplit(self.url).path.endswith((".xml", ".xml.gz")) else named
        found, is_whole = sitemaps.pages(self.web, first or [urljoin(self.url, "/sitemap.xml")], self.most, self._wait)
        return [(url, 0) for url in found if self._may(url)], is_whole

    def _obey(self) -> None:
        """Read robots.txt: none means that all may be read, and a server that does not say is not asked for more."""
        if self._robots is not None:
            return
        url = urljoin(self.url, "/robots.txt")
        robots = robotparser.RobotFileParser(url)
        with self.web.open("GET", url) as answer:
            if answer.status in {401, 403}:
                robots.disallow_all = True  # type: ignore[attr-defined]
            elif 400 <= answer.status < 500:
                robots.allow_all = True  # type: ignore[attr-defined]
            else:
                web.require(answer)
                robots.parse(answer.body(ROBOTS_MAX).decode("utf-8", "replace").splitlines())
        delay = robots.crawl_delay(AGENT)
        self.pause = max(self.pause, min(float(delay), PAUSE_MAX)) if delay else self.pause
        self._robots = robots

    def _may(self, url: str) -> bool:
        parts = urlsplit(url)
        if web.origin(url) != web.origin(self.url) or len(url.encode()) > KEY_MAX:
            return False
        is_first = url == self.url
        if not is_first and not (parts.path or "/").startswith(self.within):
            return False
        return self._robots is None or self._robots.can_fetch(AGENT, url)

    def _wait(self) -> None:
        now = time.monotonic()
        if self._next > now:
            time.sleep(self._next - now)
        self._next = max(now, self._next) + self.pause
        self.web.require_time()

    def _looked_at(self, url: str, before: _Page | None) -> _Page:
        asked = {"If-None-Match": before.etag} if before and before.etag else {}
        asked |= {"If-Modified-Since": before.at} if before and before.at and not asked else {}
        self._wait()
        with self.web.open("GET", url, headers=asked) as answer:
            if answer.status == 304 and before:
                return before
            if answer.status in {404, 410}:
                return _Page(is_gone=True, is_read=False)
            if url != self.url and answer.status in {401, 403}:
                return _Page(is_read=False)
            if url != self.url and answer.status >= 500:
                return before or _Page(is_read=False, is_unsure=True)
            web.require(answer)
            return _Page(moved=answer.url, is_read=False) if answer.url != url else _seen(answer)


def _seen(answer: web.Answer) -> _Page:
    kind = answer.headers.get("Content-Type", "text/html").partition(";")[0].strip().lower()
    etag, at = answer.headers.get("ETag", "")[:150], answer.headers.get("Last-Modified", "")[:60]
    since = at if web.is_settled(answer) else ""
    length = answer.headers.get("Content-Length", "")
    size = web.number(length)
    is_read = kind.startswith(READ) and kind not in PASSED_OVER
    if kind not in PAGES:
        mark = etag or f"{at}-{length}" if etag or at else f"length {length}"
        return _Page(mark, [], etag, since, is_read, is_page=False, size=size)
    try:
        words, links = _parsed(answer.body(), answer.url)
    except SourceRefuses:
        return _Page(is_read=False, is_unsure=True)  # larger than any page
    return _Page(etag or words, links, etag, since, size=size)


def _parsed(body: bytes, base: str) -> tuple[str, list[str]]:
    """A hash of the words, and where the links lead."""
    try:
        root = html.document_fromstring(body, parser=html.HTMLParser(no_network=True, huge_tree=False))
    except (etree.LxmlError, ValueError):
        return hashlib.sha256(body).hexdigest(), []
    for gone in root.xpath("//script|//style|//noscript|//template"):
        gone.drop_tree()
    words = " ".join(root.text_content().split())
    links: dict[str, None] = {}
    start = next(iter(root.xpath("//base/@href")), "")
    for href in root.xpath("//a/@href")[: LINKS_MAX * 4]:
        link = _joined(urljoin(base, str(start)), str(href))
        if link and len(links) < LINKS_MAX:
            links[link] = None
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest(), [*links]


def _joined(base: str, href: str) -> str:
    try:
        link = urljoin(base, href.strip()).partition("#")[0]
        parts = urlsplit(link)
        _ = parts.port
    except ValueError:
        return ""
    return link if parts.scheme in {"http", "https"} and link.isprintable() and " " not in link else ""


def _item(url: str, page: _Page) -> Item:
    parts = urlsplit(url)
    path = unquote(parts.path).strip("/")
    name = " ".join((paths.last(path) or "index").split()) + (f" {parts.query[:60]}" if parts.query else "")
    if page.is_page and not name.lower().endswith((".html", ".htm", ".xhtml")):
        name += ".html"
    return Item(url, name.replace("/", "-").replace("\\", "-"), page.mark, page.size, folder=paths.parent(path))


def _remembered(cursor: str) -> dict[str, _Page]:
    try:
        return {url: _Page(**told) for url, told in json.loads(cursor or "{}").items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _kept(seen: dict[str, _Page]) -> str:
    """Only what can be asked about again by its ETag or time."""
    told = {
        url: {
            "mark": page.mark,
            "links": page.links,
            "etag": page.etag,
            "at": page.at,
            "is_read": page.is_read,
            "is_page": page.is_page,
        }
        for url, page in seen.items()
        if page.etag or page.at
    }
    return json.dumps(told, separators=(",", ":"))
