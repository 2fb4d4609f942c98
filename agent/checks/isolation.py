"""NET-03: a classified computer has no connection to the outside. Passive: it looks, and sends nothing.

Signals are sorted, stable words without addresses::

    interface:eth0          up, with a carrier and an address outside what the settings allow
    default-route:eth0      everything may leave through it (default-route6:… for IPv6)
    peer:public:firefox     an established connection to a public address, and the process that holds it
    resolver:public         a public name server, told only beside one of the above: alone it connects to nothing

Limits: routes in tables other than the main one are not seen, nor what a gateway beyond an allowed network does.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime

import psutil

from agent.checks.base import CheckResult
from agent.checks.network import Address, NetworkState, observe
from agent.settings import IsolationSettings
from protocol.records import CheckOutcome, ComputerClass, NetworkEvidence

CONTROL = "NET-03"
NOT_APPLICABLE = "only computers of class confidential must be without any connection"
UNREADABLE = "the system does not let the agent read its network state"
_ODD = re.compile(r"[^A-Za-z0-9_.@+-]")

log = logging.getLogger(__name__)


class IsolationCheck:
    """The check. Keeps what it saw last, to say since when a state stands."""

    control = CONTROL

    def __init__(
        self,
        computer_class: ComputerClass,
        settings: IsolationSettings | None = None,
        look: Callable[[], NetworkState] = observe,
    ) -> None:
        self._computer_class = computer_class
        self._settings = settings or IsolationSettings()
        self._look = look
        self._runs = 0
        self._since: datetime | None = None
        self._failing = False

    def applies_to(self, computer_class: ComputerClass) -> bool:
        """Whether the control binds computers of this class."""
        return computer_class is ComputerClass.CONFIDENTIAL

    def run(self) -> CheckResult:
        """Look, and say how it ended."""
        if not self.applies_to(self._computer_class):
            return CheckResult(control=CONTROL, outcome=CheckOutcome.NOT_APPLICABLE, why=NOT_APPLICABLE)
        try:
            state = self._look()
        except (OSError, psutil.Error):
            log.warning(UNREADABLE)
            return CheckResult(control=CONTROL, outcome=CheckOutcome.ERROR, why=UNREADABLE)
        found = signals(state, self._settings)
        self._runs += 1
        if not found:
            self._failing = False
            return CheckResult(control=CONTROL, outcome=CheckOutcome.PASS)
        if not self._failing:
            self._failing = True
            self._since = datetime.now(UTC) if self._runs > 1 else None
        evidence = NetworkEvidence(
            signals=found,
            interfaces=tuple(_word(interface.name) for interface in state.interfaces),
            since=self._since,
        )
        return CheckResult(control=CONTROL, outcome=CheckOutcome.FAIL, evidence=evidence)


def signals(state: NetworkState, settings: IsolationSettings) -> tuple[str, ...]:
    """What in this state is a connection to the outside, as sorted words; empty where nothing is."""
    allowed = [ipaddress.ip_network(prefix) for prefix in settings.allowed_networks]

    def is_allowed(address: Address) -> bool:
        return address.is_loopback or any(address in network for network in allowed)

    found = set()
    for interface in state.interfaces:
        outside = [one for one in interface.addresses if not (is_allowed(one) or one.is_link_local)]
        if outside and interface.name not in settings.allowed_interfaces:
            found.add(f"interface:{_word(interface.name)}")
    for route in state.default_routes:
        name, _, six = route.partition("/")
        if name not in settings.allowed_interfaces:
            found.add(f"default-route{six}:{_word(name)}")
    for peer in state.peers:
        if is_public(peer.address) and not is_allowed(peer.address):
            found.add(f"peer:public:{_word(peer.process) or 'unknown'}")
    if found and any(is_public(server) and not is_allowed(server) for server in state.resolvers):
        found.add("resolver:public")
    return tuple(sorted(found))


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet's."""
    return address.is_global and not address.is_multicast


def _word(name: str) -> str:
    """A name of an interface or process made fit for a signal: short, and of plain characters."""
    return _ODD.sub("_", name)[:32]


class Episode:
    """Decides what is worth telling: each state once, and again when it changes.

    Processes come and go with their connections; one that was told in this episode is not told again. An episode
    ends when the computer is clean.
    """

    def __init__(self) -> None:
        self._outcome: CheckOutcome | None = None
        self._links: frozenset[str] = frozenset()
        self._peers: set[str] = set()

    def is_news(self, result: CheckResult) -> bool:
        """Whether this result differs from what was told; remembers it as told where it does."""
        found = frozenset(result.evidence.signals if result.evidence else ())
        peers = {signal for signal in found if signal.startswith("peer:")}
        links = found - peers
        if result.outcome is CheckOutcome.ERROR and self._outcome is not None:
            news = self._outcome is not CheckOutcome.ERROR
        else:
            news = result.outcome is not self._outcome or links != self._links or not peers <= self._peers
        self._outcome = result.outcome
        self._links = links
        self._peers = peers | self._peers if found else set()
        return news
