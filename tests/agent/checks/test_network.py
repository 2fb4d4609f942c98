from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.checks import isolation_netlink, network
from agent.checks.isolation_proxies import Proxy, distance, proxies
from agent.checks.isolation_sockets import peers
from agent.checks.isolation_sysfs import medium_of
from agent.checks.tree import Tree

ip = ipaddress.ip_address


Plant = Callable[[dict[str, str]], Path]


def test_resolvers_are_read_also_behind_a_local_stub(plant: Plant) -> None:
    root = plant(
        {
            "etc/resolv.conf": "# made by\nnameserver 127.0.0.53\noptions edns0\n",
            "run/systemd/resolve/resolv.conf": "nameserver 8.8.8.8\nnameserver fe80::1%eth0\nnameserver rubbish\n",
        },
    )
    assert network.resolvers(Tree(root)) == (ip("8.8.8.8"), ip("fe80::1"))


def test_an_address_is_read_without_its_scope_and_out_of_its_wrapping() -> None:
    assert network.address("fe80::1%eth0") == ip("fe80::1")
    assert network.address("::ffff:1.2.3.4") == ip("1.2.3.4")
    assert network.address("host") is None


def test_this_computer_can_be_looked_at() -> None:
    state = network.observe()
    assert all(interface.name != "lo" for interface in state.interfaces)
    assert {route.interface for route in state.routes} <= {interface.name for interface in state.interfaces}


def test_a_damaged_answer_of_the_kernel_ends_at_the_damage() -> None:
    assert list(isolation_netlink.messages(b"")) == []
    assert list(isolation_netlink.messages(b"\x08" + bytes(15))) == []  # shorter than its own header
    whole = b"\x14\0\0\0\x03\0\0\0" + bytes(12)
    assert [kind for kind, _, _ in isolation_netlink.messages(whole + b"\xff\0\0\0" + bytes(12))] == [3]


@pytest.mark.parametrize(
    ("about", "driver", "medium"),
    [
        ("DEVTYPE=wlan\nINTERFACE=x0\n", "iwlwifi", "wireless"),
        ("DEVTYPE=wwan\n", "cdc_mbim", "cellular"),
        ("INTERFACE=x0\n", "qmi_wwan", "cellular"),
        ("INTERFACE=x0\n", "rndis_host", "usb-link"),
        ("INTERFACE=x0\n", "ipheth", "usb-link"),
        ("DEVTYPE=bluetooth\n", "", "bluetooth"),
        ("INTERFACE=x0\n", "e1000e", "wired"),
        ("", "", "wired"),
    ],
)
def test_the_wire_is_known_by_type_and_driver(plant: Plant, about: str, driver: str, medium: str) -> None:
    root = plant({"sys/class/net/x0/uevent": about})
    folder = root / "sys/class/net/x0"
    if driver:
        (folder / "device").mkdir()
        (folder / "device/driver").symlink_to(f"../../../../bus/usb/drivers/{driver}")
    assert medium_of("x0", root) == medium


@pytest.mark.parametrize(
    ("kind", "arp", "medium"),
    [
        ("wireguard", 65534, "tunnel"),
        ("ipip", 768, "tunnel"),
        ("gre", 778, "tunnel"),
        ("sit", 776, "tunnel"),
        ("ip6tnl", 769, "tunnel"),
        ("", 512, "tunnel"),  # PPP
        ("", 65534, "tunnel"),  # a virtual card without a link layer
        ("geneve", 1, "tunnel"),
        ("bridge", 1, "local"),  # without a port it leads nowhere
        ("dummy", 1, "local"),
        ("tun", 1, "tunnel"),
        ("", 280, "local"),  # CAN
        ("veth", 1, "wired"),
        ("vlan", 1, "wired"),
        ("", 1, "wired"),
    ],
)
def test_tunnels_are_known_by_their_kind_and_by_their_type(kind: str, arp: int, medium: str, tmp_path: Path) -> None:
    link = isolation_netlink.Link(7, "x0", kind, arp, up=True, carrier=True, loopback=False, master=0, lower=0)
    (found,) = network.interfaces([link], {7: "x0"}, tmp_path)
    assert found.medium == medium


def test_proxies_are_found_wherever_they_are_set_and_told_without_a_password(plant: Plant) -> None:
    root = plant(
        {
            "etc/environment": "PATH=/usr/bin\nhttp_proxy=http://user:secret@203.0.113.9:8080/\n#https_proxy=http://no:1\n",
            "etc/profile.d/office.sh": "export https_proxy=http://10.20.0.8:3128 no_proxy=localhost\n",
            "etc/apt/apt.conf.d/80proxy": 'Acquire::http::Proxy "http://proxy.office:3142";\n',
            "etc/dnf/dnf.conf": "[main]\ngpgcheck=1\nproxy=http://[2400:3200::1]:3128\n",
            "etc/yum.repos.d/local.repo": "[local]\nproxy=_none_\n",
            "home/li/.config/kioslaverc": "[Proxy Settings]\nhttpProxy=http://127.0.0.1 1080\n",
            "home/wang/.gitconfig": "[http]\n\tproxy = socks5://198.51.100.7:1080\n",
        },
    )
    assert proxies(Tree(root)) == (
        Proxy("apt", "proxy.office"),
        Proxy("desktop", "127.0.0.1"),
        Proxy("dnf", "2400:3200::1"),
        Proxy("environment", "203.0.113.9"),
        Proxy("profile", "10.20.0.8"),
        Proxy("tools", "198.51.100.7"),
    )


def test_how_far_away_a_proxy_is() -> None:
    hosts = ("localhost", "127.0.0.1", "::1", "10.0.0.1", "8.8.8.8", "proxy.office")
    assert [distance(host) for host in hosts] == ["local", "local", "local", "private", "public", "named"]


@pytest.mark.root
def test_a_connection_is_told_with_the_process_that_holds_it(machine: Any) -> None:
    machine.cable("eth0", "10.20.3.4/24")
    machine.ip("route add default via 10.20.3.1")

    def connect() -> int:
        made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        made.connect(("::ffff:1.1.1.1", 443))  # a datagram socket only remembers: nothing is sent
        return made.detach()

    machine.descriptors.append(machine.do(connect))
    (peer,) = machine.do(peers)
    assert (peer.address, peer.local) == (ip("1.1.1.1"), ip("10.20.3.4"))
    assert peer.process == Path("/proc/self/comm").read_text().strip()


def test_families_of_generic_netlink_are_found_by_name() -> None:
    assert isolation_netlink.generic_family("nlctrl") == 16  # the kernel's own register of families
    assert isolation_netlink.generic_family("no-such-family") is None
    assert all(name and network for name, network in isolation_netlink.wireless_networks().items())


def test_the_wireless_network_of_each_interface_is_read_from_what_nl80211_answers() -> None:
    def answer(*attributes: tuple[int, bytes]) -> bytes:
        told = b"".join(
            struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4) for kind, value in attributes
        )
        return struct.pack("=BBH", 7, 1, 0) + told

    joined = answer((3, b"\3\0\0\0"), (4, b"wlan0\0"), (52, "办公网".encode()))
    idle = answer((3, b"\4\0\0\0"), (4, b"wlan1\0"))
    assert isolation_netlink.networks_told([joined, idle, b"\7\1\0\0\xff\xff"]) == {"wlan0": "办公网"}
