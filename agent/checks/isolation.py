"""NET-03, CPC-03, NET-02: a classified computer touches no network it may not touch, and joins none together.

Passive: it looks, and sends nothing. What it sees is told in words that `isolation_signals` explains.

Limits: what a gateway beyond a named network leads to cannot be told without sending something; a tunnel made inside
one program, without an interface, is seen only by its connections; GNOME's own proxy setting lies in a binary file
that is not read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from agent.checks.base import CONFIDENTIAL, Check, CheckResult, Context, Fact, Result
from agent.checks.isolation_signals import connections, mixing, word
from agent.checks.isolation_talk import facts
from agent.checks.network import NetworkState, Observer, observe
from agent.settings import IsolationSettings
from protocol.records import CheckDone, CheckOutcome, ComputerClass, NetworkEvidence
from signatures.controls import Text

CONTROL = "NET-03"
NOT_APPLICABLE = "only computers of class confidential must be without any connection"
UNREADABLE = "the system does not let the agent read its network state"
UNSEEN = Text(
    zh="有网络命名空间无法查看：请以管理员身份运行",
    en="there are network namespaces that could not be looked into: run as administrator",
)
RECORDED = Text(zh="迹象、网卡名称、起始时间；不含地址", en="signals, names of interfaces, since when; no address")
ALONE = Fact(what=Text(zh="检查范围", en="looked at"), seen="this network namespace only (not run as administrator)")
READS = ("proc/net", "sys/class/net", "etc/resolv.conf", "etc/environment", "rtnetlink")

log = logging.getLogger(__name__)


class IsolationCheck:
    """NET-03 in the running agent. Keeps what it saw last, to say since when a state stands and how long it stood."""

    control = CONTROL

    def __init__(
        self,
        computer_class: ComputerClass,
        settings: IsolationSettings | None = None,
        look: Callable[[], NetworkState] | None = None,
    ) -> None:
        self._computer_class = computer_class
        self.settings = settings or IsolationSettings()
        """What is named; may be replaced between two runs."""
        self._look = look or Observer().look
        self._runs = 0
        self._since: datetime | None = None
        self._first: datetime | None = None
        self.stood: timedelta | None = None
        """How long the connection stood that the last run found ended, as far as it was seen; else None."""

    def applies_to(self, computer_class: ComputerClass) -> bool:
        """Whether the control binds computers of this class."""
        return computer_class is ComputerClass.CONFIDENTIAL

    def run(self) -> CheckResult:
        """Look, and say how it ended."""
        self.stood = None
        if not self.applies_to(self._computer_class):
            return CheckResult(control=CONTROL, outcome=CheckOutcome.NOT_APPLICABLE, why=NOT_APPLICABLE)
        try:
            state = self._look()
        except OSError:
            log.warning(UNREADABLE)
            return CheckResult(control=CONTROL, outcome=CheckOutcome.ERROR, why=UNREADABLE)
        now = datetime.now(UTC)
        found = connections(state, self.settings)
        self._runs += 1
        if not found:
            self.stood = now - self._first if self._first else None
            self._first = None
            if state.unseen:
                return CheckResult(control=CONTROL, outcome=CheckOutcome.ERROR, why=UNSEEN.en)
            return CheckResult(control=CONTROL, outcome=CheckOutcome.PASS)
        if self._first is None:
            self._first = now
            self._since = now if self._runs > 1 else None
        return CheckResult(control=CONTROL, outcome=CheckOutcome.FAIL, evidence=_evidence(found, state, self._since))

    def done(self, result: CheckResult) -> CheckDone:
        """The record of the last run; where it found a connection ended, with how long that stood."""
        seconds = self.stood.total_seconds() if self.stood else None
        return msgspec.structs.replace(result.done(), stood_seconds=seconds)


class Episode:
    """Decides what is worth telling: each state once, and again when it changes.

    Processes come and go with their connections; one that was told in this episode is not told again. An episode
    ends when the computer is clean.
    """

    def __init__(self) -> None:
        self._outcome: CheckOutcome | None = None
        self._links: frozenset[str] = frozenset()
        self._fleeting: set[str] = set()

    def is_news(self, result: CheckResult) -> bool:
        """Whether this result differs from what was told; remembers it as told where it does."""
        found = frozenset(result.evidence.signals if result.evidence else ())
        fleeting = {signal for signal in found if {"peer", "neighbour", "router6"} & set(signal.split(":"))}
        links = found - fleeting
        if result.outcome is CheckOutcome.ERROR and self._outcome is not None:
            news = self._outcome is not CheckOutcome.ERROR
        else:
            news = result.outcome is not self._outcome or links != self._links or not fleeting <= self._fleeting
        self._outcome = result.outcome
        self._links = links
        self._fleeting = fleeting | self._fleeting if found else set()
        return news


def _evidence(signals: tuple[str, ...], state: NetworkState, since: datetime | None = None) -> NetworkEvidence:
    return NetworkEvidence(signals=signals, interfaces=tuple(word(one.name) for one in state.interfaces), since=since)


def _result(signals: tuple[str, ...], state: NetworkState) -> Result:
    if signals:
        return Result(outcome=CheckOutcome.FAIL, facts=facts(signals), network=_evidence(signals, state))
    if state.unseen:
        return Result(outcome=CheckOutcome.ERROR, why=UNSEEN)
    live = ", ".join(word(one.name) for one in state.interfaces) or "-"
    seen = Fact(what=Text(zh="已接通的网卡", en="live interfaces"), seen=live)
    return Result(outcome=CheckOutcome.PASS, facts=(seen,) if state.whole else (seen, ALONE))


def look_for_connections(context: Context) -> Result:
    """NET-03, CPC-03: whether anything outside is connected now."""
    state = observe(context.tree)
    return _result(connections(state, context.settings.isolation), state)


def look_for_mixing(context: Context) -> Result:
    """NET-02: whether networks that must stay apart are joined."""
    state = observe(context.tree)
    return _result(mixing(state, context.settings.isolation), state)


CHECKS = (
    Check(
        name="isolation",
        controls=("NET-03", "CPC-03"),
        title=Text(zh="涉密计算机当前有无外联", en="No connection to the outside now"),
        remedy=Text(
            zh="立即拔除网线并关闭无线设备，不要关机，报告保密员；由保密员核查连接时间和去向。",
            en="Pull the cable and switch radios off at once, do not shut down, and tell the secrecy officer.",
        ),
        reads=READS,
        records=RECORDED,
        look=look_for_connections,
        classes=CONFIDENTIAL,
        live_only=True,
    ),
    Check(
        name="network-zones",
        controls=("NET-02",),
        title=Text(zh="内网与外网隔离", en="Networks are kept apart"),
        remedy=Text(
            zh="只保留一个网络；关闭转发和桥接。", en="Keep one network only; switch forwarding and bridging off."
        ),
        reads=READS,
        records=RECORDED,
        look=look_for_mixing,
        classes=frozenset({ComputerClass.CONFIDENTIAL, ComputerClass.INTERNAL}),
        live_only=True,
    ),
)
