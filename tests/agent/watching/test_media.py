from __future__ import annotations

import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.settings import MediaSettings
from agent.watching.media import MediaEvent, MediaWatch, MediumGone, MediumMounted, MediumMoved

KEY = bytes(32)
LOOPS = MediaSettings(loop_devices=True)


class Watching:
    """A media watch in a thread, and what it tells."""

    def __init__(self, settings: MediaSettings, below: Path) -> None:
        self.events: queue.Queue[MediaEvent] = queue.Queue()
        self.stop = threading.Event()
        begun = threading.Event()

        def tell(event: MediaEvent) -> None:
            if Path(event.attached.path).is_relative_to(below):  # not what other tests mount meanwhile
                self.events.put(event)

        watch = MediaWatch(settings, KEY)
        self.thread = threading.Thread(target=watch.run, args=(tell, self.stop, begun.set))
        self.thread.start()
        assert begun.wait(60)

    def next(self, kind: type[Any], seconds: float = 60) -> Any:
        event = self.events.get(timeout=seconds)
        assert isinstance(event, kind), event
        return event

    def is_quiet(self) -> bool:
        time.sleep(1.2)
        return self.events.empty()

    def end(self) -> None:
        self.stop.set()
        self.thread.join(10)


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Callable[[MediaSettings], Watching]]:
    made: list[Watching] = []

    def make(settings: MediaSettings) -> Watching:
        made.append(Watching(settings, tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.mark.root
def test_a_medium_is_told_when_it_is_mounted_and_when_it_goes(stick: Any, watching: Any) -> None:
    one = stick().format("DEMO")
    watch = watching(LOOPS)
    one.insert()
    mounted = watch.next(MediumMounted)
    assert mounted.attached.path == str(one.path)
    medium = mounted.attached.medium
    assert (medium.bus, medium.filesystem, medium.label) == ("loop", "ext4", "DEMO")
    assert medium.capacity == 8 * 1024 * 1024
    one.remove()
    gone = watch.next(MediumGone)
    assert (gone.attached, gone.ending) == (mounted.attached, "unmounted")


@pytest.mark.root
def test_a_medium_that_is_mounted_already_is_told_at_the_start(stick: Any, watching: Any) -> None:
    one = stick().format().insert()
    assert watching(LOOPS).next(MediumMounted).attached.path == str(one.path)


@pytest.mark.root
def test_the_same_stick_has_the_same_key_and_another_stick_another(stick: Any, watching: Any) -> None:
    one, two = stick().format(), stick().format()
    watch = watching(LOOPS)
    keys = []
    for medium in (one, one, two):
        medium.insert()
        keys.append(watch.next(MediumMounted).attached.medium.key)
        medium.remove()
        watch.next(MediumGone)
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.root
def test_a_bind_mount_does_not_double_a_medium_and_carries_it_on(stick: Any, watching: Any, tmp_path: Path) -> None:
    one = stick().format()
    watch = watching(LOOPS)
    one.insert()
    first = watch.next(MediumMounted).attached
    other = tmp_path / "other"
    other.mkdir()
    subprocess.run(["mount", "--bind", str(one.path), str(other)], check=True)
    try:
        assert watch.is_quiet()
        subprocess.run(["umount", str(one.path)], check=True)
        moved = watch.next(MediumMoved).attached
        assert (moved.key, moved.path, moved.medium) == (first.key, str(other), first.medium)
    finally:
        subprocess.run(["umount", str(other)], check=True)
    assert watch.next(MediumGone).attached.key == first.key


@pytest.mark.root
def test_a_loop_device_is_no_medium_unless_the_settings_say_so(stick: Any, watching: Any) -> None:
    watch = watching(MediaSettings())
    stick().format().insert()
    assert watch.is_quiet()


def test_a_fixed_disk_is_no_medium(watching: Any) -> None:
    assert watching(MediaSettings()).is_quiet()


def test_a_declared_folder_is_a_medium_once_it_is_filled_and_left_alone(watching: Any, tmp_path: Path) -> None:
    folder = tmp_path / "reader"
    watch = watching(MediaSettings(declared=(str(folder),)))
    assert watch.is_quiet()
    folder.mkdir()
    assert watch.is_quiet()
    file = folder / "a.txt"
    file.write_text("x")
    mounted = watch.next(MediumMounted)
    assert (mounted.attached.path, mounted.attached.medium.bus) == (str(folder), "declared")
    (folder / "b.txt").write_text("y")
    assert watch.is_quiet()
    file.unlink()
    (folder / "b.txt").unlink()
    assert watch.next(MediumGone).ending == "unmounted"


def test_a_declared_folder_that_is_filled_already_is_told_before_the_watch_has_begun(
    watching: Any, tmp_path: Path
) -> None:
    (tmp_path / "reader").mkdir()
    (tmp_path / "reader" / "a.txt").write_text("x")
    watch = watching(MediaSettings(declared=(str(tmp_path / "reader"),)))
    assert not watch.events.empty()


@pytest.mark.root
def test_a_declared_folder_with_a_medium_mounted_on_it_is_one_medium(stick: Any, watching: Any) -> None:
    one = stick().format("READER")
    settings = MediaSettings(declared=(str(one.path),))
    watch = watching(settings)
    one.insert()
    declared = watch.next(MediumMounted).attached
    assert declared.medium.label == "READER"
    assert watch.is_quiet()
    watch.end()
    known = watching(MediaSettings(declared=(str(one.path),), loop_devices=True))
    assert known.next(MediumMounted).attached.medium.key == declared.medium.key
    assert known.is_quiet()
