"""The cage: a worker may break in any way; it costs one file, no other is lost, none is told twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import psutil
import pytest

from agent.scanning.cage import Cage, CageBroken, RulesMistake
from agent.scanning.opening import open_to_read, opened
from agent.scanning.throttle import Throttle
from agent.scanning.walk import Found, Walk
from agent.scanning.wire import Start
from agent.scanning.workforce import Task
from protocol.records import Reason, Verdict

BRITTLE = (sys.executable, "-I", str(Path(__file__).with_name("brittle_worker.py")))
MiB = 1024 * 1024


@pytest.fixture
def start(compiled: Path) -> Start:
    return Start(rules=None, cache=str(compiled), least=45, memory=200 * MiB)


def files(folder: Path) -> Iterator[Found]:
    return (one for one in Walk([str(folder)]) if isinstance(one, Found))


def fates(folder: Path, start: Start, *, workers: int = 2, patience: float = 60.0) -> dict[str, str]:
    """How each file ended; fails where one is told twice."""
    with Cage(start, workers, patience=patience, program=BRITTLE) as cage:
        ended = [
            (done.file.name, str(done.reply.rows[0].reason or done.reply.rows[0].verdict))
            for done in cage.examine(files(folder))
        ]
    assert max(Counter(name for name, _ in ended).values()) == 1
    return dict(ended)


def test_a_hundred_files_are_each_told_once(tmp_path: Path, start: Start) -> None:
    for number in range(100):
        (tmp_path / f"{number}.txt").write_text(f"ordinary {number}")
    assert fates(tmp_path, start) == {f"{number}.txt": "clean" for number in range(100)}


def test_each_crash_costs_the_one_file_that_caused_it(tmp_path: Path, start: Start) -> None:
    for number in range(60):
        (tmp_path / f"{number}.txt").write_text({7: "SEGV\n", 20: "EXIT\n", 21: "SEGV\n"}.get(number, "ordinary"))
    ended = fates(tmp_path, start)
    assert {name for name, fate in ended.items() if fate == "crashed"} == {"7.txt", "20.txt", "21.txt"}
    assert len(ended) == 60
    assert Counter(ended.values())["clean"] == 57


def test_a_hang_costs_one_file_and_its_time(tmp_path: Path, start: Start) -> None:
    for number in range(10):
        (tmp_path / f"{number}.txt").write_text("HANG\n" if number == 4 else "ordinary")
    ended = fates(tmp_path, start, patience=1.0)
    assert {name: fate for name, fate in ended.items() if fate != "clean"} == {"4.txt": "timeout"}
    assert len(ended) == 10


def test_a_reader_that_hoards_memory_is_stopped(tmp_path: Path, start: Start) -> None:
    for number in range(10):
        (tmp_path / f"{number}.txt").write_text("HOARD\n" if number == 4 else "ordinary")
    ended = fates(tmp_path, start)
    assert {name: fate for name, fate in ended.items() if fate != "clean"} == {"4.txt": "too-large"}
    assert len(ended) == 10


def test_errors_inside_a_reader_are_logged_without_content(
    tmp_path: Path, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "telling-name.txt").write_text("RAISE\n")
    (tmp_path / "b.txt").write_text("RECURSE\n")
    assert fates(tmp_path, start) == {"telling-name.txt": "crashed", "b.txt": "crashed"}
    assert "ValueError in text/plain" in caplog.text
    assert "RecursionError in text/plain" in caplog.text
    assert "content that must not reach a log" not in caplog.text
    assert "telling-name" not in caplog.text


def test_a_worker_killed_from_outside_costs_one_file_at_most(tmp_path: Path, start: Start) -> None:
    for number in range(200):
        (tmp_path / f"{number}.txt").write_text("ordinary")
    ended: list[str] = []
    with Cage(start, 2, program=BRITTLE) as cage:
        for done in cage.examine(files(tmp_path)):
            ended.append(str(done.reply.rows[0].verdict))
            if len(ended) == 20:
                psutil.Process(cage.pids()[0]).kill()
    assert len(ended) == 200
    assert ended.count("not-examined") <= 1


def test_a_file_that_goes_away_has_vanished(tmp_path: Path, start: Start) -> None:
    for number in range(300):
        (tmp_path / f"{number}.txt").write_text("ordinary")
    reasons: Counter[Reason | None] = Counter()
    with Cage(start, 1, program=BRITTLE) as cage:
        walked = list(files(tmp_path))
        for number, done in enumerate(cage.examine(iter(walked))):
            reasons[done.reply.rows[0].reason] += 1
            if number == 0:
                Path(walked[-1].path).unlink()
    assert reasons == {None: 299, Reason.VANISHED: 1}


def test_a_file_swapped_for_a_fifo_or_a_link_is_not_waited_for(tmp_path: Path, start: Start) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("ordinary")
    walked = list(files(tmp_path))
    (tmp_path / "a").unlink()
    os.mkfifo(tmp_path / "a")
    (tmp_path / "b").unlink()
    (tmp_path / "b").symlink_to("/etc/hostname")
    with Cage(start, 1, program=BRITTLE) as cage:
        ended = {done.file.name: done.reply.rows[0].reason for done in cage.examine(iter(walked))}
    assert ended == {"a": Reason.SPECIAL_FILE, "b": Reason.VANISHED}


def test_reading_does_not_touch_the_time_of_last_access(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("ordinary")
    os.utime(path, (1_000_000, 1_000_000))
    descriptor = open_to_read(str(path))
    os.read(descriptor, 100)
    os.close(descriptor)
    assert path.stat().st_atime == 1_000_000


def test_a_worker_may_not_write_fork_or_keep_our_secrets(tmp_path: Path, start: Start) -> None:
    (tmp_path / "a.txt").write_text("HANG\n")
    os.environ["A_SECRET"] = "s3cret"
    try:
        with Cage(start, 1, program=BRITTLE) as cage:
            assert cage.ready().startswith("sha256:")
            (pid,) = cage.pids()
            limits = Path(f"/proc/{pid}/limits").read_text()
            status = Path(f"/proc/{pid}/status").read_text()
            environment = Path(f"/proc/{pid}/environ").read_bytes()
    finally:
        del os.environ["A_SECRET"]
    lines = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
    assert lines["Max file size"] == ["0", "0"]
    assert lines["Max processes"] == ["0", "0"]
    assert lines["Max core file size"] == ["0", "0"]
    assert int(lines["Max address space"][0]) < 1200 * MiB
    assert "NoNewPrivs:\t1" in status
    assert b"s3cret" not in environment


def test_leaving_the_cage_leaves_no_process(tmp_path: Path, start: Start) -> None:
    for number in range(50):
        (tmp_path / f"{number}.txt").write_text("HANG\n")
    with Cage(start, 2, program=BRITTLE) as cage:
        cage.ready()
        pids = cage.pids()
        assert pids
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_stopping_ends_at_once_with_files_still_in_hand(tmp_path: Path, start: Start) -> None:
    for number in range(50):
        (tmp_path / f"{number:02}.txt").write_text("HANG\n" if number > 3 else "ordinary")
    in_order = iter(sorted(files(tmp_path), key=lambda file: file.path))
    stop = Event()
    with Cage(start, 1, program=BRITTLE) as cage:
        seen = []
        for done in cage.examine(in_order, stop):
            seen.append(done.reply.rows[0].verdict)
            stop.set()
    assert set(seen) == {Verdict.CLEAN}
    assert len(seen) <= 4


def test_rules_that_cannot_be_read_are_told_with_their_place(tmp_path: Path, start: Start) -> None:
    (tmp_path / "mine.yaml").write_text("pack: mine\nnonsense: 1\n")
    wrong = Start(rules=str(tmp_path), cache=None, least=45, memory=start.memory)
    with Cage(wrong, 1) as cage, pytest.raises(RulesMistake, match=r"mine\.yaml:2: unknown key 'nonsense'"):
        cage.ready()


def test_workers_that_never_start_are_told_and_not_tried_for_ever(start: Start) -> None:
    with Cage(start, 2, program=("/bin/false",)) as cage, pytest.raises(CageBroken, match="exit status 1"):
        cage.ready()


def test_a_worker_that_speaks_nonsense_is_not_believed(tmp_path: Path, start: Start) -> None:
    (tmp_path / "a.txt").write_text("ordinary")
    nonsense = (sys.executable, "-I", "-c", "import socket; socket.socket(fileno=0).sendall(b'\\0\\0\\0\\4junk')")
    with Cage(start, 1, program=nonsense) as cage, pytest.raises(CageBroken):
        list(cage.examine(files(tmp_path)))


def test_a_large_file_is_granted_more_time(tmp_path: Path) -> None:
    with (tmp_path / "large.txt").open("wb") as large:
        large.truncate(400 * MiB)
    task = opened(next(files(tmp_path)), 10.0)
    assert isinstance(task, Task)
    os.close(task.descriptor)
    assert task.job.seconds == pytest.approx(110.0)


def test_a_scan_in_the_background_gives_way(tmp_path: Path, start: Start) -> None:
    for number in range(10):
        (tmp_path / f"{number}.txt").write_text("ordinary")
    niceness: set[int] = set()
    with Cage(start, 1, throttle=Throttle(share=1.0, window=2.0), program=BRITTLE) as cage:
        for _ in cage.examine(files(tmp_path)):
            niceness |= {psutil.Process(pid).nice() for pid in cage.pids()}
    assert niceness == {19}


def test_the_throttle_holds_back_workers_that_have_had_their_share() -> None:
    throttle = Throttle(share=0.1, window=2.0)
    assert not throttle.over([])
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        try:
            while not throttle.over([busy.pid]):
                time.sleep(0.02)
            spent = psutil.Process(busy.pid).cpu_times()
        finally:
            busy.kill()
    assert spent.user + spent.system > 0.15, "a tenth of two seconds was its share"
