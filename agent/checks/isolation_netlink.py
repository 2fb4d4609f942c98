"""A small reader of the kernel's own account of its network: links, addresses, routes, neighbours (rtnetlink).

It asks the kernel over a socket that reaches nothing but the kernel; no packet leaves the computer. Written here and
not taken from pyroute2 because that library costs 24 MB of memory and an event loop in a service that may have 60 MB;
what is needed of the protocol (RFC 3549, linux/rtnetlink.h, linux/nl80211.h) is six dumps and one subscription.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_ATTRIBUTE = struct.Struct("=HH")
_IFINFO = struct.Struct("=BxHiII")
_IFADDR = struct.Struct("=BBBBi")
_RTMSG = struct.Struct("=BBBBBBBBI")
_NDMSG = struct.Struct("=BxxxiHBB")

_DONE, _ERROR = 3, 2
_REQUEST, _DUMP, _INTERRUPTED = 0x1, 0x300, 0x10
_GETLINK, _GETADDR, _GETROUTE, _GETNEIGH = 18, 22, 26, 30

_GENERIC = struct.Struct("=BBH")  # command, version, reserved
_NETLINK_GENERIC, _CONTROLLER = 16, 16
_GET_FAMILY, _GET_INTERFACE = 3, 5

GROUPS = (1, 5, 7, 9, 11)
"""What a watch subscribes to: links, IPv4 addresses and routes, IPv6 addresses and routes."""

_SOL_NETLINK, _ADD_MEMBERSHIP = 270, 1
_IFF_UP, _IFF_LOOPBACK, _IFF_LOWER_UP = 0x1, 0x8, 0x10000
_TRIES = 5
_MOST = 200_000
"""Entries read of one table; a computer in an office has a few dozen."""

Attributes = dict[int, bytes]


@dataclass(frozen=True, slots=True)
class Link:
    """One network interface as the kernel knows it."""

    index: int
    name: str
    kind: str
    """``bridge``, ``veth``, ``tun``, ``wireguard`` …; empty for hardware."""
    type: int
    """ARPHRD number (linux/if_arp.h): 1 Ethernet, 512 PPP, 65534 none …"""
    up: bool
    carrier: bool
    loopback: bool
    master: int
    """Index of the bridge or bond it is a port of; 0: none."""
    lower: int
    """Index of the interface it is built upon (VLAN, macvlan); 0: none."""


@dataclass(frozen=True, slots=True)
class LinkAddress:
    """An address of an interface."""

    index: int
    address: Address
    peer: Address | None
    """The far end of a point-to-point interface."""


@dataclass(frozen=True, slots=True)
class RouteEntry:
    """A route by which something may leave: unicast, of any table but the local one."""

    index: int
    network: Network
    gateway: Address | None
    table: int


@dataclass(frozen=True, slots=True)
class NeighbourEntry:
    """Somebody on the same wire who has answered."""

    index: int
    address: Address
    router: bool


def links() -> list[Link]:
    """All interfaces of this thread's network namespace. Raises `OSError`."""
    found = []
    for payload in _dump(_GETLINK, _IFINFO.pack(0, 0, 0, 0, 0)):
        _, kind, index, flags, _ = _IFINFO.unpack_from(payload)
        attributes = _attributes(payload, _IFINFO.size)
        about = _attributes(attributes.get(18, b""), 0)  # IFLA_LINKINFO
        carrier = attributes.get(33)  # IFLA_CARRIER
        elsewhere = 37 in attributes  # IFLA_LINK_NETNSID: what it is built upon is in another namespace
        name_of_kind = _text(about.get(1, b""))
        found.append(
            Link(
                index=index,
                name=_text(attributes.get(3, b"")),
                kind=name_of_kind,
                type=kind,
                up=bool(flags & _IFF_UP),
                carrier=bool(carrier[0]) if carrier else bool(flags & _IFF_LOWER_UP),
                loopback=bool(flags & _IFF_LOOPBACK),
                master=_number(attributes.get(10, b"")),
                lower=0 if elsewhere or name_of_kind == "veth" else _number(attributes.get(5, b"")),
            )
        )
    return found


def addresses() -> list[LinkAddress]:
    """All addresses, IPv4 and IPv6. Raises `OSError`."""
    found = []
    for payload in _dump(_GETADDR, _IFADDR.pack(0, 0, 0, 0, 0)):
        index = _IFADDR.unpack_from(payload)[4]
        attributes = _attributes(payload, _IFADDR.size)
        given, local = _address(attributes.get(1)), _address(attributes.get(2))
        mine = local or given
        if mine is not None:
            found.append(LinkAddress(index, mine, given if local and given != local else None))
    return found


def routes() -> list[RouteEntry]:
    """Unicast routes of all tables but the local one, multipath routes once for each way. Raises `OSError`."""
    found = []
    for payload in _dump(_GETROUTE, _RTMSG.pack(0, 0, 0, 0, 0, 0, 0, 0, 0)):
        family, length, _, _, table, _, _, kind, flags = _RTMSG.unpack_from(payload)
        attributes = _attributes(payload, _RTMSG.size)
        table = _number(attributes.get(15, b"")) or table
        if kind != 1 or table == 255 or flags & 0x200 or family not in (socket.AF_INET, socket.AF_INET6):
            continue  # not unicast; the local table; a cached copy of another route; not IP
        network = _network(family, attributes.get(1), length)
        if network is None:
            continue
        ways = _ways(attributes.get(9, b"")) or [attributes]
        found += [RouteEntry(_number(way.get(4, b"")), network, _gateway(way), table) for way in ways]
    return found


def neighbours() -> list[NeighbourEntry]:
    """Neighbours with a known address on the wire: reachable, stale, delayed, probed. Raises `OSError`."""
    found = []
    for payload in _dump(_GETNEIGH, _NDMSG.pack(0, 0, 0, 0, 0)):
        family, index, state, flags, _ = _NDMSG.unpack_from(payload)
        attributes = _attributes(payload, _NDMSG.size)
        address = _address(attributes.get(1))
        known = state & (0x02 | 0x04 | 0x08 | 0x10) and any(attributes.get(2, b""))
        if family in (socket.AF_INET, socket.AF_INET6) and address is not None and known and not address.is_multicast:
            found.append(NeighbourEntry(index, address, bool(flags & 0x80)))
    return found


def subscribe() -> socket.socket:
    """A socket on which the kernel tells every change of a link, address or route. Raises `OSError`."""
    told = _socket()
    try:
        told.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
        told.connect((0, 0))
        for group in GROUPS:
            told.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)
    except OSError:
        told.close()
        raise
    return told


def wireless_networks() -> dict[str, str]:
    """Interface → name of the wireless network it is in, as nl80211 tells; empty where the kernel has no wireless.

    Raises `OSError`.
    """
    family = generic_family("nl80211")
    if family is None:
        return {}
    return networks_told(_dump(family, _GENERIC.pack(_GET_INTERFACE, 0, 0), _NETLINK_GENERIC))


def networks_told(entries: Iterable[bytes]) -> dict[str, str]:
    """Interface → wireless network, out of the answers of nl80211."""
    told = (_attributes(payload, _GENERIC.size) for payload in entries)
    return {_text(one[4]): _text(one[52]) for one in told if one.get(4) and one.get(52)}  # IFNAME, SSID


def generic_family(name: str) -> int | None:
    """The number the kernel has given to a family of generic netlink; None where it has none. Raises `OSError`."""
    for payload in _dump(_CONTROLLER, _GENERIC.pack(_GET_FAMILY, 1, 0), _NETLINK_GENERIC):
        told = _attributes(payload, _GENERIC.size)
        if _text(told.get(2, b"")) == name and len(told.get(1, b"")) >= 2:
            return int.from_bytes(told[1][:2], sys.byteorder)
    return None


def _socket(protocol: int = 0) -> socket.socket:
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)


def _dump(kind: int, body: bytes, protocol: int = 0) -> Iterator[bytes]:
    """Every entry of one table; once more from the start where the table changed meanwhile."""
    for attempt in range(_TRIES):
        entries: list[bytes] = []
        with _socket(protocol) as asked:
            asked.settimeout(2)
            length = _HEADER.size + len(body)
            asked.sendto(_HEADER.pack(length, kind, _REQUEST | _DUMP, attempt + 1, 0) + body, (0, 0))
            if _collect(asked, entries):
                yield from entries
                return
    yield from entries  # it changes all the time: what the last look gave


def _collect(asked: socket.socket, entries: list[bytes]) -> bool:
    """Read an answer to its end; False where the kernel says that it changed in between."""
    whole = True
    while len(entries) < _MOST:
        for kind, flags, payload in messages(asked.recv(1 << 16)):
            whole = whole and not flags & _INTERRUPTED
            if kind == _DONE:
                return whole
            if kind == _ERROR:
                number = -struct.unpack_from("=i", payload)[0]
                raise OSError(number, "the kernel refuses to list its network state")
            entries.append(payload)
    return whole


def messages(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, flags and payload of each message in one datagram; a damaged tail ends it."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, flags, _, _ = _HEADER.unpack_from(data, at)
        if not _HEADER.size <= length <= len(data) - at:
            return
        yield kind, flags, data[at + _HEADER.size : at + length]
        at += (length + 3) & ~3


def _attributes(data: bytes, at: int) -> Attributes:
    found: Attributes = {}
    while at + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if not _ATTRIBUTE.size <= length <= len(data) - at:
            break
        found[kind & 0x3FFF] = data[at + _ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3
    return found


def _ways(data: bytes) -> list[Attributes]:
    """The next hops of a multipath route (struct rtnexthop: length, flags, hops, index)."""
    found = []
    at = 0
    while at + 8 <= len(data):
        length, _, _, index = struct.unpack_from("=HBBi", data, at)
        if not 8 <= length <= len(data) - at:
            break
        found.append({**_attributes(data[at : at + length], 8), 4: struct.pack("=i", index)})
        at += (length + 3) & ~3
    return found


def _gateway(way: Attributes) -> Address | None:
    via = way.get(18)  # RTA_VIA: an IPv6 gateway of an IPv4 route, led by its family
    return _address(way.get(5)) or (_address(via[2:]) if via else None)


def _network(family: int, given: bytes | None, length: int) -> Network | None:
    if given is None:
        return ipaddress.ip_network("0.0.0.0/0" if family == socket.AF_INET else "::/0")
    address = _address(given)
    return ipaddress.ip_network((address, length), strict=False) if address is not None else None


def _address(given: bytes | None) -> Address | None:
    return ipaddress.ip_address(given) if given and len(given) in (4, 16) else None


def _number(given: bytes) -> int:
    return int(struct.unpack_from("=I", given)[0]) if len(given) >= 4 else 0


def _text(given: bytes) -> str:
    return given.rstrip(b"\0").decode("utf-8", "replace")
