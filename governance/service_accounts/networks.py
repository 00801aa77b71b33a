"""Networks that a key may be used from, as people write them. Only computes."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from governance.errors import InvalidInput
from governance.sentence import sentence

MOST = 50


def checked(given: Iterable[str]) -> list[str]:
    """In their usual form, sorted, each once. A single address is a network of one. Raises InvalidInput naming the wrong one."""
    found: set[str] = set()
    for text in given:
        try:
            network = ip_network(text.strip())
        except ValueError:
            raise InvalidInput(
                sentence(
                    "“%(text)s” is no network. Write addresses such as 203.0.113.7, 10.2.0.0/16 or 2001:db8::/48.",
                    text=text.strip()[:60],
                )
            ) from None
        if network.prefixlen == 0:
            raise InvalidInput("A network of all addresses narrows nothing. Leave the list empty instead.")
        mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
        found.add(
            str(ip_network(f"{mapped}/{network.prefixlen - 96}"))
            if mapped and network.prefixlen >= 96
            else str(network)
        )
    if len(found) > MOST:
        raise InvalidInput(sentence("A key takes %(most)s networks at the most.", most=MOST))
    return sorted(found)


def hold(networks: Iterable[str], address: str) -> bool:
    """Whether one of them holds the address; none holds what is no address."""
    one = read(address)
    return one is not None and any(one in ip_network(network) for network in networks)


def read(address: str) -> IPv4Address | IPv6Address | None:
    """An IPv4 address that a socket of IPv6 gives as ::ffff:a.b.c.d is the IPv4 address that it is."""
    try:
        one = ip_address(address.partition("%")[0])  # a zone says which cable, not who
    except ValueError:
        return None
    return (one.ipv4_mapped or one) if isinstance(one, IPv6Address) else one
