"""Which media are held, by settings and policy, and that it is told how they were found to stand."""

from __future__ import annotations

import threading

import msgspec

from agent.judging.media import Standing
from agent.reporting.notice import Notice
from agent.reporting.policies import Policies
from agent.reporting.reporter import Reporter
from agent.settings import Settings
from agent.watching.holding import PRIVATE, Access, Holding, How
from agent.watching.media import Attached
from agent.watching.sessions import Session
from protocol.ids import uuid7
from protocol.policy import Hold, MediumStatus


class Holds:
    """What the service does about holding media. Safe to use from several threads."""

    def __init__(self, settings: Settings, policies: Policies, reporter: Reporter, notice: Notice) -> None:
        self._settings = settings
        self._policies = policies
        self._reporter = reporter
        self._notice = notice
        self._holding = Holding(settings.state)
        self._lock = threading.Lock()
        self._released: set[str] = set()
        """Sessions whose medium was let go: it is not held again before it is plugged in again."""
        self._told: dict[str, Access] = {}
        self.views = self._holding.views

    def wanted(self) -> Hold:
        """What is to become of unknown media."""
        policy = self._policies.current
        return (policy.unknown_media if policy else "") or self._settings.media.unknown

    def consider(self, session: Session, standing: Standing) -> None:
        """Hold a medium that nobody vouches for, and let one go that somebody does now."""
        key, wanted = session.attached.key, self.wanted()
        approved = standing.line is not None and standing.line.status is MediumStatus.REGISTERED
        if not key.replace(":", "").isdigit():
            return  # a declared folder, a phone, a locked container
        if approved or wanted == "report" or session.id in self._released:
            if self._holding.how(key):
                self.release(session)
            return
        self._hold(session, wanted)

    def again(self, session: Session) -> None:
        """Try again to hold a medium that does not stand as it should."""
        how = self._holding.how(session.attached.key)
        if how and self._told.get(session.id) == "writable":
            self._hold(session, how)

    def release(self, session: Session) -> None:
        """Let a medium go that is held."""
        how = self._holding.how(session.attached.key)
        if how is None:
            return
        access = self._holding.release(session.attached.key)
        still = self._holding.how(session.attached.key)
        if still is None:
            with self._lock:
                self._released.add(session.id)
        self._tell(session, still, access)

    def gone(self, attached: Attached) -> None:
        """The medium has gone."""
        self._holding.forget(attached.key)

    def forget(self, session: Session) -> None:
        """The session has ended."""
        with self._lock:
            self._released.discard(session.id)
            self._told.pop(session.id, None)

    def is_moving(self, session: Session) -> bool:
        """Whether a medium was blocked this moment, and will be told again under the path where only we read it."""
        if session.attached.path.startswith(PRIVATE) or self._holding.how(session.attached.key) != "block":
            return False
        return self._holding.access(session.attached.key) == "unmounted"

    def access(self, session: Session) -> str:
        """How a held medium stands, for the people at the computer; empty where there is nothing to tell."""
        told = self._told.get(session.id, "writable")
        return "" if told == "writable" else told

    def _hold(self, session: Session, how: How) -> None:
        self._tell(session, how, self._holding.hold(session.attached, how))

    def _tell(self, session: Session, how: How | None, access: Access) -> None:
        """Tell once how a medium stands; again when that changes."""
        with self._lock:
            if self._told.get(session.id) == access:
                return
            self._told[session.id] = access
        self._notice.held(session.attached.medium, access)
        now = msgspec.structs.replace(session.first, id=uuid7(), hold=how or "", access=access)
        self._reporter.report(now)
