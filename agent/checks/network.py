"""What this computer's network looks like, read passively: interfaces, default routes, resolvers, sockets.

Nothing is sent: interfaces and sockets come from psutil, routes and resolvers from ``/proc/net`` and ``/etc``. All of
it is of the network namespace the process is in.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_UP, _REJECT = 0x1, 0x200
"""Flags of a route (RTF_UP, RTF_REJECT of linux/route.h)."""
RESOLVER_FILES = ("etc/resolv.conf", "run/systemd/resolve/resolv.conf")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface that is up and has a carrier, with its addresses (without their scope)."""

    name: str
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Peer:
    """The far end of an established connection, and the process that holds it (empty where we may not know)."""

    address: Address
    process: str


@dataclass(frozen=True, slots=True)
class NetworkState:
    """All of it at one moment."""

    interfaces: tuple[Interface, ...] = ()
    default_routes: tuple[str, ...] = ()
    """Interfaces with a default route, IPv4 as ``eth0``, IPv6 as ``eth0/6``."""
    resolvers: tuple[Address, ...] = ()
    peers: tuple[Peer, ...] = ()


def observe(root: Path = Path("/")) -> NetworkState:
    """Look once. ``root`` is where ``proc`` and ``etc`` lie. Raises `OSError` where the system does not let us."""
    return NetworkState(
        interfaces=interfaces(),
        default_routes=default_routes(root / "proc"),
        resolvers=resolvers(root),
        peers=peers(),
    )


def interfaces() -> tuple[Interface, ...]:
    """Interfaces but loopback that are up with a carrier, sorted by name."""
    states = psutil.net_if_stats()
    found = []
    for name, addresses in psutil.net_if_addrs().items():
        state = states.get(name)
        if state is None or not state.isup or name == "lo" or "loopback" in getattr(state, "flags", ""):
            continue
        if state.flags and "running" not in state.flags:  # up, but no cable in it
            continue
        mine = [address(entry.address) for entry in addresses if entry.family in (socket.AF_INET, socket.AF_INET6)]
        found.append(Interface(name, tuple(one for one in mine if one is not None)))
    return tuple(sorted(found, key=lambda interface: interface.name))


def default_routes(proc: Path = Path("/proc")) -> tuple[str, ...]:
    """Interfaces through which everything may leave, sorted.

    A half of the address space counts like the whole: ``0.0.0.0/1`` is how tunnels hide a default route.
    """
    found = set()
    for line in _lines(proc / "net/route")[1:]:
        fields = line.split()  # Iface Destination Gateway Flags RefCnt Use Metric Mask …
        if len(fields) >= 8 and _is_live(fields[3]) and int(fields[7], 16).bit_count() <= 1:
            found.add(fields[0])
    for line in _lines(proc / "net/ipv6_route"):
        fields = line.split()  # destination prefix source prefix next-hop metric refcnt use flags device
        if len(fields) >= 10 and _is_live(fields[8]) and int(fields[1], 16) <= 1 and fields[9] != "lo":
            found.add(fields[9] + "/6")
    return tuple(sorted(found))


def resolvers(root: Path = Path("/")) -> tuple[Address, ...]:
    """Name servers, a local stub's own included, loopback left out."""
    found = set()
    for name in RESOLVER_FILES:
        for line in _lines(root / name):
            words = line.split()
            if len(words) >= 2 and words[0] == "nameserver":
                server = address(words[1])
                if server is not None and not server.is_loopback:
                    found.add(server)
    return tuple(sorted(found, key=str))


def peers() -> tuple[Peer, ...]:
    """Far ends of established TCP connections and connected UDP sockets, loopback left out."""
    names: dict[int, str] = {}
    found = set()
    for connection in psutil.net_connections(kind="inet"):
        if not connection.raddr or connection.status not in (psutil.CONN_ESTABLISHED, psutil.CONN_NONE):
            continue
        far = address(connection.raddr.ip)
        if far is None or far.is_loopback:
            continue
        pid = connection.pid or 0
        if pid not in names:
            names[pid] = _process_name(pid)
        found.add(Peer(far, names[pid]))
    return tuple(sorted(found, key=lambda peer: (str(peer.address), peer.process)))


def address(text: str) -> Address | None:
    """An address without its scope; an IPv4 address mapped into IPv6 as what it is. None where it is none."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found


def _process_name(pid: int) -> str:
    try:
        return psutil.Process(pid).name() if pid else ""
    except psutil.Error:
        return ""


def _is_live(flags: str) -> bool:
    value = int(flags, 16)
    return bool(value & _UP) and not value & _REJECT


def _lines(path: Path) -> list[str]:
    """Lines of a file; none where there is no such file (a computer without IPv6 has no table for it)."""
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
