from __future__ import annotations

import ipaddress
import subprocess
import sys
from collections.abc import Callable

import msgspec
import pytest

from agent.checks.base import CheckResult
from agent.checks.isolation import Episode, IsolationCheck, is_public, signals
from agent.checks.network import Interface, NetworkState, Peer
from agent.settings import IsolationSettings
from protocol.records import CheckOutcome, ComputerClass, NetworkEvidence, Severity

NOTHING = IsolationSettings()
ip = ipaddress.ip_address
CONFIDENTIAL = ComputerClass.CONFIDENTIAL


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (NetworkState(), ()),
        (NetworkState(interfaces=(Interface("eth0", ()),)), ()),
        (NetworkState(interfaces=(Interface("eth0", (ip("fe80::1"), ip("169.254.3.4"))),)), ()),
        (NetworkState(interfaces=(Interface("eth0", (ip("192.168.1.2"),)),)), ("interface:eth0",)),
        (NetworkState(default_routes=("eth0", "eth0/6")), ("default-route6:eth0", "default-route:eth0")),
        (NetworkState(peers=(Peer(ip("1.1.1.1"), "fire fox"),)), ("peer:public:fire_fox",)),
        (NetworkState(peers=(Peer(ip("1.1.1.1"), ""),)), ("peer:public:unknown",)),
        (NetworkState(peers=(Peer(ip("10.0.0.9"), "ssh"),)), ()),
        (NetworkState(resolvers=(ip("8.8.8.8"),)), ()),
        (NetworkState(default_routes=("e",), resolvers=(ip("8.8.8.8"),)), ("default-route:e", "resolver:public")),
        (NetworkState(default_routes=("e",), resolvers=(ip("10.0.0.1"),)), ("default-route:e",)),
    ],
)
def test_signals_are_sorted_words_without_an_address(state: NetworkState, expected: tuple[str, ...]) -> None:
    assert signals(state, NOTHING) == expected


def test_the_closed_network_of_the_settings_is_no_outside() -> None:
    state = NetworkState(
        interfaces=(Interface("eth0", (ip("10.20.3.4"),)), Interface("vpn0", (ip("172.16.0.2"),))),
        default_routes=("eth0",),
        resolvers=(ip("10.20.0.1"),),
    )
    allowed = IsolationSettings(allowed_networks=("10.20.0.0/16",), allowed_interfaces=("eth0",))
    assert signals(state, allowed) == ("interface:vpn0",)


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
    states = [NetworkState(default_routes=("eth0",)), NetworkState(), NetworkState(default_routes=("eth0",))]
    check = IsolationCheck(CONFIDENTIAL, look=lambda: states.pop(0))
    stood, clean, began = check.run(), check.run(), check.run()
    assert stood.evidence is not None
    assert stood.evidence.since is None
    assert clean.outcome is CheckOutcome.PASS
    assert began.evidence is not None
    assert began.evidence.since is not None


def test_a_failed_check_makes_a_violation_and_a_passed_one_none() -> None:
    check = IsolationCheck(CONFIDENTIAL, look=lambda: NetworkState(default_routes=("eth0",)))
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


def verdict(namespace: Callable[..., subprocess.CompletedProcess[str]]) -> tuple[int, dict[str, object]]:
    done = namespace(
        sys.executable,
        "-m",
        "agent.cli",
        "check",
        "--class",
        "confidential",
        "--format",
        "jsonl",
        "--state",
        "/nowhere",
    )
    return done.returncode, msgspec.json.decode(done.stdout, type=dict)


@pytest.mark.root
def test_a_computer_without_a_network_passes_and_one_with_a_default_route_does_not(
    namespace: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    namespace("ip", "link", "set", "lo", "up")
    status, row = verdict(namespace)
    assert (status, row["outcome"], row["signals"]) == (0, "pass", [])
    for command in (
        "link add office0 type veth peer name socket0",
        "link set socket0 up",
        "addr add 198.51.100.7/24 dev office0",
        "link set office0 up",
        "route add default via 198.51.100.1",
    ):
        namespace("ip", *command.split())
    status, row = verdict(namespace)
    assert (status, row["outcome"]) == (1, "fail")
    assert {"default-route:office0", "interface:office0"} <= set(row["signals"])  # type: ignore[call-overload]
    assert row["clause"]
    assert row["remedy"]
