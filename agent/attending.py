"""Attends to media: from the moment one is mounted until it has gone, with one session from end to end.

First the register is asked and what the medium breaks by being there is reported, before any file is read; then it is
scanned, newest files first; then the people at the computer are told, once.
"""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from agent.holds import Holds
from agent.jobs import Jobs, Priority
from agent.judging.judge import Context
from agent.judging.media import NOTHING_LEFT, Left, MediaJudge, Standing, look_up
from agent.judging.waivers import marked
from agent.reporting.desktop import Desktop, SessionNews
from agent.reporting.identity import Identity
from agent.reporting.marks import SeenMark
from agent.reporting.notice import Notice
from agent.reporting.policies import Policies
from agent.reporting.reporter import Reporter
from agent.scanning.walk import shown
from agent.settings import Settings
from agent.sweep import Cause, Sweep
from agent.watching.blocks import BlockEvent, LockedGone, LockedSeen
from agent.watching.left import LeftFiles
from agent.watching.media import Attached, MediaEvent, MediumGone, MediumMounted, MediumMoved
from agent.watching.phones import PhoneEvent, PhoneGone, PhoneSeen
from agent.watching.sessions import Session, Sessions
from agent.written import Written
from protocol.records import ComputerClass, Reason


class Attending:
    """What the service does about media. Safe to use from several threads."""

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        policies: Policies,
        reporter: Reporter,
        jobs: Jobs,
        sweep: Sweep,
        notice: Notice,
        desktop: Desktop,
        stop: threading.Event,
    ) -> None:
        self.sessions = Sessions(reporter)
        self._settings = settings
        self._identity = identity
        self._policies = policies
        self._reporter = reporter
        self._jobs = jobs
        self._sweep = sweep
        self._notice = notice
        self._desktop = desktop
        self._stop = stop
        self._judge = MediaJudge()
        self.holds = Holds(settings, policies, reporter, notice)
        self._left = LeftFiles(settings.state, identity.organisation_key, settings.media.transfer_days)
        self._written = Written(settings.files.settle_seconds, self.sessions.all, self._scan_written, stop)
        self._lock = threading.Lock()
        self._broken: dict[str, set[str]] = {}
        """Key of a medium → controls told of it while it was here: several partitions are one medium."""

    # --- events --------------------------------------------------------------------------------------------------

    def event(self, event: MediaEvent | PhoneEvent | BlockEvent) -> None:
        """What to do when a medium comes, goes, or moves to another mount. Called by the watches."""
        self._act_on(event)
        self._written.follow()

    def _act_on(self, event: MediaEvent | PhoneEvent | BlockEvent) -> None:
        if isinstance(event, MediumMounted):
            session = self.sessions.begin(event.attached)
            self._notice.mounted(event.attached.medium)
            self._check_register(session)
            self.holds.consider(session, self._standing(session))
            self._desktop.tell(SessionNews(session.id, self._told_of(session), access=self.holds.access(session)))
            self._scan_at_once(session)
        elif isinstance(event, MediumGone):
            self.holds.gone(event.attached)
            gone = self.sessions.find(event.attached)
            if gone:
                self._notice.gone(event.attached.medium, pulled=event.ending == "removed")
                self._end(gone, event.ending)
        elif isinstance(event, MediumMoved):
            moved = self.sessions.move(event.attached)
            if moved:
                self.holds.consider(moved[1], self._standing(moved[1]))
                self._scan_at_once(moved[1])
        elif isinstance(event, PhoneSeen):
            session = self.sessions.begin(event.attached)
            self._notice.plugged(event.attached.medium)
            self._check_register(session)
            self._desktop.tell(SessionNews(session.id, self._told_of(session), unreadable=True))
        elif isinstance(event, PhoneGone):
            gone = self.sessions.find(event.attached)
            if gone:
                self._notice.gone(event.attached.medium, pulled=False)
                self._end(gone, "removed")

        elif isinstance(event, LockedSeen):
            self._locked(event.attached)
        elif isinstance(event, LockedGone):
            locked = self.sessions.find(event.attached)
            if locked:
                self._end(locked, "unmounted" if event.unlocked else "removed")

    def _locked(self, attached: Attached) -> None:
        """A locked container counts as one thing that was not examined; unlocked, it is a medium like any other."""
        session = self.sessions.begin(attached)
        self._notice.locked(attached.medium)
        self._check_register(session)
        self._sweep.not_examined(session, Reason.ENCRYPTED)
        self._desktop.tell(SessionNews(session.id, self._told_of(session), unreadable=True))

    def _scan_at_once(self, session: Session) -> None:
        """Scan a medium that came; where it was blocked a moment ago, it moves to where only we read it, and then."""
        if not self.holds.is_moving(session):
            self.scan(session, Priority.MEDIA, "medium")

    def scan(self, session: Session, priority: Priority, cause: Cause) -> None:
        """Queue a scan of a medium."""
        if session.attached.path:
            self._jobs.add(priority, session.id, lambda pause: self._scan(session, cause, pause))

    def review(self) -> None:
        """Ask the register again about the media that are here: a new policy has come."""
        for session in self.sessions.all():
            self._check_register(session)
            self.holds.consider(session, self._standing(session))

    def release(self) -> None:
        """Let go of all media that are held: a person has asked."""
        for session in self.sessions.all():
            self.holds.release(session)

    def hold_again(self) -> None:
        """Try again to hold what could not be held, such as a medium that was being written to."""
        for session in self.sessions.all():
            self.holds.again(session)

    def look_what_was_left(self) -> None:
        """Queue a look at the media for carrying that stay here: what lies on them gets old without being scanned."""
        for session in self.sessions.all():
            if self._is_for_carrying(session):
                self._jobs.add(Priority.SCHEDULE, f"left {session.id}", self._looking_left(session))

    def scan_again(self, cause: Cause) -> None:
        """Scan the media that are here once more: a waiver has ended, or a person has asked."""
        for session in self.sessions.all():
            self.scan(session, Priority.PERSON if cause == "person" else Priority.MEDIA, cause)

    @property
    def troubles(self) -> list[str]:
        """Fixed words for what is not as it should be."""
        words = {"files-not-watched": self._written.failed, "left-unknown": self._left.failed}
        return [word for word, true in words.items() if true]

    def close(self) -> None:
        """End all sessions: the agent stops."""
        for session in self.sessions.all():
            self.sessions.end(session, "agent-stopped")

    # --- one medium ----------------------------------------------------------------------------------------------

    def context(self, session: Session) -> Context:
        """Where a scan of this medium runs."""
        medium = session.attached.medium
        return Context(
            computer_class=ComputerClass(self._identity.computer_class),
            level=self._identity.level,
            organisation_key=self._identity.organisation_key,
            reveal_key=self._identity.reveal_key,
            place="medium",
            root=shown(session.attached.path),
            medium=medium,
            medium_class=self._standing(session).medium_class,
            session=session.id,
        )

    def _standing(self, session: Session) -> Standing:
        in_force = self._settings.media.register_in_force
        return look_up(session.attached.medium, self._policies.current, in_force=in_force)

    def _is_for_carrying(self, session: Session) -> bool:
        line = self._standing(session).line
        return line is not None and line.transfer and bool(session.attached.path)

    def _looking_left(self, session: Session) -> Callable[[threading.Event], bool]:
        return lambda _: self._look_left(session)

    def _look_left(self, session: Session) -> bool:
        """Report documents that have lain for too long on a medium that is approved for carrying."""
        if self._is_for_carrying(session) and not session.gone.is_set():
            self._check_register(session, self._left.look(session.attached.medium, session.attached.path))
        return True

    def _check_register(self, session: Session, left: Left = NOTHING_LEFT) -> None:
        """Report what the medium breaks by being here: once while it is here, however many partitions it has."""
        standing, identity = dataclasses.replace(self._standing(session), left=left), self._identity
        medium = session.attached.medium
        policy = self._policies.current
        waivers = policy.waivers if policy else ()
        broken = self._judge.judge(medium, standing, ComputerClass(identity.computer_class), identity.level, session.id)
        for found in broken:
            seen = marked(found, waivers, datetime.now(UTC))
            word = f"{seen.control} {seen.waiver}".rstrip()
            with self._lock:
                told = self._broken.setdefault(medium.key, set())
                if word in told:
                    continue
                told.add(word)
            if self._reporter.report_once(seen, SeenMark(session.id, "medium", "medium", word)):
                self._notice.violation(seen)
        if broken:
            self._desktop.tell(SessionNews(session.id, self._told_of(session)))

    def _told_of(self, session: Session) -> Counter[str]:
        with self._lock:
            return Counter(word.split()[0] for word in self._broken.get(session.attached.medium.key, ()))

    def _scan(self, session: Session, cause: Cause, pause: threading.Event) -> bool:
        tally = self._sweep.medium(session, self.context(session), self._stop, pause, cause)
        if tally is None:
            return False
        if not self._stop.is_set():
            if tally.complete and not tally.broken:
                self.holds.release(session)
            if tally.complete:
                self._look_left(session)
            session.controls.update(tally.controls)
            self._desktop.tell(self._scanned(session))
        return True

    def _scan_written(self, session: Session, paths: Sequence[str]) -> None:
        """Queue a scan of files that were written to a medium."""

        def act(pause: threading.Event) -> bool:
            """Scan them; what is found is told to the people at the computer too."""
            tally = self._sweep.written(session, paths, self.context(session), self._stop, pause)
            if tally is not None and tally.controls and not self._stop.is_set():
                session.controls.update(tally.controls)
                self._desktop.tell(self._scanned(session))
            return tally is not None

        self._jobs.add(Priority.MEDIA, session.id, act)

    def _scanned(self, session: Session) -> SessionNews:
        told = session.controls + self._told_of(session)
        return SessionNews(session.id, told, scanned=True, access=self.holds.access(session))

    def _end(self, session: Session, ending: str) -> None:
        """End a session; where its scan is under way, as soon as that has told its sum."""
        session.gone.set()
        medium = session.attached.medium.key

        def end(_: threading.Event) -> bool:
            """End it now."""
            self.sessions.end(session, ending)  # type: ignore[arg-type]
            self._desktop.forget(session.id)
            self.holds.forget(session)
            with self._lock:
                if not any(one.attached.medium.key == medium for one in self.sessions.all()):
                    self._broken.pop(medium, None)
            return True

        if self._jobs.is_running(session.id):
            self._jobs.add(Priority.URGENT, f"end {session.id}", end)
        else:
            end(threading.Event())
