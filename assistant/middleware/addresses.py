"""From which address a request comes: the connection's own, or what a proxy of the house says of it."""

from __future__ import annotations

from ipaddress import ip_network

from django.conf import settings
from django.http import HttpRequest

from governance.service_accounts import networks


def of(request: HttpRequest) -> str:
    """Empty where nobody can say. What a proxy was told by somebody else is hearsay: from the right, the first that is no proxy
    of ours is the client, whatever stands further left.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if not _is_proxy(address):
        return _plain(address)
    for claimed in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if not networks.read(claimed.strip()):
            break
        address = claimed.strip()
        if not _is_proxy(address):
            break
    return _plain(address)


def _is_proxy(address: str) -> bool:
    one = networks.read(address)
    return one is not None and any(one in ip_network(network) for network in settings.TRUSTED_PROXIES)


def _plain(address: str) -> str:
    one = networks.read(address)
    return str(one) if one else ""
