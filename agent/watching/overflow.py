"""What the kernel's file events do not say of themselves: that its queue ran over, or that it has no watch left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    WatchCallback,
    WatchDescriptor,
)

LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")
DESCRIPTORS = Path("/proc/self/fdinfo")
ANYWHERE = b"/"
"""A folder that is always there; nothing of it is watched but its own end, which never comes."""


class OverflowWatch(WatchCallback):
    """Listens on the one inotify descriptor of this process for the word that events were dropped."""

    def __init__(self, lost: Callable[[], None]) -> None:
        self._lost = lost
        self._watch: WatchDescriptor | None = None

    def start(self) -> None:
        """Begin to listen."""
        events = InotifyFD.get_instance()
        self._watch = events.add_callback(ANYWHERE, InotifyConstants.IN_DELETE_SELF, self, CallbackId(id(self)))

    def stop(self) -> None:
        """End."""
        if self._watch is not None:
            InotifyFD.get_instance().remove_callbacks([(self._watch, CallbackId(id(self)))])
            self._watch = None

    def on_event(self, event: InotifyEvent) -> None:
        """Nothing to do."""

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """Nothing to do."""

    def on_queue_overflow(self) -> None:
        """Events were dropped."""
        self._lost()


def kernel_is_full() -> bool:
    """Whether this process holds as many watches as the kernel gives one user: some folders are not watched then."""
    try:
        limit = int(LIMIT.read_text("ascii"))
        held = max(
            (
                info.read_bytes().count(b"inotify wd:")
                for info in DESCRIPTORS.iterdir()
                if (Path("/proc/self/fd") / info.name).readlink() == Path("anon_inode:inotify")
            ),
            default=0,
        )
    except (OSError, ValueError):
        return False
    return held >= limit - 8
