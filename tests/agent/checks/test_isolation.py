from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest

from agent.checks import isolation_talk
from agent.checks.base import CheckResult
from agent.checks.isolation import Episode, IsolationCheck
from agent.checks.isolation_proxies import Proxy
from agent.checks.isolation_signals import connections, is_public
from agent.checks.isolation_sockets import Peer
from agent.checks.network import Interface, NetworkState, Route
from agent.settings import IsolationSettings
from protocol.records import CheckOutcome, ComputerClass, NetworkEvidence, Severity

NOTHING = IsolationSettings()
ip = ipaddress.ip_address
net = ipaddress.ip_network
CONFIDENTIAL = ComputerClass.CONFIDENTIAL
ETH0 = Interface("eth0", (ip("192.168.1.2"),))
WAY_OUT = NetworkState(interfaces=(ETH0,), routes=(Route("eth0", net("0.0.0.0/0"), ip("192.168.1.1")),))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (NetworkState(), ()),
        (NetworkState(interfaces=(Interface("eth0"),)), ("link:eth0",)),
        (NetworkState(interfaces=(Interface("wlan0", medium="wireless"),)), ("wireless:wlan0",)),
        (NetworkState(interfaces=(Interface("usb0", medium="usb-link"),)), ("usb-link:usb0",)),
        (NetworkState(interfaces=(Interface("wwan0", medium="cellular"),)), ("cellular:wwan0",)),
        (NetworkState(interfaces=(Interface("bnep0", medium="bluetooth"),)), ("bluetooth:bnep0",)),
        (WAY_OUT, ("default-route:eth0", "interface:eth0")),
        (NetworkState(peers=(Peer(ip("1.1.1.1"), "fire fox"),)), ("peer:public:fire_fox",)),
        (NetworkState(peers=(Peer(ip("1.1.1.1"), ""),)), ("peer:public:unknown",)),
        (NetworkState(peers=(Peer(ip("10.0.0.9"), "ssh"),)), ("peer:outside:ssh",)),
        (NetworkState(resolvers=(ip("8.8.8.8"),)), ()),
        (NetworkState(proxies=(Proxy("apt", "203.0.113.9"),)), ()),
        (
            replace(WAY_OUT, resolvers=(ip("8.8.8.8"),), proxies=(Proxy("apt", "1.2.3.4"), Proxy("desktop", "wall"))),
            (
                *("default-route:eth0", "interface:eth0", "proxy:named:desktop", "proxy:public:apt"),
                "resolver:public",
            ),
        ),
        (replace(WAY_OUT, resolvers=(ip("10.0.0.1"),)), ("default-route:eth0", "interface:eth0")),
        (
            NetworkState(namespaces=(("pod", WAY_OUT),)),
            ("namespace:pod:default-route:eth0", "namespace:pod:interface:eth0"),
        ),
    ],
)
def test_signals_are_sorted_words_without_an_address(state: NetworkState, expected: tuple[str, ...]) -> None:
    assert connections(state, NOTHING) == expected


def test_the_closed_network_of_the_settings_is_no_outside() -> None:
    state = NetworkState(
        interfaces=(Interface("eth0", (ip("10.20.3.4"),)), Interface("vpn0", (ip("172.16.0.2"),))),
        routes=(Route("eth0", net("0.0.0.0/0"), ip("10.20.0.1")),),
        resolvers=(ip("10.20.0.1"),),
        peers=(Peer(ip("10.20.0.9"), "mijian", ip("10.20.3.4")),),
    )
    allowed = IsolationSettings(allowed_networks=("10.20.0.0/16",), allowed_interfaces=("eth0",))
    assert connections(state, allowed) == ("interface:vpn0",)


def test_a_wireless_network_that_is_named_may_be_joined() -> None:
    state = NetworkState(interfaces=(Interface("wlan0", (ip("10.20.3.4"),), "wireless", ssid="保密网"),))
    named = IsolationSettings(allowed_networks=("10.20.0.0/16",), allowed_ssids=("保密网",))
    other = IsolationSettings(allowed_networks=("10.20.0.0/16",), allowed_ssids=("别的",))
    assert connections(state, named) == ()
    assert connections(state, other) == ("wireless:wlan0",)


@pytest.mark.parametrize(
    ("signal", "zh", "en"),
    [
        ("default-route:eth0", "默认路由", "default route"),
        ("route6:public:eth0", "IPv6", "IPv6"),
        ("peer:public:firefox", "互联网地址", "address of the internet"),
        ("namespace:pod:tunnel:tun0", "隧道", "tunnel"),
        ("proxy:public:apt", "代理", "proxy"),
    ],
)
def test_every_signal_is_explained_in_both_languages(signal: str, zh: str, en: str) -> None:
    told = isolation_talk.explain(signal)
    assert zh in told.zh
    assert en in told.en
    assert isolation_talk.remedy(signal).zh


def test_public_means_an_address_of_the_internet() -> None:
    public = [text for text in ("1.1.1.1", "10.0.0.1", "100.64.0.1", "2400:3200::1", "fd00::1") if is_public(ip(text))]
    assert public == ["1.1.1.1", "2400:3200::1"]


@pytest.mark.parametrize("computer_class", [ComputerClass.INTERNET, ComputerClass.INTERNAL])
def test_other_classes_are_not_bound_and_not_even_looked_at(computer_class: ComputerClass) -> None:
    def look() -> NetworkState:
        raise AssertionError("looked")

    assert IsolationCheck(computer_class, look=look).run().outcome is CheckOutcome.NOT_APPLICABLE


def test_a_state_that_cannot_be_read_is_no_pass() -> None:
    def look() -> NetworkState:
        raise PermissionError

    assert IsolationCheck(CONFIDENTIAL, look=look).run().outcome is CheckOutcome.ERROR


def test_since_is_told_only_where_the_beginning_was_seen() -> None:
    states = [WAY_OUT, NetworkState(), WAY_OUT]
    check = IsolationCheck(CONFIDENTIAL, look=lambda: states.pop(0))
    stood, clean, began = check.run(), check.run(), check.run()
    assert stood.evidence is not None
    assert stood.evidence.since is None
    assert clean.outcome is CheckOutcome.PASS
    assert began.evidence is not None
    assert began.evidence.since is not None


def test_how_long_a_connection_stood_is_told_when_it_ends() -> None:
    states = [NetworkState(), WAY_OUT, WAY_OUT, NetworkState(), NetworkState()]
    check = IsolationCheck(CONFIDENTIAL, look=lambda: states.pop(0))
    stood = [(check.run().outcome, check.stood) for _ in range(5)]
    assert [length is not None for _, length in stood] == [False, False, False, True, False]
    assert stood[3][0] is CheckOutcome.PASS


def test_a_namespace_that_could_not_be_looked_into_is_no_pass() -> None:
    assert IsolationCheck(CONFIDENTIAL, look=lambda: NetworkState(unseen=1)).run().outcome is CheckOutcome.ERROR


def test_a_failed_check_makes_a_violation_and_a_passed_one_none() -> None:
    check = IsolationCheck(CONFIDENTIAL, look=lambda: WAY_OUT)
    seen = check.run().violation(Severity.CRITICAL)
    assert seen is not None
    assert (seen.control, seen.severity) == ("NET-03", "critical")
    assert IsolationCheck(CONFIDENTIAL, look=NetworkState).run().violation(Severity.CRITICAL) is None


def failed(*found: str) -> CheckResult:
    return CheckResult(control="NET-03", outcome=CheckOutcome.FAIL, evidence=NetworkEvidence(signals=found))


def test_the_same_state_is_told_once_and_again_when_it_changes() -> None:
    passed = CheckResult(control="NET-03", outcome=CheckOutcome.PASS)
    episode = Episode()
    story = [
        (passed, True),
        (passed, False),
        (failed("interface:eth0"), True),
        (failed("interface:eth0"), False),
        (failed("interface:eth0", "default-route:eth0"), True),
        (failed("default-route:eth0", "interface:eth0", "peer:public:curl"), True),
        (failed("default-route:eth0", "interface:eth0"), False),
        (failed("default-route:eth0", "interface:eth0", "peer:public:curl"), False),
        (passed, True),
        (failed("interface:eth0"), True),
    ]
    for result, news in story:
        assert episode.is_news(result) is news, result
