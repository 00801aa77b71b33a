"""A folder of a WebDAV server, such as Nextcloud: asked one level at a time (RFC 4918)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import quote, unquote, urljoin, urlsplit

from governance.sentence import phrase, sentence
from ingestion.connectors import paths, web
from ingestion.connectors.base import (
    Change,
    Connector,
    Field,
    Ground,
    Item,
    ItemRefused,
    Reached,
    too_many,
)
from ingestion.connectors.folder import PATTERNS

DAV, OC = "{DAV:}", "{http://owncloud.org/ns}"
DEPTH = 40
ASKED = (
    b'<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop>'
    b"<d:resourcetype/><d:getetag/><d:getcontentlength/><d:getlastmodified/><oc:fileid/></d:prop></d:propfind>"
)


@dataclass(frozen=True)
class _Entry:
    path: str  # below the address, decoded; a folder's ends with "/"
    mark: str
    size: int | None
    id: str


class WebDav(Connector):
    """The mark is the ETag, or size and time of change. Where the server gives files ids, they are the keys: a rename is kept."""

    fields = (
        Field(
            "url",
            phrase("Address of the folder"),
            "text",
            phrase("Such as https://cloud.example.org/remote.php/dav/files/NAME/Contracts/"),
            True,
        ),
        Field("user", phrase("User name"), most=200),
        Field(
            "password", phrase("Password"), "secret", phrase("In Nextcloud make an app password for this."), most=500
        ),
        PATTERNS,
    )

    def __init__(self, settings: Any, secrets: Any, ground: Ground) -> None:
        super().__init__(settings, secrets, ground)
        self.url = f"{str(settings.get('url', '')).partition('?')[0].rstrip('/')}/"
        user = str(settings.get("user", ""))
        self.web = web.Web(ground, self.url, (user, secrets.get("password", "")) if user else None)

    def changes(self, cursor: str) -> Iterator[Change]:
        patterns, found = paths.lines(self.settings.get("patterns")), 0
        waiting, seen = [("", DEPTH)], {""}
        while waiting:
            folder, depth = waiting.pop()
            for entry in self._listed(folder):
                self.web.require_time()
                if entry.path.endswith("/"):
                    if depth and entry.path not in seen:
                        seen.add(entry.path)
                        waiting.append((entry.path, depth - 1))
                elif paths.wanted(entry.path, patterns):
                    yield _item(entry)
                found += 1
                if found > self.ground.items:
                    raise too_many(self.ground.items)
        yield Reached()

    def read(self, item: Item) -> BinaryIO:
        if not paths.is_plain(item.place):
            raise ItemRefused(phrase("This is no path below the folder."))
        return self.web.fetch(urljoin(self.url, quote(item.place)))

    def probe(self) -> str:
        number = sum(1 for _ in self._listed(""))
        return sentence("The folder can be read. It holds %(number)s entries.", number=number)

    def close(self) -> None:
        self.web.close()

    def _listed(self, folder: str) -> Iterator[_Entry]:
        url = urljoin(self.url, quote(folder))
        headers = {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"}
        with self.web.open("PROPFIND", url, data=ASKED, headers=headers) as answer:
            web.require(answer)
            root = web.xml(answer.body(), url)
        for response in root.iter(f"{DAV}response"):
            path = self._path(response.findtext(f"{DAV}href") or "", folder)
            if path:
                yield _entry(response, path)

    def _path(self, href: str, folder: str) -> str:
        """Below our address and directly in the folder that was asked for, or nothing: a server may name what it likes."""
        try:
            there = urlsplit(urljoin(self.url, href.strip()))
        except ValueError:
            return ""
        home = urlsplit(self.url)
        if (there.scheme, there.netloc.lower()) != (home.scheme, home.netloc.lower()):
            return ""
        whole, base = unquote(there.path), unquote(home.path)
        path = whole.removeprefix(base)
        inner = path.removeprefix(folder).rstrip("/")
        if not whole.startswith(base) or not path.startswith(folder) or not inner or "/" in inner:
            return ""
        return path if paths.is_plain(path) and not paths.is_hidden(path) else ""


def _entry(response: Any, path: str) -> _Entry:
    """Of its properties only those that were found: a server lists the others too, under their own status."""
    said: dict[str, str] = {}
    is_folder = path.endswith("/")
    for stat in response.iter(f"{DAV}propstat"):
        if " 200" not in f" {stat.findtext(f'{DAV}status') or '200'}":
            continue
        for prop in stat.iter(f"{DAV}prop"):
            said |= {str(one.tag): (one.text or "").strip() for one in prop}
            is_folder = is_folder or prop.find(f"{DAV}resourcetype/{DAV}collection") is not None
    size = said.get(f"{DAV}getcontentlength", "")
    mark = said.get(f"{DAV}getetag") or f"{size}-{said.get(f'{DAV}getlastmodified', '')}"
    path = f"{path.rstrip('/')}/" if is_folder else path
    return _Entry(path, mark, web.number(size), said.get(f"{OC}fileid", ""))


def _item(entry: _Entry) -> Item:
    key = f"id:{entry.id}" if entry.id else entry.path
    return Item(key, paths.last(entry.path), entry.mark, entry.size, entry.path, paths.parent(entry.path))
