from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, InotifyFD, WatchDescriptor

from agent.settings import FilesSettings
from agent.watching import files as module
from agent.watching.files import FileWatch
from agent.watching.waiting import Stop


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[FileWatch]:
    (tmp_path / "work").mkdir()
    made = FileWatch(FilesSettings(watch=(str(tmp_path / "work"),), settle_seconds=0.2), lambda _: None)
    assert made.start() == []
    yield made
    made.stop()


def gather(watch: FileWatch, count: int) -> list[str]:
    found: list[str] = []
    until = time.monotonic() + 60
    while len(found) < count and time.monotonic() < until:
        found += watch.settled()
        time.sleep(0.02)
    return found


def test_a_file_written_in_many_pieces_is_told_once(watch: FileWatch, tmp_path: Path) -> None:
    path = tmp_path / "work" / "sub" / "草稿.txt"
    path.parent.mkdir()
    time.sleep(0.3)
    with path.open("w") as file:
        for _ in range(20):
            file.write("x" * 100)
            file.flush()
    assert gather(watch, 1).count(str(path)) == 1
    time.sleep(0.5)
    assert str(path) not in watch.settled()


def test_a_file_saved_under_another_name_is_told_by_its_last(watch: FileWatch, tmp_path: Path) -> None:
    part, whole = tmp_path / "work" / "x.part", tmp_path / "work" / "x.docx"
    part.write_text("x")
    part.rename(whole)
    assert gather(watch, 1) == [str(whole)]


def test_a_file_that_is_gone_again_is_not_told(watch: FileWatch, tmp_path: Path) -> None:
    path = tmp_path / "work" / "x"
    path.write_text("x")
    path.unlink()
    time.sleep(0.6)
    assert watch.settled() == []


def test_more_changes_than_can_be_held_are_told_as_the_folder(
    watch: FileWatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    for number in range(10):
        (tmp_path / "work" / str(number)).write_text("x")
    assert str(tmp_path / "work") in gather(watch, 4)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    (tmp_path / "there").mkdir()
    watch = FileWatch(FilesSettings(watch=(missing, str(tmp_path / "there"))), lambda _: None)
    assert watch.start() == [missing]
    watch.stop()


def test_pipes_and_sockets_are_never_told_and_stop_nothing(watch: FileWatch, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(folder / "socket"))
    (folder / "after.txt").write_text("x")
    assert gather(watch, 1) == [str(folder / "after.txt")]
    time.sleep(0.5)
    assert watch.settled() == []


def test_a_folder_moved_in_is_told_with_all_its_files(watch: FileWatch, tmp_path: Path) -> None:
    outside = tmp_path / "outside" / "deep"
    outside.mkdir(parents=True)
    for number in range(3):
        (outside / f"{number}.txt").write_text("x")
    (tmp_path / "outside").rename(tmp_path / "work" / "inside")
    assert len(set(gather(watch, 3))) == 3


def test_what_the_kernels_queue_could_not_hold_is_looked_up(watch: FileWatch, tmp_path: Path) -> None:
    """The kernel's own word for it (inotify(7), IN_Q_OVERFLOW) is put in where the kernel's words are read."""
    paths = {str(tmp_path / "work" / str(number)) for number in range(50)}
    for path in paths:
        Path(path).write_text("x")
    assert set(gather(watch, 50)) == paths
    assert watch.idle
    InotifyFD.get_instance().handle_event(InotifyEvent(WatchDescriptor(-1), InotifyConstants.IN_Q_OVERFLOW, 0, b""))
    assert watch.lost == 1
    assert not watch.idle  # the moment up to which all is known must not move on
    watch.keep_up()
    assert set(gather(watch, 50)) == paths


def test_a_folder_that_comes_later_and_one_that_is_mounted_over_are_watched(
    tmp_path: Path,
) -> None:
    late = tmp_path / "late"
    watch = FileWatch(FilesSettings(watch=(str(late),), settle_seconds=0.1), lambda _: None)
    assert watch.start() == [str(late)]
    try:
        late.mkdir()
        (late / "early.txt").write_text("x")
        watch.refresh()
        assert watch.failed == []
        assert gather(watch, 1) == [str(late / "early.txt")]
        late.rename(tmp_path / "away")
        late.mkdir()  # another folder under the same name, as when something is mounted there
        watch.refresh()
        (late / "new.txt").write_text("x")
        assert str(late / "new.txt") in gather(watch, 1)
    finally:
        watch.stop()


def test_a_file_of_a_time_to_come_is_not_taken_for_one_written_since(tmp_path: Path) -> None:
    """As on a stick that was written by a clock of another zone: it was scanned when it came."""
    late, old = tmp_path / "late", tmp_path / "late" / "old.txt"
    wanted: list[str] = []
    watch = FileWatch(FilesSettings(settle_seconds=0.1), lambda _: None, lambda: tuple(wanted), lambda _: time.time())
    assert watch.start() == []
    try:
        late.mkdir()
        old.write_text("x")
        os.utime(old, (time.time() + 8 * 3600,) * 2)
        wanted.append(str(late))
        watch.refresh()
        (late / "new.txt").write_text("x")
        assert gather(watch, 1) == [str(late / "new.txt")]
    finally:
        watch.stop()


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A place below the watched folder at which a file system can be mounted; a file lies in it already."""
    if os.geteuid() != 0:
        pytest.skip("real mounts need root")
    place = tmp_path / "work" / "deep" / "memory"
    yield place
    subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)


def mount_memory(place: Path) -> None:
    """Mount a file system in memory there."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "mijian-test", place], check=True)


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Callable[[Path], bool]]:
    """A running watch of the folder ``work``, as a question: whether it comes to tell a file."""
    (tmp_path / "work" / "deep" / "memory").mkdir(parents=True)
    found: list[str] = []
    watch = FileWatch(FilesSettings(watch=(str(tmp_path / "work"),), settle_seconds=0.1), found.extend)
    assert watch.start() == []
    stop = Stop()
    thread = threading.Thread(target=watch.run, args=(stop,))
    thread.start()

    def is_told(path: Path) -> bool:
        until = time.monotonic() + 60
        while str(path) not in found and time.monotonic() < until:
            time.sleep(0.02)
        return str(path) in found

    yield is_told
    stop.set()
    thread.join()
    watch.stop()


def test_what_is_mounted_below_a_watched_folder_is_watched_and_what_it_covered_is_again_afterwards(
    memory: Path, told: Callable[[Path], bool]
) -> None:
    mount_memory(memory)
    (memory / "at once.txt").write_text("x")  # before the watch stands: looked up by its times
    assert told(memory / "at once.txt")
    (memory / "sub").mkdir()
    (memory / "sub" / "later.txt").write_text("x")
    assert told(memory / "sub" / "later.txt")
    subprocess.run(["umount", memory], check=True)
    (memory / "below.txt").write_text("x")
    assert told(memory / "below.txt")
    mount_memory(memory)
    (memory / "again.txt").write_text("x")
    assert told(memory / "again.txt")


def test_what_another_computer_writes_to_a_share_is_looked_up_by_the_clock(
    watch: FileWatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel says nothing of such a file: as of one that was here before the watch began."""
    monkeypatch.setattr(module, "on_servers", lambda folders, _: list(folders))
    path = tmp_path / "work" / "theirs.txt"
    path.write_text("x")
    assert gather(watch, 1) == [str(path)]
    watch.refresh()
    watch.keep_up()
    assert watch.settled() == []  # not yet
    monkeypatch.setattr(module, "SHARE_SECONDS", 0.0)
    watch.keep_up()
    assert gather(watch, 1) == [str(path)]
