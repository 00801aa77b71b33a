"""What is asked of a server whose address a tenant's admin wrote, and what never is.

An admin writes an address, and the server's answers may name further ones. None may make this server speak to a machine that
only it can reach: names are resolved here, an address that is not public is refused unless the operator has listed the host,
and the connection is made to the very address that was looked at. No redirect is followed, and time and size are bounded.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import connection, connectionpool, exceptions, poolmanager
from urllib3.util.connection import create_connection

from governance.sentence import sentence

SECONDS = 3.0  # to connect, and between two pieces of the answer
SECONDS_IN_ALL = 6.0
BYTES_MAX = 512 * 1024
LINES_HELD = 16
# A gateway turns these into addresses of IPv4, private ones too (RFC 6052, RFC 8215).
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


class Unreachable(requests.RequestException):
    """The server was not asked, or gave no usable answer; the message says why in words for whoever wrote its address."""


class _NotAsked(Exception):
    """Why no connection was made. No OSError, which the layers between would take for a broken network."""


@dataclass(frozen=True)
class Guard:
    """`internal` are hosts, or host:port, that may be asked though they are not public; None where the operator wrote the
    address, and every host may be. `remedy` says who has to do what about one that is not listed. `ca_file` holds
    certificate authorities that stand in for the public ones. Plain HTTP is spoken to a loopback address that is listed, and
    to any host that is where `allows_plain`.
    """

    internal: Collection[str] | None = ()
    remedy: str = ""
    ca_file: str = ""
    allows_plain: bool = False

    def lists(self, netloc: str) -> bool:
        """Has the operator named this host, with or without its port?"""
        if self.internal is None:
            return True
        place = netloc.rpartition("@")[2].lower()
        return place in self.internal or urlsplit(f"//{place}").hostname in self.internal

    def check(self, url: str) -> None:
        """Raises Unreachable for an address that is not https, or that carries a name and password."""
        parts = _split(url)
        if parts.username or parts.password or not parts.hostname:
            raise Unreachable("An address must read https://host/…, without a name and password in it.")
        is_near = self.allows_plain or _is_loopback(parts.hostname)
        if parts.scheme == "https" or (parts.scheme == "http" and is_near and self.lists(parts.netloc)):
            return
        raise Unreachable(sentence("%(host)s must be reached by https.", host=_host(url)))

    def connect(self, host: str, port: int, **options: Any) -> socket.socket:
        """To an address that may be asked, out of those that the name resolves to now. Raises Unreachable, OSError."""
        try:
            return self._connect(host, port, **options)
        except _NotAsked as why:
            raise Unreachable(str(why)) from why

    def _connect(self, host: str, port: int, **options: Any) -> socket.socket:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as fault:
            raise _NotAsked(f"The name {host} is not known.") from fault
        listed = self.lists(f"{host}:{port}")
        allowed = [str(place[0]) for *_, place in found if listed or _is_public(str(place[0]))]
        if not allowed:
            raise _NotAsked(f"{host} is not a public address. {self.remedy}".strip())
        for address in allowed[:-1]:
            with contextlib.suppress(OSError):  # the last one tells why
                return create_connection((address, port), SECONDS, **options)
        return create_connection((allowed[-1], port), SECONDS, **options)


class Session(requests.Session):
    """No redirects, no proxy, no cookies kept; bounded in time and in size. For one thread. Raises Unreachable."""

    def __init__(self, guard: Guard, seconds_in_all: float = SECONDS_IN_ALL, seconds: float = SECONDS) -> None:
        super().__init__()
        self.guard = guard
        self.seconds_in_all = seconds_in_all
        self.seconds = seconds
        self.trust_env = False  # a proxy would resolve names out of our sight, and .netrc holds others' passwords
        self.verify = guard.ca_file or True
        self._lines = _Lines()
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(guard, self._lines))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        with self.begun(method, url, *args, **options) as response:
            response._content = self._read(response)
        if 300 <= response.status_code < 400:
            raise Unreachable(
                sentence("%(host)s answers with a redirect, which is not followed.", host=_host(str(url)))
            )
        return response

    @contextlib.contextmanager
    def begun(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> Iterator[requests.Response]:
        """The answer while only its head has been read, a redirect too. Its body is the caller's to read and to bound, within
        the session's time: past it the connection is cut, and reading raises OSError or what urllib3 makes of it.
        """
        self.guard.check(str(url))
        options |= {"timeout": self.seconds, "allow_redirects": False, "stream": True}
        try:
            with self._lines.until(self.seconds_in_all), super().request(method, url, *args, **options) as response:
                yield response
            if self._lines.were_cut:  # headers that break off read like headers that end
                raise self._too_slow(str(url))
        except Unreachable:
            raise
        except _NotAsked as why:
            raise Unreachable(str(why)) from why
        except (requests.RequestException, exceptions.HTTPError, OSError) as fault:
            if self._lines.were_cut:
                raise self._too_slow(str(url)) from fault
            raise Unreachable(
                sentence("%(host)s does not answer (%(fault)s).", host=_host(str(url)), fault=type(fault).__name__)
            ) from fault

    def _read(self, response: requests.Response) -> bytes:
        until, read = time.monotonic() + self.seconds_in_all, bytearray()
        for piece in response.iter_content(16 * 1024):
            read += piece
            if len(read) > BYTES_MAX:
                raise Unreachable(
                    sentence(
                        "%(host)s answers with more than %(most)s KB.", host=_host(response.url), most=BYTES_MAX // 1024
                    )
                )
            if time.monotonic() > until:
                raise self._too_slow(response.url)
        return bytes(read)

    def _too_slow(self, url: str) -> Unreachable:
        most = f"{self.seconds_in_all:.0f}"
        return Unreachable(sentence("%(host)s takes more than %(most)s seconds.", host=_host(url), most=most))

    def close(self) -> None:
        super().close()
        self._lines.close()


class _Lines:
    """The connections of one session. A time-out counts from one piece to the next: a server that sends a byte of its
    headers every two seconds would hold a thread for hours. So all of them are cut once a request has had its time.
    """

    def __init__(self) -> None:
        self._held: list[socket.socket] = []
        self.were_cut = False

    def hold(self, made: socket.socket) -> socket.socket:
        while len(self._held) >= LINES_HELD:  # of a server that closes after each answer
            self._held.pop(0).close()
        self._held.append(made.dup())  # TLS takes the first one over; what is shut down is what both name
        return made

    @contextlib.contextmanager
    def until(self, seconds: float) -> Any:
        self.were_cut = False
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        self.were_cut = True
        for line in list(self._held):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        while self._held:
            self._held.pop().close()


def _host(url: str) -> str:
    return _split(url).hostname or "The address"


def _split(url: str) -> Any:
    try:
        return urlsplit(url)
    except ValueError:  # a bracket that is not closed
        return urlsplit("")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if any(found in net for net in _TRANSLATED):
            return False
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None and not _is_public(str(inner)):
            return False
    return found.is_global and not found.is_multicast


class _Adapter(HTTPAdapter):
    """Makes every connection through the guard, and has the session hold it."""

    def __init__(self, guard: Guard, lines: _Lines) -> None:
        self.pools = _pools(guard, lines)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        manager: poolmanager.PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = self.pools


def _pools(guard: Guard, lines: _Lines) -> dict[str, Any]:
    def connect(made: connection.HTTPConnection) -> socket.socket:
        host, port = made._dns_host.strip("[]"), made.port or made.default_port
        return lines.hold(guard._connect(host, port, socket_options=made.socket_options))

    class Http(connection.HTTPConnection):
        _new_conn = connect

    class Https(connection.HTTPSConnection):
        _new_conn = connect

    class HttpPool(connectionpool.HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(connectionpool.HTTPSConnectionPool):
        ConnectionCls = Https

    return {"http": HttpPool, "https": HttpsPool}
