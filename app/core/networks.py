"""Networks of the internet as text, and which of them an address lies in."""

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def read_network(text: str) -> Network:
    """A network such as 10.0.0.0/8, or one address. Raises ValueError, also for bits behind the prefix."""
    return ipaddress.ip_network(text.strip())


def is_within(address: str, networks: Iterable[Network]) -> bool:
    """Whether the address lies in one of them; an IPv4 address written as IPv6 is that IPv4 address. False for anything
    that is no address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks)
