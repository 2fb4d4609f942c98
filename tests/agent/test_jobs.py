from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from agent.jobs import Jobs, Priority


class Working:
    """A queue that is worked off in a thread, and what was done."""

    def __init__(self) -> None:
        self.jobs = Jobs()
        self.stop = threading.Event()
        self.did: list[str] = []
        self.thread = threading.Thread(target=self.jobs.run, args=(self.stop,))

    def quick(self, name: str) -> Callable[[threading.Event], bool]:
        def act(_: threading.Event) -> bool:
            self.did.append(name)
            return True

        return act

    def long(self, name: str, go: threading.Event) -> Callable[[threading.Event], bool]:
        """Ends when ``go`` is set; pauses when asked."""

        def act(pause: threading.Event) -> bool:
            self.did.append(f"{name} begins")
            while not go.is_set():
                if pause.wait(0.01):
                    self.did.append(f"{name} pauses")
                    return False
            self.did.append(f"{name} ends")
            return True

        return act

    def until(self, true: Callable[[], object]) -> None:
        end = time.monotonic() + 60
        while not true():
            assert time.monotonic() < end, self.did
            time.sleep(0.01)


@pytest.fixture
def working() -> Iterator[Working]:
    made = Working()
    yield made
    made.stop.set()
    made.jobs.wake()
    if made.thread.ident is not None:
        made.thread.join(10)


def test_the_most_urgent_goes_first_and_equals_go_in_the_order_they_came(working: Working) -> None:
    for name, priority in (
        ("schedule", Priority.SCHEDULE),
        ("file 1", Priority.FILES),
        ("medium", Priority.MEDIA),
        ("file 2", Priority.FILES),
        ("person", Priority.PERSON),
    ):
        working.jobs.add(priority, name, working.quick(name))
    assert working.jobs.waiting() == {"schedule": 1, "files": 2, "media": 1, "person": 1}
    working.thread.start()
    working.until(lambda: len(working.did) == 5)
    assert working.did == ["person", "medium", "file 1", "file 2", "schedule"]


def test_a_scan_makes_way_for_what_is_more_urgent_and_goes_on_afterwards(working: Working) -> None:
    go = threading.Event()
    working.jobs.add(Priority.SCHEDULE, "disks", working.long("disks", go))
    working.thread.start()
    working.until(lambda: working.jobs.running() == "schedule")
    assert working.jobs.is_running("disks")
    working.jobs.add(Priority.MEDIA, "stick", working.quick("stick"))
    working.until(lambda: working.did[-1:] == ["disks begins"] and len(working.did) == 4)
    go.set()
    working.until(lambda: working.did[-1] == "disks ends")
    assert working.did == ["disks begins", "disks pauses", "stick", "disks begins", "disks ends"]


def test_what_is_less_urgent_waits_until_the_job_is_done(working: Working) -> None:
    go = threading.Event()
    working.jobs.add(Priority.MEDIA, "stick", working.long("stick", go))
    working.thread.start()
    working.until(lambda: working.did == ["stick begins"])
    working.jobs.add(Priority.FILES, "file", working.quick("file"))
    working.jobs.add(Priority.MEDIA, "stick 2", working.quick("stick 2"))
    assert working.jobs.has("file")
    go.set()
    working.until(lambda: len(working.did) == 4)
    assert working.did == ["stick begins", "stick ends", "stick 2", "file"]
    working.until(lambda: not working.jobs.has("file"))
