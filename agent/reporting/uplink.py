"""The uplink: a thread that sends what the outbox leases and lets go of it only for a good receipt.

Nothing but a receipt that is signed with the key pinned at enrolment and names this very envelope moves the outbox.
Everything else (no answer, half an answer, 5xx, a stranger's answer) means: the same bytes again, later.
"""

from __future__ import annotations

import enum
import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from agent.reporting import pinning, web
from agent.reporting.identity import Identity
from agent.reporting.outbox import Leased, Outbox, OutboxUnavailable
from agent.reporting.policy_fetch import PolicyFetch
from agent.reporting.rules_fetch import RulesFetch
from agent.settings import Settings
from protocol import receipts
from protocol.envelope import MEDIA_TYPE
from protocol.receipts import Answer, Receipt
from protocol.records import ComputerClass

PATH = "/api/v1/envelopes"
TOO_LARGE = 413
LINGER_SECONDS = 0.2
"""How long the first new record waits for company, so that a scan does not become one envelope for each file."""
_FALL_IN = frozenset({"gap", "sequence-reused", "chain-broken"})
"""Refusals after which the agent closes its envelopes anew where the collector stands."""

log = logging.getLogger(__name__)
_dice = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Sent:
    """What one attempt came to; handed to the listener."""

    leased: Leased
    receipt: Receipt | None
    problem: str = ""
    """A fixed English sentence where there is no receipt."""


class Uplink:
    """Sends the outbox to the collector. `start` and `stop` it as a thread, or call `step` yourself."""

    def __init__(
        self,
        outbox: Outbox,
        identity: Identity,
        settings: Settings,
        listener: Callable[[Sent], None] = lambda _: None,
        policy: PolicyFetch | None = None,
        rules: RulesFetch | None = None,
    ) -> None:
        self._outbox = outbox
        self._identity = identity
        self._first = settings.uplink.first_retry_seconds
        self._last = settings.uplink.last_retry_seconds
        self._timeout = settings.uplink.answer_timeout_seconds
        self._listener = listener
        self._settings = settings.uplink
        self._policy = policy
        self._rules = rules
        self._trusting = pinning.trusting(settings)
        self._known_client: web.Client | None = None
        self._url = identity.url + PATH
        self._failures = 0
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    # --- the thread ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to send in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="uplink", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that there is something new to send. Does not shorten a wait after a failure."""
        self._wake.set()

    def stop(self, timeout: float = 3) -> None:
        """End the thread; whatever is on its way is sent again after the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread:
            self._thread.join(timeout)
        if self._known_client is not None:
            self._known_client.close()

    def run(self) -> None:
        """Send until `stop`, in the caller's thread."""
        while not self._stopping.is_set():
            self._wake.clear()
            if not self._may_send:
                self._wake.wait(60)
                continue
            if self._policy:
                self._policy.step(self._client, self._timeout)
            if self._rules:
                self._rules.step(self._client, self._timeout)
            delay = self.step()
            if delay is None:
                self._wake.wait(min(60.0, self._policy.seconds_until_due() if self._policy else 60.0))
                self._stopping.wait(LINGER_SECONDS)
            elif delay:
                self._stopping.wait(delay)

    @property
    def _client(self) -> web.Client:
        """Made when something is to be sent for the first time: a computer that never sends loads no HTTP."""
        if self._known_client is None:
            self._known_client = web.Client(self._trusting)
        return self._known_client

    @property
    def _may_send(self) -> bool:
        """Asked anew each time: a policy may have made this computer a confidential one."""
        return self._settings.sends(ComputerClass(self._identity.computer_class))

    # --- one attempt ---------------------------------------------------------------------------------------------

    def step(self) -> float | None:
        """Try to send one envelope. Seconds to wait before the next attempt; None where nothing waits."""
        try:
            leased = self._outbox.lease(self._identity)
            if leased is None:
                return None
            return self._send(leased)
        except OutboxUnavailable:
            log.warning("the outbox cannot be used now; trying again later")
            return self._back_off()

    def _send(self, leased: Leased) -> float:
        try:
            answer = self._client.post(
                self._url, leased.raw, MEDIA_TYPE, self._timeout, lambda: self._outbox.mark_left(leased)
            )
        except web.NoAnswer as error:
            return self._fail(leased, str(error))
        try:
            receipt = receipts.open_receipt(answer.body, self._identity.collector_key)
        except receipts.ReceiptError:
            return self._no_receipt(leased, answer)
        if (receipt.agent, receipt.sequence, receipt.digest) != (self._identity.agent, leased.sequence, leased.digest):
            return self._fail(leased, "the receipt is for another envelope")
        return self._answered(leased, receipt)

    def _no_receipt(self, leased: Leased, answer: web.Answer) -> float:
        if answer.status == TOO_LARGE and self._outbox.split(leased):
            return self._fail(leased, "the envelope was too large; smaller ones follow")
        problem = f"the collector answered with status {answer.status} and no receipt of its own"
        return max(self._fail(leased, problem), web.retry_after(answer.retry_after))

    def _answered(self, leased: Leased, receipt: Receipt) -> float:
        """Do what a believed receipt says."""
        delay = settle(self._outbox, receipt, leased)
        if delay is Settled.DONE:
            self._failures = 0
            self._listener(Sent(leased, receipt))
            return 0
        self._listener(Sent(leased, receipt))
        self._failures += 1
        if delay is Settled.AGAIN:  # rebuilt: worth trying at once, unless that has just been tried
            return 0 if self._failures == 1 else self._back_off()
        return self._last * _dice.uniform(0.5, 1)

    def _fail(self, leased: Leased, problem: str) -> float:
        self._outbox.remember("error", f"{datetime.now(UTC).isoformat()} {problem}")
        self._listener(Sent(leased, None, problem))
        return self._back_off()

    def _back_off(self) -> float:
        """Exponential, with full jitter: anything up to a ceiling that doubles with every failure in a row."""
        ceiling = min(self._last, self._first * 2 ** min(self._failures, 30))
        self._failures += 1
        return _dice.uniform(0, ceiling)


class Settled(enum.Enum):
    """What a believed receipt asks for."""

    DONE = "done"
    AGAIN = "again"
    LATER = "later"


def settle(outbox: Outbox, receipt: Receipt, leased: Leased | None) -> Settled:
    """Apply a verified receipt to the outbox, however it came here. Raises `OutboxUnavailable`.

    ``leased`` is the envelope it answers, where it still waits here.
    """
    if receipt.answer is not Answer.REFUSED:
        waits_in_vain = receipt.answer is Answer.HELD and 0 < receipt.expected_sequence < receipt.sequence
        if waits_in_vain and leased is not None and not outbox.holds(receipt.expected_sequence):
            # The collector waits for one that it has receipted before: it was put back to an older state, and would
            # hold this one for ever. Told again where it stands, the records are taken in; their ids make them one.
            outbox.rebase(receipt.expected_sequence, receipt.expected_previous)
            return Settled.AGAIN
        outbox.commit(receipt)
        return Settled.DONE
    outbox.remember("refusal", f"{receipt.reason}: {receipt.message}")
    if leased is None:
        return Settled.LATER
    if receipt.reason in _FALL_IN and receipt.expected_sequence > 0:
        outbox.rebase(receipt.expected_sequence, receipt.expected_previous)
        return Settled.AGAIN
    if receipt.reason == "too-large" and outbox.split(leased):
        return Settled.AGAIN
    return Settled.LATER
