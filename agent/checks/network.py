"""What this computer's network looks like at one moment, read passively. Nothing is sent.

Interfaces, routes and neighbours come from the kernel (`isolation_netlink`), sockets from ``/proc/net``, resolvers and
proxies from files, and the same for every other network namespace there is, so that a container or a hidden namespace
is no way round.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from agent.checks import isolation_netlink as netlink
from agent.checks.isolation_namespaces import others
from agent.checks.isolation_proxies import Proxy, proxies
from agent.checks.isolation_sockets import Peer, peers
from agent.checks.isolation_sysfs import medium_of, ssid
from agent.checks.tree import Tree, Unreadable

Address = netlink.Address
Network = netlink.Network

RESOLVER_FILES = (
    "etc/resolv.conf",
    "run/systemd/resolve/resolv.conf",
    "run/NetworkManager/resolv.conf",
    "run/NetworkManager/no-stub-resolv.conf",
)
PROXIES_SECONDS = 30.0
"""For how long what is known of proxies stands."""
LOCAL_KINDS = {"dummy", "ifb", "nlmon", "vcan", "vxcan", "netdevsim"}
"""Interfaces that lead nowhere."""
GATHERING_KINDS = {"bridge", "bond", "team", "vrf", "openvswitch", "hsr"}
"""Interfaces whose wire is that of their ports."""
TUNNEL_KINDS = {
    *("tun", "wireguard", "ipip", "gre", "gretap", "erspan", "sit", "ip6tnl", "ip6gre", "ip6gretap", "vxlan", "geneve"),
    *("l2tp", "ppp", "pptp", "vti", "vti6", "xfrm", "ovpn", "ovpn-dco", "gtp", "bareudp", "amneziawg"),
}
LOCAL_TYPES = {280, 824}
"""ARPHRD numbers of what is no computer network: CAN, the monitor of netlink."""
TUNNEL_TYPES = {512, 768, 769, 776, 778, 823}
"""ARPHRD numbers: PPP, IPIP, IPv6 tunnel, SIT, GRE, GRE over IPv6. 65534 (no link layer) is a tunnel too if no wwan."""


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface that is up and has a carrier, with its addresses (without their scope)."""

    name: str
    addresses: tuple[Address, ...] = ()
    medium: str = "wired"
    """``wired``, ``wireless``, ``cellular``, ``bluetooth``, ``usb-link``, ``tunnel``, ``gathering``, ``local``."""
    ssid: str = ""
    """Name of the wireless network it is in; empty where there is none or it cannot be known."""
    master: str = ""
    """The bridge or bond it is a port of."""
    lower: str = ""
    """The interface it is built upon."""


@dataclass(frozen=True, slots=True)
class Route:
    """A way by which packets may leave."""

    interface: str
    network: Network
    gateway: Address | None = None

    @property
    def is_default(self) -> bool:
        """Whether it leads everywhere. Half of the address space counts: that is how tunnels hide a default route."""
        return self.network.prefixlen <= 1


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Somebody on the same wire who answered."""

    interface: str
    address: Address
    router: bool = False


@dataclass(frozen=True, slots=True)
class NetworkState:
    """All of it at one moment."""

    interfaces: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    resolvers: tuple[Address, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    peers: tuple[Peer, ...] = ()
    forwarding: tuple[str, ...] = ()
    """``ipv4``, ``ipv6``: the computer passes packets on between its interfaces."""
    namespaces: tuple[tuple[str, NetworkState], ...] = ()
    """Other network namespaces that hold more than nothing, each with a name."""
    unseen: int = 0
    """Other network namespaces that could not be looked into."""
    whole: bool = False
    """Whether other namespaces were looked for at all; False: this speaks for one namespace alone."""


class Observer:
    """Looks again and again. Proxies take long to find and change seldom: they are looked for once in a while."""

    def __init__(self, tree: Tree | None = None) -> None:
        self._tree = tree or Tree()
        self._proxies: tuple[Proxy, ...] = ()
        self._known_until = 0.0

    def look(self) -> NetworkState:
        """The state of the running system. Raises `OSError` where the system forbids it."""
        mine = observe_here()
        found = others(observe_here)
        elsewhere, unseen = found or ([], 0)
        return replace(
            mine,
            resolvers=resolvers(self._tree),
            proxies=self._set_proxies() if mine.interfaces else (),  # alone they lead nowhere
            namespaces=tuple((name, state) for name, state in elsewhere if state.interfaces or state.peers),
            unseen=unseen,
            whole=found is not None,
        )

    def _set_proxies(self) -> tuple[Proxy, ...]:
        if time.monotonic() >= self._known_until:
            self._proxies = proxies(self._tree)
            self._known_until = time.monotonic() + PROXIES_SECONDS
        return self._proxies


def observe(tree: Tree | None = None) -> NetworkState:
    """Look once at the running system. Raises `OSError` where the system forbids it."""
    return Observer(tree).look()


def observe_here() -> NetworkState:
    """Look at the network namespace of this thread only, and at nothing that is kept in files."""
    links = [link for link in netlink.links() if not link.loopback]
    names = {link.index: link.name for link in links}
    found = interfaces(links, names)
    live = {interface.name for interface in found}
    near = [one for one in netlink.neighbours() if names.get(one.index) in live]
    return NetworkState(
        interfaces=found,
        routes=routes(names, live),
        neighbours=tuple(Neighbour(names[one.index], one.address, one.router) for one in near),
        peers=peers() if found else (),  # without an interface there is nobody to reach
        forwarding=forwarding(),
    )


def interfaces(links: Collection[netlink.Link], names: dict[int, str], root: Path = Path("/")) -> tuple[Interface, ...]:
    """Interfaces but loopback that are up with a carrier, sorted by name."""
    mine: dict[int, list[Address]] = {}
    for one in netlink.addresses():
        mine.setdefault(one.index, []).append(_plain(one.address))
    found = []
    joined: dict[str, str] | None = None
    for link in links:
        if link.up and link.carrier:
            medium = _medium(link, root)
            if medium == "wireless" and joined is None:
                joined = _joined()
            found.append(
                Interface(
                    name=link.name,
                    addresses=tuple(mine.get(link.index, ())),
                    medium=medium,
                    ssid=(joined or {}).get(link.name) or (ssid(link.name) if medium == "wireless" else ""),
                    master=names.get(link.master, ""),
                    lower=names.get(link.lower, ""),
                )
            )
    wired = {one.master for one in found}
    found = [
        replace(one, medium="local") if one.medium == "gathering" and one.name not in wired else one for one in found
    ]  # a bridge without a live port leads nowhere, although the kernel may call it running
    return tuple(sorted(found, key=lambda interface: interface.name))


def _joined() -> dict[str, str]:
    """Interface → wireless network; empty where the kernel does not say, then the wireless extensions are asked."""
    try:
        return netlink.wireless_networks()
    except OSError:
        return {}


def routes(names: dict[int, str], live: Collection[str]) -> tuple[Route, ...]:
    """Routes through interfaces that are live, sorted."""
    found = {
        Route(names[one.index], one.network, one.gateway)
        for one in netlink.routes()
        if names.get(one.index) in live and not one.network.is_multicast
    }
    return tuple(sorted(found, key=lambda route: (route.interface, str(route.network), str(route.gateway))))


def _medium(link: netlink.Link, root: Path) -> str:
    if link.kind in LOCAL_KINDS or link.type in LOCAL_TYPES:
        return "local"
    if link.kind == "tun" and link.type == 1 and link.master:
        return "wired"  # the card of a guest on a bridge: judged like any other port of it
    if link.kind in GATHERING_KINDS:
        return "gathering"
    if link.kind in TUNNEL_KINDS or link.type in TUNNEL_TYPES:
        return "tunnel"
    seen = medium_of(link.name, root)
    return "tunnel" if seen == "wired" and link.type == 65534 else seen


def forwarding(sys: Path = Path("/proc/sys")) -> tuple[str, ...]:
    """The families of addresses whose packets this computer passes on."""
    found = []
    for family, name in (("ipv4", "net/ipv4/ip_forward"), ("ipv6", "net/ipv6/conf/all/forwarding")):
        try:
            if (sys / name).read_text("ascii", "replace").strip() not in ("", "0"):
                found.append(family)
        except FileNotFoundError:  # a kernel without this family
            continue
    return tuple(found)


def resolvers(tree: Tree) -> tuple[Address, ...]:
    """Name servers, those behind a local stub included, loopback left out."""
    found = set()
    for name in RESOLVER_FILES:
        try:
            lines = (tree.read(name, 1 << 16) or "").splitlines()
        except Unreadable:
            continue  # told only beside other signals, so that its absence hides no connection
        for line in lines:
            words = line.split()
            if len(words) >= 2 and words[0] == "nameserver":
                server = address(words[1])
                if server is not None and not server.is_loopback:
                    found.add(server)
    return tuple(sorted(found, key=str))


def address(text: str) -> Address | None:
    """An address without its scope; an IPv4 address mapped into IPv6 as what it is. None where it is none."""
    try:
        return _plain(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return None


def _plain(found: Address) -> Address:
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found
