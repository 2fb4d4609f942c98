"""What in the state of a network breaks the rules of isolation, as sorted, stable words without addresses.

Networks the computer may use are named in its settings: prefixes, interfaces, names of wireless networks. Everything
else is outside. Words of NET-03 (no connection to the outside)::

    interface:eth0            up, with a carrier and an address outside what is named
    link:eth0                 a cable with somebody at its other end, no address yet
    wireless:wlan0            joined to a wireless network that is not named
    cellular:wwan0  bluetooth:bnep0  usb-link:usb0
                              a telephone, modem or adapter gives a network
    tunnel:tun0               a tunnel (VPN) is open
    default-route:eth0        everything may leave through it (default-route6:… for IPv6)
    route:public:eth0         part of the internet may be reached through it (route6:…)
    neighbour:eth0            somebody outside has answered on the wire (router6:…: an IPv6 router speaks there)
    peer:public:firefox       an established connection to a public address, and the process that holds it
    peer:outside:ssh          the same to any other address that is not named
    resolver:public  proxy:public:apt
                              told only beside a live interface: alone they connect to nothing
    namespace:NAME:…          the same in another network namespace of this computer

Words of NET-02 (networks stay apart)::

    dual-homed:eth0+wlan0     live in two zones at once
    forwarding:ipv4           packets are passed on between live interfaces
    bridge:br0                two wires are joined into one
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator

from agent.checks.isolation_proxies import distance
from agent.checks.network import Address, Interface, Network, NetworkState, Route
from agent.settings import IsolationSettings

_ODD = re.compile(r"[^A-Za-z0-9_.@+-]")
_RADIO = ("wireless", "cellular", "bluetooth", "usb-link", "tunnel")
_NOWHERE = ("local", "gathering")


class Zones:
    """What is inside, given the settings: the one place where this is decided."""

    def __init__(self, settings: IsolationSettings) -> None:
        self._networks = [ipaddress.ip_network(prefix) for prefix in settings.allowed_networks]
        self._interfaces = frozenset(settings.allowed_interfaces)
        self._wireless = frozenset(settings.allowed_ssids)

    def holds(self, address: Address) -> bool:
        """Whether an address is of this computer or of a named network."""
        return address.is_loopback or any(address in network for network in self._networks)

    def covers(self, network: Network) -> bool:
        """Whether all of a network lies within the named ones."""
        return any(network.network_address in mine and network.prefixlen >= mine.prefixlen for mine in self._networks)

    def names(self, interface: Interface) -> bool:
        """Whether the interface, or the wireless network it is in, is named."""
        return interface.name in self._interfaces or bool(interface.ssid and interface.ssid in self._wireless)

    def outside(self, interface: Interface) -> list[Address]:
        """Its addresses that are outside; those that reach no further than the wire are left out."""
        return [one for one in interface.addresses if not (self.holds(one) or one.is_link_local)]

    def inside(self, interface: Interface) -> bool:
        """Whether it is one the computer may use: named, or in named networks only."""
        if self.names(interface):
            return True
        usable = [one for one in interface.addresses if not one.is_link_local]
        return bool(usable) and all(self.holds(one) for one in usable) and interface.medium not in _RADIO

    @property
    def knows_wires(self) -> bool:
        """Whether a wire without an address is known to be outside: not where it may be the closed network's."""
        return not self._networks or bool(self._interfaces)


def connections(state: NetworkState, settings: IsolationSettings) -> tuple[str, ...]:
    """What is a connection to the outside (NET-03); empty where nothing is."""
    zones = Zones(settings)
    found = set(_of_interfaces(state, zones)) | set(_of_routes(state, zones)) | set(_of_others(state, zones))
    found |= {
        f"namespace:{word(name)}:{one}" for name, inner in state.namespaces for one in connections(inner, settings)
    }
    if found or live(state):
        if any(is_public(server) and not zones.holds(server) for server in state.resolvers):
            found.add("resolver:public")
        found |= {f"proxy:{far}:{proxy.source}" for proxy in state.proxies if (far := _far(proxy.host, zones))}
    return tuple(sorted(found))


def mixing(state: NetworkState, settings: IsolationSettings) -> tuple[str, ...]:
    """Where networks that must stay apart are joined (NET-02); empty where they are not."""
    zones = Zones(settings)
    active = [one for one in state.interfaces if one.medium not in _NOWHERE or zones.outside(one)]
    reaching = [one for one in active if any(not address.is_link_local for address in one.addresses)]
    found = set()
    by_zone: dict[str, list[str]] = {}
    for interface in reaching:
        by_zone.setdefault(_zone(interface, zones), []).append(word(interface.name))
    if len(by_zone) > 1:
        found.add("dual-homed:" + "+".join(sorted(min(names) for names in by_zone.values())))
    ways = {route.interface for route in state.routes if route.is_default and route.network.prefixlen == 0}
    unnamed = {one.name for one in state.interfaces if not zones.names(one)}
    if len(ways) > 1 and ways & unnamed:
        found.add("dual-homed:" + "+".join(sorted(word(name) for name in ways)))
    if len(reaching) > 1 and not all(zones.inside(one) for one in reaching):
        found |= {f"forwarding:{family}" for family in state.forwarding}
    for bridge in (one for one in state.interfaces if one.medium == "gathering"):
        ports = [one for one in state.interfaces if one.master == bridge.name]
        if len(ports) > 1 and not zones.names(bridge) and sum(not zones.names(port) for port in ports) > 0:
            found.add(f"bridge:{word(bridge.name)}")
    return tuple(sorted(found))


def live(state: NetworkState) -> bool:
    """Whether anything is connected to anything."""
    return any(one.medium not in _NOWHERE for one in state.interfaces)


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet's."""
    return address.is_global and not address.is_multicast


def word(name: str) -> str:
    """A name of an interface or process made fit for a signal: short, and of plain characters."""
    return _ODD.sub("_", name)[:32]


def _of_interfaces(state: NetworkState, zones: Zones) -> Iterator[str]:
    above = _serving(state.interfaces)
    for interface in state.interfaces:
        if zones.names(interface) or interface.medium == "local":
            continue
        name = word(interface.name)
        if zones.outside(interface):
            yield f"interface:{name}"
        if interface.medium in _RADIO:
            yield f"{interface.medium}:{name}"
        elif interface.medium == "wired" and zones.knows_wires and not zones.inside(interface):
            serves = above.get(interface.name, [])
            bare = all(one.is_link_local for one in interface.addresses)
            if bare and not any(zones.inside(one) for one in serves):
                yield f"link:{name}"


def _serving(interfaces: Iterable[Interface]) -> dict[str, list[Interface]]:
    """Interface → what is built upon it: the bridge it is a port of, its VLANs."""
    found: dict[str, list[Interface]] = {}
    by_name = {one.name: one for one in interfaces}
    for one in by_name.values():
        if one.lower:
            found.setdefault(one.lower, []).append(one)
        if one.master in by_name:
            found.setdefault(one.name, []).append(by_name[one.master])
    return found


def _of_routes(state: NetworkState, zones: Zones) -> Iterator[str]:
    by_name = {one.name: one for one in state.interfaces}
    for route in state.routes:
        interface = by_name.get(route.interface)
        if interface is None or interface.medium == "local" or zones.names(interface) or _stays_inside(route, zones):
            continue
        six = "6" if route.network.version == 6 else ""
        if route.is_default:
            yield f"default-route{six}:{word(route.interface)}"
        elif (
            is_public(route.network.network_address)
            and not zones.covers(route.network)
            and not any(one in route.network for one in interface.addresses)  # its own wire: told as interface
        ):
            yield f"route{six}:public:{word(route.interface)}"


def _stays_inside(route: Route, zones: Zones) -> bool:
    """Whether the next hop is a router of a named network; what lies beyond it, no passive look can tell."""
    return route.gateway is not None and zones.holds(route.gateway)


def _of_others(state: NetworkState, zones: Zones) -> Iterator[str]:
    """Neighbours and peers."""
    by_name = {one.name: one for one in state.interfaces}
    owned = {address: one for one in state.interfaces for address in one.addresses}
    for near in state.neighbours:
        interface = by_name.get(near.interface)
        if interface is None or zones.names(interface) or zones.holds(near.address) or interface.medium == "local":
            continue
        if not near.address.is_link_local:
            yield f"neighbour:{word(near.interface)}"
        elif near.router and not zones.inside(interface):
            yield f"router6:{word(near.interface)}"
    for peer in state.peers:
        holder = word(peer.process) or "unknown"
        if zones.holds(peer.address) or peer.address.is_link_local:
            continue
        through = owned.get(peer.local) if peer.local else None
        if is_public(peer.address):
            yield f"peer:public:{holder}"
        elif through is None or not zones.inside(through):
            yield f"peer:outside:{holder}"


def _far(host: str, zones: Zones) -> str:
    """How far away a proxy is where that matters; empty where it is named or of this computer."""
    far = distance(host)
    if far in ("private", "public") and zones.holds(ipaddress.ip_address(host)):
        return ""
    return "" if far == "local" else far


def _zone(interface: Interface, zones: Zones) -> str:
    if zones.inside(interface):
        return "inside"
    return "public" if any(is_public(one) for one in interface.addresses) else "private"
