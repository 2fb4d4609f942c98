"""Which addresses may be contacted: public ones, and those of the house that the settings name. Resolved once, and then
kept to, so that a name cannot mean another computer between the look and the connection (DNS rebinding)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_TRANSLATING = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))
"""IPv6 networks that lead to IPv4 addresses inside them."""


class NotSent(Exception):
    """Something that did not leave, or was not taken; ``str()`` says why, without naming what was to be sent."""


def pinned(host: str, port: int, allowed: Collection[str]) -> str:
    """The one address to connect to. Raises `NotSent` where the name, or any address it has, may not be contacted."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent("the name of the host cannot be resolved") from error
    addresses = [str(one[4][0]) for one in found]
    for address in addresses:
        if not permitted(address, allowed):
            raise NotSent(
                f"{address} is no public address: name it, or its network, under 'outbound' in collector.yaml"
            )
    if not addresses:
        raise NotSent("the name of the host has no address")
    return addresses[0]


def permitted(text: str, allowed: Collection[str]) -> bool:
    """Whether an address may be contacted."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in ipaddress.ip_network(network) for network in allowed):
        return True
    if any(address in network for network in _TRANSLATING):
        return False
    return address.is_global and not address.is_multicast


def connect(host: str, port: int, allowed: Collection[str], timeout: float) -> socket.socket:
    """A connection to the pinned address. Raises `NotSent`."""
    address = pinned(host, port, allowed)
    try:
        return socket.create_connection((address, port), timeout)
    except OSError as error:
        raise NotSent(f"the host does not answer ({type(error).__name__})") from error
