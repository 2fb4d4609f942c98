"""Real topologies in real network namespaces, each with the verdict people must get: nothing more, nothing less."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.checks.isolation_signals import connections, mixing
from agent.settings import IsolationSettings

pytestmark = pytest.mark.root

CLOSED = IsolationSettings(allowed_networks=("10.20.0.0/16", "fd20::/32"))
NOTHING = IsolationSettings()
TUNSETIFF, TUNSETPERSIST = 0x400454CA, 0x400454CB
Build = Callable[[Any], None]


def nothing(machine: Any) -> None:
    pass


def plugged(machine: Any) -> None:
    machine.cable("eth0")


def unplugged(machine: Any) -> None:
    machine.cable("eth0", "192.168.1.2/24", plugged=False)


def switched_off(machine: Any) -> None:
    machine.cable("eth0", "192.168.1.2/24")
    machine.ip("link set eth0 down")


def private(machine: Any) -> None:
    machine.cable("eth0", "192.168.1.2/24")


def link_local(machine: Any) -> None:
    machine.cable("eth0", "169.254.7.7/16")


def office(machine: Any) -> None:
    private(machine)
    machine.ip("route add default via 192.168.1.1")


def in_halves(machine: Any) -> None:
    private(machine)
    machine.ip("route add 0.0.0.0/1 dev eth0", "route add 128.0.0.0/1 dev eth0")


def six_only(machine: Any) -> None:
    machine.cable("eth0", "2400:3200::7/64")
    machine.ip("-6 route add default via fe80::1 dev eth0")


def unique_local(machine: Any) -> None:
    machine.cable("eth0", "fd99::7/64")


def closed(machine: Any) -> None:
    machine.cable("eth0", "10.20.3.4/24", "fd20::4/64")


def closed_with_router(machine: Any) -> None:
    closed(machine)
    machine.ip("route add default via 10.20.3.1", "-6 route add default via fd20::1")


def closed_with_strange_router(machine: Any) -> None:
    closed(machine)
    machine.ip("route add default via 192.168.9.1 dev eth0 onlink")


def closed_with_way_to_internet(machine: Any) -> None:
    closed(machine)
    machine.ip("route add 1.0.0.0/8 dev eth0", "-6 route add 2400::/12 dev eth0")


def closed_and_second_card(machine: Any) -> None:
    closed(machine)
    machine.cable("eth1", "192.168.1.2/24")


def closed_and_bare_cable(machine: Any) -> None:
    closed(machine)
    machine.cable("eth1")


def closed_with_second_address(machine: Any) -> None:
    machine.cable("eth0", "10.20.3.4/24", "192.168.1.2/24")


def behind_policy(machine: Any) -> None:
    private(machine)
    machine.ip("route add default via 192.168.1.1 table 100", "rule add from all lookup 100")


def two_ways_out(machine: Any) -> None:
    private(machine)
    machine.cable("eth1", "172.16.0.2/24")
    machine.ip("route add default nexthop via 192.168.1.1 dev eth0 nexthop via 172.16.0.1 dev eth1")


def dead_ends(machine: Any) -> None:
    machine.ip("route add unreachable default", "-6 route add blackhole default")


def private_and_public(machine: Any) -> None:
    private(machine)
    machine.cable("eth1", "1.2.3.4/24")


def router(machine: Any) -> None:
    private_and_public(machine)
    machine.set("net.ipv4.ip_forward", "1")


def forwarding_nowhere(machine: Any) -> None:
    closed(machine)
    machine.set("net.ipv4.ip_forward", "1")
    machine.set("net.ipv6.conf.all.forwarding", "1")


def bridge(machine: Any) -> None:
    machine.ip("link add br0 type bridge", "link set br0 up", "addr add 10.20.3.4/24 dev br0")
    for name in ("eth0", "eth1"):
        machine.cable(name)
        machine.ip(f"link set {name} master br0")


def bridge_outside(machine: Any) -> None:
    machine.ip("link add br0 type bridge", "link set br0 up", "addr add 192.168.1.2/24 dev br0")
    machine.cable("eth0")
    machine.ip("link set eth0 master br0")


def bridge_without_ports(machine: Any) -> None:
    machine.ip("link add br0 type bridge", "link set br0 up", "addr add 192.168.1.2/24 dev br0")


def second_identity(machine: Any) -> None:
    machine.cable("eth0", "10.20.3.4/24")
    machine.ip("link add link eth0 name mv0 type macvlan", "link set mv0 up", "addr add 192.168.1.2/24 dev mv0")


def closed_over_macvlan(machine: Any) -> None:
    machine.cable("eth0")
    machine.ip("link add link eth0 name mv0 type macvlan", "link set mv0 up", "addr add 10.20.3.4/24 dev mv0")


def leads_nowhere(machine: Any) -> None:
    machine.ip("link add ifb7 type ifb", "link set ifb7 up", "addr add 192.168.1.2/24 dev ifb7")


def overlay(machine: Any) -> None:
    closed(machine)
    machine.ip("link add vx0 type vxlan id 7 dstport 4789 remote 10.20.3.9 local 10.20.3.4", "link set vx0 up")


def tun(machine: Any, persistent: bool = False, flags: int = 0x0001) -> None:
    if not Path("/dev/net/tun").exists():
        pytest.skip("this kernel has no tun devices")

    def open_there() -> int:
        made = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(made, TUNSETIFF, struct.pack("16sH22x", b"tun0", flags))
        return made

    descriptor = machine.do(open_there)
    if persistent:
        fcntl.ioctl(descriptor, TUNSETPERSIST, 1)
        os.close(descriptor)
    else:
        machine.descriptors.append(descriptor)
    machine.ip("link set tun0 up")


def vpn(machine: Any) -> None:
    closed(machine)
    tun(machine)
    machine.ip("addr add 10.99.0.2 peer 10.99.0.1 dev tun0", "route add default dev tun0")


def vpn_with_closed_address(machine: Any) -> None:
    closed(machine)
    tun(machine)
    machine.ip("addr add 10.20.200.2/32 dev tun0")


def vpn_not_running(machine: Any) -> None:
    tun(machine, persistent=True)
    machine.ip("addr add 10.99.0.2/24 dev tun0")


def guest_on_a_bridge(machine: Any) -> None:
    machine.ip("link add br0 type bridge", "link set br0 up", "addr add 10.20.3.4/24 dev br0")
    tun(machine, flags=0x0002)
    machine.ip("link set tun0 master br0")


def stranger_on_the_wire(machine: Any) -> None:
    closed(machine)
    machine.ip("neigh add 192.168.1.1 lladdr 02:00:00:00:00:01 dev eth0 nud reachable")


def router_advertised(machine: Any) -> None:
    machine.cable("eth0")
    machine.ip("neigh add fe80::1 lladdr 02:00:00:00:00:01 dev eth0 router nud reachable")


def datagrams_to_the_internet(machine: Any) -> None:
    closed_with_router(machine)

    def connect() -> int:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.connect(("1.1.1.1", 443))  # sends nothing: a datagram socket only remembers
        return made.detach()

    machine.descriptors.append(machine.do(connect))


TOPOLOGIES: list[tuple[Build, IsolationSettings, set[str], set[str]]] = [
    (nothing, NOTHING, set(), set()),
    (plugged, NOTHING, {"link:eth0"}, set()),
    (unplugged, NOTHING, set(), set()),
    (switched_off, NOTHING, set(), set()),
    (private, NOTHING, {"interface:eth0"}, set()),
    (link_local, NOTHING, {"link:eth0"}, set()),
    (office, NOTHING, {"interface:eth0", "default-route:eth0"}, set()),
    (in_halves, NOTHING, {"interface:eth0", "default-route:eth0"}, set()),
    (six_only, NOTHING, {"interface:eth0", "default-route6:eth0"}, set()),
    (unique_local, NOTHING, {"interface:eth0"}, set()),
    (closed, CLOSED, set(), set()),
    (closed, NOTHING, {"interface:eth0"}, set()),
    (closed_with_router, CLOSED, set(), set()),
    (closed_with_strange_router, CLOSED, {"default-route:eth0"}, set()),
    (closed_with_way_to_internet, CLOSED, {"route:public:eth0", "route6:public:eth0"}, set()),
    (closed_and_second_card, CLOSED, {"interface:eth1"}, {"dual-homed:eth0+eth1"}),
    (closed_and_bare_cable, CLOSED, set(), set()),
    (closed_and_bare_cable, IsolationSettings(allowed_interfaces=("eth0",)), {"link:eth1"}, set()),
    (closed_with_second_address, CLOSED, {"interface:eth0"}, set()),
    (office, IsolationSettings(allowed_interfaces=("eth0",)), set(), set()),
    (behind_policy, NOTHING, {"interface:eth0", "default-route:eth0"}, set()),
    (
        two_ways_out,
        NOTHING,
        {"interface:eth0", "interface:eth1", "default-route:eth0", "default-route:eth1"},
        {"dual-homed:eth0+eth1"},
    ),
    (dead_ends, NOTHING, set(), set()),
    (private_and_public, NOTHING, {"interface:eth0", "interface:eth1"}, {"dual-homed:eth0+eth1"}),
    (
        router,
        NOTHING,
        {"interface:eth0", "interface:eth1"},
        {"dual-homed:eth0+eth1", "forwarding:ipv4"},
    ),
    (forwarding_nowhere, CLOSED, set(), set()),
    (bridge, CLOSED, set(), {"bridge:br0"}),
    (bridge, IsolationSettings(allowed_interfaces=("br0",)), set(), set()),
    (bridge_outside, NOTHING, {"interface:br0", "link:eth0"}, set()),
    (bridge_without_ports, NOTHING, set(), set()),
    (second_identity, CLOSED, {"interface:mv0"}, {"dual-homed:eth0+mv0"}),
    (closed_over_macvlan, CLOSED, set(), set()),
    (leads_nowhere, NOTHING, set(), set()),
    (overlay, CLOSED, {"tunnel:vx0"}, set()),
    (vpn, CLOSED, {"tunnel:tun0", "interface:tun0", "default-route:tun0"}, {"dual-homed:eth0+tun0"}),
    (vpn_with_closed_address, CLOSED, {"tunnel:tun0"}, {"dual-homed:eth0+tun0"}),
    (vpn_not_running, NOTHING, set(), set()),
    (guest_on_a_bridge, CLOSED, set(), set()),
    (stranger_on_the_wire, CLOSED, {"neighbour:eth0"}, set()),
    (router_advertised, NOTHING, {"link:eth0", "router6:eth0"}, set()),
    (datagrams_to_the_internet, CLOSED, {"peer:public:"}, set()),
]


@pytest.mark.parametrize(
    ("build", "settings", "outside", "mixed"),
    TOPOLOGIES,
    ids=[f"{number}-{build.__name__}" for number, (build, *_) in enumerate(TOPOLOGIES, 1)],
)
def test_each_topology_has_its_verdict(
    machine: Any, build: Build, settings: IsolationSettings, outside: set[str], mixed: set[str]
) -> None:
    build(machine)
    state = machine.see()
    seen = {
        signal if not signal.startswith("peer:") else signal.rpartition(":")[0] + ":"
        for signal in connections(state, settings)
    }
    assert seen == outside
    assert set(mixing(state, settings)) == mixed
