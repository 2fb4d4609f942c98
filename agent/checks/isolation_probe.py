"""The one active look at the network (NET-03): a single attempt to reach the one address an operator names.

Off unless `mijian check --probe` names an address. A confidential computer tries none but the one that stands in its
settings (``isolation.probe``), so that nobody can make it speak by a command alone. One TCP handshake or one DNS
question; no second try, no name looked up. Every attempt is logged.
"""

from __future__ import annotations

import logging
import secrets
import socket
from typing import Literal

from agent.checks.base import Check, Context, Fact, Result, cannot, fact, not_applicable, verdict
from agent.probe_target import Target, target
from protocol.records import CheckOutcome, ComputerClass, NetworkEvidence
from signatures.controls import Text

NAME = "active-probe"
PATIENCE = 3.0
"""Seconds that an answer is waited for."""

Outcome = Literal["reached", "silent", "no-way"]

log = logging.getLogger(__name__)


def attempt(aim: Target, patience: float = PATIENCE) -> Outcome:
    """Try once. ``reached`` where anything answers, a refusal too; ``no-way`` where the system has no route there."""
    family = socket.AF_INET6 if aim.address.version == 6 else socket.AF_INET
    style = socket.SOCK_DGRAM if aim.kind == "dns" else socket.SOCK_STREAM
    log.warning("probing %s, as named by the operator", aim)
    with socket.socket(family, style | socket.SOCK_CLOEXEC) as tried:
        tried.settimeout(patience)
        try:
            tried.connect((str(aim.address), aim.port))
            if aim.kind == "dns":
                tried.send(_question())
                tried.recv(512)
            outcome: Outcome = "reached"
        except ConnectionRefusedError:
            outcome = "reached"
        except TimeoutError:
            outcome = "silent"
        except OSError:
            outcome = "no-way"
    log.warning("probe of %s: %s", aim, outcome)
    return outcome


def _question() -> bytes:
    """Who serves the root (``. NS``): the shortest question there is, and it tells nothing (RFC 1035)."""
    return secrets.token_bytes(2) + b"\x01\x00" + b"\0\1" + bytes(6) + b"\0" + b"\0\2" + b"\0\1"


def look(context: Context) -> Result:
    """NET-03: whether the one address that was named can be reached."""
    if context.probe is None:
        return not_applicable("未指定探测地址，没有发出任何数据", "no address was named: nothing was sent")
    aim = target(context.probe)
    if context.computer_class is ComputerClass.CONFIDENTIAL and not _is_named(aim, context.settings.isolation.probe):
        return cannot(
            "涉密计算机只探测配置中写明的地址（isolation.probe），没有发出任何数据",
            "a confidential computer tries only the address in its settings (isolation.probe): nothing was sent",
        )
    outcome = attempt(aim)
    seen = fact("探测地址及结果", "address tried, and what came of it", f"{aim} {outcome}", "silent, no-way")
    if outcome != "reached":
        return verdict([], [seen])
    signals = (f"probe:{aim.kind}",)
    return Result(outcome=CheckOutcome.FAIL, facts=(seen, _reached()), network=NetworkEvidence(signals=signals))


def _reached() -> Fact:
    return fact("探测到的外部地址可以到达", "the address outside can be reached", "reached")


def _is_named(aim: Target, setting: str) -> bool:
    return bool(setting) and target(setting) == aim


CHECKS = (
    Check(
        name=NAME,
        controls=("NET-03",),
        title=Text(zh="指定的外部地址不可到达", en="The address outside that was named cannot be reached"),
        remedy=Text(
            zh="断开网络并报告保密员；检查防火墙和路由。",
            en="Disconnect, tell the secrecy officer, and look at firewall and routes.",
        ),
        reads=("one TCP handshake or one DNS question",),
        records=Text(zh="探测的地址和结果", en="the address tried and what came of it"),
        look=look,
        live_only=True,
        extent="part",
    ),
)
