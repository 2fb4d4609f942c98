"""Folders on fixed disks: changed files are told in batches, once they have been left alone for a while."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

from watchdog.events import (
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from agent.settings import FilesSettings

MOST = 10_000
"""Paths that wait at most; above, the whole folder is told instead."""

log = logging.getLogger(__name__)


class FileWatch(FileSystemEventHandler):
    """Watches the folders of the settings and tells changed files."""

    def __init__(self, settings: FilesSettings, tell: Callable[[list[str]], None]) -> None:
        self._settings = settings
        self._tell = tell
        self._lock = threading.Lock()
        self._changed: dict[str, float] = {}
        self._whole: set[str] = set()
        self._observer = Observer()

    def start(self) -> list[str]:
        """Begin; gives the folders that cannot be watched (missing, or more than the kernel has watches for)."""
        failed = []
        self._observer.start()
        for folder in self._settings.watch:
            try:
                self._observer.schedule(self, folder, recursive=True)
            except OSError:
                failed.append(folder)
        return failed

    def stop(self) -> None:
        """End."""
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join(5)

    def catch_up(self, since: float) -> None:
        """Note what was changed since a moment (seconds of the epoch), while nobody watched. Names only are read."""
        for top in self._settings.watch:
            for folder, _, names in os.walk(top):
                for name in names:
                    path = os.path.join(folder, name)  # noqa: PTH118 (paths travel as text here)
                    try:
                        status = os.lstat(path)
                    except OSError:
                        continue
                    if max(status.st_mtime, status.st_ctime) >= since:
                        self._note(path)

    @property
    def idle(self) -> bool:
        """Whether no change waits to be told."""
        with self._lock:
            return not self._changed and not self._whole

    def run(self, stop: threading.Event, idle: Callable[[], None] = lambda: None) -> None:
        """Tell what has settled, until ``stop`` is set; call ``idle`` while there is nothing to tell."""
        while not stop.wait(min(0.5, self._settings.settle_seconds)):
            ready = self.settled()
            if ready:
                self._tell(ready)
            elif self.idle:
                idle()

    def settled(self) -> list[str]:
        """The files that have been left alone long enough, and are there; they are told once."""
        limit = time.monotonic() - self._settings.settle_seconds
        with self._lock:
            ready = [path for path, at in self._changed.items() if at <= limit]
            for path in ready:
                del self._changed[path]
            ready += sorted(self._whole)
            self._whole.clear()
        return [path for path in ready if os.path.lexists(path)]

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note what an event touched."""
        if isinstance(event, FileCreatedEvent | FileModifiedEvent | FileClosedEvent):
            self._note(os.fsdecode(event.src_path))
        elif isinstance(event, FileMovedEvent | DirMovedEvent):
            self._note(os.fsdecode(event.dest_path))

    def _note(self, path: str) -> None:
        with self._lock:
            if len(self._changed) < MOST:
                self._changed[path] = time.monotonic()
            else:
                self._whole.update(folder for folder in self._settings.watch if path.startswith(folder))
