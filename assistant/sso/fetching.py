"""What is asked of an identity provider's server, and what never is.

A tenant's admin writes the provider's address, and the provider's answers name further ones. None may make this server
speak to a machine that only it can reach: names are resolved here, an address that is not public is refused unless the
operator has listed the host, and the connection is made to the very address that was looked at. No redirect is followed.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import connection, connectionpool, exceptions, poolmanager
from urllib3.util.connection import create_connection

from governance.sentence import sentence

SECONDS = 3.0  # to connect, and between two pieces of the answer
SECONDS_IN_ALL = 6.0
BYTES_MAX = 512 * 1024


class Unreachable(requests.RequestException):
    """The provider's server was not asked, or gave no usable answer; the message says why in words for its admin."""


class _NotAsked(Exception):
    """Why no connection was made. No OSError, which the layers between would take for a broken network."""


class Session(requests.Session):
    """No redirects, no proxy, no cookies kept; bounded in time and in size. Raises Unreachable."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False  # a proxy would resolve names out of our sight, and .netrc holds others' passwords
        self.verify = settings.SSO_CA_FILE or True
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(max_retries=0))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        check(str(url))
        options |= {"timeout": SECONDS, "allow_redirects": False, "stream": True}
        try:
            response = super().request(method, url, *args, **options)
            with response:
                response._content = _read(response)
        except Unreachable:
            raise
        except _NotAsked as why:
            raise Unreachable(str(why)) from why
        except (requests.RequestException, exceptions.HTTPError, OSError) as fault:
            raise Unreachable(
                sentence("%(host)s does not answer (%(fault)s).", host=_host(str(url)), fault=type(fault).__name__)
            ) from fault
        if response.is_redirect or 300 <= response.status_code < 400:
            raise Unreachable(
                sentence("%(host)s answers with a redirect, which is not followed.", host=_host(str(url)))
            )
        return response


def check(url: str) -> None:
    """Raises Unreachable for an address that is not https, or that carries a name and password."""
    parts = urlsplit(url)
    if parts.username or parts.password or not parts.hostname:
        raise Unreachable("An address must read https://host/…, without a name and password in it.")
    if parts.scheme == "https" or (
        parts.scheme == "http" and _is_loopback(parts.hostname) and _is_listed(parts.netloc)
    ):
        return
    raise Unreachable(sentence("%(host)s must be reached by https.", host=_host(url)))


def _host(url: str) -> str:
    return urlsplit(url).hostname or "The address"


def _read(response: requests.Response) -> bytes:
    until, read = time.monotonic() + SECONDS_IN_ALL, bytearray()
    for piece in response.iter_content(16 * 1024):
        read += piece
        if len(read) > BYTES_MAX:
            raise Unreachable(
                sentence(
                    "%(host)s answers with more than %(most)s KB.", host=_host(response.url), most=BYTES_MAX // 1024
                )
            )
        if time.monotonic() > until:
            raise Unreachable(
                sentence(
                    "%(host)s takes more than %(most)s seconds.", host=_host(response.url), most=f"{SECONDS_IN_ALL:.0f}"
                )
            )
    return bytes(read)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_listed(netloc: str) -> bool:
    """Has the operator named this host, with or without its port?"""
    place = netloc.rpartition("@")[2].lower()
    return place in settings.SSO_INTERNAL_HOSTS or urlsplit(f"//{place}").hostname in settings.SSO_INTERNAL_HOSTS


def _connect(made: connection.HTTPConnection) -> socket.socket:
    """To an address that may be asked, out of those that the name resolves to now."""
    host, port = made._dns_host.strip("[]"), made.port or made.default_port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as fault:
        raise _NotAsked(f"The name {host} is not known.") from fault
    allowed = [str(place[0]) for *_, place in found if _is_listed(f"{host}:{port}") or _is_public(str(place[0]))]
    if not allowed:
        raise _NotAsked(
            f"{host} is not a public address. If it is your own provider, the operator of this installation has to list"
            " it in CHANCERY_SSO_INTERNAL_HOSTS."
        )
    for address in allowed[:-1]:
        with contextlib.suppress(OSError):  # the last one tells why
            return create_connection((address, port), SECONDS, socket_options=made.socket_options)
    return create_connection((allowed[-1], port), SECONDS, socket_options=made.socket_options)


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    return found.is_global and not found.is_multicast


class _Http(connection.HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _Https(connection.HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _HttpPool(connectionpool.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(connectionpool.HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        manager: poolmanager.PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
