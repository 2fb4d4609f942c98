from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from agent.checks import network

ROUTE_HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"


def tree(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0", ("eth0",)),
        ("eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t0000FFFF\t0\t0\t0", ()),
        ("wg0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0", ("wg0",)),  # 0.0.0.0/1
        ("tun0\t00000080\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0", ("tun0",)),  # 128.0.0.0/1
        ("*\t00000000\t00000000\t0200\t0\t0\t0\t00000000\t0\t0\t0", ()),  # an unreachable default
        ("eth0\tshort", ()),
    ],
)
def test_a_way_out_by_ipv4_is_seen_whole_or_in_halves(tmp_path: Path, line: str, found: tuple[str, ...]) -> None:
    root = tree(tmp_path, {"net/route": ROUTE_HEAD + line + "\n"})
    assert network.default_routes(root) == found


def test_a_way_out_by_ipv6_is_seen_and_the_kernel_s_own_dead_end_is_not(tmp_path: Path) -> None:
    zeros = "0" * 32
    gateway = "fe800000000000000000000000000001"
    rows = [
        f"{zeros} 00 {zeros} 00 {gateway} 00000400 00000001 00000000 00000003     eth0",
        f"{zeros} 00 {zeros} 00 {zeros} ffffffff 00000001 00000000 00200200       lo",
        f"fe80{'0' * 28} 40 {zeros} 00 {zeros} 00000100 00000001 00000000 00000001     eth1",
    ]
    assert network.default_routes(tree(tmp_path, {"net/ipv6_route": "\n".join(rows) + "\n"})) == ("eth0/6",)


def test_a_computer_without_any_network_has_no_routes(tmp_path: Path) -> None:
    assert network.default_routes(tmp_path) == ()


def test_resolvers_are_read_also_behind_a_local_stub(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        {
            "etc/resolv.conf": "# made by\nnameserver 127.0.0.53\noptions edns0\n",
            "run/systemd/resolve/resolv.conf": "nameserver 8.8.8.8\nnameserver fe80::1%eth0\nnameserver rubbish\n",
        },
    )
    assert network.resolvers(root) == (ipaddress.ip_address("8.8.8.8"), ipaddress.ip_address("fe80::1"))


def test_an_address_is_read_without_its_scope_and_out_of_its_wrapping() -> None:
    assert network.address("fe80::1%eth0") == ipaddress.ip_address("fe80::1")
    assert network.address("::ffff:1.2.3.4") == ipaddress.ip_address("1.2.3.4")
    assert network.address("host") is None


def test_this_computer_can_be_looked_at() -> None:
    state = network.observe()
    assert all(interface.name != "lo" for interface in state.interfaces)
