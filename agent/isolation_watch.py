"""Watches over the isolation of a confidential computer while the agent runs (control NET-03). Sends no packet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import msgspec

from agent.checks.isolation import Episode, IsolationCheck
from agent.checks.isolation_talk import facts
from agent.reporting.identity import Identity
from agent.reporting.notice import Notice
from agent.reporting.policies import Policies
from agent.reporting.reporter import Reporter
from agent.settings import IsolationSettings
from agent.watching.links import LinkWatch
from protocol.policy import Policy
from protocol.records import ComputerClass, Severity, ViolationSeen


class IsolationWatch:
    """Checks at once, at every change the kernel tells, at every look of the clock, and reports on the schedule."""

    def __init__(
        self,
        settings: IsolationSettings,
        identity: Identity,
        policies: Policies,
        severity: Severity,
        reporter: Reporter,
        notice: Notice,
        violation: Callable[[ViolationSeen], None],
    ) -> None:
        self._settings = settings
        self._identity = identity
        self._policies = policies
        self._severity = severity
        self._reporter = reporter
        self._notice = notice
        self._violation = violation

    def run(self, stop: threading.Event) -> None:
        """Watch until ``stop`` is set. A policy that names other networks is followed from the next look on."""
        settings = allowed(self._settings, self._policies.current)
        check = IsolationCheck(ComputerClass(self._identity.computer_class), settings)
        episode = Episode()
        due = time.monotonic()
        with LinkWatch() as links:
            while not stop.is_set():
                now = allowed(self._settings, self._policies.current)
                if now != settings:
                    settings, check = now, IsolationCheck(ComputerClass(self._identity.computer_class), now)
                result = check.run()
                news = episode.is_news(result)
                if news:
                    seen = result.violation(self._severity)
                    if seen:
                        self._violation(seen)
                        for told in facts(result.evidence.signals if result.evidence else ()):
                            self._notice.say(f"    {told.what.zh}：{told.seen}", f"    {told.what.en}: {told.seen}")
                    self._notice.checked(check.control, result.outcome, check.stood)
                if news or time.monotonic() >= due:
                    self._reporter.report(check.done(result))
                    due = time.monotonic() + settings.interval_seconds
                links.wait(stop, settings.poll_seconds)


def allowed(settings: IsolationSettings, policy: Policy | None) -> IsolationSettings:
    """The settings, with the networks and interfaces of the policy in their place where it names any."""
    if policy is None:
        return settings
    return msgspec.structs.replace(
        settings,
        allowed_networks=policy.allowed_networks or settings.allowed_networks,
        allowed_interfaces=policy.allowed_interfaces or settings.allowed_interfaces,
    )
