"""Folders on fixed disks: changed files are told in batches, once they have been left alone for a while.

What the kernel cannot tell (its queue ran over, it has no watch left, a folder was mounted over, another computer wrote
to a share) is looked up by the times of the files instead, so that nothing is lost. What is mounted below a watched
folder is watched as soon as it is. Pipes, sockets and devices are never told.
"""

from __future__ import annotations

import logging
import os
import select
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import ObservedWatch

from agent.settings import FilesSettings
from agent.watching.folders import resolve
from agent.watching.mount_tables import mount_table
from agent.watching.mounts import below, on_servers
from agent.watching.overflow import OverflowWatch, kernel_is_full
from agent.watching.waiting import Bell, wait_for_any

MOST = 10_000
"""Paths that wait at most; above, the whole folder is told instead."""
LOOK_BACK_SECONDS = 300.0
"""How far back files are looked for after events were lost: far more than the kernel's queue holds."""
REFRESH_SECONDS = 30.0
"""How often folders that were missing, have come newly or were mounted over are looked for."""
AHEAD_SECONDS = 2.0
"""How far the times of what is written now may lie ahead."""
SHARE_SECONDS = 600.0
"""How often folders on shares are looked through for what other computers wrote there."""

logging.getLogger("watchdog").setLevel(logging.CRITICAL)  # it would write paths into the log
log = logging.getLogger(__name__)


class FileWatch(FileSystemEventHandler):
    """Watches the folders of the settings and of the policy, and tells changed files."""

    def __init__(
        self,
        settings: FilesSettings,
        tell: Callable[[list[str]], None],
        more: Callable[[], tuple[str, ...]] = tuple,
        since: Callable[[str], float] = lambda _: time.time() - LOOK_BACK_SECONDS,
    ) -> None:
        """``more`` gives the folders that are to be watched besides, as words or full paths.

        ``since`` gives the moment (seconds of the epoch) from which on files are looked up in a folder that came newly.
        """
        self._settings = settings
        self._tell = tell
        self._more = more
        self._since = since
        self._lock = threading.Lock()
        self._changed: dict[str, float] = {}
        self._whole: set[str] = set()
        self._observer = Observer()
        self._overflow = OverflowWatch(self._lost)
        self._watches: dict[str, tuple[ObservedWatch, tuple[int, int]]] = {}
        self._look_again: list[float] = []
        """Moments, by the monotonic clock, at which to look for what events did not tell."""
        self._refreshed = 0.0
        self._mounts = mount_table()
        self._shares: list[str] = []
        """Folders of those watched that lie on shares of servers."""
        self._shares_seen = time.monotonic()
        self._asked = False
        """Whether other folders may be wanted than before."""
        self._bell = Bell()
        """Rung when there is something to tell where there was nothing."""
        self.failed: list[str] = []
        """Folders that cannot be watched now: missing, or the kernel has no watch left."""
        self.full = False
        """Whether the kernel has no watch left for this user: then files are looked for by their times."""
        self._grown = True
        """Whether more folders may be watched than when that was looked at; to look reads a line for each watch."""
        self.lost = 0
        """How often the kernel's queue ran over."""

    def start(self) -> list[str]:
        """Begin; gives the folders that cannot be watched (missing, or more than the kernel has watches for)."""
        self._observer.start()
        self._overflow.start()
        self.refresh()
        return self.failed

    def refresh(self) -> None:
        """Watch what has come newly, and anew what was mounted over; stop watching what is not wanted any more."""
        mounts = self._mounts.read()
        tops = resolve((*self._settings.watch, *self._more()))
        inside = below(tops, mounts)
        wanted = [*tops, *(path for path in inside if path not in tops)]
        failed = []
        grown, self._grown = self._grown, False  # set again below: the watches come a little later than the call
        for gone in self._watches.keys() - set(wanted):
            self._observer.unschedule(self._watches.pop(gone)[0])
        for folder in wanted:
            identity = _identity(folder)
            known = self._watches.get(folder)
            if known and known[1] == identity:
                continue
            if known:
                self._observer.unschedule(self._watches.pop(folder)[0])
            try:
                if identity is None:
                    if folder in inside:  # what one person mounted for themselves, the kernel shows to nobody else
                        continue
                    raise FileNotFoundError(folder)
                watch = self._observer.schedule(self, folder, recursive=True)
            except OSError:
                failed.append(folder)
                continue
            self._watches[folder] = watch, identity
            self._grown = True
            if self._refreshed:  # it came while we ran: what was written before the watch stood is looked up
                self._catch_up_in(folder, self._since(folder), time.time() + AHEAD_SECONDS)
        self.failed = failed
        self._shares = on_servers(self._watches, mounts)
        if grown or self._grown or self.full:
            self.full = kernel_is_full()
        self._refreshed = time.monotonic()

    def look(self) -> None:
        """Have the thread that runs ask anew which folders are wanted. Safe to call from another."""
        self._asked = True
        self._bell.ring()

    def stop(self) -> None:
        """End."""
        self._overflow.stop()
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join(5)
        self._mounts.close()

    def catch_up(self, since: float) -> None:
        """Note what was changed since a moment (seconds of the epoch), while nobody watched. Names only are read."""
        for top in list(self._watches):
            self._catch_up_in(top, since)

    def _catch_up_in(self, top: str, since: float, until: float = float("inf")) -> None:
        """Note what was changed between two moments. A stick written by a clock of another zone has times to come."""
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)  # noqa: PTH118 (paths travel as text here)
                try:
                    status = os.lstat(path)
                except OSError:
                    continue
                changed = since <= status.st_mtime <= until or since <= status.st_ctime <= until
                if changed and stat.S_ISREG(status.st_mode):
                    self._note(path)

    def _lost(self) -> None:
        """The kernel's queue ran over: look now, and once more when what came meanwhile has settled."""
        self.lost += 1
        now = time.monotonic()
        with self._lock:
            self._look_again = [now, now + 2 * self._settings.settle_seconds + 2]
        self._bell.ring()
        log.warning("the kernel lost file events; the watched folders are looked through")

    @property
    def idle(self) -> bool:
        """Whether no change waits to be told."""
        with self._lock:
            return not self._changed and not self._whole and not self._look_again and not self._asked

    def run(self, stop: threading.Event, idle: Callable[[], None] = lambda: None) -> None:
        """Tell what has settled, until ``stop`` is set; call ``idle`` while there is nothing to tell."""
        while not stop.is_set():
            seconds = REFRESH_SECONDS if self.idle else min(0.5, self._settings.settle_seconds)
            told = wait_for_any(stop, seconds, (self._bell, select.POLLIN), (self._mounts, self._mounts.sign))
            self._asked |= self._mounts in told
            self._bell.hush()
            self.keep_up()
            ready = self.settled()
            if ready:
                self._tell(ready)
            elif self.idle:
                idle()

    def keep_up(self) -> None:
        """Look for what events did not tell, where it is time for that."""
        now = time.monotonic()
        with self._lock:
            due = [moment for moment in self._look_again if moment <= now]
            self._look_again = [moment for moment in self._look_again if moment > now]
        if due:
            self.catch_up(time.time() - LOOK_BACK_SECONDS)
        if self._asked or now - self._refreshed >= REFRESH_SECONDS:
            self._asked = False
            self.refresh()
            if self.full:
                self.catch_up(time.time() - 2 * REFRESH_SECONDS)
        if self._shares and now - self._shares_seen >= SHARE_SECONDS:
            self._shares_seen = now
            for share in self._shares:  # the server's clock may be another than ours
                self._catch_up_in(share, time.time() - SHARE_SECONDS - LOOK_BACK_SECONDS)

    def settled(self) -> list[str]:
        """The files that have been left alone long enough, and are there; they are told once."""
        limit = time.monotonic() - self._settings.settle_seconds
        with self._lock:
            ready = [path for path, at in self._changed.items() if at <= limit]
            for path in ready:
                del self._changed[path]
            whole = sorted(self._whole)
            self._whole.clear()
        return [path for path in ready if _is_file(path)] + [path for path in whole if os.path.lexists(path)]

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note what an event touched."""
        if isinstance(event, FileCreatedEvent | FileModifiedEvent | FileClosedEvent):
            self._note(os.fsdecode(event.src_path))
        elif isinstance(event, FileMovedEvent | DirMovedEvent):
            self._note_all(os.fsdecode(event.dest_path))
        elif isinstance(event, DirCreatedEvent):
            self._note_all(os.fsdecode(event.src_path))

    def _note_all(self, path: str) -> None:
        """Note a file, or every file in a folder that was made or moved here."""
        if not Path(path).is_dir():
            self._note(path)
            return
        self._grown = True
        for folder, _, names in os.walk(path):
            for name in names:
                self._note(os.path.join(folder, name))  # noqa: PTH118

    def _note(self, path: str) -> None:
        with self._lock:
            if not self._changed:
                self._bell.ring()
            if len(self._changed) < MOST:
                self._changed[path] = time.monotonic()
            else:
                self._whole.update(folder for folder in self._watches if path.startswith(folder))


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _identity(folder: str) -> tuple[int, int] | None:
    """What changes when something else is mounted at a path; None where nothing is there."""
    try:
        status = os.stat(folder)  # noqa: PTH116
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None
