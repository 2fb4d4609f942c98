"""What is written to media while they are here: a stick is scanned when it comes, what is copied to it later too.

One watch for all media, begun when the first one comes. What was written after the mount, while the scan had already
passed and the watch did not stand yet, is looked up by its times.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence

from agent.settings import FilesSettings
from agent.watching.files import FileWatch
from agent.watching.sessions import Session

NOTHING: tuple[str, ...] = ()
MARGIN_SECONDS = 2.0
"""How far file systems are behind with the times of files: that of FAT counts in steps of two seconds."""


class Written:
    """Watches the media of the open sessions. Safe to use from several threads."""

    def __init__(
        self,
        settle_seconds: float,
        sessions: Callable[[], Iterable[Session]],
        scan: Callable[[Session, Sequence[str]], None],
        stop: threading.Event,
    ) -> None:
        """``scan`` is given the files that were written to one medium and have been left alone since."""
        self._sessions = sessions
        self._scan = scan
        self._stop = stop
        self._lock = threading.Lock()
        self._watch: FileWatch | None = None
        self._settings = FilesSettings(settle_seconds=settle_seconds)
        self._begun = False
        self._paths = NOTHING
        self._here: dict[str, float] = {}
        """Since when each of them has been here, in seconds of the epoch."""

    def follow(self) -> None:
        """The media that are here are others than before."""
        with self._lock:
            self._paths = tuple(session.attached.path for session in self._open())
            self._here = {path: self._here.get(path, time.time() - MARGIN_SECONDS) for path in self._paths}
            if self._watch is None:
                if not self._paths:
                    return
                wanted = lambda: self._paths if self._begun else NOTHING  # noqa: E731
                self._watch = FileWatch(self._settings, self._tell, wanted, self._since)
                threading.Thread(target=self._run, args=(self._watch,), name="media files", daemon=True).start()
            self._watch.look()

    @property
    def failed(self) -> bool:
        """Whether what is written to some medium cannot be told."""
        watch = self._watch
        return watch is not None and (bool(watch.failed) or watch.full) and bool(self._paths)

    def _run(self, watch: FileWatch) -> None:
        watch.start()
        self._begun = True  # from now on what comes newly is also looked through
        watch.look()
        watch.run(self._stop)
        watch.stop()

    def _since(self, path: str) -> float:
        return self._here.get(path, time.time() - MARGIN_SECONDS)

    def _open(self) -> list[Session]:
        return [one for one in self._sessions() if one.attached.path and not one.gone.is_set()]

    def _tell(self, paths: list[str]) -> None:
        for session in self._open():
            own = [path for path in paths if session.holds(path)]
            if own:
                self._scan(session, own)
