"""Where the collector may connect to: nothing inside the house, unless the settings name it."""

from __future__ import annotations

import socket

import pytest

from server.outbound.addresses import NotSent, connect, permitted, pinned


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.8", "192.168.1.1", "172.16.5.5", "169.254.169.254", "100.64.0.1", "0.0.0.1",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::5", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_no_address_of_the_house_is_contacted_unless_it_is_named(address: str) -> None:
    assert not permitted(address, ())


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_a_public_address_may_be_contacted(address: str) -> None:
    assert permitted(address, ())


def test_what_the_settings_name_may_be_contacted_and_its_neighbour_may_not() -> None:
    assert permitted("10.1.2.3", ("10.1.2.0/24",))
    assert permitted("::ffff:10.1.2.3", ("10.1.2.3",))
    assert not permitted("10.1.3.3", ("10.1.2.0/24",))


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::1]", "no.such.invalid"]
)
def test_other_spellings_of_this_computer_lead_nowhere(host: str) -> None:
    with pytest.raises(NotSent):
        pinned(host, 80, ())


def test_a_name_of_which_one_address_is_forbidden_is_not_contacted_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(*_told: object, **_more: object) -> list[object]:
        return [(2, 1, 6, "", ("8.8.8.8", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", both)  # what an attacker's name server would say
    with pytest.raises(NotSent, match=r"10\.0\.0\.1"):
        pinned("evil.example", 80, ())


def test_a_host_that_does_not_answer_is_told_as_such() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(NotSent, match="does not answer"):
        connect("127.0.0.1", port, ("127.0.0.1",), 5)
