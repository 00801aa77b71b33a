"""HTTP as connectors speak it: through the guard, to the very address that was looked at, bounded in time and size.

A redirect is followed on its own host alone. What a server answers beside its status and its body never passes on.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO
from urllib.parse import urljoin, urlsplit

import requests
from lxml import etree
from urllib3.exceptions import HTTPError

from governance.fetching import Session, Unreachable
from governance.sentence import phrase, sentence
from ingestion.connectors.base import Ground, ItemDown, ItemRefused, SourceDown, SourceRefuses, too_large

HOPS = 5
PAGE_MAX = 8 * 2**20  # of a list: an XML of a thousand entries has less than one
PIECE = 64 * 1024
SECONDS_BETWEEN = 20.0
CREDENTIALS = phrase("Check the name and the password or key, and what they may see there.")
_LATER = phrase("It is tried again by itself. If it stays so, check the address.")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Answer:
    """What came back, while its body is still to be read."""

    def __init__(self, response: requests.Response, url: str) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.url = url
        self._response = response

    def pieces(self, most: int) -> Iterator[bytes]:
        """Of the body, decompressed. Raises OverflowError past `most` bytes, SourceDown where it breaks off."""
        read = 0
        try:
            for piece in self._response.iter_content(PIECE):
                read += len(piece)
                if read > most:
                    raise OverflowError
                yield piece
        except (requests.RequestException, HTTPError, OSError) as fault:
            raise down(self.url) from fault

    def body(self, most: int = PAGE_MAX) -> bytes:
        """Raises SourceDown, SourceRefuses."""
        try:
            return b"".join(self.pieces(most))
        except OverflowError:
            raise SourceRefuses(
                sentence("%(host)s answers with more than can be read.", host=host(self.url)),
                phrase("Choose a smaller part of it."),
            ) from None


class Web:
    """One place's connections. `authorize` may add headers to each request, which then go to `home`'s host alone."""

    def __init__(self, ground: Ground, home: str, auth: tuple[str, str] | None = None) -> None:
        self.ground = ground
        self.home = home
        self.auth = auth
        self.until = time.monotonic() + ground.list_seconds
        self._session = Session(ground.guard, ground.item_seconds, SECONDS_BETWEEN)
        self._session.headers["User-Agent"] = "Chancery"

    @contextlib.contextmanager
    def open(self, method: str, url: str, **options: Any) -> Iterator[Answer]:
        """Raises SourceDown, SourceRefuses. A status is the caller's to judge."""
        try:
            with contextlib.ExitStack() as held:
                for _ in range(HOPS):
                    self._require_home(url)
                    response = held.enter_context(self._session.begun(method, url, auth=self.auth, **options))
                    onward = response.headers.get("Location")
                    if response.status_code not in _REDIRECTS or not onward:
                        yield Answer(response, url)
                        return
                    held.close()
                    url = urljoin(url, onward).partition("#")[0]
            raise SourceRefuses(sentence("%(host)s redirects in circles.", host=host(url)))
        except Unreachable as why:
            raise SourceDown(why.args[0], _LATER) from why

    def fetch(self, url: str, **options: Any) -> BinaryIO:
        """A whole file of an item, on disk. Raises ItemDown, ItemRefused, SourceDown, SourceRefuses."""
        with self.open("GET", url, **options) as answer:
            require_item(answer)
            return on_disk(answer, self.ground.item_bytes)

    def require_time(self) -> None:
        """A list that never ends is cut. Raises SourceDown."""
        if time.monotonic() > self.until:
            raise SourceDown(sentence("The list takes more than %(most)s seconds.", most=int(self.ground.list_seconds)))

    def close(self) -> None:
        self._session.close()

    def _require_home(self, url: str) -> None:
        if origin(url) != origin(self.home):
            raise SourceRefuses(
                sentence("%(host)s sends us on to another host, which is not followed.", host=host(self.home)),
                phrase("Write the address that it leads to, if that is the right one."),
            )


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port. Raises SourceRefuses for what is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        raise SourceRefuses(phrase("An address cannot be read.")) from None
    return parts.scheme, (parts.hostname or "").lower(), port


def host(url: str) -> str:
    return origin(url)[1] or "The address"


def down(url: str) -> SourceDown:
    return SourceDown(sentence("%(host)s breaks off.", host=host(url)), _LATER)


def require_item(answer: Answer) -> None:
    """Of a request for one item. Raises ItemDown, ItemRefused, SourceDown, SourceRefuses."""
    if answer.status in {404, 410}:
        raise ItemDown(phrase("It is not there any more."))
    if answer.status == 403:
        raise ItemRefused(phrase("It may not be read with these credentials."), CREDENTIALS)
    require(answer)


def require(answer: Answer) -> None:
    """A status that says yes. Raises SourceDown, SourceRefuses."""
    if 200 <= answer.status < 300:
        return
    if answer.status in {401, 403}:
        said = sentence(
            "%(host)s refuses the credentials (status %(status)s).", host=host(answer.url), status=answer.status
        )
        raise SourceRefuses(said, CREDENTIALS)
    if answer.status in {404, 405, 410}:
        raise SourceRefuses(
            sentence(
                "%(host)s has nothing at this address (status %(status)s).", host=host(answer.url), status=answer.status
            ),
            phrase("Check the address."),
        )
    raise SourceDown(
        sentence("%(host)s answers with status %(status)s.", host=host(answer.url), status=answer.status), _LATER
    )


def xml(body: bytes, url: str) -> Any:
    """The root. A document type is refused, and with it every entity. Raises SourceRefuses."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None or root.getroottree().docinfo.doctype:
        raise SourceRefuses(
            sentence("%(host)s answers with something that cannot be read.", host=host(url)),
            phrase("Check the address."),
        )
    return root


def local(one: Any) -> str:
    """The name of an XML element: services differ in its namespace, and some have none."""
    return str(one.tag).rpartition("}")[2] if isinstance(one.tag, str) else ""


def number(told: str) -> int | None:
    """Of bytes, as a server writes it; None for what is no such number. Some characters are digits and no numbers: "²"."""
    return int(told) if told.isascii() and told.isdigit() and len(told) < 19 else None


def is_settled(answer: Answer) -> bool:
    """Whether its Last-Modified names these bytes and no later ones: a second that has not passed may see another change
    (RFC 9110, 8.8.2.2)."""
    try:
        told, changed = (parsedate_to_datetime(answer.headers[name]) for name in ("Date", "Last-Modified"))
        return (told - changed).total_seconds() >= 1
    except (KeyError, ValueError, TypeError):
        return False


def on_disk(answer: Answer, most: int) -> BinaryIO:
    """The body in a file without a name, for the caller to close. Raises ItemRefused past `most` bytes, SourceDown."""
    if _told_size(answer) > most:
        raise too_large(most)
    file = tempfile.TemporaryFile(prefix="chancery-")  # noqa: SIM115  the caller closes it
    try:
        for piece in answer.pieces(most):
            file.write(piece)
    except OverflowError:
        file.close()
        raise too_large(most) from None
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _told_size(answer: Answer) -> int:
    return number(answer.headers.get("Content-Length", "")) or 0
