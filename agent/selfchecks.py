"""Self-checks that the running agent makes by itself, as often as the profile of its class asks for.

Each check that fails becomes one violation at the collector, however often it fails; a later scheduled pass of the same
check verifies that it was mended.
When the last one was made stands in the outbox, so that neither a restart nor a computer that is off for days makes
them more or less frequent than they should be. No files are scanned and nobody is asked: that is `mijian check`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from agent.reporting.enrolment import agent_version
from agent.reporting.identity import Identity
from agent.reporting.notice import Notice
from agent.reporting.outbox import Outbox, OutboxUnavailable
from agent.reporting.reporter import Reporter
from agent.settings import Settings
from protocol.records import CheckOutcome, ComputerClass, Level, ViolationSeen
from signatures.profiles import Profile, choose, days, load_profiles, overridden
from signatures.strict_yaml import read

if TYPE_CHECKING:
    from agent.checks.selfcheck import Report

WORD = "self-check"
"""Under which the outbox remembers when the last one was made."""
SETTLE = 600.0
"""Seconds after the start before the first: services that start with the system must be up."""
LOOK = 60.0
"""Seconds between looks whether one is due."""

WATCHED = ("isolation", "network-zones")
"""Checks of what the running agent of a confidential computer watches all the time and tells at once."""

log = logging.getLogger(__name__)


class SelfChecks:
    """Makes them when they are due."""

    def __init__(
        self,
        settings: Settings,
        known: Identity,
        outbox: Outbox,
        reporter: Reporter,
        notice: Notice,
        violation: Callable[[ViolationSeen], None],
        prescribed: Callable[[], str] = str,
    ) -> None:
        """``violation`` reports what is broken, with the waiver that covers it; ``prescribed`` names the profile that
        the policy in force asks for, or none."""
        self._prescribed = prescribed
        self._violation = violation
        self._settings = settings
        self._known = known
        self._outbox = outbox
        self._reporter = reporter
        self._notice = notice

    def run(self, stop: threading.Event, *, settle: float = SETTLE, look: float = LOOK) -> None:
        """Look again and again whether one is due, until ``stop`` is set. Raises `strict_yaml.FileMistake`."""
        prescribed = self._prescribed()
        profile = self._profile(prescribed)
        if not self._settings.check.scheduled:
            return
        wait = settle
        while not stop.wait(wait):
            wait = look
            if (now := self._prescribed()) != prescribed:
                prescribed, profile = now, self._profile(now)
            if profile is not None and self._is_due(timedelta(days=days(profile.every))):
                self._make(profile)

    def _is_due(self, every: timedelta) -> bool:
        """Whether the last one is long enough ago; also where it lies in the future, for a clock was set back."""
        try:
            last = datetime.fromisoformat(self._outbox.word(WORD))
        except ValueError:
            return True
        except OutboxUnavailable:
            return False
        return not timedelta(0) <= datetime.now(UTC) - last < every

    def _make(self, profile: Profile) -> None:
        # Here, because all the checks there are take longer to load than the rest of the agent.
        from agent.checks.base import Context
        from agent.checks.selfcheck import registration, report
        from agent.checks.tree import Tree

        context = Context(
            tree=Tree(Path("/")),
            computer_class=profile.computer_class,
            level=profile.level,
            parameters=profile.parameters,
            settings=self._settings,
            registration=registration(self._known),
        )
        made = report(profile, context, subject=self._known.agent, version=agent_version())
        for seen in made.violations(WATCHED if profile.computer_class is ComputerClass.CONFIDENTIAL else ()):
            self._violation(seen)
        self._reporter.report(made.record(scheduled=True))
        try:
            self._outbox.remember(WORD, context.now.isoformat())
        except OutboxUnavailable:
            log.warning("when the self-check was made could not be kept")
        self._say(made)

    def _say(self, made: Report) -> None:
        failed, asked = made.count(CheckOutcome.FAIL), made.count(CheckOutcome.MANUAL)
        self._notice.say(
            f"定期自查完成：{failed} 项不合格，{asked} 项需人工检查；详情请运行 mijian check",
            f"self-check made: {failed} failed, {asked} for a person to look at; see them with mijian check",
        )

    def _profile(self, prescribed: str) -> Profile | None:
        """The profile of the policy, else of the settings, else that of the class and level of this computer."""
        level = Level(self._known.level) if self._known.level else None
        computer_class = ComputerClass(self._known.computer_class)
        named, profiles = self._settings.check.profile, load_profiles()
        profile = choose(profiles, computer_class, level)
        asked = profiles.get(prescribed)
        fits = asked is not None and asked.computer_class is computer_class and asked.kind == "computer"
        if prescribed and not fits:
            log.warning("the policy names a profile that is not made for this computer; its own is used")
            asked = None
        if asked is not None:
            profile = asked
        elif named in profiles:
            profile = profiles[named]
        elif "/" in named:
            profile = read(Path(named), Profile)
        if profile is None:
            return None
        from msgspec.structs import replace

        parameters = overridden(profile.parameters, self._settings.check.parameters)
        return replace(profile, parameters=parameters, level=level or profile.level)
