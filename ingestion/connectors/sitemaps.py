"""A website's own list of its pages (sitemaps.org): files, and files that name files, of one host and without circles."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

from governance.sentence import phrase, sentence
from ingestion.connectors import web
from ingestion.connectors.base import SourceRefuses

FILES_MAX = 50
SIZE_MAX = 50 * 2**20  # what the protocol allows
GZIP = b"\x1f\x8b"


def pages(connections: web.Web, first: Sequence[str], most: int, wait: Callable[[], None]) -> tuple[list[str], bool]:
    """Addresses of pages, and whether these are all. Raises SourceDown, SourceRefuses."""
    waiting, seen, found = list(first), set[str](), dict[str, None]()
    while waiting:
        url = waiting.pop(0)
        if url in seen or web.origin(url) != web.origin(connections.home):
            continue
        if len(seen) >= FILES_MAX:
            return [*found], False
        seen.add(url)
        wait()
        for page, is_file in _named(connections, url):
            if is_file:
                waiting.append(page)
            elif len(found) >= most:
                return [*found], False
            else:
                found[page] = None
    return [*found], True


def _named(connections: web.Web, url: str) -> list[tuple[str, bool]]:
    """(address, whether it is a file of further addresses)."""
    with connections.open("GET", url) as answer:
        web.require(answer)
        body = _unpacked(answer.body(SIZE_MAX), url)
    root = web.xml(body, url)
    kind = web.local(root)
    if kind not in {"urlset", "sitemapindex"}:
        raise SourceRefuses(
            sentence("%(host)s has no sitemap at this address.", host=web.host(url)),
            phrase("Follow links instead, or write its address."),
        )
    found = ((one.text or "").strip() for entry in root for one in entry if web.local(one) == "loc")
    return [(one.partition("#")[0], kind == "sitemapindex") for one in found if one.isprintable() and " " not in one]


def _unpacked(body: bytes, url: str) -> bytes:
    if not body.startswith(GZIP):
        return body
    unpacking = zlib.decompressobj(wbits=31)
    try:
        found = unpacking.decompress(body, SIZE_MAX)
    except zlib.error:
        found = b""
    if not found or unpacking.unconsumed_tail:
        raise SourceRefuses(sentence("%(host)s answers with something that cannot be read.", host=web.host(url)))
    return found
