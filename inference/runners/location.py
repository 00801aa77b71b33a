"""Whether an address is on a machine of the house."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit


def is_in_house(base_url: str) -> bool:
    """Loopback, or an address of a private network: of a name, all that it resolves to. What cannot be said is outside."""
    host = urlsplit(base_url).hostname
    if not host:
        return False
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError:
        return False
    return bool(found) and all(_is_private(str(one)) for one in found)


def _is_private(address: str) -> bool:
    one = ipaddress.ip_address(address.partition("%")[0])
    mapped = one.ipv4_mapped if isinstance(one, ipaddress.IPv6Address) else None
    one = mapped or one
    # `is_private` alone also holds of addresses for documentation and benchmarks, which lead anywhere.
    return one.is_loopback or any(one in network for network in _HOUSE if network.version == one.version)


_HOUSE = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)
